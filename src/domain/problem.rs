//! Problems as values: the errors of one item, or of a whole account and region.

use std::fmt;

use thiserror::Error;

use super::region::{Region, place};

/// An error as a report carries it: EC2's code and message, verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} [{code}]")]
pub struct Problem {
    /// EC2's error code, or amictl's own word if EC2 gave none.
    pub code: String,
    /// The error.
    pub message: String,
}

impl Problem {
    /// Whether EC2 refused because AWS Backup holds the resource. Only that service can delete it.
    pub fn is_of_backup(&self) -> bool {
        self.message.contains("AWS Backup")
    }
}

/// The code of a change that EC2 accepted but does not show.
pub const NOT_SEEN: &str = "NotSeen";

/// A failure of a whole account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceError {
    /// The account, where known.
    pub account: Option<String>,
    /// The region.
    pub region: Region,
    /// The error.
    pub problem: Problem,
}

/// The code of a reference to something that does not exist: it launches nothing.
pub const DEAD_REFERENCE: &str = "DeadReference";

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = place(self.account.as_ref(), &self.region);
        write!(f, "{place}: {} [{}]", self.problem.message, self.problem.code)
    }
}
