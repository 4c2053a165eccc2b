//! Interrupted deregistrations: the journal has their begin, but no success, so snapshots may be left.

use super::ids::{AccountId, SnapshotId};
use super::region::Region;
use super::tags::Tags;

/// An interrupted deregistration, from the journal line written before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The region of the image.
    pub region: Region,
    /// The account of the image, if known.
    pub account: Option<AccountId>,
    /// Its name.
    pub name: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// The snapshots to be deleted with it.
    pub delete: Vec<SnapshotId>,
}
