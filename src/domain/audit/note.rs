//! Notes of an audit: what could not be read, and what else is to be known beside the findings.

use std::fmt;

use super::facts::AuditPlace;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::{Region, place};

/// Something to be known beside the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// The account, where known, and the region; `None` for files and settings, which are of no place.
    pub place: Option<(Option<String>, Region)>,
    /// What it is.
    pub problem: Problem,
}

impl AuditNote {
    /// A note on a place.
    pub(super) fn on(at: &AuditPlace, problem: Problem) -> Self {
        let account = at.account.as_ref().map(|account| account.as_str().to_owned());
        Self { place: Some((account, at.region.clone())), problem }
    }
}

impl From<PlaceError> for AuditNote {
    fn from(error: PlaceError) -> Self {
        Self { place: Some((error.account, error.region)), problem: error.problem }
    }
}

impl From<Problem> for AuditNote {
    fn from(problem: Problem) -> Self {
        Self { place: None, problem }
    }
}

impl fmt::Display for AuditNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((account, region)) = &self.place {
            write!(f, "{}: ", place(account.as_ref(), region))?;
        }
        write!(f, "{}", self.problem)
    }
}
