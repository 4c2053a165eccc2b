//! Restoration of images from the Recycle Bin.

pub mod bring_back;
pub mod journal;
pub mod prepare;
pub mod put_back;
