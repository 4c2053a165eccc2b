//! Boot tests of images, from the launch to the verdict, and what killed ones left.

pub mod sweep;
pub mod verdict;
