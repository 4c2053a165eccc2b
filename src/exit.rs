//! How a run ends: the exit codes that scripts may rely on.

use std::io;

use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::service::error::{self, ApiError};

/// Done; also: nothing to do, plan shown, dry run would have worked.
pub const DONE: u8 = 0;
/// AWS, the network, the credentials or the disk said no.
pub const FAILED: u8 = 1;
/// A bad flag, name or file, or no region.
pub const USAGE: u8 = 2;
/// Some items failed; the report says which, and a rerun finishes the rest.
pub const PARTIAL: u8 = 3;
/// A safety check said no: in use, protected, over the limit, not verified, not confirmed.
pub const REFUSED: u8 = 4;
/// The time to wait was over; the work goes on at AWS.
pub const TIMED_OUT: u8 = 5;
/// Interrupted; nothing half-done is left unreported.
pub const INTERRUPTED: u8 = 130;

impl From<Kind> for u8 {
    fn from(kind: Kind) -> u8 {
        match kind {
            Kind::Failed | Kind::OutOfSight => FAILED,
            Kind::Usage => USAGE,
            Kind::Partial => PARTIAL,
            Kind::Refused => REFUSED,
            Kind::TimedOut => TIMED_OUT,
            Kind::Interrupted => INTERRUPTED,
        }
    }
}

/// The last word of a run that failed.
#[derive(Debug, PartialEq, Eq)]
pub struct LastWord {
    /// The exit code.
    pub exit: u8,
    /// A word for scripts.
    pub code: String,
    /// What was wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// What to say about an error, and how to end.
pub fn last_word(error: &anyhow::Error) -> LastWord {
    let message = format!("{error:#}");
    let find = |wanted: Kind, code: &str, hint: Option<String>| LastWord {
        exit: wanted.into(),
        code: code.to_owned(),
        message: message.clone(),
        hint,
    };
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return find(failure.kind, &failure.code, failure.hint.clone());
        }
        if let Some(api) = cause.downcast_ref::<ApiError>() {
            return find(Kind::Failed, &api.code, api.hint());
        }
        if let Some(problem) = cause.downcast_ref::<Problem>() {
            return find(Kind::Failed, &problem.code, error::hint(problem));
        }
        if cause.is::<crate::domain::naming::NameError>() || cause.is::<crate::domain::tags::TagError>() {
            return find(Kind::Usage, "Usage", None);
        }
    }
    find(Kind::Failed, "Failed", None)
}

/// Whether whoever read our output has gone: `amictl list | head` is no failure.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |kind: io::ErrorKind| kind == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| broken(e.kind()))
            || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind).is_some_and(broken)
    })
}
