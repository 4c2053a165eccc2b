//! JSON of the report of roll-outs.

use serde::Serialize;

use super::ErrorJson;
use super::document::VERSION;
use super::report::{ProblemJson, SummaryJson, problem};
use crate::domain::report::Status;
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};
use crate::domain::tags::Tags;

#[derive(Serialize)]
pub struct RolloutsJson<'a> {
    pub version: u32,
    pub kind: &'static str,
    pub results: Vec<RolloutJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
    pub warnings: Vec<ErrorJson<'a>>,
    pub summary: SummaryJson,
}

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

impl<'a> RolloutsJson<'a> {
    pub fn new(report: &'a RolloutReport) -> Self {
        let (done, failed, skipped) = report.counts();
        Self {
            version: VERSION,
            kind: "report",
            results: report.results.iter().map(RolloutJson::new).collect(),
            errors: Vec::new(),
            warnings: Vec::new(),
            summary: SummaryJson { done, failed, skipped },
        }
    }
}

impl<'a> RolloutJson<'a> {
    pub fn new(outcome: &'a RolloutOutcome) -> Self {
        let (status, error) = match &outcome.status {
            Status::Done => ("done", None),
            Status::Failed(p) => ("failed", Some(problem(p))),
            Status::Skipped(p) => ("skipped", Some(problem(p))),
        };
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
