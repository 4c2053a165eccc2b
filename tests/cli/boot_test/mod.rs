//! `test`: images are booted, judged, and their instances terminated.

mod sweep;
mod verdict;

use chrono::{DateTime, SecondsFormat, Utc};

/// The value of the tag with a verdict on an image.
pub fn verdict_of(image: &str, word: &str, at: DateTime<Utc>) -> String {
    format!(
        "{word} {image} on=t3.micro at={} run=r1 checks=system; instance",
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )
}
