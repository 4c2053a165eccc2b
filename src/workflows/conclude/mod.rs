//! How runs end.

pub mod changes;
pub mod removals;
pub mod resume;
pub mod survey;
