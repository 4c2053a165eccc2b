//! The layout and the layers of the crate, kept by machine.
//!
//! Reads `src/` and `tests/` with `syn` and fails where a rule of [`rules`] is broken. What is still broken is listed in
//! `exceptions.txt`: a new breach fails, and so does a line that is no longer needed. `HOUSE=list cargo test --test
//! house -- --nocapture` prints that list as it would have to be, and `HOUSE=write` writes it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod cycles;
mod imports;
mod modules;
mod ratchet;
mod reader;
mod rules;
mod source;
mod tokens;
mod tree;
