//! Renderer of launch templates, in every format.

use super::json::{TemplateJson, TemplatesJson};
use super::markdown::counted;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;

/// Writes launch templates to stdout.
pub fn templates(printer: &Printer, outcomes: &[TemplateOutcome]) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&TemplatesJson::new(outcomes)),
        Format::Jsonl => printer.jsonl(outcomes.iter().map(TemplateJson::new)),
        Format::Ids => {
            let done = outcomes.iter().filter(|outcome| outcome.status == Status::Done);
            printer.ids(done.filter_map(|outcome| outcome.id.as_deref()))
        }
        Format::Csv => {
            let names =
                ["name", "id", "account", "region", "version", "default", "image", "image_id", "changed", "error"];
            let mut sheet = Sheet::new(names);
            sheet.rows = outcomes.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["NAME", "ID", "ACCOUNT", "REGION", "VERSION", "DEFAULT", "IMAGE"]);
            sheet.rows = outcomes.iter().map(row).collect();
            if outcomes.windows(2).all(|pair| pair[0].account == pair[1].account) {
                sheet = sheet.without(&["ACCOUNT"]);
            }
            printer.table(sheet.summed(counted(outcomes.len(), "launch template")), &["ID", "REGION"])
        }
    })
}

fn number(number: Option<i64>, nothing: &str) -> String {
    number.map_or_else(|| nothing.to_owned(), |number| number.to_string())
}

fn csv_row(outcome: &TemplateOutcome) -> Vec<Cell> {
    vec![
        outcome.name.as_str().into(),
        outcome.id.as_deref().unwrap_or_default().into(),
        outcome.account.as_ref().map(|account| account.as_str()).unwrap_or_default().into(),
        outcome.region.as_str().into(),
        number(outcome.version, "").into(),
        number(outcome.default, "").into(),
        outcome.field.as_str().into(),
        outcome.image.id.as_str().into(),
        outcome.changed.to_string().into(),
        outcome.problem().map(ToString::to_string).unwrap_or_default().into(),
    ]
}

fn row(outcome: &TemplateOutcome) -> Vec<Cell> {
    let tone = if outcome.status != Status::Done { Tone::Bad } else { Tone::Good };
    vec![
        outcome.name.as_str().into(),
        outcome.id.as_deref().unwrap_or("-").into(),
        outcome.account.as_ref().map_or("-", |account| account.as_str()).into(),
        outcome.region.as_str().into(),
        Cell::toned(number(outcome.version, "-"), tone),
        number(outcome.default, "-").into(),
        outcome.field.as_str().into(),
    ]
}
