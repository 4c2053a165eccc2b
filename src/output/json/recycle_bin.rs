//! What is in the Recycle Bin.

use serde::Serialize;

use super::ErrorJson;

#[derive(Serialize)]
pub struct BinnedListJson<'a> {
    pub version: u32,
    pub images: Vec<BinnedJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct BinnedJson<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
    pub region: &'a str,
    pub account: Option<&'a str>,
    pub description: Option<&'a str>,
    pub entered_at: Option<String>,
    pub exits_at: Option<String>,
    /// Whole days in which it can still be restored: until it, or the first of its snapshots, leaves the bin; 0 where
    /// snapshots of it are missing.
    pub days_left: Option<i64>,
    /// `null` where nothing tells of any.
    pub snapshots: Option<Vec<&'a str>>,
    /// Those that are neither there nor in the bin; `null` where that is not known.
    pub missing_snapshots: Option<Vec<&'a str>>,
}
