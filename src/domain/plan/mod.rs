//! The plan: one document of actions and kept images that is shown, saved, confirmed and applied.

mod build;
mod check;
pub mod document;
pub mod rows;

pub use build::{Judged, fingerprint};
pub use check::Unusable;

#[cfg(test)]
mod tests;
