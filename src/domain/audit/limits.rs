//! Limits that rules go by.

use std::collections::BTreeSet;

use crate::domain::age::Age;
use crate::domain::permissions::principal::Principal;

/// Limits that rules go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLimits {
    /// Who images may be shared with; `None` if that is not asked about.
    pub allow_accounts: Option<BTreeSet<Principal>>,
    /// Tags that every image must have.
    pub required_tags: Vec<String>,
    /// The oldest that an image in use may be.
    pub max_age: Age,
    /// The longest that a family may go without a new version.
    pub rebuild_age: Age,
    /// The longest that a fix of a critical finding may wait.
    pub critical_fix: Age,
    /// The number of versions from which a pin is behind.
    pub behind_versions: u64,
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self {
            allow_accounts: None,
            required_tags: ["Environment", "Owner"].map(str::to_owned).to_vec(),
            max_age: Age::days(365),
            rebuild_age: Age::days(90),
            critical_fix: Age::days(7),
            behind_versions: 3,
        }
    }
}
