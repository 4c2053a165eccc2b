//! The configuration of the SDK, from the command line, the environment and the files of AWS.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};

use super::credentials;
use super::session::{DEFAULT_ATTEMPTS, RetryMode, Settings};
use crate::domain::failure::Failure;
use crate::domain::region::RegionChoice;

/// No byte for this long, and a call counts as lost. EC2 answers a page of 1,000 images in a few seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that a call takes with all its attempts, its waits for EC2's request limits, and a person who is asked
/// for a code: longer than each of these needs, so that it ends only what would go on for ever.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// Regions asked for on the command line, else those of the environment, where a comma separates several.
pub(super) fn region_choices(settings: &Settings) -> Result<Vec<RegionChoice>> {
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

pub(super) async fn load(settings: &Settings, choices: &[RegionChoice]) -> Result<SdkConfig> {
    let attempts = settings.max_attempts.unwrap_or(DEFAULT_ATTEMPTS);
    let retry = match settings.retry_mode {
        RetryMode::Standard => RetryConfig::standard(),
        RetryMode::Adaptive => RetryConfig::adaptive(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new(env!("CARGO_PKG_NAME")).context("the package name names the app")?)
        .http_client(super::http::client())
        // A request that waits for its turn sends nothing for a while, which the SDK would take for a stalled upload.
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build())
        .retry_config(retry.with_max_attempts(attempts))
        .timeout_config(timeouts);
    let first = |choices: &[RegionChoice]| {
        choices.iter().find_map(|choice| match choice {
            RegionChoice::One(region) => Some(aws_config::Region::new(region.as_str().to_owned())),
            RegionChoice::All => None,
        })
    };
    // Which regions there are is asked for where the user works: those of another partition would not answer.
    let usual = first(&in_environment(settings).unwrap_or_default());
    let mut in_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = &settings.profile {
        // The default chain would take keys of the environment before those of the profile asked for.
        let keys = ProfileFileCredentialsProvider::builder().profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(keys);
        in_profile = in_profile.profile_name(profile);
    }
    // The instance metadata service is left out on purpose: a region nobody named is no region.
    loader = match first(choices) {
        Some(region) => loader.region(region),
        None if settings.profile.is_some() => {
            loader.region(RegionProviderChain::first_try(in_profile.build()).or_else(usual))
        }
        None => loader.region(RegionProviderChain::first_try(usual).or_else(in_profile.build())),
    };
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    Ok(credentials::asked_once(loader.load().await))
}
