//! The JSON that users may rely on: its own types, versioned, never the internal ones.
//!
//! Within a version fields are only added. Times are RFC 3339 in UTC, sizes whole GiB, absent things `null`.

mod images;
mod recycle_bin;
mod refs;
mod report;
mod show;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

pub use images::{BesidesJson, ErrorJson, ImageJson, InstanceJson, InstancesJson};
pub use recycle_bin::{BinnedJson, BinnedListJson};
pub use refs::{ReferenceJson, RefsImageJson, RefsJson};
pub use report::{OrphanJson, OrphansJson, OutcomeJson, ReportJson, SparedJson, problem};
pub use show::{BlankVolumeJson, CopyJson, OriginJson, ShowJson, ShownSnapshotJson};

/// The version of all documents.
pub const VERSION: u32 = 1;

/// What a document begins with.
#[derive(Serialize)]
pub struct BeginningJson {
    pub version: u32,
}

/// A time as the documents write it.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An error as one line.
pub fn error(code: &str, message: &str, hint: Option<&str>, exit_code: u8) -> String {
    serde_json::json!({"error": {"code": code, "message": message, "hint": hint, "exit_code": exit_code}}).to_string()
}
