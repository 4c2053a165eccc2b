//! The rows of a plan by region and account.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Action, Plan};
use crate::domain::ids::AccountId;
use crate::domain::region::Region;

/// The rows of a plan by region and account. A row or place without an account matches any.
pub struct Rows<'a>(BTreeMap<&'a Region, BTreeMap<Option<&'a AccountId>, Vec<&'a Action>>>);

impl<'a> Rows<'a> {
    /// The rows of this plan.
    pub fn of(plan: &'a Plan) -> Self {
        let mut rows = Self(BTreeMap::new());
        for row in &plan.actions {
            let region = rows.0.entry(&row.region).or_default();
            region.entry(row.account.as_ref()).or_default().push(row);
        }
        rows
    }

    /// The rows for images of a place.
    pub fn of_place(&self, region: &Region, account: Option<&AccountId>) -> Vec<&'a Action> {
        let Some(region) = self.0.get(region) else { return Vec::new() };
        let lists: Vec<_> = match account {
            None => region.values().collect(),
            account => [None, account].iter().filter_map(|account| region.get(account)).collect(),
        };
        lists.into_iter().flatten().copied().collect()
    }

    /// The rows for images of places that are not among those `read`, each with its account where that is known.
    pub fn elsewhere(&self, read: &BTreeMap<&Region, BTreeSet<Option<&AccountId>>>) -> Vec<&'a Action> {
        let mut rows = Vec::new();
        for (region, accounts) in &self.0 {
            let read = read.get(region);
            let found = |account: &Option<&AccountId>| {
                read.is_some_and(|read| account.is_none() || read.contains(&None) || read.contains(account))
            };
            let missed = accounts.iter().filter(|(account, _)| !found(account));
            rows.extend(missed.flat_map(|(_, rows)| rows).copied());
        }
        rows
    }
}
