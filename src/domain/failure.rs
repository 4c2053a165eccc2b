//! Failures with their kind, code for scripts, message and next step.

use std::borrow::Cow;
use std::fmt::Display;

use thiserror::Error;

/// The code of work that was stopped, by its user or before its deadline.
pub const INTERRUPTED: &str = "Interrupted";

/// Why a run was stopped: how the message of its failure begins.
const BY_USER: &str = "interrupted";
const BY_DEADLINE: &str = "the deadline of this run came before it was done";

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

    /// The end of a run whose user asked to stop: what was done until then.
    pub fn interrupted(what: impl Display) -> Self {
        Self::new(Kind::Interrupted, INTERRUPTED, format!("{BY_USER}: {what}"))
    }

    /// The same end where nobody asked to stop, and the deadline of the run came.
    #[must_use]
    pub fn by_deadline(self) -> Self {
        let what = self.message.strip_prefix(BY_USER).and_then(|rest| rest.strip_prefix(": "));
        let message = format!("{BY_DEADLINE}: {}", what.unwrap_or(&self.message));
        Self { message, ..self }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_says_what_an_interruption_says() {
        let failure = Failure::interrupted("1 done, 2 skipped").hint("again");
        assert_eq!((failure.to_string().as_str(), failure.kind), ("interrupted: 1 done, 2 skipped", Kind::Interrupted));
        let failure = failure.by_deadline();
        assert_eq!(failure.message, "the deadline of this run came before it was done: 1 done, 2 skipped");
        assert_eq!((failure.code.as_ref(), failure.hint.as_deref()), ("Interrupted", Some("again")));
        let other = Failure::new(Kind::Interrupted, INTERRUPTED, "an answer was lost").by_deadline();
        assert_eq!(other.message, "the deadline of this run came before it was done: an answer was lost");
    }
}
