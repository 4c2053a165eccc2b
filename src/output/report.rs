//! Renderer of reports: the outcome for each image, in every format.

use super::json::{OutcomeJson, ReportJson};
use super::markdown::unread;
use super::printer::{Format, Printer};
use super::refs::warnings;
use super::table::{Cell, Sheet, Tone};
use crate::domain::plan::document::ErrorRow;
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};

/// Writes a report to stdout.
pub fn report(printer: &Printer, report: &Report) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&ReportJson::new(report)),
        Format::Jsonl => printer.jsonl(report.results.iter().map(OutcomeJson::new)),
        Format::Ids => {
            let done = report.results.iter().filter(|outcome| outcome.status == Status::Done);
            printer.ids(done.map(|outcome| &outcome.image_id))
        }
        Format::Csv => {
            let names = [
                "account",
                "region",
                "image_id",
                "name",
                "action",
                "status",
                "error",
                "snapshots",
                "changed",
                "detail",
            ];
            let mut sheet = Sheet::new(names);
            sheet.rows = report.results.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let (sheet, dispensable) = table(report);
            let rows: Vec<_> = report.warnings.iter().map(ErrorRow::new).collect();
            let sheet = sheet.summed(summary(report.counts())).noted(unread(&report.errors)).noted(warnings(&rows));
            printer.table(sheet, dispensable)
        }
    })
}

/// How the rows of a report ended, in one line.
pub fn summary((done, failed, skipped): (usize, usize, usize)) -> String {
    let counts = [(done, "done"), (failed, "failed"), (skipped, "skipped")];
    let said: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if said.is_empty() { "nothing to do".to_owned() } else { said.join(", ") }
}

/// Writes the report of changes to stdout; a dry run has none.
pub fn changes(printer: &Printer, report: Option<&Report>) -> anyhow::Result<()> {
    report.map_or(Ok(()), |changes| self::report(printer, changes))
}

/// The table, and the columns to drop on a narrow terminal: never those in which rows differ.
fn table(report: &Report) -> (Sheet, &'static [&'static str]) {
    let differ = |of: fn(&Outcome) -> &str| report.results.windows(2).any(|two| of(&two[0]) != of(&two[1]));
    let accounts = differ(|outcome| outcome.account.as_ref().map_or("", |account| account.as_str()));
    let regions = differ(|outcome| outcome.region.as_str());
    let snapshots = |outcome: &Outcome| matches!(outcome.verb, Verb::Deregister | Verb::Restore);
    let snapshots = report.results.iter().any(snapshots);
    let columns = [("NAME", true), ("ID", true), ("ACCOUNT", accounts), ("REGION", true), ("RESULT", true)];
    let columns = columns.into_iter().chain([("SNAPSHOTS", snapshots)]);
    let shown: Vec<bool> = columns.clone().map(|(_, shown)| shown).collect();
    let mut sheet = Sheet::new(columns.filter(|(_, shown)| *shown).map(|(name, _)| name));
    let cells =
        |outcome| row(outcome).into_iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect();
    sheet.rows = report.results.iter().map(cells).collect();
    // Failures are printed in full elsewhere: the table names image and place.
    let failed = report.results.iter().any(|outcome| outcome.status != Status::Done);
    (
        sheet,
        if failed {
            &[]
        } else if regions {
            &["ID"]
        } else {
            &["REGION", "ID"]
        },
    )
}

/// `deprecated`, or `already deprecated` if nothing had to be changed, with the detail.
fn done(outcome: &Outcome) -> Cell {
    let (words, tone) = match outcome.changed {
        true => (outcome.verb.done(), Tone::Good),
        false => (outcome.verb.already(), Tone::Faint),
    };
    let detail = outcome.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    Cell::toned(format!("{words}{detail}"), tone)
}

fn row(outcome: &Outcome) -> Vec<Cell> {
    let result = match &outcome.status {
        Status::Done => done(outcome),
        Status::Failed(problem) => Cell::toned(format!("failed: {}", problem.message), Tone::Bad),
        Status::Skipped(problem) => Cell::toned(format!("skipped: {}", problem.message), Tone::Notice),
    };
    vec![
        outcome.name.as_deref().unwrap_or("-").into(),
        outcome.image_id.as_str().into(),
        outcome.account.as_ref().map_or("-", |account| account.as_str()).into(),
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
        json.changed.to_string().into(),
        json.detail.unwrap_or_default().into(),
    ]
}

/// The number of snapshots per result: `2 deleted, 1 shared`.
fn snapshots(outcome: &Outcome) -> String {
    let count = |wanted: fn(&SnapshotResult) -> bool| outcome.snapshots.iter().filter(|(_, r)| wanted(r)).count();
    let back = outcome.verb == Verb::Restore;
    let groups = [
        (count(|r| *r == SnapshotResult::Deleted), "deleted"),
        (count(|r| *r == SnapshotResult::Restored), "restored"),
        (count(|r| *r == SnapshotResult::KeptShared), "kept, shared"),
        (count(|r| matches!(r, SnapshotResult::KeptInUse(_))), "kept, in use"),
        (count(|r| matches!(r, SnapshotResult::KeptUnverified(_))), "kept, use unknown"),
        (count(|r| *r == SnapshotResult::Kept), "kept"),
        (count(|r| matches!(r, SnapshotResult::Failed(_))), if back { "failed" } else { "left" }),
    ];
    let said: Vec<_> = groups.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}
