//! Failures that amictl itself finds: what was wrong, what kind of end it makes, and what to do next.

use std::borrow::Cow;

use thiserror::Error;

/// How a run ends; each kind has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// AWS, the network, the credentials or the disk said no.
    Failed,
    /// The command line, a name, a file or the environment is wrong; nothing was tried.
    Usage,
    /// Some items were done and some were not.
    Partial,
    /// A safety check said no; nothing was changed.
    Refused,
    /// The time to wait was over; the work goes on at AWS.
    TimedOut,
    /// The work goes on at AWS, but could not be looked at any more.
    OutOfSight,
    /// The user asked to stop.
    Interrupted,
}

/// A failure with its kind, a stable code for scripts, a message and, where there is one, the next step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Failure {
    /// How the run ends.
    pub kind: Kind,
    /// A word for scripts, in the style of EC2's error codes.
    pub code: Cow<'static, str>,
    /// What was wrong and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The command line without which the same would fail again, for the same reason.
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

    /// The same failure with the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with the command line that has to come before another try.
    #[must_use]
    pub fn first(mut self, line: impl Into<String>) -> Self {
        self.first = Some(line.into());
        self
    }
}
