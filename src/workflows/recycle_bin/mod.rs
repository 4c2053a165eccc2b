//! The Recycle Bin: its contents, its rules, and the outlook before a deletion.

pub mod contents;
pub mod outlook;
pub mod retention;
