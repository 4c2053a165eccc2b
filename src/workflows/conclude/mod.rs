//! The ends of runs: messages, exit codes and resume commands.

pub mod changes;
pub mod removals;
pub mod resume;
pub mod survey;
