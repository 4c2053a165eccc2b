//! Refusals of the endpoint: HTTP status, code and message as EC2 words them.

/// A refusal that travels back to the caller as an error document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status of the answer.
    pub status: u16,
    /// Error code without the `Client.` or `Server.` prefix.
    pub code: String,
    /// Text for people.
    pub message: String,
}

/// Body of an accepted request, or a refusal.
pub type Answer = Result<String, Refusal>;

/// A client error: HTTP 400 unless the code has a status of its own.
pub fn refuse(code: &str, message: impl Into<String>) -> Refusal {
    let status = match code {
        "AuthFailure" => 401,
        "UnauthorizedOperation" | "AccessDenied" | "MissingAuthenticationToken" | "InvalidClientTokenId" => 403,
        "DryRunOperation" => 412,
        "RequestLimitExceeded" | "Unavailable" | "ServiceUnavailable" => 503,
        "InternalError" => 500,
        "ResourceNotFoundException" => 404,
        _ => 400,
    };
    Refusal { status, code: code.to_owned(), message: message.into() }
}

/// The answer to a dry run that would have worked.
pub fn dry_run() -> Refusal {
    refuse("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
}

/// A required parameter is not there.
pub fn missing(name: &str) -> Refusal {
    refuse("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// A parameter is there and its value makes no sense.
pub fn invalid_value(name: &str, value: &str, why: &str) -> Refusal {
    refuse("InvalidParameterValue", format!("Value ({value}) for parameter {name} is invalid. {why}"))
}

/// Two parameters exclude each other.
pub fn combination(message: impl Into<String>) -> Refusal {
    refuse("InvalidParameterCombination", message)
}

/// No such image, or none the caller may see.
pub fn no_image(ids: &[&str]) -> Refusal {
    let list = ids.join(", ");
    let message = match ids {
        [_] => format!("The image id '[{list}]' does not exist"),
        _ => format!("The image ids '[{list}]' do not exist"),
    };
    refuse("InvalidAMIID.NotFound", message)
}

/// The image is there, or was, but its state forbids the call.
pub fn image_unavailable(id: &str) -> Refusal {
    refuse("InvalidAMIID.Unavailable", format!("The image ID '{id}' is no longer available"))
}

/// The image belongs to somebody else.
pub fn not_your_image(id: &str) -> Refusal {
    refuse("AuthFailure", format!("Not authorized for image:{id}"))
}

/// No such snapshot, or none the caller may see.
pub fn no_snapshot(id: &str) -> Refusal {
    refuse("InvalidSnapshot.NotFound", format!("The snapshot '{id}' does not exist."))
}

/// No such instance.
pub fn no_instance(ids: &[&str]) -> Refusal {
    let list = ids.join(", ");
    let message = match ids {
        [_] => format!("The instance ID '{list}' does not exist"),
        _ => format!("The instance IDs '{list}' do not exist"),
    };
    refuse("InvalidInstanceID.NotFound", message)
}
