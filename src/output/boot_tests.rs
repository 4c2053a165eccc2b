//! Renderer of boot tests, in every format.
//!
//! A table has the tests, and below them the checks that failed and the ends of consoles.

use super::json::{BootTestJson, BootTestsJson};
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::age::Age;
use crate::domain::boot_test::{BootTest, BootTestReport, Check, Verdict};

/// Writes the tests to stdout.
pub fn boot_tests(printer: &Printer, report: &BootTestReport) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&BootTestsJson::new(report)),
        Format::Jsonl => printer.jsonl(report.tests.iter().map(BootTestJson::new)),
        // What a script goes on with: the images that passed.
        Format::Ids => printer.ids(report.passed()),
        Format::Csv => {
            let names = [
                "account",
                "region",
                "image_id",
                "name",
                "type",
                "instance_id",
                "verdict",
                "started_at",
                "ended_at",
                "checks",
                "passed",
                "failed",
                "terminated",
                "error",
            ];
            let mut sheet = Sheet::new(names);
            sheet.rows = report.tests.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => table(printer, report),
    })
}

fn table(printer: &Printer, report: &BootTestReport) -> anyhow::Result<()> {
    let mut sheet = Sheet::new(["IMAGE", "TYPE", "INSTANCE", "VERDICT", "CHECKS", "TIME"]);
    sheet.rows = report.tests.iter().map(row).collect();
    let errors = report.errors.iter().map(ToString::to_string);
    printer.table(sheet.summed(report.summary()).noted(errors), &["TIME", "INSTANCE"])?;
    let mut failed = Sheet::new(["FAILED CHECK", "INSTANCE", "AFTER", "DETAIL"]);
    failed.rows = report.tests.iter().flat_map(|test| failures(test).map(|check| failed_row(test, check))).collect();
    if !failed.rows.is_empty() {
        gap(printer)?;
        let summary = super::markdown::counted(failed.rows.len(), "failed check");
        printer.table(failed.summed(summary), &["AFTER"])?;
    }
    for test in &report.tests {
        let Some(tail) = &test.console_tail else { continue };
        gap(printer)?;
        let title = format!("CONSOLE OF {}", instance(test));
        let mut console = Sheet::new([title.as_str()]);
        console.rows = tail.lines().map(|line| vec![line.into()]).collect();
        printer.table(console.summed(format!("The end of the console output of {}", instance(test))), &[])?;
    }
    Ok(())
}

/// An empty line between two tables.
fn gap(printer: &Printer) -> anyhow::Result<()> {
    printer.bytes(b"\n")
}

fn failures(test: &BootTest) -> impl Iterator<Item = &Check> {
    test.checks.iter().filter(|check| !check.passed)
}

fn instance(test: &BootTest) -> &str {
    test.instance_id.as_ref().map_or("-", |id| id.as_str())
}

fn took(test: &BootTest) -> String {
    Age::of(std::time::Duration::from_secs(test.took().as_secs())).to_string()
}

/// The verdict with what a reader must know beside it: why there is none, and what still runs.
fn verdict(test: &BootTest) -> Cell {
    let left = if test.terminated { "" } else { ", not terminated" };
    match (&test.verdict, &test.error) {
        (Some(Verdict::Passed), None) => Cell::toned(format!("passed{left}"), Tone::Good),
        (Some(Verdict::Passed), Some(problem)) => Cell::toned(format!("passed{left}: {}", problem.message), Tone::Bad),
        (Some(Verdict::Failed), _) => Cell::toned(format!("failed{left}"), Tone::Bad),
        (None, Some(problem)) => Cell::toned(format!("none{left}: {}", problem.message), Tone::Notice),
        (None, None) => Cell::toned(format!("none{left}"), Tone::Notice),
    }
}

fn row(test: &BootTest) -> Vec<Cell> {
    let image = test.name.as_deref().unwrap_or_else(|| test.image_id.as_str());
    vec![
        image.into(),
        test.instance_type.as_str().into(),
        instance(test).into(),
        verdict(test),
        format!("{}/{}", test.passed(), test.checks.len()).into(),
        took(test).into(),
    ]
}

fn failed_row(test: &BootTest, check: &Check) -> Vec<Cell> {
    vec![
        format!("{} {}", check.kind.as_str(), check.what).into(),
        instance(test).into(),
        format!("{}s", check.seconds).into(),
        check.detail.as_str().into(),
    ]
}

fn csv_row(test: &BootTest) -> Vec<Cell> {
    let json = BootTestJson::new(test);
    let failed: Vec<_> = failures(test).map(|c| format!("{} {}: {}", c.kind.as_str(), c.what, c.detail)).collect();
    vec![
        json.account.unwrap_or_default().into(),
        json.region.into(),
        json.image_id.into(),
        json.name.unwrap_or_default().into(),
        json.instance_type.into(),
        json.instance_id.unwrap_or_default().into(),
        json.verdict.unwrap_or_default().into(),
        json.started_at.into(),
        json.ended_at.into(),
        json.checks.len().to_string().into(),
        test.passed().to_string().into(),
        failed.join("; ").into(),
        json.terminated.to_string().into(),
        json.error.map(|error| format!("{}: {}", error.code, error.message)).unwrap_or_default().into(),
    ]
}
