//! Waits for capacity when EC2 limits concurrent work, as with copies and snapshots.

use super::error::{ApiError, codes, is_at_the_moment};
use super::patience::{Over, Patience, Pauses};
use super::retry::{FULL, QUOTA};
use super::stop;

/// The deadline of the wait for capacity, and the function that shows it.
pub struct Room<'a> {
    pub patience: Patience,
    tell: &'a (dyn Fn(String) + Send + Sync),
}

impl<'a> Room<'a> {
    /// Waits for at most `patience`.
    pub fn new(patience: Patience, tell: &'a (dyn Fn(String) + Send + Sync)) -> Self {
        Self { patience, tell }
    }

    /// Repeats a call until EC2 has capacity for it.
    pub async fn call<T, F>(&self, call: impl Fn() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let (mut pauses, mut told) = (Pauses::new(&self.patience), false);
        loop {
            let error = match call().await {
                Err(error) if is_full(&error) => error,
                other => return other,
            };
            stop::nothing_begun();
            if !told {
                (self.tell)(format!("{error}; waiting for room"));
                told = true;
            }
            match pauses.pause().await {
                Ok(()) => {}
                Err(Over::TimedOut) => return Err(error),
                Err(Over::Interrupted) => {
                    let message = format!("interrupted while it waited for room: {}", error.message);
                    return Err(ApiError { code: codes::INTERRUPTED.to_owned(), message, ..error });
                }
            }
        }
    }
}

/// Whether capacity will become free, and nothing was started.
fn is_full(error: &ApiError) -> bool {
    let passes = FULL.contains(&error.code.as_str()) || (error.is(QUOTA) && is_at_the_moment(&error.message));
    passes && !error.answer_lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::region::Region;

    #[test]
    fn a_quota_is_told_from_what_goes_on_at_the_moment() {
        let full = |code: &str, message: &str| {
            is_full(&ApiError {
                call: "CopyImage",
                region: Region::first(),
                code: code.to_owned(),
                message: message.to_owned(),
                request_id: None,
                answer_lost: false,
            })
        };
        assert!(full(QUOTA, "Too many snapshot copies in progress. Limit is 20."));
        assert!(full(QUOTA, "You have reached your limit of Concurrent copies"));
        assert!(full("PendingSnapshotLimitExceeded", "whatever"));
        assert!(!full(QUOTA, "You have reached the quota of 50000 AMIs in this region."));
        assert!(!full("RequestLimitExceeded", "Too many calls in progress"));
    }
}
