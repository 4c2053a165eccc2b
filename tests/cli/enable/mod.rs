//! `enable`: disabled images come back, and their launch permissions with them.

mod basics;
pub mod journal;
