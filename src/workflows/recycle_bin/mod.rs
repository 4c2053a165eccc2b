//! The Recycle Bin: its contents, and the outlook before a deletion.

pub mod contents;
pub mod outlook;
