//! The mark of a revoked image: since when it is revoked, and why.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;

use super::image::Image;
use super::tags::REVOKED;

/// The length of a reason in characters: with the date it fits the value of a tag.
const LONGEST: usize = 200;
/// The length of the date at the beginning of a mark.
const DATE: usize = 10;

/// Why an image is revoked: 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeReason(String);

/// A text that is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RevokeReasonError {
    /// Nothing but blanks.
    #[error("the reason is empty: say what is wrong with the image, e.g. CVE-2026-1234")]
    Empty,
    /// Too long for the tag.
    #[error("the reason has {0} characters; at most {LONGEST} fit the tag amictl:revoked")]
    TooLong(usize),
}

impl FromStr for RevokeReason {
    type Err = RevokeReasonError;

    fn from_str(text: &str) -> Result<Self, RevokeReasonError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(RevokeReasonError::Empty),
            length if length > LONGEST => Err(RevokeReasonError::TooLong(length)),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for RevokeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What the tag of a revoked image says, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revocation {
    /// Since when it is revoked; `None` if the tag does not begin with a date.
    pub since: Option<NaiveDate>,
    /// The reason; it may be empty.
    pub reason: String,
}

impl Revocation {
    /// The mark of an image; `None` if it is not revoked.
    pub fn of(image: &Image) -> Option<Self> {
        image.tags.get(REVOKED).map(|text| Self::read(text))
    }

    /// Reads the value of the tag.
    pub fn read(text: &str) -> Self {
        let dated = text.split_at_checked(DATE).filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
        let read = dated.and_then(|(date, rest)| Some((date.parse().ok()?, rest)));
        match read {
            Some((since, rest)) => Self { since: Some(since), reason: rest.trim_start().to_owned() },
            None => Self { since: None, reason: text.to_owned() },
        }
    }

    /// The value of the tag for an image that is revoked for a reason: one that is revoked already keeps its date.
    pub fn value(image: &Image, reason: &RevokeReason, now: DateTime<Utc>) -> String {
        let since = Self::of(image).and_then(|mark| mark.since).unwrap_or_else(|| now.date_naive());
        format!("{since} {reason}")
    }

    /// In words that follow `revoked`: ` since 2026-11-28: CVE-2026-1234`.
    pub fn told(&self) -> String {
        let since = self.since.map(|since| format!(" since {since}")).unwrap_or_default();
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        since + &reason
    }
}

#[cfg(test)]
mod tests {
    use super::super::image::testing::image;
    use super::*;

    #[test]
    fn a_reason_is_neither_empty_nor_too_long() {
        assert_eq!(" \t".parse::<RevokeReason>(), Err(RevokeReasonError::Empty));
        let long = "ü".repeat(201);
        assert_eq!(long.parse::<RevokeReason>(), Err(RevokeReasonError::TooLong(201)));
        let reason: RevokeReason = "ü".repeat(200).parse().unwrap();
        let now = DateTime::parse_from_rfc3339("2026-11-28T23:59:59Z").unwrap().to_utc();
        let value = Revocation::value(&image(1, "base"), &reason, now);
        assert!(value.starts_with("2026-11-28 ü") && value.chars().count() <= 256);
    }

    #[test]
    fn marks_are_read_whoever_wrote_them() {
        for (text, since, reason, told) in [
            ("2026-11-28 CVE-1", Some("2026-11-28"), "CVE-1", " since 2026-11-28: CVE-1"),
            ("2026-11-28", Some("2026-11-28"), "", " since 2026-11-28"),
            ("bad", None, "bad", ": bad"),
            ("2026-13-01 x", None, "2026-13-01 x", ": 2026-13-01 x"),
            ("2026-11-28x", None, "2026-11-28x", ": 2026-11-28x"),
            ("ääääääääää", None, "ääääääääää", ": ääääääääää"),
            ("", None, "", ""),
        ] {
            let mark = Revocation::read(text);
            assert_eq!((mark.since.map(|date| date.to_string()).as_deref(), mark.reason.as_str()), (since, reason));
            assert_eq!(mark.told(), told);
        }
    }

    #[test]
    fn the_first_date_stays() {
        let now = DateTime::parse_from_rfc3339("2026-11-28T00:00:00Z").unwrap().to_utc();
        let mut bad = image(1, "base");
        let reason: RevokeReason = "worse".parse().unwrap();
        for (before, after) in [("2026-01-02 bad", "2026-01-02 worse"), ("bad", "2026-11-28 worse")] {
            bad.tags.insert(REVOKED.to_owned(), before.to_owned());
            assert_eq!(Revocation::value(&bad, &reason, now), after);
        }
    }
}
