//! Renderer of the report of roll-outs, in every format.

use super::json::{ReportJson, RolloutJson};
use super::printer::{Format, Printer};
use super::report::summary;
use super::table::{Cell, Sheet, Tone};
use crate::domain::report::Status;
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};

/// Writes the report to stdout.
pub fn rollouts(printer: &Printer, report: &RolloutReport) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&ReportJson::rollouts(report)),
        Format::Jsonl => printer.jsonl(report.results.iter().map(RolloutJson::new)),
        Format::Ids => {
            let done = report.results.iter().filter(|outcome| outcome.done());
            printer.ids(done.filter_map(|outcome| outcome.refresh_id.as_ref()))
        }
        Format::Csv => {
            let names = [
                "account",
                "region",
                "group",
                "image_id",
                "name",
                "action",
                "status",
                "error",
                "template",
                "template_version",
                "refresh_id",
                "changed",
                "detail",
            ];
            let mut sheet = Sheet::new(names);
            sheet.rows = report.results.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["GROUP", "TEMPLATE", "IMAGE", "REFRESH", "RESULT"]);
            sheet.rows = report.results.iter().map(row).collect();
            printer.table(sheet.summed(summary(report.counts())), &["REFRESH", "IMAGE"])
        }
    })
}

/// The template with its version: `web:7`.
fn template(outcome: &RolloutOutcome) -> String {
    match (&outcome.template, outcome.template_version) {
        (Some(name), Some(number)) => format!("{name}:{number}"),
        (Some(name), None) => name.clone(),
        (None, _) => "-".to_owned(),
    }
}

fn row(outcome: &RolloutOutcome) -> Vec<Cell> {
    let detail = outcome.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let result = match (&outcome.status, outcome.changed) {
        (Status::Done, true) => Cell::toned(format!("rolled out{detail}"), Tone::Good),
        (Status::Done, false) => Cell::toned(format!("unchanged{detail}"), Tone::Faint),
        (Status::Failed(problem), _) => Cell::toned(format!("failed: {}", problem.message), Tone::Bad),
        (Status::Skipped(problem), _) => Cell::toned(format!("skipped: {}", problem.message), Tone::Notice),
    };
    let image = outcome.image.as_ref().map(|image| image.name.clone().unwrap_or_else(|| image.id.to_string()));
    vec![
        outcome.group.as_str().into(),
        template(outcome).into(),
        image.unwrap_or_else(|| "-".to_owned()).into(),
        outcome.refresh_id.as_deref().unwrap_or("-").into(),
        result,
    ]
}

fn csv_row(outcome: &RolloutOutcome) -> Vec<Cell> {
    let json = RolloutJson::new(outcome);
    vec![
        json.account.unwrap_or_default().into(),
        json.region.into(),
        json.group.into(),
        json.image_id.unwrap_or_default().into(),
        json.name.unwrap_or_default().into(),
        json.action.into(),
        json.status.into(),
        json.error.map(|e| format!("{}: {}", e.code, e.message)).unwrap_or_default().into(),
        json.template.unwrap_or_default().into(),
        json.template_version.map(|number| number.to_string()).unwrap_or_default().into(),
        json.refresh_id.unwrap_or_default().into(),
        json.changed.to_string().into(),
        json.detail.unwrap_or_default().into(),
    ]
}
