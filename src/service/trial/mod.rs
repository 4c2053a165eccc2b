//! Trials of permissions: reads for real, and changes as dry runs of EC2.
//!
//! Only [`DryRun`] sends what would change something, and it sends everything as a dry run.

mod dry_run;
mod reads;
mod specimens;

use chrono::{DateTime, Utc};

use super::client::error::{ApiError, is_denied};
use super::client::target::Target;
use crate::domain::permissions_table::Need;
use crate::domain::problem::Problem;
pub use dry_run::DryRun;
pub use specimens::{Specimens, specimens};

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It is allowed.
    Allowed,
    /// It is denied, in AWS's words.
    Denied(String),
    /// There was no trial, or its answer says nothing of permissions.
    Unknown(String),
}

/// Tries what a row of the table needs.
pub async fn try_row(target: &Target, row: &Need, own: &Specimens, now: DateTime<Utc>) -> Tried {
    match reads::read(target, row.action, own).await {
        // A region that the account has not enabled answers this to everything.
        Some(Err(error)) if error.is("AuthFailure") => Tried::Denied(error.message),
        Some(answer) => tried(answer),
        None => match DryRun::new(target, now).send(row, own).await {
            Ok(answer) => tried(answer),
            Err(why) => Tried::Unknown(why),
        },
    }
}

/// An answer as a trial.
fn tried(answer: Result<(), ApiError>) -> Tried {
    match answer {
        Ok(()) => Tried::Allowed,
        Err(error) if is_denied(&error) => Tried::Denied(error.message),
        Err(error) => {
            let Problem { code, message } = error.problem();
            Tried::Unknown(format!("{message} [{code}]"))
        }
    }
}
