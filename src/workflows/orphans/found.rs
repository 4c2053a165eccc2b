//! An orphaned snapshot with its place.

use crate::domain::orphan::Orphan;
use crate::service::Target;

/// An orphan with its place.
pub type FoundOrphan = (Target, Orphan);
