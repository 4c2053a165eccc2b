//! Snapshots that were left behind.

pub mod delete;
pub mod found;
pub mod search;
pub mod survey;
