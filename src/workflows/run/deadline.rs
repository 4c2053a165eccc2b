//! The deadline of a run that a platform ends at a given time.

use std::time::Duration;

use tokio::time::Instant;

/// How long before the platform ends the run it stops by itself: for the calls in progress and the report.
const STOP_BEFORE: Duration = Duration::from_secs(20);
/// How long before that stop waits end, so that they say how they are taken up.
const WAITS_BEFORE: Duration = Duration::from_secs(2);

/// The end of the waits of a run, and the end of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// When waits end.
    pub waits: Instant,
    /// When the run stops.
    pub stop: Instant,
}

impl Deadline {
    /// The deadline of a run that the platform ends after this time; what is past already is `now`.
    pub fn after(left: Duration, now: Instant) -> Option<Self> {
        let stop = left.saturating_sub(STOP_BEFORE);
        Some(Self { waits: now.checked_add(stop.saturating_sub(WAITS_BEFORE))?, stop: now.checked_add(stop)? })
    }

    /// Whether the run stops now.
    pub fn is_over(&self, now: Instant) -> bool {
        self.stop <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_end_before_the_run_stops_and_it_stops_before_it_is_ended() {
        let now = Instant::now();
        let at = |left| Deadline::after(Duration::from_secs(left), now).unwrap();
        let ends = |left| (at(left).waits - now, at(left).stop - now);
        assert_eq!(ends(900), (Duration::from_secs(878), Duration::from_secs(880)));
        assert_eq!(ends(21), (Duration::ZERO, Duration::from_secs(1)));
        for over in [20, 3, 0] {
            assert!(at(over).is_over(now) && ends(over).0.is_zero(), "{over}");
        }
        assert!(!at(21).is_over(now));
    }
}
