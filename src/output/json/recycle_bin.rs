//! JSON of images in the Recycle Bin.

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
    /// Whole days left to restore it: until it or the first of its snapshots leaves the bin; 0 if snapshots are
    /// missing.
    pub days_left: Option<i64>,
    /// `null` if unknown.
    pub snapshots: Option<Vec<&'a str>>,
    /// Those that neither exist nor are in the bin; `null` if unknown.
    pub missing_snapshots: Option<Vec<&'a str>>,
}
