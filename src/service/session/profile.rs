//! Roles in profiles of the AWS configuration.
//!
//! The SDK would assume them too, but ignores `mfa_serial` and `duration_seconds`, and ends the process over keys that
//! it cannot send.

use anyhow::Result;
use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::aws_files::AwsFiles;
use super::credentials::{self, UNFIT};
use super::settings::Settings;
use super::sign_in::{Device, Role, with_code, with_keys, with_role};
use crate::domain::failure::{Failure, Kind};
use crate::service::client::address::shown;
use crate::service::client::error::codes;

const ROLE: &str = "role_arn";
const MFA: &str = "mfa_serial";
const SECONDS: &str = "duration_seconds";
const SOURCE: &str = "source_profile";
/// The settings of which a profile with credentials has at least one.
const GIVE: [&str; 9] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "credential_source",
    "web_identity_token_file",
    "login_session",
    "sso_session",
    "sso_account_id",
    "sso_start_url",
];

/// A profile, and its role, if it has one.
struct Link<'a> {
    profile: &'a Profile,
    role: Option<&'a str>,
}

impl Link<'_> {
    fn has(&self, key: &str) -> bool {
        self.profile.get(key).is_some()
    }

    fn device(&self, settings: &Settings) -> Option<Device> {
        self.profile.get(MFA).map(|serial| Device::new(serial, settings.ask_code.clone()))
    }
}

/// A configuration with credentials from amictl's own provider.
pub(super) struct SignInConfig {
    pub(super) config: SdkConfig,
    /// Whether it asks the user for an MFA code.
    pub(super) asks: bool,
}

/// The configuration with the credentials of the profile in use, if amictl must provide them; `None` if the SDK can.
pub(super) fn sign_in(settings: &Settings, config: &SdkConfig, files: &AwsFiles) -> Result<Option<SignInConfig>> {
    let keys_beat_it = settings.env.get("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty());
    if settings.profile.is_none() && keys_beat_it {
        return Ok(None);
    }
    let chain = chain(&files.profiles);
    // The message names the profile that has them, which may be a source of the one in use.
    for (key, what) in [("aws_access_key_id", "access key id"), ("aws_session_token", "session token")] {
        let unfit = |link: &&Link<'_>| link.profile.get(key).is_some_and(|text| !credentials::can_be_sent(text));
        if let Some(link) = chain.iter().find(unfit) {
            let message = format!("profile {}: the {what} {UNFIT}", link.profile.name());
            return Err(Failure::new(Kind::Failed, codes::CREDENTIALS, message).hint("correct the profile").into());
        }
    }
    let Some((first, last)) = chain.first().zip(chain.last()) else { return Ok(None) };
    // Only the SDK can use other credentials than keys of a profile that is its own source.
    let within = last.role.is_some() && last.has(SOURCE) && static_keys(last.profile).is_none();
    let more = chain.iter().any(|link| link.role.is_some() && (link.has(MFA) || link.has(SECONDS)));
    if first.role.is_some() && (more || !within) {
        let mut made = with_keys(config, source(config, files, last, chain.len() > 1)?);
        for link in chain.iter().rev() {
            if let Some(arn) = link.role {
                made = with_role(&made, asked(link.profile, arn)?, link.device(settings));
            }
        }
        let asks = chain.iter().any(|link| link.role.is_some() && link.has(MFA));
        return Ok(Some(SignInConfig { config: made, asks }));
    }
    let roles_follow = !settings.role_arns.is_empty() || settings.org_role.is_some();
    match first.device(settings) {
        Some(device) if first.role.is_none() && roles_follow => {
            Ok(Some(SignInConfig { config: with_code(config, device), asks: true }))
        }
        _ => Ok(None),
    }
}

/// The profile in use and its source profiles. Empty if they lead nowhere: the SDK reports why.
fn chain(profiles: &ProfileSet) -> Vec<Link<'_>> {
    let mut chain: Vec<Link<'_>> = Vec::new();
    let mut name = profiles.selected_profile();
    loop {
        let Some(profile) = profiles.get_profile(name) else { return Vec::new() };
        if chain.iter().any(|before| before.profile.name() == name) {
            return Vec::new();
        }
        // With a token file the SDK assumes the role without other credentials; and in a source profile, keys take
        // precedence over its role.
        let alone =
            profile.get("web_identity_token_file").is_some() || (!chain.is_empty() && static_keys(profile).is_some());
        let role = profile.get(ROLE).filter(|_| !alone);
        chain.push(Link { profile, role });
        match profile.get(SOURCE) {
            Some(next) if role.is_some() && next != name => name = next,
            _ => return chain,
        }
    }
}

fn static_keys(profile: &Profile) -> Option<SharedCredentialsProvider> {
    let (id, secret) = (profile.get("aws_access_key_id")?, profile.get("aws_secret_access_key")?);
    let token = profile.get("aws_session_token").map(str::to_owned);
    Some(SharedCredentialsProvider::new(Credentials::new(id, secret, token, None, "a profile")))
}

/// The credentials at the end of a chain.
fn source(config: &SdkConfig, files: &AwsFiles, link: &Link<'_>, stood_on: bool) -> Result<SharedCredentialsProvider> {
    let profile = link.profile;
    if link.role.is_none() {
        if stood_on && !GIVE.iter().any(|key| link.has(key)) {
            let message =
                format!("profile {}: it has no credentials, and a role is to be assumed with them", profile.name());
            let hint = "give it keys, a credential_process or an sso_session, or name another source_profile";
            return Err(Failure::new(Kind::Failed, codes::CREDENTIALS, message).hint(hint).into());
        }
        let by_sdk = || credentials::of_source(config, files, profile.name());
        return Ok(static_keys(profile).filter(|_| stood_on).unwrap_or_else(by_sdk));
    }
    let hint = "correct the profile: it says whose credentials its role is assumed with";
    let wrong = |why: &str| Failure::usage(format!("profile {}: {why}", profile.name())).hint(hint);
    let settings = credentials::settings(config);
    let named = profile.get("credential_source");
    match (named.map(str::to_ascii_lowercase).as_deref(), profile.get(SOURCE)) {
        (Some(_), Some(_)) => Err(wrong("give either source_profile or credential_source, not both").into()),
        (None, None) => Err(wrong("role_arn needs source_profile or credential_source").into()),
        (None, Some(_)) => Ok(static_keys(profile).ok_or_else(|| wrong("it is its own source, and has no keys"))?),
        (Some("environment"), _) => Ok(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())),
        (Some("ec2instancemetadata"), _) => {
            Ok(SharedCredentialsProvider::new(ImdsCredentialsProvider::builder().configure(&settings).build()))
        }
        (Some("ecscontainer"), _) => {
            Ok(SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(&settings).build()))
        }
        (Some(_), _) => {
            Err(wrong(&format!("there is no credential_source '{}'", shown(named.unwrap_or_default()))).into())
        }
    }
}

/// The role of the profile, with its settings for STS.
fn asked(profile: &Profile, arn: &str) -> Result<Role> {
    let text = |key: &str| profile.get(key).map(str::to_owned);
    let seconds = text(SECONDS).map(|text| {
        let seconds = text.parse().ok().filter(|seconds| (900..=43_200).contains(seconds));
        let wrong = || format!("profile {}: {SECONDS} is a number from 900 to 43200, not '{text}'", profile.name());
        seconds.ok_or_else(|| Failure::usage(wrong()).hint("correct the profile: 3600 is an hour"))
    });
    let role = Role::new(arn);
    Ok(Role {
        session: text("role_session_name").unwrap_or_else(|| role.session.clone()),
        external_id: text("external_id"),
        seconds: seconds.transpose()?,
        ..role
    })
}
