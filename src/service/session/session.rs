//! Profile, credentials, endpoint, retries and regions: one client for each account and region.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use futures::StreamExt;

use super::accounts;
use super::sdk_config::{self, Loaded};
use super::settings::Settings;
use crate::domain::failure::Failure;
use crate::domain::problem::PlaceError;
use crate::domain::region::{Region, RegionChoice};
use crate::service::client::error::ApiError;
use crate::service::client::target::{Account, Target};

pub use super::places::Places;

/// How many accounts are entered at a time.
const SIDE_BY_SIDE: usize = 64;

/// The accounts and regions of a run.
pub struct Session {
    accounts: Vec<Arc<Account>>,
    choices: Vec<RegionChoice>,
    configured: Option<Region>,
    /// Whether an organization says which accounts there are.
    organized: bool,
    notes: Vec<String>,
    inactive: Vec<PlaceError>,
}

impl Session {
    /// Reads configuration files and the environment. Calls are made only where the credentials must be asked for, or
    /// the organization for its accounts.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let choices = sdk_config::region_choices(settings)?;
        let Loaded { config, region: configured, files } = sdk_config::load(settings, &choices).await?;
        if choices.is_empty() && configured.is_none() {
            return Err(Failure::usage("no region is set")
                .hint("give --region us-east-1, set AWS_REGION, or put a region into the profile")
                .into());
        }
        let mut options = String::new();
        let endpoint = settings.endpoint_url.as_ref().map(ToString::to_string);
        for (name, value) in [("--profile", &settings.profile), ("--endpoint-url", &endpoint)] {
            if let Some(value) = value {
                options.push_str(&format!(" {name} {value}"));
            }
        }
        let config = settings.signed_in.or_sign_in(settings, config, &files).await?;
        let accounts::Opened { accounts, notes, inactive } = accounts::open(settings, &config, &options).await?;
        Ok(Self { accounts, choices, configured, organized: settings.org_role.is_some(), notes, inactive })
    }

    /// What the user should know of accounts that are left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Every account in every region asked for; `all` is looked up with EC2.
    pub async fn targets(&self) -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        for account in &self.accounts {
            for region in self.regions(account).await? {
                targets.push(Target::new(account, region));
            }
        }
        Ok(targets)
    }

    /// Whether the user names the places in this region, and does not just mean every enabled one or every account.
    pub fn names(&self, region: &Region) -> bool {
        let named = |choice: &RegionChoice| matches!(choice, RegionChoice::One(one) if one == region);
        !self.organized && (self.choices.is_empty() || self.choices.iter().any(named))
    }

    /// The same where an account that cannot be entered is reported and does not hide the others.
    pub async fn places(&self) -> Places {
        let each = self.accounts.iter().map(|account| async move { (account, self.entered(account).await) });
        let all: Vec<_> = futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
        let several = self.accounts.len() + self.inactive.len() > 1;
        let mut places = Places::new(several, self.inactive.clone());
        for (account, answer) in all {
            match answer {
                Ok(regions) => places.targets.extend(regions.into_iter().map(|region| Target::new(account, region))),
                Err(error) => places.failed(account.error(&error), error),
            }
        }
        places
    }

    /// Where all regions are asked for, those that [`Self::places`] will most likely have, for callers that would read
    /// there while EC2 is asked. What was read counts only if EC2 says that the region is enabled. None for accounts
    /// that are still to be entered by a role, and in other partitions, whose regions are others.
    pub fn likely(&self) -> Vec<Target> {
        let public = || Region::defaults().any(|region| region == self.home());
        let all = self.choices.contains(&RegionChoice::All) && public();
        let own = self.accounts.iter().filter(|account| all && account.role.is_none());
        own.flat_map(|account| Region::defaults().map(|region| Target::new(account, region))).collect()
    }

    /// The regions of an account, once it is known that it can be entered.
    async fn entered(&self, account: &Arc<Account>) -> Result<Vec<Region>, ApiError> {
        if account.role.is_some() {
            account.caller().await?;
        }
        self.regions(account).await
    }

    /// Every account in the one region of a command that begins in one. None has been entered yet.
    pub async fn in_one_region(&self) -> Result<Vec<Target>> {
        let targets = self.targets().await?;
        let regions: BTreeSet<&Region> = targets.iter().map(|target| &target.region).collect();
        if regions.len() == 1 {
            return Ok(targets);
        }
        let message = format!("this command works in one region at a time, and {} are given", regions.len());
        let hint = "give one --region; copy and create take those of the copies from --to and --copy-to";
        Err(Failure::usage(message).hint(hint).into())
    }

    /// The one account and region of a command that works in one.
    pub async fn single(&self) -> Result<Target> {
        let mut targets = self.in_one_region().await?;
        match (targets.pop(), targets.len()) {
            (Some(target), 0) => Ok(target),
            (_, others) => {
                let message = format!("this command works in one account at a time, and {} are given", others + 1);
                let hint = "give at most one --role-arn, and run it once for each account; 'amictl copy' copies an \
                            image to several accounts";
                Err(Failure::usage(message).hint(hint).into())
            }
        }
    }

    async fn regions(&self, account: &Arc<Account>) -> Result<Vec<Region>, ApiError> {
        if self.choices.is_empty() {
            return Ok(self.configured.iter().cloned().collect());
        }
        let mut regions = Vec::new();
        for choice in &self.choices {
            match choice {
                RegionChoice::One(region) => regions.push(region.clone()),
                RegionChoice::All => regions.extend(self.enabled_regions(account).await?),
            }
        }
        let mut seen = std::collections::HashSet::new();
        regions.retain(|region| seen.insert(region.clone()));
        Ok(regions)
    }

    /// The list of regions is the same wherever it is asked for. The region that is set is in the right partition, but
    /// not every account need have enabled it.
    async fn enabled_regions(&self, account: &Arc<Account>) -> Result<Vec<Region>, ApiError> {
        let answer = Target::new(account, self.home()).enabled_regions().await;
        match answer {
            Err(error) if error.is("AuthFailure") && self.home() != Region::first() => {
                Target::new(account, Region::first()).enabled_regions().await.map_err(|_| error)
            }
            answer => answer,
        }
    }

    fn home(&self) -> Region {
        self.configured.clone().unwrap_or_else(Region::first)
    }
}
