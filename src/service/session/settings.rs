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
pub struct SignedIn(pub Arc<Mutex<Option<SdkConfig>>>);

/// Asks a person for the code of the MFA device it is told.
pub type Ask = Arc<dyn Fn(&str) -> Result<String> + Send + Sync>;
