//! Words that all documents share: version, times, one line for one value.

use std::io;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::problem::PlaceError;
use crate::output::escape::SafeJson;

/// The version of all documents.
pub const VERSION: u32 = 1;

/// The first member of a document.
#[derive(Serialize)]
pub struct BeginningJson {
    pub version: u32,
}

/// A time as the documents write it.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Writes a value on one line, safe for a terminal.
pub fn write(out: &mut impl io::Write, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, SafeJson))
}

/// A value as one line.
pub fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = Vec::new();
    write(&mut line, value)?;
    String::from_utf8(line).map_err(serde::ser::Error::custom)
}

/// An error as one line.
pub fn error(code: &str, message: &str, hint: Option<&str>, exit_code: u8) -> String {
    let error = serde_json::json!({"error": {"code": code, "message": message, "hint": hint, "exit_code": exit_code}});
    line(&error).unwrap_or_else(|_| error.to_string())
}

/// An error with its place.
#[derive(Serialize)]
pub struct ErrorJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub code: &'a str,
    pub message: &'a str,
}

impl<'a> ErrorJson<'a> {
    pub fn new(error: &'a PlaceError) -> Self {
        Self {
            account: error.account.as_deref(),
            region: error.region.as_str(),
            code: &error.problem.code,
            message: &error.problem.message,
        }
    }
}
