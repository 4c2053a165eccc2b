//! `restore`: images come back from the Recycle Bin.

mod basics;
mod journal;
mod places;
