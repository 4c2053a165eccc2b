//! JSON of checks of permissions.

use serde::Serialize;

use crate::domain::permissions_table::PolicyDocument;

#[derive(Serialize)]
pub struct ChecksJson<'a> {
    pub version: u32,
    pub checks: Vec<CheckJson<'a>>,
    pub missing: Vec<LackJson<'a>>,
}

#[derive(Serialize)]
pub struct CheckJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    /// The command that needs it.
    #[serde(rename = "for")]
    pub command: &'a str,
    pub action: &'a str,
    /// `ok`, `denied` or `unknown`.
    pub status: &'a str,
    pub message: Option<&'a str>,
}

#[derive(Serialize)]
pub struct LackJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub actions: &'a [&'static str],
    /// The policy that allows them, as IAM reads it.
    pub policy: &'a PolicyDocument,
}
