//! Settings of a session: profile, regions, roles, endpoint, retries and request limits.

use crate::service::session::sign_in::Ask;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Result;
use aws_config::SdkConfig;
use tokio::sync::Mutex;

use super::aws_files::Files;
use super::credentials;
use super::profile::{self, Made};
use crate::domain::ids::AccountId;
use crate::domain::region::RegionChoice;
use crate::domain::roles::{ExternalId, RoleArn, RoleName};
use crate::service::client::address::{Endpoint, shown};
use crate::service::client::rate_limit::Pace;
use crate::service::client::target::caller;

/// Attempts for one call, the first included, where nobody says otherwise.
pub const DEFAULT_ATTEMPTS: u32 = 8;

/// Whether the SDK also slows first attempts down after a throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryMode {
    /// Retries with growing pauses.
    #[default]
    Standard,
    /// The same with a client-side rate limiter.
    Adaptive,
}

impl FromStr for RetryMode {
    type Err = String;

    /// `legacy` is what the AWS CLI had before it knew these two.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "standard" | "legacy" => Ok(Self::Standard),
            "adaptive" => Ok(Self::Adaptive),
            _ => Err(format!("'{}' is none of standard, adaptive and legacy", shown(text))),
        }
    }
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
    pub endpoint_url: Option<Endpoint>,
    /// Attempts for one call.
    pub max_attempts: Option<u32>,
    /// How to retry, before what the profile says.
    pub retry_mode: Option<RetryMode>,
    /// Which request limits to keep to.
    pub pace: Pace,
    /// The environment of the process.
    pub env: HashMap<String, String>,
}

/// Credentials that a code was asked for: a run that opens several sessions asks once.
#[derive(Clone, Default)]
pub struct SignedIn(Arc<Mutex<Option<SdkConfig>>>);

impl SignedIn {
    pub async fn or_sign_in(&self, settings: &Settings, config: SdkConfig, files: &Files) -> Result<SdkConfig> {
        let mut held = self.0.lock().await;
        if let Some(before) = &*held {
            let mut same = config.to_builder();
            same.set_credentials_provider(before.credentials_provider()).set_identity_cache(before.identity_cache());
            return Ok(same.build());
        }
        match profile::sign_in(settings, &config, files)? {
            Some(Made { config, asks }) => {
                let signed_in = credentials::asked_once(config);
                if asks {
                    // A person is asked now, before anything else goes on.
                    caller(&signed_in).await?;
                }
                Ok(held.insert(signed_in).clone())
            }
            None => Ok(config),
        }
    }
}
