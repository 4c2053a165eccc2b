//! The tag of an instance that `create --stop` stopped: by which run, when, and until when that run may work.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use thiserror::Error;

use super::tags::{STOPPED, Tags};

/// The word before the end.
const UNTIL: &str = "until";

/// The value of the tag [`STOPPED`], as `<run> <time> until <time>`. It is written before the instance is stopped and
/// removed once it runs again, so that a killed run can be made good. Until its end the run may still be at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedMark {
    /// The run.
    pub run: String,
    /// When it stopped the instance.
    pub at: DateTime<Utc>,
    /// When it will have started it again, unless it was killed.
    pub until: DateTime<Utc>,
}

/// A value that amictl does not write.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the tag {STOPPED} says '{0}', which amictl does not write")]
pub struct UnknownMark(String);

impl StoppedMark {
    /// The mark of a run that needs the instance stopped for at most this time.
    pub fn new(run: &str, at: DateTime<Utc>, longest: TimeDelta) -> Self {
        Self { run: run.to_owned(), at, until: at.checked_add_signed(longest).unwrap_or(DateTime::<Utc>::MAX_UTC) }
    }

    /// The mark among tags; `None` without the tag, an error if it is not one of amictl's.
    pub fn of(tags: &Tags) -> Result<Option<Self>, UnknownMark> {
        tags.get(STOPPED).map(|text| text.parse()).transpose()
    }

    /// Whether its run can no longer be at work.
    pub fn expired(&self, now: DateTime<Utc>) -> bool {
        self.until <= now
    }

    /// The tag.
    pub fn tags(&self) -> Tags {
        Tags::from([(STOPPED.to_owned(), self.to_string())])
    }
}

impl fmt::Display for StoppedMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [at, until] = [self.at, self.until].map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        write!(f, "{} {at} {UNTIL} {until}", self.run)
    }
}

impl FromStr for StoppedMark {
    type Err = UnknownMark;

    fn from_str(text: &str) -> Result<Self, UnknownMark> {
        let unknown = || UnknownMark(text.to_owned());
        let time = |text: &str| DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(|_| unknown());
        match text.split(' ').collect::<Vec<_>>()[..] {
            [run, at, UNTIL, until] if !run.is_empty() => {
                Ok(Self { run: run.to_owned(), at: time(at)?, until: time(until)? })
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let mark = StoppedMark::new("run-1", at("2026-11-28T12:00:00Z"), TimeDelta::minutes(135));
        assert_eq!(mark.to_string(), "run-1 2026-11-28T12:00:00Z until 2026-11-28T14:15:00Z");
        assert_eq!(StoppedMark::of(&mark.tags()), Ok(Some(mark.clone())));
        assert!(!mark.expired(at("2026-11-28T14:14:59Z")));
        assert!(mark.expired(at("2026-11-28T14:15:00Z")));
    }

    #[test]
    fn what_amictl_does_not_write_is_no_mark() {
        assert_eq!(StoppedMark::of(&Tags::new()), Ok(None));
        for text in ["", "yes", "run 2026-11-28T12:00:00Z", "run now until then", " 2026-11-28T12:00:00Z until x"] {
            let tags = Tags::from([(STOPPED.to_owned(), text.to_owned())]);
            assert_eq!(StoppedMark::of(&tags), Err(UnknownMark(text.to_owned())));
        }
    }

    #[test]
    fn a_run_without_end_never_expires() {
        let mark = StoppedMark::new("run-1", at("2026-11-28T12:00:00Z"), TimeDelta::MAX);
        assert!(!mark.expired(at("9999-01-01T00:00:00Z")));
    }
}
