//! Options for the steps after a new image is available.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::age::Age;
use crate::domain::permissions::principal::Principal;
use crate::workflows::follow_up::FollowUp;

/// The steps a user asks for.
#[derive(Debug, Clone, clap::Args)]
pub struct FollowUpArgs {
    /// Account or organization ARN to share it with; repeatable
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',', conflicts_with = "no_wait")]
    pub share_with: Vec<Principal>,

    /// Deprecate it this long after its creation, e.g. 180d
    #[arg(long, value_name = "SPAN", conflicts_with = "no_wait")]
    pub deprecate_after: Option<Age>,

    /// Protect it from deregistration once it is available
    #[arg(long, conflicts_with = "no_wait")]
    pub protect: bool,
}

impl FollowUpArgs {
    /// The steps; refuses a deprecation that EC2 would refuse.
    pub fn steps(&self, now: DateTime<Utc>) -> Result<FollowUp> {
        FollowUp::new(self.share_with.iter().cloned().collect(), self.deprecate_after, self.protect, now)
            .map_err(Into::into)
    }
}
