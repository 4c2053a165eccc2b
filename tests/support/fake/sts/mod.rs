//! The security token service: the caller's identity, roles, and the second factor.

mod assume;
mod mfa;
mod session;
mod trust;

use super::errors::{Answer, refuse};
use super::request::Request;
use super::services::Operation;
use super::world::World;
use super::xml::Xml;

pub use trust::Trust;

/// STS operations. Policies that narrow a session are not known, and so refused.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "GetCallerIdentity", params: &[], run: identity },
    Operation {
        name: "AssumeRole",
        params: &[
            "DurationSeconds",
            "ExternalId",
            "RoleArn",
            "RoleSessionName",
            "SerialNumber",
            "SourceIdentity",
            "Tags",
            "TokenCode",
            "TransitiveTagKeys",
        ],
        run: assume::run,
    },
    Operation {
        name: "AssumeRoleWithWebIdentity",
        params: &["DurationSeconds", "RoleArn", "RoleSessionName", "WebIdentityToken"],
        run: assume::with_web_identity,
    },
    Operation {
        name: "GetSessionToken",
        params: &["DurationSeconds", "SerialNumber", "TokenCode"],
        run: session::get_token,
    },
];

#[expect(clippy::unnecessary_wraps, reason = "every operation has this signature")]
fn identity(_: &mut World, request: &Request) -> Answer {
    let mut x = Xml::new();
    x.leaf("Arn", &request.arn).leaf("UserId", "AIDAFAKE").leaf("Account", &request.account);
    Ok(x.done())
}

/// The caller may not do this.
fn denied(message: impl Into<String>) -> super::errors::Refusal {
    refuse("AccessDenied", message)
}
