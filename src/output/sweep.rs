//! Renderer of the report of a sweep, in every format.

use super::json::{ReportJson, SweepJson};
use super::markdown::unread;
use super::printer::{Format, Printer};
use super::report::summary;
use super::table::{Cell, Sheet, Tone};
use crate::domain::report::Status;
use crate::domain::sweep_report::{SweepOutcome, SweepReport};

/// Writes the report to stdout.
pub fn sweep(printer: &Printer, report: &SweepReport) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&ReportJson::sweep(report)),
        Format::Jsonl => printer.jsonl(report.outcomes.iter().map(SweepJson::new)),
        Format::Ids => {
            let done = report.outcomes.iter().filter(|outcome| outcome.status == Status::Done);
            printer.ids(done.map(|outcome| &outcome.instance_id))
        }
        Format::Csv => {
            let names = [
                "account",
                "region",
                "instance_id",
                "image_id",
                "name",
                "action",
                "status",
                "error",
                "changed",
                "detail",
            ];
            let mut sheet = Sheet::new(names);
            sheet.rows = report.outcomes.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["INSTANCE", "ACCOUNT", "REGION", "IMAGE", "ACTION", "RESULT"]);
            sheet.rows = report.outcomes.iter().map(row).collect();
            printer.table(sheet.summed(summary(report.counts())).noted(unread(&report.errors)), &["IMAGE"])
        }
    })
}

fn row(outcome: &SweepOutcome) -> Vec<Cell> {
    let result = match (&outcome.status, &outcome.detail) {
        (Status::Done, Some(detail)) => Cell::toned(detail, Tone::Plain),
        (Status::Done, None) => Cell::toned(outcome.action.done(), Tone::Good),
        (Status::Failed(problem), _) => Cell::toned(format!("failed: {}", problem.message), Tone::Bad),
        (Status::Skipped(problem), _) => Cell::toned(format!("skipped: {}", problem.message), Tone::Notice),
    };
    vec![
        outcome.instance_id.as_str().into(),
        outcome.account.as_ref().map_or("-", |account| account.as_str()).into(),
        outcome.region.as_str().into(),
        outcome.image_id.as_ref().map_or("-", |id| id.as_str()).into(),
        outcome.action.as_str().into(),
        result,
    ]
}

fn csv_row(outcome: &SweepOutcome) -> Vec<Cell> {
    let json = SweepJson::new(outcome);
    vec![
        json.account.unwrap_or_default().into(),
        json.region.into(),
        json.instance_id.into(),
        json.image_id.unwrap_or_default().into(),
        json.name.unwrap_or_default().into(),
        json.action.into(),
        json.status.into(),
        json.error.map(|e| format!("{}: {}", e.code, e.message)).unwrap_or_default().into(),
        json.changed.to_string().into(),
        json.detail.unwrap_or_default().into(),
    ]
}
