//! The sources of use that could not be read, as errors of their places.

use crate::domain::problem::{PlaceError, Problem};
use crate::domain::usage::accounts::NOT_ACTIVE;
use crate::domain::usage::source::{SourceStatus, Usage};
use crate::service::Target;

/// One error for each source that failed. A closed account is in doubt at the images that it may launch, and is no failure
/// of the reading.
pub async fn unread(target: &Target, usage: &Usage) -> Vec<PlaceError> {
    let mut errors = Vec::new();
    for state in usage.failed() {
        if let SourceStatus::Failed(problem) = &state.status
            && problem.code != NOT_ACTIVE
        {
            let message = format!("{}: {}", state.source, problem.message);
            errors.push(target.error(Problem { message, ..problem.clone() }).await);
        }
    }
    errors
}
