//! JSON of stale instances.

use serde::Serialize;

use super::ErrorJson;
use super::document::{VERSION, time};
use crate::domain::behind::FamilyKey;
use crate::domain::naming::Version;
use crate::domain::problem::PlaceError;
use crate::domain::stale_report::{StaleFamily, StaleInstance, StaleReport};

#[derive(Serialize)]
pub struct StaleJson<'a> {
    pub version: u32,
    pub instances: Vec<StaleInstanceJson<'a>>,
    pub summary: StaleSummaryJson<'a>,
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct StaleInstanceJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub instance_id: &'a str,
    /// The Auto Scaling group.
    pub group: Option<&'a str>,
    pub image_id: &'a str,
    pub name: Option<&'a str>,
    pub family: Option<&'a str>,
    pub pattern: Option<&'a str>,
    pub image_version: Option<Version>,
    /// The image that it should run; `null` if none is known.
    pub newest_id: Option<&'a str>,
    pub newest_version: Option<Version>,
    pub versions_behind: Option<u64>,
    pub behind_since: Option<String>,
    /// The gravest.
    pub problem: &'static str,
    pub problems: Vec<&'static str>,
    /// Whether the image that it should run is revoked; `null` if that is not known.
    pub newest_revoked: Option<bool>,
}

#[derive(Serialize)]
pub struct StaleSummaryJson<'a> {
    /// The running instances that were looked at.
    pub instances: usize,
    pub stale: usize,
    /// The families, by account and region, without the alias.
    pub without_alias: usize,
    /// Instances of images of accounts outside the run that were compared with nothing.
    pub not_compared: usize,
    pub families: Vec<StaleFamilyJson<'a>>,
}

#[derive(Serialize)]
pub struct StaleFamilyJson<'a> {
    /// `null` for images without one.
    pub family: Option<&'a str>,
    pub pattern: Option<&'a str>,
    pub instances: usize,
    pub stale: usize,
    pub most_behind: Option<u64>,
    pub behind_since: Option<String>,
}

impl<'a> StaleJson<'a> {
    pub fn new(report: &'a StaleReport, errors: &'a [PlaceError]) -> Self {
        Self {
            version: VERSION,
            instances: report.instances.iter().map(StaleInstanceJson::new).collect(),
            summary: StaleSummaryJson {
                instances: report.looked_at(),
                stale: report.instances.len(),
                without_alias: report.without_alias.len(),
                not_compared: report.not_compared,
                families: report.families.iter().map(|(key, family)| StaleFamilyJson::new(key, family)).collect(),
            },
            errors: errors.iter().map(ErrorJson::new).collect(),
        }
    }
}

impl<'a> StaleInstanceJson<'a> {
    pub fn new(row: &'a StaleInstance) -> Self {
        let instance = &row.instance;
        let problems: Vec<_> = row.problems.iter().map(|problem| problem.as_str()).collect();
        Self {
            account: instance.account.as_ref().map(|account| account.as_str()),
            region: instance.region.as_str(),
            instance_id: instance.id.as_str(),
            group: instance.group.as_deref(),
            image_id: instance.image.id.as_str(),
            name: instance.image.name.as_deref(),
            family: row.family.as_ref().map(|family| family.word.as_str()),
            pattern: row.family.as_ref().and_then(|family| family.pattern.as_deref()),
            image_version: row.version,
            newest_id: row.newest.as_ref().map(|newest| newest.id.as_str()),
            newest_version: row.newest.as_ref().and_then(|newest| newest.version),
            versions_behind: row.behind.map(|behind| behind.versions),
            behind_since: row.behind.and_then(|behind| behind.since).map(time),
            problem: problems.first().copied().unwrap_or_default(),
            problems,
            newest_revoked: row.newest.as_ref().and_then(|newest| newest.revoked),
        }
    }
}

impl<'a> StaleFamilyJson<'a> {
    fn new(key: &'a Option<FamilyKey>, family: &StaleFamily) -> Self {
        Self {
            family: key.as_ref().map(|key| key.word.as_str()),
            pattern: key.as_ref().and_then(|key| key.pattern.as_deref()),
            instances: family.instances,
            stale: family.stale,
            most_behind: family.most_behind,
            behind_since: family.since.map(time),
        }
    }
}
