//! The Recycle Bin: its retention rules, its contents, and the restoration of an image.

pub mod contents;
pub mod restoration;
pub mod retention;
pub mod rules;
