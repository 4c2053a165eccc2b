//! The completion duration of a time-based copy, and its price.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::age::{Age, AgeError};

/// EC2 takes whole steps of this many minutes.
const STEP: u32 = 15;
/// The longest duration in minutes.
const LONGEST: u32 = 48 * 60;

/// List prices of us-east-1 in thousandths of a US dollar per GiB, from this many minutes on.
const PRICES: [(u32, u32); 7] = [(960, 5), (480, 10), (240, 12), (120, 14), (60, 16), (30, 18), (0, 20)];

/// The time within which EC2 is to complete a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyDuration {
    minutes: u32,
}

/// A text that is no duration EC2 takes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CopyDurationError {
    /// It is no span of time.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// It is none of EC2's steps.
    #[error("EC2 takes multiples of 15 minutes from 15m to 48h; the nearest to '{0}' is {1}")]
    Step(String, CopyDuration),
}

impl CopyDuration {
    /// The duration in minutes.
    pub fn minutes(self) -> u32 {
        self.minutes
    }

    /// The price of a copy for each GiB, in thousandths of a US dollar.
    pub fn price(self) -> u32 {
        PRICES.iter().find(|(from, _)| self.minutes >= *from).map_or(0, |(_, price)| *price)
    }

    /// What is told before `copies` copies of `gib` GiB in all begin.
    pub fn cost(self, copies: usize, gib: i64) -> String {
        let each = self.price();
        let cents = (i128::from(gib) * i128::from(each)).div_euclid(10) + i128::from(gib * i64::from(each) % 10 > 0);
        let copies = if copies == 1 { "1 time-based copy".to_owned() } else { format!("{copies} time-based copies") };
        format!(
            "{copies} within {self} of {gib} GiB in all: at most ${}.{:02}, $0.{each:03} for each GiB (list price of us-east-1)",
            cents / 100,
            cents % 100
        )
    }
}

impl FromStr for CopyDuration {
    type Err = CopyDurationError;

    fn from_str(text: &str) -> Result<Self, CopyDurationError> {
        let span = text.parse::<Age>()?.duration();
        let step = u64::from(STEP) * 60;
        let steps = (span.as_secs() + step / 2) / step;
        let nearest = u32::try_from(steps).unwrap_or(LONGEST).clamp(1, LONGEST / STEP) * STEP;
        let nearest = Self { minutes: nearest };
        match span == std::time::Duration::from_secs(u64::from(nearest.minutes) * 60) {
            true => Ok(nearest),
            false => Err(CopyDurationError::Step(text.to_owned(), nearest)),
        }
    }
}

impl fmt::Display for CopyDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minutes % 60 {
            0 => write!(f, "{}h", self.minutes / 60),
            _ => write!(f, "{}m", self.minutes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CopyDuration, String> {
        text.parse().map_err(|error: CopyDurationError| error.to_string())
    }

    #[test]
    fn the_steps_of_ec2_are_read_and_written() {
        for (text, minutes, shown) in
            [("15m", 15, "15m"), ("30m", 30, "30m"), ("1h 30m", 90, "90m"), ("90m", 90, "90m"), ("2d", 2880, "48h")]
        {
            let read = read(text).unwrap();
            assert_eq!((read.minutes(), read.to_string().as_str()), (minutes, shown), "{text}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
    }

    #[test]
    fn other_spans_are_refused_with_the_nearest_step() {
        for (text, nearest) in [
            ("0s", "15m"),
            ("1m", "15m"),
            ("20m", "15m"),
            ("23m", "30m"),
            ("15m 1s", "15m"),
            ("15m 1ms", "15m"),
            ("50h", "48h"),
            ("900y", "48h"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(
                error,
                format!("EC2 takes multiples of 15 minutes from 15m to 48h; the nearest to '{text}' is {nearest}")
            );
        }
        assert!(read("soon").unwrap_err().contains("is not a span of time"));
    }

    #[test]
    fn the_price_falls_with_the_duration() {
        let prices = [
            (20, "15m 15m"),
            (18, "30m 45m"),
            (16, "1h 105m"),
            (14, "2h 225m"),
            (12, "4h 465m"),
            (10, "8h 945m"),
            (5, "16h 48h"),
        ];
        for (price, ends) in prices {
            for text in ends.split(' ') {
                assert_eq!(read(text).unwrap().price(), price, "{text}");
            }
        }
    }

    #[test]
    fn the_cost_is_rounded_up_to_cents() {
        for (text, copies, gib, wanted) in [
            ("30m", 2, 16, "2 time-based copies within 30m of 16 GiB in all: at most $0.29, $0.018 for each GiB"),
            ("16h", 1, 8, "1 time-based copy within 16h of 8 GiB in all: at most $0.04, $0.005 for each GiB"),
            ("16h", 1, 1, "1 time-based copy within 16h of 1 GiB in all: at most $0.01, $0.005 for each GiB"),
            ("15m", 5, 1000, "5 time-based copies within 15m of 1000 GiB in all: at most $20.00, $0.020 for each GiB"),
        ] {
            assert_eq!(read(text).unwrap().cost(copies, gib), format!("{wanted} (list price of us-east-1)"));
        }
    }

    proptest::proptest! {
        #[test]
        fn the_nearest_is_always_taken(seconds in 0..1_000_000u64) {
            if let Err(CopyDurationError::Step(_, nearest)) = format!("{seconds}s").parse::<CopyDuration>() {
                proptest::prop_assert_eq!(nearest.to_string().parse(), Ok(nearest));
            }
        }
    }
}
