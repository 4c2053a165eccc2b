//! The deletion of orphaned snapshots.

use anyhow::Result;

use super::found::FoundOrphan;
use crate::domain::orphan::Orphan;
use crate::domain::problem::Problem;
use crate::domain::report::SnapshotResult;
use crate::journal::Journal;
use crate::service::client::{error, stop};
use crate::service::{Target, snapshots};
use crate::workflows::run::concurrency::{self, SNAPSHOTS};
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::JournalFile;

/// Deletes them, journaling each before and after.
pub async fn delete(context: &Context, found: Vec<FoundOrphan>, journal: &JournalFile) -> Result<Vec<FoundOrphan>> {
    let journal = journal.open(context, found.iter().map(|(target, _)| target)).await?;
    let bar = context.printer.bars().count(found.len() as u64, "deleting snapshots");
    let each = concurrency::each(SNAPSHOTS, found, |(target, mut orphan)| async {
        orphan.result = Some(one(context, &target, &orphan, &journal).await);
        bar.step();
        (target, orphan)
    });
    Ok(each.await)
}

pub async fn one(context: &Context, target: &Target, orphan: &Orphan, journal: &Journal) -> SnapshotResult {
    if context.stop.asked() {
        return SnapshotResult::Kept;
    }
    let place = (orphan.account.as_ref(), orphan.region.as_str(), orphan.snapshot.id.as_str());
    let note = &orphan.snapshot.description;
    let unwritten = |error: std::io::Error, what: &str| {
        let message = format!("the journal cannot be written: {error}; {what}");
        SnapshotResult::Failed(Problem { code: "JournalError".to_owned(), message })
    };
    if let Err(error) = journal.snapshot("begin", place, note, None, context.clock()).await {
        return unwritten(error, "the snapshot was left alone");
    }
    let answer = stop::begin(&context.stop, snapshots::delete(target, &orphan.snapshot.id)).await;
    let error = answer.as_ref().err().map(ToString::to_string);
    if let Err(error) = journal.snapshot("end", place, note, error.as_deref(), context.clock()).await {
        return unwritten(error, "the snapshot was worked on");
    }
    match answer {
        Ok(()) => SnapshotResult::Deleted,
        Err(error) if error::is_interrupted(&error) => SnapshotResult::Kept,
        Err(error) => SnapshotResult::Failed(error.problem()),
    }
}
