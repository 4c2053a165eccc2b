//! Retries of transient EC2 errors that the SDK does not know.
//!
//! The codes here say that EC2 has done nothing, so repeating is safe for every call.

use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::retry::ErrorKind;

use super::answer;

/// Short limits on concurrent work, with the seconds until a retry.
const BUSY: [(&str, u32); 2] = [("ConcurrentTagAccess", 1), ("ConcurrentAccess", 1)];

/// Limits that other work may occupy for minutes or hours: [`super::quota`] waits for them.
pub(super) const FULL: [&str; 4] = [
    "SnapshotCreationPerVolumeRateExceeded",
    "ConcurrentSnapshotLimitExceeded",
    "PendingSnapshotLimitExceeded",
    "ConcurrentCreateImageNoRebootLimitExceeded",
];

/// EC2's code for a quota, and for too many concurrent copies.
pub(super) const QUOTA: &str = "ResourceLimitExceeded";

/// EC2's codes for too many calls, which the SDK knows too.
pub(super) const THROTTLED: [&str; 4] =
    ["RequestLimitExceeded", "EC2ThrottledException", "Throttling", "ThrottlingException"];

/// EC2's codes for a lack of capacity. It answers them like its own trouble, but has launched nothing.
pub const NO_CAPACITY: [&str; 3] =
    ["InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientVolumeCapacity"];

/// EC2's code for a signature that is too old, and for an expired session.
const EXPIRED: &str = "RequestExpired";
pub(super) const TOO_MANY_REQUESTS: u16 = 429;

/// Whether an answer has a code that says EC2 did nothing, whatever the HTTP status.
pub(super) fn did_nothing(body: &[u8]) -> bool {
    let nothing = |code| {
        let lists: [&[&str]; 3] = [&THROTTLED, &FULL, &NO_CAPACITY];
        code == QUOTA || BUSY.iter().any(|(busy, _)| *busy == code) || lists.iter().any(|list| list.contains(&code))
    };
    code(body).is_some_and(nothing)
}

/// A retry classifier that makes the SDK try again later.
#[derive(Debug)]
pub struct Patient;

impl ClassifyRetry for Patient {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        // A page of images has a megabyte: searching it for an error is too slow.
        let Some(refused) = context.response().filter(|response| !response.status().is_success()) else {
            return RetryAction::NoActionIndicated;
        };
        // A gateway may send this status without AWS's code.
        if refused.status().as_u16() == TOO_MANY_REQUESTS {
            return RetryAction::throttling_error();
        }
        let Some(code) = refused.body().bytes().and_then(code) else { return RetryAction::NoActionIndicated };
        // By now the SDK knows the clock's error and corrects the time of the next signature.
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

/// The error code in EC2's answer. The SDK has no types for EC2's errors.
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
        assert!(did_nothing(answer("InsufficientInstanceCapacity").as_bytes()));
        assert!(!did_nothing(answer("InternalError").as_bytes()));
        assert!(!did_nothing(b"<html>"));
    }
}
