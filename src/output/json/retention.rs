//! JSON of the retention rules of the Recycle Bin, by place.

use serde::Serialize;

use super::ErrorJson;

#[derive(Serialize)]
pub struct RetentionJson<'a> {
    pub version: u32,
    pub places: Vec<PlaceRetentionJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct PlaceRetentionJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub images: HeldJson,
    pub snapshots: HeldJson,
    /// `pending` if a rule is not in force yet.
    pub status: &'static str,
    pub rules: Vec<RuleJson<'a>>,
}

#[derive(Serialize)]
pub struct HeldJson {
    /// `all`, `some` or `none`.
    pub held: &'static str,
    /// What is held is held for at least so many days; `null` if nothing is.
    pub days: Option<u32>,
}

#[derive(Serialize)]
pub struct RuleJson<'a> {
    pub id: &'a str,
    /// `image` or `snapshot`.
    pub resource: &'static str,
    pub days: u32,
    /// `available` or `pending`.
    pub status: &'static str,
    pub tags: Vec<RuleTagJson<'a>>,
    pub exclude_tags: Vec<RuleTagJson<'a>>,
    /// Whether this run made it.
    pub made: bool,
}

#[derive(Serialize)]
pub struct RuleTagJson<'a> {
    pub key: &'a str,
    /// `null` for a key alone.
    pub value: Option<&'a str>,
}
