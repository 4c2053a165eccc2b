//! JSON of reports and of orphans.

use serde::Serialize;

use super::ErrorJson;
use super::document::VERSION;
use crate::domain::ids::SnapshotId;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::report::{Outcome, Report, SnapshotResult, Status};
use crate::domain::tags::Tags;

#[derive(Serialize)]
pub struct OrphansJson<'a> {
    pub version: u32,
    pub snapshots: Vec<OrphanJson<'a>>,
    /// Snapshots that look like orphans, but stay.
    pub kept: Vec<SparedJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
    pub size_gib: i64,
    pub monthly_saving_usd_at_most: f64,
}

#[derive(Serialize)]
pub struct OrphanJson<'a> {
    pub id: &'a str,
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub size_gib: i64,
    pub started_at: Option<String>,
    pub tags: &'a Tags,
    pub reason: &'a str,
    /// `planned`, `deleted`, `kept` or `failed`.
    pub result: &'static str,
    pub error: Option<ProblemJson<'a>>,
}

#[derive(Serialize)]
pub struct SparedJson<'a> {
    pub id: &'a str,
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub size_gib: i64,
    pub started_at: Option<String>,
    pub tags: &'a Tags,
    /// `doubt`, `in-use` or `unverified`.
    pub code: &'static str,
    pub reason: String,
    /// The command line that deletes it.
    pub remove: String,
}

/// The report of a run; each kind of run has rows of its own.
#[derive(Serialize)]
pub struct ReportJson<'a, R> {
    pub version: u32,
    pub kind: &'static str,
    pub results: Vec<R>,
    pub errors: Vec<ErrorJson<'a>>,
    pub warnings: Vec<ErrorJson<'a>>,
    pub summary: SummaryJson,
}

#[derive(Serialize)]
pub struct SummaryJson {
    pub done: usize,
    pub failed: usize,
    pub skipped: usize,
}

#[derive(Serialize)]
pub struct OutcomeJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub image_id: &'a str,
    pub name: Option<&'a str>,
    /// `null` if unknown.
    pub tags: Option<&'a Tags>,
    pub action: &'static str,
    pub status: &'static str,
    /// Whether anything was changed.
    pub changed: bool,
    pub detail: Option<&'a str>,
    pub error: Option<ProblemJson<'a>>,
    pub snapshots: Vec<SnapshotResultJson<'a>>,
}

#[derive(Serialize)]
pub struct ProblemJson<'a> {
    pub code: &'a str,
    pub message: &'a str,
}

#[derive(Serialize)]
pub struct SnapshotResultJson<'a> {
    pub id: &'a str,
    pub result: &'static str,
    /// The references that keep it, or why they are unknown.
    pub detail: Option<&'a str>,
    pub error: Option<ProblemJson<'a>>,
}

/// A problem as the documents write it.
pub fn problem(problem: &Problem) -> ProblemJson<'_> {
    ProblemJson { code: &problem.code, message: &problem.message }
}

/// The word for scripts, and the problem of what was not done.
pub fn status(status: &Status) -> (&'static str, Option<ProblemJson<'_>>) {
    match status {
        Status::Done => ("done", None),
        Status::Failed(p) => ("failed", Some(problem(p))),
        Status::Skipped(p) => ("skipped", Some(problem(p))),
    }
}

impl<'a, R> ReportJson<'a, R> {
    /// A report of these rows, of which so many are done, failed and skipped.
    pub fn of(
        results: impl Iterator<Item = R>,
        (done, failed, skipped): (usize, usize, usize),
        errors: &'a [PlaceError],
        warnings: &'a [PlaceError],
    ) -> Self {
        Self {
            version: VERSION,
            kind: "report",
            results: results.collect(),
            errors: errors.iter().map(ErrorJson::new).collect(),
            warnings: warnings.iter().map(ErrorJson::new).collect(),
            summary: SummaryJson { done, failed, skipped },
        }
    }
}

impl<'a> ReportJson<'a, OutcomeJson<'a>> {
    pub fn new(report: &'a Report) -> Self {
        Self::of(report.results.iter().map(OutcomeJson::new), report.counts(), &report.errors, &report.warnings)
    }
}

impl<'a> OutcomeJson<'a> {
    pub fn new(outcome: &'a Outcome) -> Self {
        let (status, error) = status(&outcome.status);
        Self {
            account: outcome.account.as_ref().map(|a| a.as_str()),
            region: outcome.region.as_str(),
            image_id: outcome.image_id.as_str(),
            name: outcome.name.as_deref(),
            tags: outcome.tags.as_ref(),
            action: outcome.verb.as_str(),
            status,
            changed: outcome.changed,
            detail: outcome.detail.as_deref(),
            error,
            snapshots: outcome.snapshots.iter().map(snapshot_result).collect(),
        }
    }
}

fn snapshot_result((id, result): &(SnapshotId, SnapshotResult)) -> SnapshotResultJson<'_> {
    let detail = match result {
        SnapshotResult::KeptInUse(why) | SnapshotResult::KeptUnverified(why) => Some(why.as_str()),
        _ => None,
    };
    let error = result.problem().map(problem);
    SnapshotResultJson { id: id.as_str(), result: result.as_str(), detail, error }
}
