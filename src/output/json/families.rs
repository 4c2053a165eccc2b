//! JSON of families.

use serde::Serialize;

use super::document::{ErrorJson, time};
use crate::domain::family_summary::FamilySummary;

#[derive(Serialize)]
pub struct FamiliesJson<'a> {
    pub version: u32,
    pub families: Vec<FamilyJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct FamilyJson<'a> {
    pub family: &'a str,
    pub region: &'a str,
    pub owner_id: Option<&'a str>,
    pub managed: bool,
    pub pattern: Option<&'a str>,
    pub versions: usize,
    pub available: usize,
    pub newest: Option<NewestJson<'a>>,
    /// `null` if they were not read.
    pub aliases: Option<Vec<&'a str>>,
    /// `null` if it was not read, or not every source could be read.
    pub in_use: Option<usize>,
    pub revoked: usize,
    pub oldest_at: Option<String>,
    pub size_gib: i64,
    pub monthly_cost_usd_at_most: f64,
}

#[derive(Serialize)]
pub struct NewestJson<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
    pub created_at: Option<String>,
}

impl<'a> FamilyJson<'a> {
    pub fn new(family: &'a FamilySummary) -> Self {
        Self {
            family: &family.family,
            region: family.region.as_str(),
            owner_id: family.owner.as_ref().map(|owner| owner.as_str()),
            managed: family.pattern.is_none(),
            pattern: family.pattern.as_deref(),
            versions: family.versions,
            available: family.available,
            newest: family.newest.as_ref().map(|newest| NewestJson {
                id: newest.id.as_str(),
                name: newest.name.as_deref(),
                created_at: newest.created_at.map(time),
            }),
            aliases: family.aliases.as_ref().map(|names| names.iter().map(String::as_str).collect()),
            in_use: family.in_use,
            revoked: family.revoked,
            oldest_at: family.oldest_at.map(time),
            size_gib: family.size_gib,
            monthly_cost_usd_at_most: family.monthly_cost,
        }
    }
}
