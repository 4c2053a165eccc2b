//! Aliases of families, in all places of a run.

pub mod listing;
