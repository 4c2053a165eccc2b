//! `recycle-bin`: what the rules of each place hold, and the making of those that are missing.

mod making;
mod showing;
