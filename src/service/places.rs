//! Where a run works, and where it cannot.

use std::collections::BTreeSet;

use super::error::ApiError;
use super::target::Target;
use crate::domain::ids::AccountId;
use crate::domain::report::PlaceError;

/// Where a run works.
#[derive(Clone)]
pub struct Places {
    /// Whether the run is to work in several accounts, entered or not.
    pub several: bool,
    /// Every account in every region asked for.
    pub targets: Vec<Target>,
    /// Accounts that cannot be entered, or whose regions could not be found out.
    pub errors: Vec<PlaceError>,
    /// The first of these errors in full.
    pub(super) first: Option<ApiError>,
}

impl Places {
    /// All accounts, those that cannot be entered as well.
    pub async fn accounts(&self) -> BTreeSet<AccountId> {
        let mut accounts: BTreeSet<AccountId> =
            self.errors.iter().filter_map(|error| error.account.as_ref()?.parse().ok()).collect();
        for target in &self.targets {
            accounts.extend(target.account().await.ok().cloned());
        }
        accounts
    }

    /// The same, unless there is no place at all to work in.
    pub fn some(self) -> Result<Self, ApiError> {
        match self.first {
            Some(error) if self.targets.is_empty() => Err(error),
            _ => Ok(self),
        }
    }
}
