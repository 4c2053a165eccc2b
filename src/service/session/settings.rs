//! Settings of a session: profile, regions, roles, endpoint, retries and request limits.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Result;
use aws_config::SdkConfig;
use tokio::sync::Mutex;

use crate::domain::ids::AccountId;
use crate::domain::region::RegionChoice;
use crate::domain::roles::{ExternalId, RoleArn, RoleName};
use crate::service::client::address::{Endpoint, shown};
use crate::service::client::rate_limit::Pace;

/// The default number of attempts per call, the first included.
pub const DEFAULT_ATTEMPTS: u32 = 8;

/// The SDK's retry mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryMode {
    /// Retries with exponential backoff.
    #[default]
    Standard,
    /// Standard with a client-side rate limiter, which slows first attempts down too.
    Adaptive,
}

impl FromStr for RetryMode {
    type Err = String;

    /// `legacy` is the AWS CLI's older mode.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "standard" | "legacy" => Ok(Self::Standard),
            "adaptive" => Ok(Self::Adaptive),
            _ => Err(format!("'{}' is none of standard, adaptive and legacy", shown(text))),
        }
    }
}

/// The settings of a session. Retry settings are already validated: the SDK panics over invalid ones in the
/// environment.
#[derive(Clone, Default)]
pub struct Settings {
    /// The profile selected by option; takes precedence over keys in the environment.
    pub profile: Option<String>,
    /// The regions of the command line, before any other source.
    pub regions: Vec<RegionChoice>,
    /// Roles to assume, one for each account.
    pub role_arns: Vec<RoleArn>,
    /// The role in `members`, or in every active account of the organization if there are none.
    pub org_role: Option<RoleName>,
    /// The accounts to enter with that role.
    pub members: Vec<AccountId>,
    /// The external id that these roles require.
    pub external_id: Option<ExternalId>,
    /// Asks the user for an MFA code, if there is a terminal.
    pub ask_code: Option<Ask>,
    /// Credentials obtained with an MFA code.
    pub signed_in: SignedIn,
    /// An endpoint for every service, before those of environment and profile.
    pub endpoint_url: Option<Endpoint>,
    /// Attempts for one call.
    pub max_attempts: Option<u32>,
    /// The retry mode, before that of the profile.
    pub retry_mode: Option<RetryMode>,
    /// The request limits to keep.
    pub pace: Pace,
    /// The environment of the process.
    pub env: HashMap<String, String>,
}

/// Credentials obtained with an MFA code: a run that opens several sessions asks once.
#[derive(Clone, Default)]
pub struct SignedIn(pub Arc<Mutex<Option<SdkConfig>>>);

/// Asks the user for the code of an MFA device, given its serial number.
pub type Ask = Arc<dyn Fn(&str) -> Result<String> + Send + Sync>;
