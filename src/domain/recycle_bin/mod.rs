//! The Recycle Bin: its rules, what is in it, and what an image from it lacks.

pub mod contents;
pub mod restoration;
pub mod rules;
