//! JSON of the details of one image.

use serde::Serialize;

use super::{ErrorJson, ImageJson, ReferenceJson, TestedJson};
use crate::domain::plan::document::SourceRow;

#[derive(Serialize)]
pub struct ShowJson<'a> {
    pub version: u32,
    pub image: ImageJson<'a>,
    /// `null` if they could not be read.
    pub launch_permissions: Option<Vec<String>>,
    pub snapshots: Vec<ShownSnapshotJson<'a>>,
    pub blank_volumes: Vec<BlankVolumeJson<'a>>,
    pub copies: Vec<CopyJson<'a>>,
    pub copied_from: Option<OriginJson<'a>>,
    /// The image of the instance that it was made from.
    pub made_from: Option<OriginJson<'a>>,
    pub children: Vec<CopyJson<'a>>,
    /// `null` if it is not revoked, or of another account.
    pub revoked: Option<RevokedJson>,
    /// The verdict of a source, where the image has none of its own.
    pub tested_by_source: Option<SourceTestedJson<'a>>,
    /// `null` if they could not be read.
    pub aliases: Option<Vec<String>>,
    /// `null` if no use is known, but not every source could be read.
    pub in_use: Option<bool>,
    pub references: Vec<ReferenceJson<'a>>,
    pub sources: Vec<SourceRow>,
    /// `null` for an image of another account.
    pub monthly_cost_usd_at_most: Option<f64>,
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct ShownSnapshotJson<'a> {
    pub id: &'a str,
    pub device: &'a str,
    pub size_gib: i64,
    pub encrypted: bool,
    /// This and the following are `null` if the snapshot is not visible.
    pub state: Option<&'a str>,
    pub progress: Option<u8>,
    pub full_bytes: Option<i64>,
    pub kms_key_id: Option<&'a str>,
    pub tier: Option<&'a str>,
}

#[derive(Serialize)]
pub struct BlankVolumeJson<'a> {
    pub device: &'a str,
    pub size_gib: i64,
    pub encrypted: bool,
}

#[derive(Serialize)]
pub struct CopyJson<'a> {
    pub id: &'a str,
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub name: Option<&'a str>,
    pub state: &'a str,
}

#[derive(Serialize)]
pub struct RevokedJson {
    /// `null` if the tag does not begin with a date.
    pub since: Option<String>,
    pub reason: String,
}

#[derive(Serialize)]
pub struct SourceTestedJson<'a> {
    pub image_id: &'a str,
    pub region: &'a str,
    #[serde(flatten)]
    pub tested: TestedJson,
}

#[derive(Serialize)]
pub struct OriginJson<'a> {
    pub id: &'a str,
    pub region: Option<&'a str>,
    /// `null` if it could not be read.
    pub exists: Option<bool>,
}
