//! The session of a run: opens accounts and regions, each with its client.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use aws_config::SdkConfig;

use super::aws_files::AwsFiles;
use super::profile::{self, SignInConfig};
use super::sdk_config::{self, Loaded};
use super::settings::{Settings, SignedIn};
use super::{accounts, credentials};
use crate::domain::failure::Failure;
use crate::domain::problem::PlaceError;
use crate::domain::region::{Region, RegionChoice};
use crate::service::client::concurrency::{self, SIGN_INS};
use crate::service::client::error::ApiError;
use crate::service::client::target::{Account, Target, caller};

pub use super::places::Places;

/// The accounts and regions of a run.
pub struct Session {
    accounts: Vec<Arc<Account>>,
    choices: Vec<RegionChoice>,
    configured: Option<Region>,
    /// Whether the accounts come from an organization.
    organized: bool,
    notes: Vec<String>,
    inactive: Vec<PlaceError>,
}

impl Session {
    /// Reads configuration files and the environment. Calls AWS only if credentials need a code, or for the accounts of
    /// an organization.
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
        let config = or_sign_in(&settings.signed_in, settings, config, &files).await?;
        let accounts::Opened { accounts, notes, inactive } = accounts::open(settings, &config, &options).await?;
        Ok(Self { accounts, choices, configured, organized: settings.org_role.is_some(), notes, inactive })
    }

    /// Notes for the user about accounts that are left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Every account in every selected region; `all` is resolved by EC2.
    pub async fn targets(&self) -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        for account in &self.accounts {
            for region in self.regions(account).await? {
                targets.push(Target::new(account, region));
            }
        }
        Ok(targets)
    }

    /// Whether the user names this region and its accounts, rather than all regions or all accounts.
    pub fn names(&self, region: &Region) -> bool {
        let named = |choice: &RegionChoice| matches!(choice, RegionChoice::One(one) if one == region);
        !self.organized && (self.choices.is_empty() || self.choices.iter().any(named))
    }

    /// The first account in the first region that is named, else in the configured one.
    pub fn first(&self) -> Option<Target> {
        let named = self.choices.iter().find_map(|choice| match choice {
            RegionChoice::One(region) => Some(region),
            RegionChoice::All => None,
        });
        Some(Target::new(self.accounts.first()?, named.or(self.configured.as_ref())?.clone()))
    }

    /// Whether the user asks for every enabled region.
    pub fn is_everywhere(&self) -> bool {
        self.choices.contains(&RegionChoice::All)
    }

    /// As [`Self::targets`], but an account that cannot be entered is reported and the others stay.
    pub async fn places(&self) -> Places {
        let enter = |account| async move { (account, self.entered(account).await) };
        let all = concurrency::each(SIGN_INS, &self.accounts, enter).await;
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

    /// With `--region all`, the places that [`Self::places`] will most likely return, so that callers can read there
    /// while EC2 is asked. Results count only if EC2 then says that the region is enabled. Empty for accounts to be
    /// entered by a role, and in other partitions, which have other regions.
    pub fn likely(&self) -> Vec<Target> {
        let public = || Region::defaults().any(|region| region == self.home());
        let all = self.is_everywhere() && public();
        let own = self.accounts.iter().filter(|account| all && account.role.is_none());
        own.flat_map(|account| Region::defaults().map(|region| Target::new(account, region))).collect()
    }

    /// The regions of an account, after it was entered.
    async fn entered(&self, account: &Arc<Account>) -> Result<Vec<Region>, ApiError> {
        if account.role.is_some() {
            account.caller().await?;
        }
        self.regions(account).await
    }

    /// Every account in the single region of a command that starts in one. None has been entered yet.
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

    /// The single place of a command that works in one account and region.
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

    /// The enabled regions, the same from every region. The configured region is in the right partition, but the
    /// account may not have enabled it.
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

/// Credentials that a code was asked for before, or signs in where the profile says so.
async fn or_sign_in(
    signed_in: &SignedIn,
    settings: &Settings,
    config: SdkConfig,
    files: &AwsFiles,
) -> Result<SdkConfig> {
    let mut held = signed_in.0.lock().await;
    if let Some(before) = &*held {
        let mut same = config.to_builder();
        same.set_credentials_provider(before.credentials_provider()).set_identity_cache(before.identity_cache());
        return Ok(same.build());
    }
    match profile::sign_in(settings, &config, files)? {
        Some(SignInConfig { config, asks }) => {
            let signed_in = credentials::asked_once(config);
            if asks {
                // Asks the user now, before any other work.
                caller(&signed_in).await?;
            }
            Ok(held.insert(signed_in).clone())
        }
        None => Ok(config),
    }
}
