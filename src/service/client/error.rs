//! The error type of all AWS calls, with its codes and hints.

use anyhow::Result;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use thiserror::Error;

use super::answer;
use super::retry::{QUOTA, THROTTLED};
use super::stop::Stopped;
use crate::domain::problem::Problem;
use crate::domain::region::Region;

/// EC2's code for a successful dry run: an error in name only.
const DRY_RUN_OK: &str = "DryRunOperation";

/// TLS's word for a certificate without a trusted issuer.
const UNKNOWN_ISSUER: &str = "UnknownIssuer";
/// Texts in a chain of causes that carry no information.
const EMPTY: [&str; 7] =
    ["dispatch failure", "io error", "other", "timeout", "client error (Connect)", "service error", "response error"];

/// A call to AWS that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{call} in {region}: {message} [{code}]{}", request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
pub struct ApiError {
    /// The operation, e.g. `CopyImage`.
    pub call: &'static str,
    /// The region it was sent to.
    pub region: Region,
    /// AWS's code, e.g. `InvalidAMIName.Duplicate`; one of [`codes`] without an answer.
    pub code: String,
    /// AWS's message, verbatim, or the error of the connection.
    pub message: String,
    /// AWS's id of the request, for its support.
    pub request_id: Option<String>,
    /// Whether the call may have taken effect although no answer says so.
    pub answer_lost: bool,
}

/// The hint for a problem of a report, if there is one.
pub fn hint(problem: &Problem) -> Option<String> {
    let Problem { code, message } = problem.clone();
    ApiError { call: "", region: Region::first(), code, message, request_id: None, answer_lost: false }.hint()
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self { code: error.code, message: error.message }
    }
}

/// Codes for failures without an answer from AWS, and codes of AWS that several callers look for.
pub mod codes {
    /// No usable credentials.
    pub const CREDENTIALS: &str = "CredentialsError";
    /// An MFA code is needed, and none was given.
    pub const MFA: &str = "MfaRequired";
    /// The user interrupted it.
    pub use crate::domain::failure::INTERRUPTED;
    /// No connection.
    pub const CONNECTION: &str = "ConnectionError";
    /// No answer in time.
    pub const TIMEOUT: &str = "RequestTimeout";
    /// An answer that cannot be parsed.
    pub const RESPONSE: &str = "UnreadableResponse";
    /// An answer with a principal that amictl cannot parse.
    pub const PRINCIPAL: &str = "UnreadablePrincipal";
    /// Too many calls in the account, those of other programs included.
    pub const LIMIT: &str = "RequestLimitExceeded";
    /// An error answer without a code, e.g. from an endpoint that does not know the operation.
    pub const NO_CODE: &str = "UnknownError";
    /// EC2 does not know the instance.
    pub const NO_INSTANCE: &str = "InvalidInstanceID.NotFound";
    pub use super::super::retry::NO_CAPACITY;
}

impl ApiError {
    /// The error as a problem in a report.
    pub fn problem(&self) -> Problem {
        Problem { code: self.code.clone(), message: self.message.clone() }
    }

    /// The error for an answer without a required field.
    pub fn unreadable(call: &'static str, region: &Region) -> Self {
        Self {
            call,
            region: region.clone(),
            code: codes::RESPONSE.to_owned(),
            message: "the answer lacks the data asked for".to_owned(),
            request_id: None,
            answer_lost: true,
        }
    }

    /// The error for a call that was given up while it waited for its answer.
    pub fn given_up(call: &'static str, region: &Region) -> Self {
        let (code, message) = (codes::TIMEOUT.to_owned(), "no answer in time".to_owned());
        Self { code, message, ..Self::unreadable(call, region) }
    }

    /// Whether AWS answered with `code`.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// The hint for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.code.as_str() {
            "ParameterMaxVersionLimitExceeded" => {
                "the oldest version has a label: take it off with 'aws ssm unlabel-parameter-version', then run this again"
            }
            codes::MFA => {
                "run it on a terminal, sign in with aws sso login, or give the profile a credential_process; a code has 6 digits"
            }
            _ if self.message.contains("MultiFactorAuthentication") => {
                "a code works once, and not for long: run the command again with the next code of the device"
            }
            // EC2 uses the code for wrong credentials here.
            _ if self.problem().is_of_backup() => "in AWS Backup, delete its recovery point: EC2 refuses to delete it",
            "AccessDenied" if self.call == "AssumeRole" => {
                "the role must exist and its trust policy admit you: see --external-id for a role that asks for one, and \
                 mfa_serial in the profile for one that asks for an MFA code"
            }
            "AWSOrganizationsNotInUseException" => "name the roles with --role-arn instead of --org-role",
            "AccessDeniedException" if self.call == "ListAccounts" => {
                "only the management account of the organization and its delegated administrators may list its accounts; \
                 name the roles with --role-arn otherwise"
            }
            codes::CREDENTIALS if self.message.to_lowercase().contains("sso") => {
                "sign in again with: aws sso login (add --profile NAME if you use one)"
            }
            codes::CREDENTIALS => {
                "give credentials with --profile NAME, or with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            _ if self.message.contains(answer::CLOCK) => {
                "set the clock of this machine, by NTP say, then run the command again"
            }
            _ if self.message.contains(UNKNOWN_ISSUER) => {
                "a proxy may stand in for AWS: AWS_CA_BUNDLE, or ca_bundle in the profile, names the file with the \
                 certificates to trust"
            }
            codes::CONNECTION | codes::TIMEOUT if self.message.contains(" through the proxy ") => {
                "check the proxy: HTTPS_PROXY and HTTP_PROXY name it, NO_PROXY the hosts that are asked without it"
            }
            _ if self.message.contains(answer::FOREIGN) || self.is(codes::RESPONSE) => {
                "a proxy or a sign-in page may stand between: check HTTPS_PROXY, NO_PROXY and --endpoint-url \
                 (AWS_ENDPOINT_URL), then run the command again"
            }
            codes::CONNECTION => "check the network and --endpoint-url (AWS_ENDPOINT_URL), then run the command again",
            codes::TIMEOUT => "run the command again; it continues where it stopped",
            "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => {
                "add the permission: 'amictl permissions COMMAND' prints the policy, and 'amictl doctor COMMAND' tries it; decode \
                 an encoded message with: aws sts decode-authorization-message"
            }
            "AuthFailure" | "InvalidClientTokenId" | "SignatureDoesNotMatch" | "MissingAuthenticationToken" => {
                "check the credentials, and that the region is enabled for the account"
            }
            "RequestExpired" | "ExpiredToken" | "ExpiredTokenException" => {
                "the credentials have run out or the clock is wrong: sign in again"
            }
            QUOTA if is_at_the_moment(&self.message) => {
                "EC2 limits how many of these run at a time: run the command again later; it finishes the rest"
            }
            QUOTA => {
                "a quota is used up: make room, or ask for a higher one in Service Quotas, then run the command \
                 again; it finishes the rest"
            }
            codes::LIMIT => "others use up the account's request limit: run the command again later",
            "OptInRequired" => "enable the region, or subscribe to the Marketplace image, first",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Converts an SDK error, adding the call and its region.
pub fn api<E>(call: &'static str, region: &Region) -> impl FnOnce(SdkError<E>) -> ApiError
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    let region = region.clone();
    move |error| {
        // Without credentials the call was not made: the call that should have got them explains it.
        if let Some(cause) = find::<ApiError>(&error) {
            return cause.clone();
        }
        if let Some(stopped) = find::<Stopped>(&error) {
            let (code, message) = (codes::INTERRUPTED.to_owned(), stopped.to_string());
            return ApiError { call, region, code, message, request_id: None, answer_lost: false };
        }
        let (code, message, answer_lost) = describe(&error);
        let request_id = error.as_service_error().and_then(RequestId::request_id).map(str::to_owned);
        ApiError { call, region, code, message, request_id, answer_lost }
    }
}

fn describe<E>(error: &SdkError<E>) -> (String, String, bool)
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let own = |code: &str, lost| (code.to_owned(), causes(error), lost);
    if let Some(credentials) = find::<CredentialsError>(error) {
        return (codes::CREDENTIALS.to_owned(), format!("no usable credentials: {}", causes(credentials)), false);
    }
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let (code, message) = (answer.err().code(), answer.err().message());
            if status < 300 && code.is_none() {
                let why = causes(answer.err());
                let place = answer::place(answer.raw());
                let text = format!("{place} answered HTTP {status} with something that cannot be read: {why}");
                return (codes::RESPONSE.to_owned(), text, true);
            }
            let code = code.unwrap_or(codes::NO_CODE);
            let text = message.map_or_else(|| answer::wordless(answer.raw()), str::to_owned);
            let clock = answer::clock(answer.raw(), code).map(|clock| format!("; {clock}")).unwrap_or_default();
            (code.to_owned(), text + &clock, status >= 500)
        }
        SdkError::TimeoutError(_) => own(codes::TIMEOUT, true),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => own(codes::TIMEOUT, true),
        SdkError::DispatchFailure(_) => own(codes::CONNECTION, true),
        SdkError::ConstructionFailure(_) => own(codes::CONNECTION, false),
        SdkError::ResponseError(broken) => {
            let text =
                format!("the answer of {} broke off or cannot be read: {}", answer::place(broken.raw()), causes(error));
            (codes::RESPONSE.to_owned(), text, true)
        }
        _ => own(codes::RESPONSE, true),
    }
}

/// The error of type `T` among `error` and its causes.
fn find<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |e| e.source()).find_map(|e| e.downcast_ref())
}

/// The causes of `error`, outermost first, without duplicates. The SDK's own texts carry no information, and it would
/// print AWS's code and message as a structure.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |e| e.source()) {
        let text = match cause.downcast_ref::<ErrorMetadata>() {
            Some(told) => format!("{} [{}]", told.message().unwrap_or_default(), told.code().unwrap_or(codes::NO_CODE)),
            None => cause.to_string(),
        };
        if !EMPTY.contains(&text.as_str()) && !said.iter().any(|s| s.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

/// Turns the answer to a dry run into a result: EC2 reports success as an error.
///
/// A success means that the endpoint ignored `DryRun` and changed something: that is a failure.
pub fn dry_run<T>(call: &'static str, region: &Region, answer: Result<T, ApiError>) -> Result<(), ApiError> {
    match answer {
        Err(error) if error.is(DRY_RUN_OK) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(ApiError {
            call,
            region: region.clone(),
            code: "DryRunIgnored".to_owned(),
            message: "the endpoint ignored the dry run and carried the call out".to_owned(),
            request_id: None,
            answer_lost: false,
        }),
    }
}

/// Whether a policy denies the call.
pub fn is_denied(error: &ApiError) -> bool {
    ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"].iter().any(|code| error.is(code))
}

/// Whether the same call may succeed a while later: AWS was too busy, in trouble, or not reached.
pub fn passes(error: &ApiError) -> bool {
    error.answer_lost || THROTTLED.iter().any(|code| error.is(code))
}

/// Whether the work was is_interrupted before anything was changed.
pub fn is_interrupted(error: &ApiError) -> bool {
    error.is(codes::INTERRUPTED)
}

/// Words of a limit on concurrent work. A permanent quota, for which waiting is useless, has the same code.
pub const AT_THE_MOMENT: [&str; 4] = ["in progress", "concurrent", "simultaneous", "at a time"];

/// Whether a message of EC2 is about concurrent work.
pub fn is_at_the_moment(message: &str) -> bool {
    let message = message.to_lowercase();
    AT_THE_MOMENT.iter().any(|words| message.contains(words))
}
