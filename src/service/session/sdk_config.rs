//! The SDK configuration, from the command line, the environment and the AWS files.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};

use super::aws_files::AwsFiles;
use super::settings::{DEFAULT_ATTEMPTS, RetryMode, Settings};
use super::trust::trusted;
use super::{credentials, endpoints};
use crate::domain::failure::Failure;
use crate::domain::region::{Region, RegionChoice};
use crate::service::client::http::Network;
use crate::service::client::proxies::Proxies;

/// A call without a byte for this long counts as lost. EC2 answers a page of 1,000 images in a few seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The limit of a call with all its attempts, its waits for EC2's request limits, and a person who enters a code:
/// longer than each needs, so that it ends only what would never end.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// The regions of the command line, else those of the environment, where a comma separates several.
pub(super) fn region_choices(settings: &Settings) -> Result<Vec<RegionChoice>> {
    match settings.regions.is_empty() {
        true => in_environment(settings),
        false => Ok(settings.regions.clone()),
    }
}

fn in_environment(settings: &Settings) -> Result<Vec<RegionChoice>> {
    let set = |name: &'static str| settings.env.get(name).filter(|v| !v.trim().is_empty()).map(|v| (name, v));
    let Some((name, value)) = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")) else {
        return Ok(Vec::new());
    };
    let hint = "set it to a region such as us-east-1, to several with commas, or to all";
    let read = |text: &str| text.trim().parse().map_err(|e| Failure::usage(format!("{name}: {e}")).hint(hint).into());
    value.split(',').map(read).collect()
}

/// The loaded configuration of a session.
pub(super) struct Loaded {
    /// The configuration of the SDK.
    pub(super) config: SdkConfig,
    /// The first selected region, else that of the environment or the profile.
    pub(super) region: Option<Region>,
    pub(super) files: AwsFiles,
}

pub(super) async fn load(settings: &Settings, choices: &[RegionChoice]) -> Result<Loaded> {
    let files = AwsFiles::read(settings).await?;
    let attempts = settings.max_attempts.unwrap_or(DEFAULT_ATTEMPTS);
    let retry = match retry_mode(settings, &files)? {
        RetryMode::Standard => RetryConfig::standard(),
        RetryMode::Adaptive => RetryConfig::adaptive(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let network = Network::new(trusted(&settings.env, files.get("ca_bundle"))?, Proxies::read(&settings.env)?);
    let region = region(settings, choices, &files).await?;
    // With `--region all`, STS and Organizations still need a region.
    let called_in = aws_config::Region::new(region.clone().unwrap_or_else(Region::first).to_string());
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new(env!("CARGO_PKG_NAME")).context("the package name names the app")?)
        .http_client(network.client())
        // A request that waits for its turn sends nothing for a while, which the SDK would treat as a stalled upload.
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build())
        .retry_config(retry.with_max_attempts(attempts))
        .timeout_config(timeouts)
        .profile_files(files.sources())
        .region(called_in);
    if let Some(profile) = &files.asked {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url.to_string());
    }
    let mut config = loader.load().await;
    endpoints::check(settings, &config)?;
    if let Some(profile) = &settings.profile {
        // The default chain would prefer keys in the environment to the selected profile.
        config = config.to_builder().credentials_provider(credentials::of_profile(&config, &files, profile)).build();
    }
    Ok(Loaded { config: credentials::asked_once(config), region, files })
}

/// The default region. The instance metadata service is left out on purpose: the user did not choose its region.
async fn region(settings: &Settings, choices: &[RegionChoice], files: &AwsFiles) -> Result<Option<Region>> {
    let first = |choices: &[RegionChoice]| {
        choices.iter().find_map(|choice| match choice {
            RegionChoice::One(region) => Some(region.clone()),
            RegionChoice::All => None,
        })
    };
    if let Some(named) = first(choices) {
        return Ok(Some(named));
    }
    // The list of regions must come from the user's partition: a region of another would not answer.
    let usual = first(&in_environment(settings).unwrap_or_default());
    if settings.profile.is_none() && usual.is_some() {
        return Ok(usual);
    }
    Ok(files.region().await?.or(usual))
}

fn retry_mode(settings: &Settings, files: &AwsFiles) -> Result<RetryMode> {
    let Some((profile, text)) = files.profile().and_then(|p| Some((p.name(), p.get("retry_mode")?))) else {
        return Ok(settings.retry_mode.unwrap_or_default());
    };
    let read = || text.parse().map_err(|why| Failure::usage(format!("retry_mode in the profile {profile}: {why}")));
    match settings.retry_mode {
        Some(mode) => Ok(mode),
        None => Ok(read().map_err(|failure| failure.hint("set AWS_RETRY_MODE, or correct the profile"))?),
    }
}
