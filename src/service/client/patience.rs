//! Deadline, pauses and stop signal of a wait.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::error::ApiError;
use super::stop::Stop;
use crate::domain::failure::{Failure, INTERRUPTED, Kind};

/// The time for which EC2 may not know a new id.
pub const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(120);

pub const FIRST_PAUSE: Duration = Duration::from_secs(2);

pub const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The progress of a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The percentage, if EC2 reports one.
    pub percent: Option<u8>,
    /// The state, e.g. `pending, 16 GiB`.
    pub doing: String,
}

/// A function that shows progress.
pub type Watch<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// The deadline and stop signal of a wait.
#[derive(Debug, Clone)]
pub struct Patience {
    /// The deadline.
    pub until: Instant,
    /// The stop signal.
    pub stop: Stop,
}

/// Pauses that grow from 2 to 15 seconds, with jitter so that many waits do not coincide.
pub struct Pauses<'a> {
    patience: &'a Patience,
    next: Duration,
}

/// The reason why a wait ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    TimedOut,
    Interrupted,
}

impl<'a> Pauses<'a> {
    pub fn new(patience: &'a Patience) -> Self {
        Self { patience, next: FIRST_PAUSE }
    }

    /// Sleeps once; an error at the deadline or on a stop signal.
    pub async fn pause(&mut self) -> Result<(), Over> {
        let sleep = tokio::time::sleep(self.length());
        self.patience.unless_over(sleep).await
    }

    /// The length of the next pause.
    fn length(&mut self) -> Duration {
        let pause = self.next.mul_f64(0.8 + 0.4 * fastrand::f64());
        self.next = self.next.mul_f64(1.5).min(LONGEST_PAUSE);
        pause
    }
}

impl Patience {
    /// Runs work that only reads, and so may be dropped.
    pub async fn unless_over<T>(&self, work: impl Future<Output = T>) -> Result<T, Over> {
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(Over::Interrupted),
            done = work => Ok(done),
            () = tokio::time::sleep_until(self.until) => Err(Over::TimedOut),
        }
    }
}

impl Over {
    /// The failure, with the work that goes on at AWS and the command to resume the wait.
    pub fn failure(self, what: &str, resume: &str) -> Failure {
        let (kind, code, why) = match self {
            Self::TimedOut => (Kind::TimedOut, "Timeout", "timed out"),
            Self::Interrupted => (Kind::Interrupted, INTERRUPTED, "interrupted"),
        };
        Failure::new(kind, code, format!("{why}: {what}; the work goes on at AWS"))
            .hint(format!("wait for it with: {resume}"))
    }
}

/// The failure if the work goes on at AWS but its state cannot be read, with the command to resume the wait.
pub fn out_of_sight(error: &ApiError, what: &str, resume: &str) -> Failure {
    let wait = format!("wait for it with: {resume}");
    let hint = error.hint().map_or(wait.clone(), |hint| format!("{hint}; then {wait}"));
    let message = format!("{error}; {what}, and goes on at AWS");
    Failure::new(Kind::OutOfSight, error.code.clone(), message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(until: Instant) -> (Patience, tokio::sync::watch::Sender<bool>) {
        let (ask, receiver) = tokio::sync::watch::channel(false);
        (Patience { until, stop: Stop::new(receiver) }, ask)
    }

    #[test]
    fn pauses_grow_from_two_to_fifteen_seconds_and_differ() {
        let (patience, _ask) = patience(Instant::now());
        let mut pauses = Pauses::new(&patience);
        for usual in [2.0, 3.0, 4.5, 6.75, 10.125, 15.0, 15.0] {
            let length = pauses.length().as_secs_f64();
            assert!((0.8 * usual..=1.2 * usual).contains(&length), "{usual}: {length}");
        }
        let many: Vec<_> = (0..10).map(|_| Pauses::new(&patience).length()).collect();
        assert!(many.iter().any(|length| *length != many[0]), "{many:?}");
    }

    #[tokio::test]
    async fn a_look_ends_with_the_time_and_with_the_wish_to_stop() {
        let (over, _ask) = patience(Instant::now());
        assert_eq!(over.unless_over(std::future::pending::<()>()).await, Err(Over::TimedOut));
        assert_eq!(over.unless_over(async { 1 }).await, Ok(1), "what is there already counts");
        let (patient, ask) = patience(Instant::now() + Duration::from_secs(3600));
        ask.send(true).unwrap();
        assert_eq!(patient.unless_over(std::future::pending::<()>()).await, Err(Over::Interrupted));
    }
}
