//! Orphaned snapshots: search, survey and deletion.

pub mod delete;
pub mod found;
pub mod search;
pub mod survey;
