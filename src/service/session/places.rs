//! The accounts and regions that a run works in.

use std::collections::BTreeSet;

use crate::domain::ids::AccountId;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::client::target::Target;

/// Where a run works.
#[derive(Clone)]
pub struct Places {
    /// Whether the run is to work in several accounts, entered or not.
    pub several: bool,
    /// Every account in every region asked for.
    pub targets: Vec<Target>,
    /// Accounts that cannot be entered, or whose regions could not be found out.
    pub errors: Vec<PlaceError>,
    /// Accounts of the organization that nobody can enter at present, as they are not active. That is no failure, but
    /// what they use is not known.
    pub inactive: Vec<PlaceError>,
    /// The first of these errors in full.
    first: Option<ApiError>,
}

impl Places {
    /// No places yet.
    pub(super) fn new(several: bool, inactive: Vec<PlaceError>) -> Self {
        Self { several, targets: Vec::new(), errors: Vec::new(), inactive, first: None }
    }

    /// Adds an account that is left out.
    pub(super) fn failed(&mut self, place: PlaceError, error: ApiError) {
        self.errors.push(place);
        self.first.get_or_insert(error);
    }

    /// All accounts that are not entered, for whatever reason.
    pub fn unentered(&self) -> Vec<PlaceError> {
        self.errors.iter().chain(&self.inactive).cloned().collect()
    }

    /// All accounts, those that cannot be entered as well.
    pub async fn accounts(&self) -> BTreeSet<AccountId> {
        let mut accounts: BTreeSet<AccountId> =
            self.errors.iter().filter_map(|error| error.account.as_ref()?.parse().ok()).collect();
        for target in &self.targets {
            accounts.extend(target.account().await.ok().cloned());
        }
        accounts
    }

    /// Leaves out the places that are not wanted.
    pub async fn keep(&mut self, wanted: impl Fn(Option<&AccountId>, &Region) -> bool) {
        let mut kept = Vec::new();
        for target in std::mem::take(&mut self.targets) {
            if wanted(target.account().await.ok(), &target.region) {
                kept.push(target);
            }
        }
        self.targets = kept;
    }

    /// The same, unless there is no place at all to work in.
    pub fn some(self) -> Result<Self, ApiError> {
        match self.first {
            Some(error) if self.targets.is_empty() => Err(error),
            _ => Ok(self),
        }
    }
}
