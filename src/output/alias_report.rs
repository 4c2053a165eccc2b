//! Renderer of reports of aliases: the outcome in each account and region, in every format.

use super::json::{AliasOutcomeJson, ReportJson};
use super::markdown::unread;
use super::printer::{Format, Printer};
use super::report::summary;
use super::table::{Cell, Sheet, Tone};
use crate::domain::alias_report::{AliasOutcome, AliasReport};
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;

/// Writes a report of aliases to stdout.
pub fn moved_aliases(printer: &Printer, report: &AliasReport) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&ReportJson::aliases(report)),
        Format::Jsonl => printer.jsonl(AliasOutcomeJson::all(report)),
        Format::Ids => {
            let done = report.outcomes.iter().filter(|outcome| outcome.status == Status::Done);
            printer.ids(done.filter_map(|outcome| Some(&outcome.image.as_deref()?.id)))
        }
        Format::Csv => {
            let mut sheet = Sheet::new([
                "account",
                "region",
                "image_id",
                "name",
                "action",
                "alias",
                "from_image_id",
                "parameter_version",
                "status",
                "error",
                "changed",
                "detail",
                "template",
                "template_version",
            ]);
            sheet.rows = AliasOutcomeJson::all(report).map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["ALIAS", "ACCOUNT", "REGION", "FROM", "TO", "NAME", "RESULT"]);
            sheet.rows = report.outcomes.iter().map(row).chain(report.templates.iter().map(template)).collect();
            let (_, failed, skipped) = report.counts();
            let failed = failed + skipped > 0;
            let dispensable: &[&str] = if failed { &[] } else { &["FROM", "NAME"] };
            printer.table(sheet.summed(summary(report.counts())).noted(unread(&report.errors)), dispensable)
        }
    })
}

fn row(outcome: &AliasOutcome) -> Vec<Cell> {
    let image = outcome.image.as_deref();
    let result = result(&outcome.status, || done(outcome));
    vec![
        outcome.parameter.to_string().into(),
        outcome.account.as_ref().map_or("-", |account| account.as_str()).into(),
        outcome.region.as_str().into(),
        outcome.from.as_ref().map_or("-", |id| id.as_str()).into(),
        image.map_or("-", |image| image.id.as_str()).into(),
        image.and_then(|image| image.name.as_deref()).unwrap_or("-").into(),
        result,
    ]
}

fn template(outcome: &TemplateOutcome) -> Vec<Cell> {
    let tone = if outcome.changed { Tone::Good } else { Tone::Plain };
    let done = || Cell::toned(outcome.detail.clone().unwrap_or_default(), tone);
    vec![
        format!("template {}", outcome.name).into(),
        outcome.account.as_ref().map_or("-", |account| account.as_str()).into(),
        outcome.region.as_str().into(),
        outcome.from.as_ref().map_or("-", |id| id.as_str()).into(),
        outcome.image.id.as_str().into(),
        outcome.image.name.as_deref().unwrap_or("-").into(),
        result(&outcome.status, done),
    ]
}

fn result(status: &Status, done: impl FnOnce() -> Cell) -> Cell {
    match status {
        Status::Done => done(),
        Status::Failed(problem) => Cell::toned(format!("failed: {}", problem.message), Tone::Bad),
        Status::Skipped(problem) => Cell::toned(format!("skipped: {}", problem.message), Tone::Notice),
    }
}

fn done(outcome: &AliasOutcome) -> Cell {
    let version = outcome.version.map(|version| format!(" (version {version})")).unwrap_or_default();
    match (&outcome.detail, outcome.changed) {
        (Some(detail), _) => Cell::toned(detail, Tone::Plain),
        (None, true) => Cell::toned(format!("written{version}"), Tone::Good),
        (None, false) => Cell::toned(format!("unchanged{version}"), Tone::Faint),
    }
}

fn csv_row(json: AliasOutcomeJson<'_>) -> Vec<Cell> {
    vec![
        json.account.unwrap_or_default().into(),
        json.region.into(),
        json.image_id.unwrap_or_default().into(),
        json.name.unwrap_or_default().into(),
        json.action.into(),
        json.alias.into(),
        json.from_image_id.unwrap_or_default().into(),
        json.parameter_version.map(|version| version.to_string()).unwrap_or_default().into(),
        json.status.into(),
        json.error.map(|e| format!("{}: {}", e.code, e.message)).unwrap_or_default().into(),
        json.changed.to_string().into(),
        json.detail.unwrap_or_default().into(),
        json.template.unwrap_or_default().into(),
        json.template_version.map(|version| version.to_string()).unwrap_or_default().into(),
    ]
}
