//! Errors that pass by themselves and that the SDK does not know: repeated slowly, within its attempts.
//!
//! Only codes with which EC2 says that it has done nothing are here, so repeating is safe for every call.

use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::retry::ErrorKind;

/// Limits of EC2 on what may go on at a time, with the time it takes until there may be room.
const BUSY: [(&str, u32); 7] = [
    // EC2 asks for 15 seconds between two snapshots of a volume.
    ("SnapshotCreationPerVolumeRateExceeded", 15),
    ("ConcurrentSnapshotLimitExceeded", 15),
    ("PendingSnapshotLimitExceeded", 15),
    ("ConcurrentCreateImageNoRebootLimitExceeded", 15),
    ("ResourceLimitExceeded", 15),
    ("ConcurrentTagAccess", 1),
    ("ConcurrentAccess", 1),
];

/// EC2's codes for too many calls, of which the SDK knows itself.
const THROTTLED: [&str; 4] = ["RequestLimitExceeded", "EC2ThrottledException", "Throttling", "ThrottlingException"];

/// Whether an answer carries a code with which EC2 says that it has done nothing, whatever the HTTP status.
pub(super) fn did_nothing(body: &[u8]) -> bool {
    code(body).is_some_and(|code| THROTTLED.contains(&code) || BUSY.iter().any(|(busy, _)| *busy == code))
}

/// Tells the SDK to try again after a while.
#[derive(Debug)]
pub(super) struct Patient;

impl ClassifyRetry for Patient {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        // A page of images is a megabyte, and not worth looking through for an error.
        let refused = context.response().filter(|response| !response.status().is_success());
        let Some(code) = refused.and_then(|response| code(response.body().bytes()?)) else {
            return RetryAction::NoActionIndicated;
        };
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
