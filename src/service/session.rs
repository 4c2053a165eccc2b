//! Profile, credentials, endpoint, retries and regions: one client for each account and region.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use futures::StreamExt;
use tokio::sync::Mutex;

use super::error::ApiError;
use super::pace::Pace;
pub use super::places::Places;
pub use super::sign_in::Ask;
use super::target::{Account, Target, caller};
use super::{accounts, profile};
use crate::domain::failure::Failure;
use crate::domain::ids::AccountId;
use crate::domain::region::{Region, RegionChoice};
use crate::domain::report::PlaceError;
use crate::domain::roles::{ExternalId, RoleArn, RoleName};

/// Attempts for one call, the first included, where nobody says otherwise.
pub const DEFAULT_ATTEMPTS: u32 = 8;

/// No byte for this long, and a call counts as lost. EC2 answers a page of 1,000 images in a few seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How many accounts are entered at a time.
const SIDE_BY_SIDE: usize = 32;

/// Whether the SDK also slows first attempts down after a throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryMode {
    /// Retries with growing pauses.
    #[default]
    Standard,
    /// The same with a client-side rate limiter.
    Adaptive,
}

/// How to reach AWS. Retry settings come checked: the SDK panics on those it finds wrong in the environment.
#[derive(Clone, Default)]
pub struct Settings {
    /// A profile asked for by name; beats keys in the environment.
    pub profile: Option<String>,
    /// Regions asked for by name, before any other source.
    pub regions: Vec<RegionChoice>,
    /// Roles to assume, one for each account.
    pub role_arns: Vec<RoleArn>,
    /// The role of this name in `members`, or in every active account of the organization where those are none.
    pub org_role: Option<RoleName>,
    /// Accounts to enter by that role.
    pub members: Vec<AccountId>,
    /// What these roles demand of whoever assumes them.
    pub external_id: Option<ExternalId>,
    /// Asks for the code of an MFA device, where there is somebody to ask.
    pub ask_code: Option<Ask>,
    /// What a code was asked for already.
    pub signed_in: SignedIn,
    /// An endpoint for every service, before those of the environment and the profile.
    pub endpoint_url: Option<String>,
    /// Attempts for one call.
    pub max_attempts: Option<u32>,
    /// How to retry.
    pub retry_mode: RetryMode,
    /// Which request limits to keep to.
    pub pace: Pace,
    /// The environment of the process.
    pub env: HashMap<String, String>,
}

/// Credentials that a code was asked for: a run that opens several sessions asks once.
#[derive(Clone, Default)]
pub struct SignedIn(Arc<Mutex<Option<SdkConfig>>>);

impl SignedIn {
    async fn or_sign_in(&self, settings: &Settings, config: SdkConfig) -> Result<SdkConfig> {
        let mut held = self.0.lock().await;
        if let Some(before) = &*held {
            let mut same = config.to_builder();
            same.set_credentials_provider(before.credentials_provider()).set_identity_cache(before.identity_cache());
            return Ok(same.build());
        }
        match profile::sign_in(settings, &config).await? {
            Some(signed_in) => {
                // A person is asked now, before anything else goes on.
                caller(&signed_in).await?;
                Ok(held.insert(signed_in).clone())
            }
            None => Ok(config),
        }
    }
}

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
        let choices = region_choices(settings)?;
        let config = load(settings, &choices).await?;
        let configured: Option<Region> = config.region().and_then(|region| region.as_ref().parse().ok());
        if choices.is_empty() && configured.is_none() {
            return Err(Failure::usage("no region: nothing says where to look")
                .hint("give --region us-east-1, set AWS_REGION, or put a region into the profile")
                .into());
        }
        let mut options = String::new();
        for (name, value) in [("--profile", &settings.profile), ("--endpoint-url", &settings.endpoint_url)] {
            if let Some(value) = value {
                options.push_str(&format!(" {name} {value}"));
            }
        }
        // Where every region is asked for, STS and Organizations still need one to be called in.
        let first = aws_config::Region::new(Region::first().as_str().to_owned());
        let config = config.to_builder().region(config.region().cloned().unwrap_or(first)).build();
        let config = settings.signed_in.or_sign_in(settings, config).await?;
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

    /// Places that are sure to be among these, for those who would begin before EC2 has said which regions are
    /// enabled: the default regions, where all are asked for. What an account that is entered by a role has is known
    /// only once it is entered.
    pub fn ahead(&self) -> Vec<Target> {
        let home = self.configured.clone().unwrap_or_else(Region::first);
        let all = self.choices.contains(&RegionChoice::All) && Region::defaults().any(|region| region == home);
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
                let hint = "what it begins with is in one account: give at most one --role-arn, and run it once for each; \
                            an image is taken to several accounts by amictl copy";
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

    /// The list of regions is the same wherever it is asked for, so a fixed one will do where none is set.
    async fn enabled_regions(&self, account: &Arc<Account>) -> Result<Vec<Region>, ApiError> {
        let from = self.configured.clone().unwrap_or_else(Region::first);
        Target::new(account, from).enabled_regions().await
    }
}

/// Regions asked for on the command line, else those of the environment, where a comma separates several.
fn region_choices(settings: &Settings) -> Result<Vec<RegionChoice>> {
    match settings.regions.is_empty() {
        true => in_environment(settings),
        false => Ok(settings.regions.clone()),
    }
}

fn in_environment(settings: &Settings) -> Result<Vec<RegionChoice>> {
    let set = |name: &'static str| settings.env.get(name).filter(|v| !v.is_empty()).map(|v| (name, v));
    let Some((name, value)) = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")) else {
        return Ok(Vec::new());
    };
    let read = |text: &str| text.trim().parse().map_err(|e| Failure::usage(format!("{name}: {e}")).into());
    value.split(',').map(read).collect()
}

async fn load(settings: &Settings, choices: &[RegionChoice]) -> Result<SdkConfig> {
    let attempts = settings.max_attempts.unwrap_or(DEFAULT_ATTEMPTS);
    let retry = match settings.retry_mode {
        RetryMode::Standard => RetryConfig::standard(),
        RetryMode::Adaptive => RetryConfig::adaptive(),
    };
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new(env!("CARGO_PKG_NAME")).context("the package name names the app")?)
        .http_client(super::http::client())
        // A request that waits for its turn sends nothing for a while, which the SDK would take for a stalled upload.
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build())
        .retry_config(retry.with_max_attempts(attempts))
        .timeout_config(timeouts);
    // All regions are asked for from one that the user works in: in another partition, no other would answer.
    let usual = in_environment(settings).unwrap_or_default();
    let first = choices.iter().chain(&usual).find_map(|choice| match choice {
        RegionChoice::One(region) => Some(region.as_str().to_owned()),
        RegionChoice::All => None,
    });
    let mut in_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = &settings.profile {
        // The default chain would take keys of the environment before those of the profile asked for.
        let keys = ProfileFileCredentialsProvider::builder().profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(keys);
        in_profile = in_profile.profile_name(profile);
    }
    // The instance metadata service is left out on purpose: a region nobody named is no region.
    loader = match first {
        Some(region) => loader.region(aws_config::Region::new(region)),
        None => loader.region(in_profile.build()),
    };
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    Ok(loader.load().await)
}
