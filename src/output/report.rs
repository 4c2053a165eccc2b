//! What a run did, in every format.

use super::json::{OutcomeJson, ReportJson};
use super::table::{Cell, Sheet, Tone};
use super::{Format, Printer};
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};

/// Writes a report to stdout.
pub fn report(printer: &Printer, report: &Report) -> anyhow::Result<()> {
    match printer.format() {
        Format::Json => printer.json(&ReportJson::new(report)),
        Format::Jsonl => printer.jsonl(report.results.iter().map(OutcomeJson::new)),
        Format::Ids => {
            let done = report.results.iter().filter(|outcome| outcome.status == Status::Done);
            printer.ids(done.map(|outcome| &outcome.image_id))
        }
        Format::Csv => {
            let names = ["account", "region", "image_id", "name", "action", "status", "error", "snapshots"];
            let mut sheet = Sheet::new(names);
            sheet.rows = report.results.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let snapshots = |outcome: &Outcome| matches!(outcome.verb, Verb::Deregister | Verb::Restore);
            let snapshots = report.results.iter().any(snapshots);
            let columns = ["NAME", "ID", "REGION", "RESULT", "SNAPSHOTS"];
            let shown = if snapshots { 5 } else { 4 };
            let mut sheet = Sheet::new(columns.into_iter().take(shown));
            sheet.rows = report.results.iter().map(|outcome| row(outcome).into_iter().take(shown).collect()).collect();
            printer.table(sheet, &["REGION", "ID"])
        }
    }
}

/// `deprecated`, or `deprecated already` where nothing had to be changed, with what else there is to say.
fn done(outcome: &Outcome) -> String {
    let already = if outcome.changed { "" } else { " already" };
    let detail = outcome.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}{already}{detail}", outcome.verb.done())
}

fn row(outcome: &Outcome) -> Vec<Cell> {
    let result = match &outcome.status {
        Status::Done => Cell::toned(done(outcome), Tone::Good),
        Status::Failed(problem) => Cell::toned(format!("failed: {}", problem.message), Tone::Bad),
        Status::Skipped(problem) => Cell::toned(format!("skipped: {}", problem.message), Tone::Notice),
    };
    vec![
        outcome.name.as_deref().unwrap_or("-").into(),
        outcome.image_id.as_str().into(),
        outcome.region.as_str().into(),
        result,
        snapshots(outcome).into(),
    ]
}

fn csv_row(outcome: &Outcome) -> Vec<Cell> {
    let json = OutcomeJson::new(outcome);
    let each = json.snapshots.iter().map(|s| format!("{}={}", s.id, s.result)).collect::<Vec<_>>();
    vec![
        json.account.unwrap_or_default().into(),
        json.region.into(),
        json.image_id.into(),
        json.name.unwrap_or_default().into(),
        json.action.into(),
        json.status.into(),
        json.error.map(|e| format!("{}: {}", e.code, e.message)).unwrap_or_default().into(),
        each.join(" ").into(),
    ]
}

/// The snapshots by what became of them: `2 deleted, 1 shared`.
fn snapshots(outcome: &Outcome) -> String {
    let count = |wanted: fn(&SnapshotResult) -> bool| outcome.snapshots.iter().filter(|(_, r)| wanted(r)).count();
    let back = outcome.verb == Verb::Restore;
    let groups = [
        (count(|r| *r == SnapshotResult::Deleted), "deleted"),
        (count(|r| *r == SnapshotResult::Restored), "restored"),
        (count(|r| *r == SnapshotResult::KeptShared), "kept, shared"),
        (count(|r| *r == SnapshotResult::Kept), "kept"),
        (count(|r| matches!(r, SnapshotResult::Failed(_))), if back { "failed" } else { "left" }),
    ];
    let said: Vec<_> = groups.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}
