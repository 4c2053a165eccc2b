//! Renderer of stale instances, in every format.

use chrono::{DateTime, Utc};

use super::json::document::time;
use super::json::{StaleInstanceJson, StaleJson};
use super::markdown::{counted, unread};
use super::page::Page;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::age::ago;
use crate::domain::alias::Alias;
use crate::domain::behind::FamilyKey;
use crate::domain::ids::AccountId;
use crate::domain::problem::PlaceError;
use crate::domain::region::{Region, place};
use crate::domain::stale_report::{StaleInstance, StaleProblem, StaleReport};

/// The columns of a list for programs.
const NAMED: [&str; 15] = [
    "account",
    "region",
    "instance_id",
    "group",
    "image_id",
    "name",
    "family",
    "image_version",
    "newest_id",
    "newest_version",
    "versions_behind",
    "behind_since",
    "problem",
    "problems",
    "newest_revoked",
];

/// Columns that a narrow terminal drops.
const DISPENSABLE: &[&str] = &["NEWEST", "ACCOUNT", "SINCE", "GROUP", "REGION", "BEHIND", "IMAGE"];

/// The maximum number of families that are named as being without an alias.
const MOST_NAMED: usize = 10;

/// Writes stale instances to stdout; for people also a summary of their families.
pub fn stale(printer: &Printer, report: &StaleReport, errors: &[PlaceError], now: DateTime<Utc>) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&StaleJson::new(report, errors)),
        Format::Jsonl => printer.jsonl(report.instances.iter().map(StaleInstanceJson::new)),
        Format::Ids => printer.ids(report.instances.iter().map(|row| &row.instance.id)),
        Format::Csv => {
            let mut sheet = Sheet::new(NAMED);
            sheet.rows.extend(report.instances.iter().map(csv_row));
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut page = Page::default();
            page.summed(stale_summary(report));
            if !report.instances.is_empty() {
                page.section("Stale instances");
                page.table(instances(report, now), DISPENSABLE);
                page.section("Families");
                page.table(families(report, now), &["SINCE"]);
            }
            page.noted(not_compared(report));
            page.noted(unread(errors));
            printer.page(&page)
        }
    })
}

/// How many instances are stale, in one line.
pub fn stale_summary(report: &StaleReport) -> String {
    let all = counted(report.looked_at(), "running instance");
    match report.instances.len() {
        0 => format!("{all}, none stale"),
        stale => format!("{all}, {stale} stale"),
    }
}

/// The instances that were compared with nothing, in one line.
pub fn not_compared(report: &StaleReport) -> Option<String> {
    let (these, run) = match report.not_compared {
        0 => return None,
        1 => ("1 instance".to_owned(), "runs an image"),
        count => (format!("{count} instances"), "run images"),
    };
    Some(format!("{these} {run} of accounts outside the run: not compared with their families, and marks are not seen"))
}

/// The aliases that name a revoked image.
pub fn revoked_goals(alias: &Alias, report: &StaleReport) -> Vec<String> {
    let line = |((family, account, region), image): &((FamilyKey, Option<AccountId>, Region), String)| {
        let place = place(account.as_ref(), region);
        format!("warning: {place}: the alias {}:{alias} names {image}, which is revoked", family.word)
    };
    report.revoked_goals.iter().map(line).collect()
}

/// The families of which instances run where the alias is missing.
pub fn without_alias(alias: &Alias, report: &StaleReport) -> Vec<String> {
    let line = |(family, account, region): &(FamilyKey, Option<AccountId>, Region)| {
        let place = place(account.as_ref(), region);
        format!("{place}: the family {} has no alias '{alias}', so nothing is compared", family.word)
    };
    let mut lines: Vec<_> = report.without_alias.iter().take(MOST_NAMED).map(line).collect();
    if let Some(more) = report.without_alias.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        lines.push(format!("and {more} more like these"));
    }
    lines
}

fn csv_row(row: &StaleInstance) -> Vec<Cell> {
    let json = StaleInstanceJson::new(row);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let cells = [
        text(json.account),
        json.region.to_owned(),
        json.instance_id.to_owned(),
        text(json.group),
        json.image_id.to_owned(),
        text(json.name),
        text(json.family),
        number(json.image_version.map(|version| version.get())),
        text(json.newest_id),
        number(json.newest_version.map(|version| version.get())),
        number(json.versions_behind),
        row.behind.and_then(|behind| behind.since).map(time).unwrap_or_default(),
        json.problem.to_owned(),
        json.problems.join(" "),
        json.newest_revoked.map(|is| is.to_string()).unwrap_or_default(),
    ];
    cells.map(Cell::from).to_vec()
}

fn instances(report: &StaleReport, now: DateTime<Utc>) -> Sheet {
    let mut sheet =
        Sheet::new(["INSTANCE", "ACCOUNT", "REGION", "GROUP", "IMAGE", "NEWEST", "BEHIND", "SINCE", "PROBLEM"]);
    sheet.rows.extend(report.instances.iter().map(|row| cells(row, now)));
    let rows = &report.instances;
    let differ = |of: fn(&StaleInstance) -> Option<&str>| rows.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]));
    let shown = [
        ("ACCOUNT", differ(|row| row.instance.account.as_ref().map(|account| account.as_str()))),
        ("REGION", differ(|row| Some(row.instance.region.as_str()))),
        ("GROUP", rows.iter().any(|row| row.instance.group.is_some())),
    ];
    let absent: Vec<_> = shown.into_iter().filter(|(_, shown)| !shown).map(|(name, _)| name).collect();
    sheet.without(&absent)
}

fn cells(row: &StaleInstance, now: DateTime<Utc>) -> Vec<Cell> {
    let instance = &row.instance;
    let or_dash = |text: Option<&str>| text.map_or_else(|| Cell::toned("-", Tone::Faint), Cell::from);
    let newest = row.newest.as_ref().map(|newest| {
        let mark = if newest.revoked == Some(true) { " (revoked)" } else { "" };
        format!("{}{mark}", newest.name.as_deref().unwrap_or(newest.id.as_str()))
    });
    let since = row.behind.and_then(|behind| behind.since).map(|since| ago(since, now));
    let problems: Vec<_> = row.problems.iter().map(|problem| problem.as_str()).collect();
    let tone = match row.problems.first() {
        Some(StaleProblem::Gone | StaleProblem::Revoked) => Tone::Bad,
        Some(StaleProblem::Disabled | StaleProblem::NotAllowed | StaleProblem::Deprecated) => Tone::Notice,
        Some(StaleProblem::Behind) | None => Tone::Plain,
    };
    vec![
        instance.id.as_str().into(),
        or_dash(instance.account.as_ref().map(|account| account.as_str())),
        instance.region.as_str().into(),
        or_dash(instance.group.as_deref()),
        instance.image.name.as_deref().unwrap_or(instance.image.id.as_str()).into(),
        or_dash(newest.as_deref()),
        or_dash(row.behind.map(|behind| behind.versions.to_string()).as_deref()),
        or_dash(since.as_deref()),
        Cell::toned(problems.join(", "), tone),
    ]
}

fn families(report: &StaleReport, now: DateTime<Utc>) -> Sheet {
    let mut sheet = Sheet::new(["FAMILY", "RUNNING", "STALE", "MOST BEHIND", "SINCE"]);
    for (key, family) in &report.families {
        let name = match key {
            Some(key) => Cell::from(key.word.as_str()),
            None => Cell::toned("(no family)", Tone::Faint),
        };
        let most = family.most_behind.map_or_else(|| "-".to_owned(), |most| most.to_string());
        let since = family.since.map_or_else(|| "-".to_owned(), |since| ago(since, now));
        let stale = match family.stale {
            0 => Cell::toned("0", Tone::Good),
            stale => Cell::from(stale.to_string()),
        };
        sheet.rows.push(vec![name, family.instances.to_string().into(), stale, most.into(), since.into()]);
    }
    sheet
}
