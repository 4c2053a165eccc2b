//! The layout and the layers of the crate, kept by machine.
//!
//! Reads `src/` and `tests/` with `syn` and fails where a rule of [`rules`] is broken. What is still broken is listed in
//! `exceptions.txt`: a new breach fails, and so does a line that is no longer needed.
//!
//! ```text
//! cargo test --test house                                    the rules, and the tests of the rules
//! HOUSE=write cargo test --test house every_rule             writes the list of exceptions anew
//! HOUSE=list cargo test --test house every_rule -- --nocapture      prints it
//! HOUSE=explain cargo test --test house every_rule -- --nocapture   prints every breach with its places
//! ```

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
