//! The Recycle Bin: what would go there, and what is in it.

pub mod contents;
pub mod outlook;
