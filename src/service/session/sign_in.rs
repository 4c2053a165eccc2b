//! Credentials of assumed roles, and sessions with an MFA code.
//!
//! The SDK's own provider takes no code, fetches its own credentials again for each role, and does not say which role
//! could not be assumed.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use anyhow::Result;
use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::types::Credentials as Answer;
use tokio::sync::Mutex;

use super::credentials::{Fit, TIME_TO_ANSWER};
use super::settings::Ask;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::service::client::error::{ApiError, api, codes};
use crate::service::client::target::{region_of, sts};

const ASSUME: &str = "AssumeRole";
const SESSION: &str = "GetSessionToken";

/// The time by which amictl's timeout precedes the SDK's.
const MARGIN: Duration = Duration::from_secs(10);

/// An MFA device. The user is asked for its code; after a failure not again.
#[derive(Clone)]
pub(super) struct Device {
    serial: String,
    ask: Option<Ask>,
    refused: Arc<Mutex<Option<Problem>>>,
}

impl Device {
    pub(super) fn new(serial: &str, ask: Option<Ask>) -> Self {
        Self { serial: serial.to_owned(), ask, refused: Arc::default() }
    }

    /// The code that the device shows.
    async fn code(&self) -> Result<String, Problem> {
        let mut refused = self.refused.lock().await;
        if let Some(why) = &*refused {
            return Err(why.clone());
        }
        let code = self.asked().await;
        *refused = code.as_ref().err().cloned();
        code
    }

    async fn asked(&self) -> Result<String, Problem> {
        let problem = |code: &str, message: String| Problem { code: code.to_owned(), message };
        let serial = self.serial.clone();
        let Some(ask) = self.ask.clone() else {
            let why = format!("a code of the MFA device {serial} is needed, and there is no terminal to ask on");
            return Err(problem(codes::MFA, why));
        };
        let wrong = |why: String| problem(codes::MFA, format!("no code of the MFA device {}: {why}", self.serial));
        // Other calls must not wait while the user answers.
        let answer = tokio::task::spawn_blocking(move || ask(&serial));
        // Times out before the SDK does, so that the user is not asked again.
        let answer = tokio::time::timeout(TIME_TO_ANSWER - MARGIN, answer).await;
        let answer = answer.map_err(|_| wrong("no answer in time".to_owned()))?;
        let code = answer.map_err(|error| wrong(error.to_string()))?.map_err(|error| {
            let interrupted = error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::Interrupted);
            let code = if interrupted { codes::INTERRUPTED } else { codes::MFA };
            problem(code, format!("no code of the MFA device {}: {error:#}", self.serial))
        })?;
        match code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
            true => Ok(code),
            false => Err(wrong("a code has 6 digits".to_owned())),
        }
    }
}

/// A role and the parameters for AssumeRole.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) external_id: Option<String>,
    pub(super) seconds: Option<i32>,
}

impl Role {
    pub(super) fn new(arn: impl ToString) -> Self {
        let session = env!("CARGO_PKG_NAME").to_owned();
        Self { arn: arn.to_string(), session, external_id: None, seconds: None }
    }
}

/// Exchanges credentials for those of a role, or for a session with an MFA code. The SDK renews them shortly before
/// they expire.
struct SignIn {
    client: aws_sdk_sts::Client,
    region: Region,
    role: Option<Role>,
    device: Option<Device>,
}

/// The configuration with the credentials of a role, which the first call assumes.
pub(super) fn with_role(config: &SdkConfig, role: Role, device: Option<Device>) -> SdkConfig {
    with(config, Some(role), device)
}

/// The configuration with a session authenticated by a code of the device.
pub(super) fn with_code(config: &SdkConfig, device: Device) -> SdkConfig {
    with(config, None, Some(device))
}

fn with(config: &SdkConfig, role: Option<Role>, device: Option<Device>) -> SdkConfig {
    let provider = SignIn { client: sts(config), region: region_of(config), role, device };
    with_keys(config, SharedCredentialsProvider::new(provider))
}

/// The configuration with other credentials, which all its clients share.
pub(super) fn with_keys(config: &SdkConfig, keys: SharedCredentialsProvider) -> SdkConfig {
    let cache = IdentityCache::lazy().load_timeout(TIME_TO_ANSWER).build();
    let keys = SharedCredentialsProvider::new(Fit(keys));
    config.to_builder().credentials_provider(keys).identity_cache(cache).build()
}

impl SignIn {
    async fn keys(&self) -> Result<Credentials, CredentialsError> {
        let code = match &self.device {
            Some(device) => Some(device.code().await.map_err(|why| self.failed(self.no_code(why)))?),
            None => None,
        };
        let answer = self.ask(code).await;
        if let (Err(error), Some(device)) = (&answer, &self.device) {
            // A code is valid once, so a second try would need the user again.
            *device.refused.lock().await = Some(error.problem());
        }
        answer.and_then(|answer| self.read(answer)).map_err(|error| self.failed(error))
    }

    async fn ask(&self, code: Option<String>) -> Result<Option<Answer>, ApiError> {
        let serial = self.device.as_ref().map(|device| device.serial.clone());
        match &self.role {
            Some(role) => {
                let call = self.client.assume_role().role_arn(&role.arn).role_session_name(&role.session);
                let call = call.set_external_id(role.external_id.clone()).set_duration_seconds(role.seconds);
                let answer = call.set_serial_number(serial).set_token_code(code).send().await;
                Ok(answer.map_err(api(ASSUME, &self.region))?.credentials)
            }
            None => {
                let answer =
                    self.client.get_session_token().set_serial_number(serial).set_token_code(code).send().await;
                Ok(answer.map_err(api(SESSION, &self.region))?.credentials)
            }
        }
    }

    fn call(&self) -> &'static str {
        if self.role.is_some() { ASSUME } else { SESSION }
    }

    fn read(&self, answer: Option<Answer>) -> Result<Credentials, ApiError> {
        let unreadable = || ApiError::unreadable(self.call(), &self.region);
        let keys = answer.ok_or_else(unreadable)?;
        let until = keys.expiration.try_into().map_err(|_| unreadable())?;
        let token = Some(keys.session_token);
        Ok(Credentials::new(keys.access_key_id, keys.secret_access_key, token, Some(until), "amictl"))
    }

    fn no_code(&self, why: Problem) -> ApiError {
        ApiError { code: why.code, message: why.message, ..ApiError::unreadable(self.call(), &self.region) }
    }

    fn failed(&self, error: ApiError) -> CredentialsError {
        let message = match (&self.role, &self.device) {
            (Some(role), _) => format!("the role {} cannot be assumed: {}", role.arn, error.message),
            (None, Some(device)) => format!("no session with the MFA device {}: {}", device.serial, error.message),
            (None, None) => error.message.clone(),
        };
        // The call that needs these credentials was not made.
        CredentialsError::provider_error(ApiError { call: self.call(), message, answer_lost: false, ..error })
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("role", &self.role).finish_non_exhaustive()
    }
}

impl ProvideCredentials for SignIn {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.keys())
    }
}
