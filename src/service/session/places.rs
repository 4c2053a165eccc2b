//! The places of a run: its accounts in its regions, and those that could not be entered.

use std::collections::BTreeSet;

use crate::domain::ids::AccountId;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::client::target::Target;

/// The places of a run.
#[derive(Clone)]
pub struct Places {
    /// Whether the run is over several accounts, entered or not.
    pub several: bool,
    /// Every entered account in every selected region.
    pub targets: Vec<Target>,
    /// Accounts that cannot be entered, or whose regions could not be read.
    pub errors: Vec<PlaceError>,
    /// Inactive accounts of the organization. That is no failure, but their use is unknown.
    pub inactive: Vec<PlaceError>,
    /// The first of these errors in full.
    first: Option<ApiError>,
}

impl Places {
    /// No places yet.
    pub(super) fn new(several: bool, inactive: Vec<PlaceError>) -> Self {
        Self { several, targets: Vec::new(), errors: Vec::new(), inactive, first: None }
    }

    /// Adds an account that failed.
    pub(super) fn failed(&mut self, place: PlaceError, error: ApiError) {
        self.errors.push(place);
        self.first.get_or_insert(error);
    }

    /// All accounts that were not entered, whatever the reason.
    pub fn unentered(&self) -> Vec<PlaceError> {
        self.errors.iter().chain(&self.inactive).cloned().collect()
    }

    /// All accounts, including those that cannot be entered.
    pub async fn accounts(&self) -> BTreeSet<AccountId> {
        let mut accounts: BTreeSet<AccountId> =
            self.errors.iter().filter_map(|error| error.account.as_ref()?.parse().ok()).collect();
        for target in &self.targets {
            accounts.extend(target.account().await.ok().cloned());
        }
        accounts
    }

    /// Keeps only the wanted places.
    pub async fn keep(&mut self, wanted: impl Fn(Option<&AccountId>, &Region) -> bool) {
        let mut kept = Vec::new();
        for target in std::mem::take(&mut self.targets) {
            if wanted(target.account().await.ok(), &target.region) {
                kept.push(target);
            }
        }
        self.targets = kept;
    }

    /// The places, or the first error if there is none.
    pub fn some(self) -> Result<Self, ApiError> {
        match self.first {
            Some(error) if self.targets.is_empty() => Err(error),
            _ => Ok(self),
        }
    }
}
