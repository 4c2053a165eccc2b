//! `restore`: images come back from the Recycle Bin.

pub mod basics;
mod failing;
mod journal;
mod listing;
mod places;
