//! JSON of the report of roll-outs.

use serde::Serialize;

use super::report::{ProblemJson, ReportJson, status};
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};
use crate::domain::tags::Tags;

#[derive(Serialize)]
pub struct RolloutJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    /// The image that the group goes to; `null` where it is not read.
    pub image_id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub tags: Option<&'a Tags>,
    pub pattern: Option<&'a str>,
    pub action: &'static str,
    pub status: &'static str,
    /// Whether anything was changed.
    pub changed: bool,
    pub detail: Option<&'a str>,
    pub error: Option<ProblemJson<'a>>,
    pub group: &'a str,
    pub template: Option<&'a str>,
    pub template_version: Option<i64>,
    pub refresh_id: Option<&'a str>,
}

impl<'a> ReportJson<'a, RolloutJson<'a>> {
    pub fn rollouts(report: &'a RolloutReport) -> Self {
        Self::of(report.results.iter().map(RolloutJson::new), report.counts(), &[], &[])
    }
}

impl<'a> RolloutJson<'a> {
    pub fn new(outcome: &'a RolloutOutcome) -> Self {
        let (status, error) = status(&outcome.status);
        let image = outcome.image.as_deref();
        Self {
            account: outcome.account.as_ref().map(|account| account.as_str()),
            region: outcome.region.as_str(),
            image_id: image.map(|image| image.id.as_str()),
            name: image.and_then(|image| image.name.as_deref()),
            tags: image.map(|image| &image.tags),
            pattern: image.and_then(|image| image.family()).and_then(|family| family.pattern),
            action: "rollout",
            status,
            changed: outcome.changed,
            detail: outcome.detail.as_deref(),
            error,
            group: outcome.group.as_str(),
            template: outcome.template.as_deref(),
            template_version: outcome.template_version,
            refresh_id: outcome.refresh_id.as_deref(),
        }
    }
}
