//! Failures with their kind, code for scripts, message and next step.

use std::borrow::Cow;

use thiserror::Error;

/// The kinds of ends of a run, each with its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// AWS, the network, the credentials or the disk failed.
    Failed,
    /// The command line, a name, a file or the environment is wrong; nothing was tried.
    Usage,
    /// Some items succeeded and some did not.
    Partial,
    /// A safety check refused; nothing was changed.
    Refused,
    /// The wait timed out; the work goes on at AWS.
    TimedOut,
    /// The work goes on at AWS, but its state can no longer be read.
    OutOfSight,
    /// The user asked to stop.
    Interrupted,
}

/// A failure with its kind, a stable code for scripts, a message and, if known, the next step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Failure {
    /// The end of the run.
    pub kind: Kind,
    /// A word for scripts, in the style of EC2's error codes.
    pub code: Cow<'static, str>,
    /// The error and its place.
    pub message: String,
    /// The next step for the user.
    pub hint: Option<String>,
    /// The command line that must run first, or the next try fails for the same reason.
    pub first: Option<String>,
}

impl Failure {
    /// A failure of `kind` with its code for scripts.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), hint: None, first: None }
    }

    /// A wrong command line, name, file or environment.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "Usage", message)
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the command line that must run before another try.
    #[must_use]
    pub fn first(mut self, line: impl Into<String>) -> Self {
        self.first = Some(line.into());
        self
    }
}
