//! JSON of the report of a sweep.

use serde::Serialize;

use super::report::{ProblemJson, ReportJson, status};
use crate::domain::sweep_report::{SweepOutcome, SweepReport};
use crate::domain::tags::Tags;

#[derive(Serialize)]
pub struct SweepJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub instance_id: &'a str,
    pub image_id: Option<&'a str>,
    /// The tag `Name` of the instance.
    pub name: Option<&'a str>,
    /// The tags of the instance.
    pub tags: &'a Tags,
    /// Always `null`: instances belong to no family.
    pub pattern: Option<&'a str>,
    /// `terminate` or `start`.
    pub action: &'static str,
    pub status: &'static str,
    /// Whether anything was changed.
    pub changed: bool,
    pub detail: Option<&'a str>,
    pub error: Option<ProblemJson<'a>>,
}

impl<'a> ReportJson<'a, SweepJson<'a>> {
    pub fn sweep(report: &'a SweepReport) -> Self {
        Self::of(report.outcomes.iter().map(SweepJson::new), report.counts(), &report.errors, &[])
    }
}

impl<'a> SweepJson<'a> {
    pub fn new(outcome: &'a SweepOutcome) -> Self {
        let (status, error) = status(&outcome.status);
        Self {
            account: outcome.account.as_ref().map(|account| account.as_str()),
            region: outcome.region.as_str(),
            instance_id: outcome.instance_id.as_str(),
            image_id: outcome.image_id.as_ref().map(|id| id.as_str()),
            name: outcome.tags.get("Name").map(String::as_str),
            tags: &outcome.tags,
            pattern: None,
            action: outcome.action.as_str(),
            status,
            changed: outcome.changed,
            detail: outcome.detail.as_deref(),
            error,
        }
    }
}
