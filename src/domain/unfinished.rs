//! Deregistrations that began and of which no good end was seen: what they were to take along may be left.

use super::ids::{AccountId, SnapshotId};
use super::region::Region;

/// What was to be done to an image, as it was written down before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Where the image was.
    pub region: Region,
    /// Whose it was, where that was known.
    pub account: Option<AccountId>,
    /// Its name.
    pub name: Option<String>,
    /// The snapshots that were to go with it.
    pub delete: Vec<SnapshotId>,
}
