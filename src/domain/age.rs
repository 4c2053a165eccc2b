//! Spans of time as users write and read them: `90d`, `2h`, `3w ago`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

/// A span of time given by a user: `30m`, `2h`, `90d`, `4w`, or several together as `1d 12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(Duration);

/// A text that is not a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a span of time; write a number and s, m (minutes), h, d, w, months or y, e.g. 90d or 2h")]
pub struct AgeError(String);

/// The longest span accepted: a thousand years, so that no date computed from one overflows.
const LONGEST: Duration = Duration::from_secs(1000 * 366 * 24 * 3600);

impl Age {
    /// A span of `days` days.
    pub const fn days(days: u64) -> Self {
        Self(Duration::from_secs(days * 86_400))
    }

    /// A span of this length.
    pub const fn of(span: Duration) -> Self {
        Self(span)
    }

    /// The span as a duration.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// The moment this long after `now`.
    pub fn after(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let delta = TimeDelta::from_std(self.0).unwrap_or(TimeDelta::MAX);
        now.checked_add_signed(delta).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The moment this long before `now`.
    pub fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let delta = TimeDelta::from_std(self.0).unwrap_or(TimeDelta::MAX);
        now.checked_sub_signed(delta).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        match humantime::parse_duration(text) {
            Ok(span) if span <= LONGEST => Ok(Self(span)),
            _ => Err(AgeError(text.to_owned())),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')];
        match units.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit)) {
            Some((unit, letter)) if self.0.subsec_nanos() == 0 => write!(f, "{}{letter}", seconds / unit),
            _ => humantime::format_duration(self.0).fmt(f),
        }
    }
}

/// The time since `then`, in the largest unit that fits: `5m`, `3h`, `12d`, `3y`; `0s` for the future.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let past = now - then;
    let (weeks, days) = (past.num_weeks(), past.num_days());
    match past.num_seconds() {
        ..=0 => "0s".to_owned(),
        s @ 1..=119 => format!("{s}s"),
        120..=7199 => format!("{}m", past.num_minutes()),
        7200..=172_799 => format!("{}h", past.num_hours()),
        _ if weeks < 8 => format!("{days}d"),
        _ if days < 730 => format!("{weeks}w"),
        _ => format!("{}y", days / 365),
    }
}

/// A time relative to `now`: `14w ago`, `in 5w`.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match at > now {
        true => format!("in {}", ago(now, at)),
        false => format!("{} ago", ago(at, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [("30s", 30), ("2h", 7200), ("90d", 90 * 86400), ("1d 12h", 129_600), ("4w", 28 * 86400)]
        {
            assert_eq!(text.parse::<Age>().unwrap().duration().as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn spans_print_as_they_may_be_written() {
        for text in ["7d", "36h", "90m", "45s", "0s"] {
            assert_eq!(text.parse::<Age>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_say_how_to_write_one() {
        for text in ["30x", "", "-1d", "d", "90", "9999999y", "99999999999999999999d"] {
            let error = text.parse::<Age>().unwrap_err().to_string();
            assert!(error.contains("e.g. 90d"), "{error}");
        }
    }

    #[test]
    fn ages_take_one_unit() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc();
        let shown = |seconds: i64| ago(now - TimeDelta::seconds(seconds), now);
        assert_eq!(shown(-5), "0s");
        assert_eq!(shown(90), "90s");
        assert_eq!(shown(600), "10m");
        assert_eq!(shown(36 * 3600), "36h");
        assert_eq!(shown(10 * 86400), "10d");
        assert_eq!(shown(100 * 86400), "14w");
        assert_eq!(shown(800 * 86400), "2y");
    }

    #[test]
    fn times_lie_on_either_side_of_now() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc();
        for (days, text) in [(10, "in 10d"), (-10, "10d ago"), (0, "0s ago"), (100, "in 14w")] {
            assert_eq!(relative(now + TimeDelta::days(days), now), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_reads_back(seconds in 0..1_000_000_000u64, nanos in 0..1_000_000_000u32) {
            let age = Age(Duration::new(seconds, nanos));
            proptest::prop_assert_eq!(age.to_string().parse::<Age>(), Ok(age));
        }

        #[test]
        fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
            let now = DateTime::<Utc>::MAX_UTC;
            let _ = text.parse::<Age>().map(|age| (age.before(now), age.before(DateTime::<Utc>::MIN_UTC)));
        }
    }
}
