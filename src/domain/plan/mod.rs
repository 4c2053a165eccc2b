//! The plan: one document of actions and kept images that is shown, saved, confirmed and applied.

mod build;
mod check;
pub mod document;
pub mod rows;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serializer;

pub use build::{Judged, fingerprint};
pub use document::Unusable;

fn seconds<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests;
