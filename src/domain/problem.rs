//! Problems as values: the errors of one item, or of a whole account and region.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use super::count::counted;
use super::failure::INTERRUPTED;
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
    /// The problem of an item that a stop came before: `it began`.
    pub fn interrupted_before(event: &str) -> Self {
        Self { code: INTERRUPTED.to_owned(), message: format!("interrupted before {event}") }
    }

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

/// `2 places could not be read`, whatever the number of errors in each; `None` without an error. Files are of no place.
pub fn not_read(errors: &[PlaceError]) -> Option<String> {
    let of_files = |error: &&PlaceError| error.problem.message.starts_with(FILES);
    let (files, others): (Vec<_>, Vec<_>) = errors.iter().partition(of_files);
    let places: BTreeSet<_> = others.iter().map(|error| (error.account.as_deref(), &error.region)).collect();
    let counts = [counted(places.len(), "place"), counted(files.len(), "path")];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    (!counts.is_empty()).then(|| format!("{} could not be read", counts.join(" and ")))
}

/// The beginning of an error of the files of `--refs-from`.
const FILES: &str = "files: ";

/// The code of a reference to something that does not exist: it launches nothing.
pub const DEAD_REFERENCE: &str = "DeadReference";

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = place(self.account.as_ref(), &self.region);
        write!(f, "{place}: {} [{}]", self.problem.message, self.problem.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_not_errors() {
        let error = |account: Option<&str>, message: &str| PlaceError {
            account: account.map(str::to_owned),
            region: "us-east-1".parse().unwrap(),
            problem: Problem { code: "No".to_owned(), message: message.to_owned() },
        };
        let one = [error(Some("111111111111"), "instances: no"), error(Some("111111111111"), "fleets: no")];
        assert_eq!(not_read(&one).as_deref(), Some("1 place could not be read"));
        let files = error(None, "files: nonexist: no such file");
        let [first, second] = one;
        let all = [first, second, error(Some("222222222222"), "no"), files.clone()];
        assert_eq!(not_read(&all).as_deref(), Some("2 places and 1 path could not be read"));
        assert_eq!(not_read(&[files]).as_deref(), Some("1 path could not be read"));
        assert_eq!(not_read(&[]), None);
    }
}
