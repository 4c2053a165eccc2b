//! Diagnosis of errors: the kind, code, message and hint of any error.

use std::io;

use anyhow::{Error, Result};

use super::context::Context;
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::service::client::error::{self, ApiError};

/// The problem of an error, for a report.
pub fn problem(error: &anyhow::Error) -> Problem {
    match error.downcast_ref::<ApiError>() {
        Some(error) => error.problem(),
        None => {
            let word = diagnose(error);
            Problem { code: word.code, message: word.message }
        }
    }
}

/// Prints an error with its hint; returns its problem.
pub fn tell_failed(context: &Context, at: &str, error: &Error) -> Problem {
    let last = diagnose(error);
    context.printer.tell(&format!("{at}: {}", last.message));
    last.hint.iter().for_each(|hint| context.printer.tell(&format!("  hint: {hint}")));
    Problem { code: last.code, message: last.message }
}

/// Whether the reader of stdout has closed the pipe: `amictl list | head` is no failure.
pub fn is_closed_pipe(error: &Error) -> bool {
    let broken = |kind: io::ErrorKind| kind == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| broken(e.kind()))
            || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind).is_some_and(broken)
    })
}

/// The end of a run that has changed something, whether or not its report could be `written`: a full disk or a closed
/// pipe hides neither what failed nor what is left.
pub fn reported(context: &Context, written: Result<()>, end: Result<()>) -> Result<()> {
    match (written, end) {
        (Ok(()), end) => end,
        (Err(error), Ok(())) => Err(error),
        (Err(error), Err(end)) => {
            if !is_closed_pipe(&error) {
                tell_failed(context, "the report could not be written", &error);
            }
            Err(end)
        }
    }
}

/// The diagnosis of an error.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The end of the run.
    pub kind: Kind,
    /// A word for scripts.
    pub code: String,
    /// The error.
    pub message: String,
    /// The next step for the user.
    pub hint: Option<String>,
}

/// Diagnoses an error.
pub fn diagnose(error: &anyhow::Error) -> Diagnosis {
    let message = format!("{error:#}");
    let find = |kind: Kind, code: &str, hint: Option<String>| Diagnosis {
        kind,
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
