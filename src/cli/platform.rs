//! Facts about a run from its platform: its id, its deadline, and whether errors may quote files.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::failure::Failure;
use crate::workflows::run::deadline::Deadline;

/// The id of the run.
const RUN_ID: &str = "AMICTL_RUN_ID";
/// When the platform ends the run, in milliseconds since 1970.
const DEADLINE: &str = "AMICTL_DEADLINE";
/// A deadline that is further in the past is none.
const LONG_PAST: TimeDelta = TimeDelta::days(1);
/// Whether errors about a file leave out its text.
const CONTAINED: &str = "AMICTL_CONTAINED";

/// Whether a policy may ask for nothing that changes anything.
const READ_ONLY: &str = "AMICTL_READ_ONLY";

/// Facts about a run from the platform that starts it.
#[derive(Debug, PartialEq, Eq)]
pub struct Platform {
    /// The id of the run. Another run with the same one is another delivery of the same order.
    pub run: Option<String>,
    /// The deadline.
    pub deadline: Option<Deadline>,
    /// Whether errors about a file leave out its text.
    pub contained: bool,
    /// Whether a policy may ask for nothing that changes anything.
    pub read_only: bool,
}

impl Platform {
    /// Reads the environment.
    pub fn read(env: &HashMap<String, String>, now: DateTime<Utc>) -> Result<Self> {
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
        Ok(Self {
            run: set(RUN_ID).map(|text| run_id(text)).transpose()?,
            deadline: match set(DEADLINE) {
                Some(text) => deadline(text, now)?,
                None => None,
            },
            contained: set(CONTAINED).map_or(Ok(false), |text| yes(CONTAINED, text))?,
            read_only: set(READ_ONLY).map_or(Ok(false), |text| yes(READ_ONLY, text))?,
        })
    }
}

fn yes(name: &str, text: &str) -> Result<bool> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => {
            Err(Failure::usage(format!("{name}: '{text}' is neither 1 nor 0")).hint("leave it unset, or give 1").into())
        }
    }
}

fn run_id(text: &str) -> Result<String> {
    let hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match hex {
        true => Ok(text.to_owned()),
        false => Err(Failure::usage(format!("{RUN_ID}: '{text}' is no id of a run"))
            .hint("it takes 32 hexadecimal digits in lower case")
            .into()),
    }
}

/// The deadline; `None` if it is further away than the clock can say.
fn deadline(text: &str, now: DateTime<Utc>) -> Result<Option<Deadline>> {
    let moment = text.parse().ok().filter(|at| *at > 0).and_then(DateTime::from_timestamp_millis);
    // Seconds taken for milliseconds are a moment in January 1970.
    let moment = moment.filter(|moment| now - moment <= LONG_PAST);
    let Some(moment) = moment else {
        return Err(Failure::usage(format!("{DEADLINE}: '{text}' is no moment"))
            .hint("it takes the milliseconds since 1970-01-01T00:00:00Z at which the platform ends the run")
            .into());
    };
    let left = (moment - now).to_std().unwrap_or(Duration::ZERO);
    Ok(Deadline::after(left, Instant::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn read(env: &[(&str, &str)]) -> Result<Platform> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Platform::read(&env, DateTime::from_timestamp_millis(1_000_000).unwrap())
    }

    #[test]
    fn without_a_platform_nothing_is_set() {
        let none = Platform { run: None, deadline: None, contained: false, read_only: false };
        assert_eq!(read(&[]).unwrap(), none);
        assert_eq!(read(&[(RUN_ID, ""), (DEADLINE, ""), (CONTAINED, "")]).unwrap(), none);
        assert_eq!(read(&[(CONTAINED, "0"), (READ_ONLY, "0")]).unwrap(), none);
    }

    #[test]
    fn what_the_platform_says_counts() {
        let before = Instant::now();
        let read = read(&[(RUN_ID, ID), (DEADLINE, "1060000"), (CONTAINED, "1")]).unwrap();
        assert_eq!((read.run.as_deref(), read.contained), (Some(ID), true));
        let stop = read.deadline.unwrap().stop - before;
        assert!((Duration::from_secs(40)..Duration::from_secs(50)).contains(&stop), "{stop:?}");
    }

    #[test]
    fn a_deadline_that_is_past_is_over() {
        let over = read(&[(DEADLINE, "1")]).unwrap().deadline.unwrap();
        assert!(over.is_over(Instant::now()));
    }

    #[test]
    fn seconds_are_no_milliseconds() {
        let env = |text: &str| [(DEADLINE.to_owned(), text.to_owned())].into();
        let now = DateTime::from_timestamp_millis(1_795_860_000_000).unwrap();
        assert!(Platform::read(&env("1795860900"), now).is_err());
        assert!(Platform::read(&env("1795859000000"), now).unwrap().deadline.unwrap().is_over(Instant::now()));
    }

    #[test]
    fn what_is_no_id_or_no_moment_is_refused() {
        let short = &ID[1..];
        let upper = ID.to_uppercase();
        for bad in [short, &upper, &format!("{ID}0"), "01234567-89ab-cdef-0123-456789abcdef", "g", " "] {
            assert!(read(&[(RUN_ID, bad)]).is_err(), "{bad}");
        }
        for bad in ["true", "2", "yes"] {
            assert!(read(&[(CONTAINED, bad)]).is_err() && read(&[(READ_ONLY, bad)]).is_err(), "{bad}");
        }
        for bad in ["0", "-1", "soon", "1.5", "99999999999999999999", "9223372036854775807", " 1"] {
            assert!(read(&[(DEADLINE, bad)]).is_err(), "{bad}");
        }
    }
}
