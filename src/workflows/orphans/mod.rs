//! Snapshots that were left behind.

pub mod delete;
pub mod search;
pub mod survey;
