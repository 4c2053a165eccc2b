//! Limits on what a run may delete.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::failure::Failure;

/// The maximum number of images or snapshots that a run may delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A number.
    Count(usize),
    /// A percentage of those in scope, rounded down.
    Percent(u8),
}

/// A text that is not a limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a limit; give a number, e.g. 20, or a share, e.g. 20%")]
pub struct LimitError(String);

impl Limit {
    /// The refusal of a deletion without a question and without a limit; `ways` to give one.
    pub fn missing(ways: &str) -> Failure {
        Failure::usage("--apply --yes needs a limit on deletions").hint(format!("give {ways}"))
    }

    /// The options with which a deletion goes without a question, given this limit or none.
    pub fn unasked(given: Option<Self>) -> &'static str {
        if given.is_some() { "--yes" } else { "--yes and --max-delete N" }
    }

    /// The most that may go out of `total` in scope.
    pub fn most(self, total: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => total * usize::from(percent) / 100,
        }
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = || LimitError(text.to_owned());
        match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|p| *p <= 100).map(Self::Percent).ok_or_else(wrong),
            None => text.parse().map(Self::Count).map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
