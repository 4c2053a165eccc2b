//! Renderer of the findings of an audit and of its rules, in every format.

use std::collections::BTreeSet;

use super::json::{AuditJson, FindingJson, RuleInForceJson, RulesJson, SarifJson};
use super::markdown::counted;
use super::page::Page;
use super::printer::{Format, FormatChoice, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::audit::{AuditFinding, AuditNote, AuditReport, AuditRule, Level};
use crate::domain::region::place;

/// The columns of a list for programs.
const NAMED: [&str; 11] =
    ["severity", "rule", "account", "region", "resource_kind", "resource", "file", "line", "column", "message", "hint"];

/// Writes findings to stdout.
pub fn findings(
    printer: &Printer,
    report: &AuditReport,
    errors: &[AuditNote],
    warnings: &[AuditNote],
) -> anyhow::Result<()> {
    if printer.chose(FormatChoice::Sarif) {
        return printer.json(&SarifJson::new(report, errors, warnings));
    }
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&AuditJson::new(report, errors, warnings)),
        Format::Jsonl => printer.jsonl(report.findings.iter().map(FindingJson::new)),
        Format::Ids => printer.ids(report.findings.iter().map(|finding| &finding.resource)),
        Format::Csv => {
            let mut sheet = Sheet::new(NAMED);
            sheet.rows.extend(report.findings.iter().map(csv_row));
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut page = Page::default();
            page.summed(findings_summary(report));
            page.noted(errors.iter().map(|error| format!("not read: {error}")));
            page.noted(audit_warnings(warnings));
            let placed = report.findings.iter().filter(|finding| finding.region.is_some());
            let several = placed.map(|finding| (&finding.account, &finding.region)).collect::<BTreeSet<_>>().len() > 1;
            for level in Level::ALL {
                let of_level = report.findings.iter().filter(|finding| finding.level == level);
                let of_level: Vec<&AuditFinding> = of_level.collect();
                if !of_level.is_empty() {
                    page.section(title(level));
                }
                for of_rule in of_level.chunk_by(|a, b| a.rule == b.rule) {
                    page.below(of_rule[0].rule, lines(of_rule, several));
                }
            }
            printer.page(&page)
        }
    })
}

/// The number of findings of each severity, in one line.
pub fn findings_summary(report: &AuditReport) -> String {
    let all = counted(report.findings.len(), "finding");
    let levels = Level::ALL.into_iter().filter_map(|level| match report.count(level) {
        0 => None,
        count => Some(format!("{count} {level}")),
    });
    let levels: Vec<_> = levels.collect();
    let levels = if levels.is_empty() { String::new() } else { format!(": {}", levels.join(", ")) };
    let skipped = if report.skipped == 0 { String::new() } else { format!("; {} skipped", report.skipped) };
    format!("{all}{levels}{skipped}")
}

/// The most warnings that are shown.
const MOST_WARNINGS: usize = 10;

/// The warnings as lines, the first of many.
pub fn audit_warnings(warnings: &[AuditNote]) -> Vec<String> {
    let mut lines: Vec<_> = warnings.iter().take(MOST_WARNINGS).map(|note| format!("warning: {note}")).collect();
    if let Some(more) = warnings.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        lines.push(format!("warning: and {more} more like these; -o json has all of them"));
    }
    lines
}

/// Writes the rules to stdout.
pub fn audit_rules(printer: &Printer, rules: &[AuditRule]) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&RulesJson::new(rules)),
        Format::Jsonl => printer.jsonl(rules.iter().map(RuleInForceJson::new)),
        Format::Ids => printer.ids(rules.iter().map(|rule| rule.id)),
        Format::Csv => {
            let mut sheet = Sheet::new(["rule", "severity", "setting", "default", "looks_at", "why", "mend"]);
            sheet.rows.extend(rules.iter().map(|rule| {
                let (setting, default) = rule.setting.unwrap_or_default();
                let cells = [rule.id, rule.level.as_str(), setting, default, rule.looks_at, rule.why, rule.mend];
                cells.map(Cell::from).to_vec()
            }));
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut page = Page::default();
            page.summed(counted(rules.len(), "rule"));
            for rule in rules {
                let severity = match rule.levels {
                    "" => rule.level.to_string(),
                    levels => format!("{} ({levels})", rule.level),
                };
                page.section(rule.id);
                page.line("Severity", severity);
                page.line("Looks at", rule.looks_at);
                page.line("Why", rule.why);
                page.line("Mend", rule.mend);
                if let Some((key, default)) = rule.setting {
                    page.line("Setting", format!("{key}: {default}"));
                }
            }
            printer.page(&page)
        }
    })
}

fn title(level: Level) -> &'static str {
    match level {
        Level::High => "High",
        Level::Medium => "Medium",
        Level::Low => "Low",
    }
}

fn csv_row(finding: &AuditFinding) -> Vec<Cell> {
    let json = FindingJson::new(finding);
    let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let cells = [
        json.severity.to_owned(),
        json.rule.to_owned(),
        text(json.account),
        text(json.region),
        json.resource_kind.to_owned(),
        json.resource.to_owned(),
        text(json.file),
        number(json.line),
        number(json.column),
        json.message.to_owned(),
        text(json.hint),
    ];
    cells.map(Cell::from).to_vec()
}

/// The findings of one rule, and below each what to do.
fn lines(findings: &[&AuditFinding], several: bool) -> Vec<Cell> {
    let each = findings.iter().flat_map(|finding| {
        let hints = finding.hint.iter().flat_map(|hint| hint.lines());
        // A command line that is broken is two commands for a shell.
        let hints = hints.map(|hint| Cell::toned(format!("  {hint}"), Tone::Command));
        std::iter::once(Cell::from(line(finding, several))).chain(hints)
    });
    each.collect()
}

/// What is wrong, with the resource and its place where the message does not have them.
fn line(finding: &AuditFinding, several: bool) -> String {
    let resource = match &finding.pin {
        Some(pin) => format!("{}:{}:{}: ", pin.file, pin.line, pin.column),
        None if finding.message.contains(&finding.resource) => String::new(),
        None => format!("{} {}: ", finding.kind, finding.resource),
    };
    let at = finding.region.as_ref().filter(|_| several).map(|region| place(finding.account.as_ref(), region));
    let at = at.map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{resource}{}{at}", finding.message)
}
