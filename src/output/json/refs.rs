//! JSON of references to images.

use serde::Serialize;

use super::ErrorJson;
use crate::domain::plan::document::SourceRow;

#[derive(Serialize)]
pub struct RefsJson<'a> {
    pub version: u32,
    pub images: &'a [RefsImageJson<'a>],
    pub sources: Vec<SourceRow>,
    pub errors: Vec<ErrorJson<'a>>,
    pub warnings: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct RefsImageJson<'a> {
    pub id: &'a str,
    pub owner_id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub region: &'a str,
    /// `null` if no use is known, but not every source could be read.
    pub in_use: Option<bool>,
    pub references: Vec<ReferenceJson<'a>>,
}

#[derive(Serialize)]
pub struct ReferenceJson<'a> {
    pub source: &'a str,
    pub kind: &'a str,
    pub id: &'a str,
    pub detail: &'a str,
}
