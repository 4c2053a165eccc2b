//! Errors that pass by themselves and that the SDK does not know: repeated slowly, within its attempts.
//!
//! Only codes with which EC2 says that it has done nothing are here, so repeating is safe for every call.

use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::retry::ErrorKind;

use super::answer;

/// Limits of EC2 on what may go on at a time, with the time it takes until there may be room.
const BUSY: [(&str, u32); 2] = [("ConcurrentTagAccess", 1), ("ConcurrentAccess", 1)];

/// Those that what goes on for minutes or hours is in the way of: [`super::quota`] waits for it.
pub(super) const FULL: [&str; 4] = [
    "SnapshotCreationPerVolumeRateExceeded",
    "ConcurrentSnapshotLimitExceeded",
    "PendingSnapshotLimitExceeded",
    "ConcurrentCreateImageNoRebootLimitExceeded",
];

/// EC2's code for a quota, and for too many copies at a time.
pub(super) const QUOTA: &str = "ResourceLimitExceeded";

/// EC2's codes for too many calls, of which the SDK knows itself.
const THROTTLED: [&str; 4] = ["RequestLimitExceeded", "EC2ThrottledException", "Throttling", "ThrottlingException"];

/// EC2's code for a signature of another time, and for a session that is over.
const EXPIRED: &str = "RequestExpired";
pub(super) const TOO_MANY_REQUESTS: u16 = 429;

/// Whether an answer carries a code with which EC2 says that it has done nothing, whatever the HTTP status.
pub(super) fn did_nothing(body: &[u8]) -> bool {
    let nothing = |code| {
        code == QUOTA || THROTTLED.contains(&code) || FULL.contains(&code) || BUSY.iter().any(|(busy, _)| *busy == code)
    };
    code(body).is_some_and(nothing)
}

/// Tells the SDK to try again after a while.
#[derive(Debug)]
pub struct Patient;

impl ClassifyRetry for Patient {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        // A page of images is a megabyte, and not worth looking through for an error.
        let Some(refused) = context.response().filter(|response| !response.status().is_success()) else {
            return RetryAction::NoActionIndicated;
        };
        // A gateway may say so without a word of AWS's.
        if refused.status().as_u16() == TOO_MANY_REQUESTS {
            return RetryAction::throttling_error();
        }
        let Some(code) = refused.body().bytes().and_then(code) else { return RetryAction::NoActionIndicated };
        // The SDK has learnt by now how wrong the clock is, and signs the next attempt for AWS's time.
        if code == EXPIRED && answer::is_late(refused) {
            return RetryAction::transient_error();
        }
        match BUSY.iter().find(|(busy, _)| *busy == code) {
            Some((_, seconds)) => RetryAction::retryable_error_with_explicit_delay(
                ErrorKind::TransientError,
                Duration::from_secs_f64(f64::from(*seconds) * (0.8 + 0.4 * fastrand::f64())),
            ),
            None => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "busy EC2"
    }
}

/// The error code in an answer of EC2. The errors of its operations are not modelled, so there is no type to ask.
fn code(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_out_of_the_answer() {
        let body = b"<Response><Errors><Error><Code>ConcurrentTagAccess</Code><Message>x</Message></Error></Errors></Response>";
        assert_eq!(code(body), Some("ConcurrentTagAccess"));
        assert_eq!(code(b"<html>"), None);
        assert_eq!(code(b"<Code>"), None);
        assert_eq!(code(&[0xff, 0xfe]), None);
    }

    #[test]
    fn trouble_at_aws_may_have_done_something_and_a_limit_has_not() {
        let answer = |code: &str| format!("<Response><Errors><Error><Code>{code}</Code></Error></Errors></Response>");
        assert!(did_nothing(answer("RequestLimitExceeded").as_bytes()));
        assert!(did_nothing(answer("ResourceLimitExceeded").as_bytes()));
        assert!(!did_nothing(answer("InternalError").as_bytes()));
        assert!(!did_nothing(b"<html>"));
    }
}
