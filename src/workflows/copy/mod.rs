//! Copies to regions and accounts.

pub mod access;
pub mod conclude;
pub mod dry_run;
pub mod explain;
pub mod job;
pub mod keys;
pub mod make;
pub mod resume;
pub mod run;
pub mod source;
