//! Credentials of profiles, and a cache of failed lookups, so that each region does not repeat them.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::time::Instant;

use super::aws_files::AwsFiles;

/// The time for which a failure is returned again. It outlasts a batch of calls that wait for credentials together, and
/// is short in a run of hours.
const SAME: Duration = Duration::from_secs(10);

/// The time for a person to enter an MFA code, or to sign in through a `credential_process`: longer than the SDK waits
/// for credentials by default.
pub(super) const TIME_TO_ANSWER: Duration = Duration::from_secs(600);

/// The settings of the SDK's credentials providers: the region and the network.
pub(super) fn settings(config: &SdkConfig) -> ProviderConfig {
    let mut settings = ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(config.region().cloned())
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack());
    if let Some(client) = config.http_client() {
        settings = settings.with_http_client(client);
    }
    if let Some(retry) = config.retry_config() {
        settings = settings.with_retry_config(retry.clone());
    }
    if let Some(timeouts) = config.timeout_config() {
        settings = settings.with_timeout_config(timeouts.clone());
    }
    settings
}

/// The credentials of a profile selected by name: as with `AWS_PROFILE`, but keys in the environment are ignored. A
/// profile without credentials falls back to the container or the instance, as in the AWS CLI.
pub(super) fn of_profile(config: &SdkConfig, files: &AwsFiles, name: &str) -> SharedCredentialsProvider {
    let (settings, profile) = (settings(config), alone(config, files, name));
    let container = EcsCredentialsProvider::builder().configure(&settings).build();
    let instance = ImdsCredentialsProvider::builder().configure(&settings).build();
    let chain = CredentialsProviderChain::first_try("Profile", profile);
    SharedCredentialsProvider::new(chain.or_else("EcsContainer", container).or_else("Ec2InstanceMetadata", instance))
}

/// The credentials of a source profile of a role, without any fallback.
pub(super) fn of_source(config: &SdkConfig, files: &AwsFiles, name: &str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(alone(config, files, name))
}

fn alone(config: &SdkConfig, files: &AwsFiles, name: &str) -> ProfileFileCredentialsProvider {
    let profile = ProfileFileCredentialsProvider::builder().configure(&settings(config));
    profile.profile_files(files.sources()).profile_name(name).build()
}

/// Makes a credentials failure count for all waiting calls. The SDK shares credentials, but after a failure it tries
/// again for each waiting call: a `credential_process` that asks a person, or an endpoint that does not answer, would
/// be called once per region.
pub(super) fn asked_once(config: SdkConfig) -> SdkConfig {
    let Some(provider) = config.credentials_provider() else { return config };
    let once = SharedCredentialsProvider::new(AskedOnce { provider, failed: Mutex::default() });
    let cache = IdentityCache::lazy().load_timeout(TIME_TO_ANSWER).build();
    config.to_builder().credentials_provider(once).identity_cache(cache).build()
}

#[derive(Debug)]
struct AskedOnce {
    provider: SharedCredentialsProvider,
    failed: Mutex<Option<(Instant, Same)>>,
}

impl AskedOnce {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let before = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, why)) = before
            && at.elapsed() < SAME
        {
            return Err(CredentialsError::provider_error(why));
        }
        let asked = self.provider.provide_credentials().await.and_then(fit);
        asked.map_err(|error| {
            let why = Same(Arc::new(error));
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), why.clone()));
            CredentialsError::provider_error(why)
        })
    }
}

impl ProvideCredentials for AskedOnce {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt()
    }
}

/// The error for a key or token with invalid characters.
pub(super) const UNFIT: &str = "has blanks or other characters that no such key has";

/// Whether an access key id or session token can be written into a request.
pub(super) fn can_be_sent(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())
}

/// Refuses credentials that cannot be sent, over which the SDK panics. Drops an empty session token.
fn fit(credentials: Credentials) -> Result<Credentials, CredentialsError> {
    if credentials.session_token().is_some_and(str::is_empty) {
        let (id, secret) = (credentials.access_key_id(), credentials.secret_access_key());
        return fit(Credentials::new(id, secret, None, credentials.expiry(), "keys without a token"));
    }
    let (id, token) = (credentials.access_key_id(), credentials.session_token());
    let wrong = match (can_be_sent(id), token.is_none_or(can_be_sent)) {
        (true, true) => return Ok(credentials),
        (false, _) => "the access key id",
        (true, false) => "the session token",
    };
    Err(CredentialsError::invalid_configuration(Unfit(wrong)))
}

/// The name of the invalid part of the credentials.
#[derive(Debug)]
struct Unfit(&'static str);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {UNFIT}", self.0)
    }
}

impl Error for Unfit {}

/// A provider that returns only credentials that can be sent.
#[derive(Debug)]
pub(super) struct Fit(pub(super) SharedCredentialsProvider);

impl ProvideCredentials for Fit {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.0.provide_credentials().await.and_then(fit) })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.0.fallback_on_interrupt()
    }
}

/// One failure, returned several times.
#[derive(Debug, Clone)]
struct Same(Arc<CredentialsError>);

impl fmt::Display for Same {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Same {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
