//! Orphaned snapshots, and what became of them, in every format.

use super::json::{OrphanJson, OrphansJson, VERSION};
use super::table::{Cell, Sheet, Tone};
use super::{Format, Printer};
use crate::domain::cost::Prices;
use crate::domain::region::Region;
use crate::domain::report::{Problem, SnapshotResult};
use crate::domain::snapshot::Snapshot;

/// An orphaned snapshot.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// Where it is.
    pub region: Region,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Why it is one.
    pub why: String,
    /// What became of it, once something was done.
    pub result: Option<SnapshotResult>,
}

impl Orphan {
    fn result(&self) -> (&'static str, Option<&Problem>) {
        match &self.result {
            None => ("planned", None),
            Some(SnapshotResult::Deleted) => ("deleted", None),
            Some(SnapshotResult::Kept | SnapshotResult::KeptShared | SnapshotResult::Restored) => ("kept", None),
            Some(SnapshotResult::Failed(problem)) => ("failed", Some(problem)),
        }
    }
}

/// Writes orphans to stdout.
pub fn orphans(printer: &Printer, orphans: &[Orphan], prices: Prices) -> anyhow::Result<()> {
    let items = || orphans.iter().map(json);
    match printer.format() {
        Format::Json => {
            let size_gib = orphans.iter().map(|orphan| orphan.snapshot.size_gib).sum();
            printer.json(&OrphansJson {
                version: VERSION,
                snapshots: items().collect(),
                size_gib,
                monthly_saving_usd_at_most: prices.monthly(orphans.iter().map(|o| (&o.region, o.snapshot.size_gib))),
            })
        }
        Format::Jsonl => printer.jsonl(items()),
        Format::Ids => printer.ids(orphans.iter().map(|orphan| &orphan.snapshot.id)),
        Format::Csv => {
            let mut sheet = Sheet::new(["id", "region", "size_gib", "started_at", "reason", "result", "error"]);
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
                ]
            };
            sheet.rows = items().map(|item| row(item).to_vec()).collect();
            printer.csv(&sheet)
        }
        Format::Table if orphans.is_empty() => Ok(()),
        Format::Table => {
            let mut sheet = Sheet::new(["SNAPSHOT", "REGION", "SIZE", "WHY", "RESULT"]);
            sheet.rows = orphans.iter().map(row).collect();
            printer.table(sheet, &["REGION"])
        }
    }
}

fn json(orphan: &Orphan) -> OrphanJson<'_> {
    let (result, problem) = orphan.result();
    OrphanJson {
        id: orphan.snapshot.id.as_str(),
        region: orphan.region.as_str(),
        size_gib: orphan.snapshot.size_gib,
        started_at: orphan.snapshot.started_at.map(super::json::time),
        reason: &orphan.why,
        result,
        error: problem.map(super::json::problem),
    }
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
        orphan.region.as_str().into(),
        format!("{} GiB", orphan.snapshot.size_gib).into(),
        orphan.why.as_str().into(),
        result,
    ]
}
