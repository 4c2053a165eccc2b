//! The layout and the layers of the crate, kept by machine.
//!
//! Reads `src/` and `tests/` with `syn` and fails where a rule of [`rules`] is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod breaches;
mod cycles;
mod imports;
mod modules;
mod reader;
mod rules;
mod source;
mod tokens;
mod tree;
