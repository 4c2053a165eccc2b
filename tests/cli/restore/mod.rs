//! `restore`: images come back from the Recycle Bin.

mod basics;
mod failing;
mod journal;
mod listing;
mod places;
