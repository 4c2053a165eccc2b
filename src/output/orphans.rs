//! Renderer of orphaned snapshots and the results of their deletion, in every format.

use std::collections::BTreeMap;

use super::json::document::VERSION;
use super::json::{ErrorJson, OrphanJson, OrphansJson, SparedJson};
use super::markdown::unread;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::cost::Prices;
use crate::domain::ids::AccountId;
use crate::domain::orphan::{Orphan, Spared};
use crate::domain::problem::PlaceError;
use crate::domain::snapshot::delete_line;

/// Writes orphans to stdout, and snapshots that look like one but stay. JSON documents also have the failed places.
pub fn orphans(
    printer: &Printer,
    orphans: &[&Orphan],
    spared: &[Spared],
    errors: &[PlaceError],
    prices: Prices,
) -> anyhow::Result<()> {
    let items = || orphans.iter().map(|orphan| json(orphan));
    printer.each(|printer| match printer.format() {
        Format::Json => {
            let size_gib = orphans.iter().map(|orphan| orphan.snapshot.size_gib).sum();
            printer.json(&OrphansJson {
                version: VERSION,
                snapshots: items().collect(),
                kept: spared.iter().map(spared_json).collect(),
                errors: errors.iter().map(ErrorJson::new).collect(),
                size_gib,
                monthly_saving_usd_at_most: prices.monthly(orphans.iter().map(|o| (&o.region, o.snapshot.size_gib))),
            })
        }
        Format::Jsonl => printer.jsonl(items()),
        Format::Ids => printer.ids(orphans.iter().map(|orphan| &orphan.snapshot.id)),
        Format::Csv => {
            let mut sheet =
                Sheet::new(["id", "region", "size_gib", "started_at", "reason", "result", "error", "account"]);
            let row = |o: OrphanJson<'_>| {
                let error = o.error.map(|e| format!("{}: {}", e.code, e.message)).unwrap_or_default();
                let started = o.started_at.unwrap_or_default();
                let size = o.size_gib.to_string();
                [
                    o.id.into(),
                    o.region.into(),
                    size.into(),
                    started.into(),
                    o.reason.into(),
                    o.result.into(),
                    error.into(),
                    o.account.unwrap_or_default().into(),
                ]
            };
            sheet.rows = items().map(|item| row(item).to_vec()).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["SNAPSHOT", "ACCOUNT", "REGION", "SIZE", "WHY", "RESULT"]);
            sheet.rows = orphans.iter().map(|orphan| row(orphan)).chain(spared.iter().map(spared_row)).collect();
            let mut accounts = orphans.iter().map(|o| &o.account).chain(spared.iter().map(|s| &s.account));
            let first = accounts.next();
            if accounts.all(|account| Some(account) == first) {
                sheet = sheet.without(&["ACCOUNT"]);
            }
            printer.table(sheet.summed(summary(orphans, prices)).noted(unread(errors)), &["REGION", "ACCOUNT"])
        }
    })
}

/// The orphans in one line: how many, and what they may cost; or what became of them.
pub fn summary(orphans: &[&Orphan], prices: Prices) -> String {
    let gib: i64 = orphans.iter().map(|orphan| orphan.snapshot.size_gib).sum();
    let dollars = prices.monthly(orphans.iter().map(|orphan| (&orphan.region, orphan.snapshot.size_gib)));
    let what = match orphans.len() {
        0 => return "no orphaned snapshots".to_owned(),
        1 => format!("1 orphaned snapshot of {gib} GiB: up to ${dollars:.2} a month"),
        n => format!("{n} orphaned snapshots of {gib} GiB: up to ${dollars:.2} a month"),
    };
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    orphans.iter().for_each(|orphan| *ends.entry(orphan.result().0).or_default() += 1);
    ends.remove("planned");
    let ends: Vec<_> = ends.iter().map(|(word, count)| format!("{count} {word}")).collect();
    if ends.is_empty() { what } else { format!("{what}; {}", ends.join(", ")) }
}

fn json(orphan: &Orphan) -> OrphanJson<'_> {
    let (result, problem) = orphan.result();
    OrphanJson {
        id: orphan.snapshot.id.as_str(),
        account: orphan.account.as_ref().map(AccountId::as_str),
        region: orphan.region.as_str(),
        size_gib: orphan.snapshot.size_gib,
        started_at: orphan.snapshot.started_at.map(super::json::document::time),
        tags: &orphan.snapshot.tags,
        reason: &orphan.why,
        result,
        error: problem.map(super::json::problem),
    }
}

fn spared_json(spared: &Spared) -> SparedJson<'_> {
    SparedJson {
        id: spared.snapshot.id.as_str(),
        account: spared.account.as_ref().map(AccountId::as_str),
        region: spared.region.as_str(),
        size_gib: spared.snapshot.size_gib,
        started_at: spared.snapshot.started_at.map(super::json::document::time),
        tags: &spared.snapshot.tags,
        code: spared.why.code(),
        reason: spared.why.to_string(),
        remove: delete_line(&spared.region, &spared.snapshot.id),
    }
}

fn spared_row(spared: &Spared) -> Vec<Cell> {
    vec![
        spared.snapshot.id.as_str().into(),
        spared.account.as_ref().map_or("unknown", AccountId::as_str).into(),
        spared.region.as_str().into(),
        format!("{} GiB", spared.snapshot.size_gib).into(),
        spared.why.to_string().into(),
        Cell::toned(format!("kept: {}", spared.why.code()), Tone::Kept),
    ]
}

fn row(orphan: &Orphan) -> Vec<Cell> {
    let result = match orphan.result() {
        ("planned", _) => Cell::toned("would be deleted", Tone::Notice),
        ("deleted", _) => Cell::toned("deleted", Tone::Good),
        (word, problem) => {
            let why = problem.map(|p| format!(": {}", p.message)).unwrap_or_default();
            Cell::toned(format!("{word}{why}"), Tone::Bad)
        }
    };
    vec![
        orphan.snapshot.id.as_str().into(),
        orphan.account.as_ref().map_or("unknown", AccountId::as_str).into(),
        orphan.region.as_str().into(),
        format!("{} GiB", orphan.snapshot.size_gib).into(),
        orphan.why.as_str().into(),
        result,
    ]
}
