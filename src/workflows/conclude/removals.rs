//! The end of a run that deregisters images or deletes snapshots.

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::domain::ids::SnapshotId;
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};
use crate::domain::snapshot::delete_line;
use crate::workflows::run::context::{Context, tell_errors};

/// The command lines that delete the remaining snapshots of deregistered images, which no image id names any more.
pub fn left_behind(report: &Report) -> Option<String> {
    let several = report.results.windows(2).any(|pair| pair[0].account != pair[1].account);
    let of = |outcome: &Outcome| {
        let account = outcome.account.as_ref().filter(|_| several);
        let within = account.map(|account| format!("in account {account}: ")).unwrap_or_default();
        let by_hand =
            |result: &SnapshotResult| matches!(result, SnapshotResult::Failed(problem) if !problem.is_of_backup());
        let left = outcome.snapshots.iter().filter(|(_, result)| by_hand(result));
        let delete = |id: &SnapshotId| format!("{within}{}", delete_line(&outcome.region, id));
        left.map(|(id, _)| delete(id)).collect::<Vec<_>>()
    };
    let lines: Vec<_> = report.results.iter().flat_map(of).collect();
    (!lines.is_empty()).then(|| format!("delete the remaining snapshots with: {}", lines.join("; ")))
}

/// The images and snapshots that only AWS Backup can delete.
pub fn of_backup(report: &Report) -> Option<String> {
    let mut ids = Vec::new();
    for outcome in &report.results {
        if matches!(&outcome.status, Status::Failed(problem) if problem.is_of_backup() && outcome.snapshots.is_empty())
        {
            ids.push(outcome.image_id.to_string());
        }
        let held =
            |result: &SnapshotResult| matches!(result, SnapshotResult::Failed(problem) if problem.is_of_backup());
        ids.extend(outcome.snapshots.iter().filter(|(_, result)| held(result)).map(|(id, _)| id.to_string()));
    }
    (!ids.is_empty()).then(|| format!("in AWS Backup, delete the recovery points of {}", ids.join(", ")))
}

/// Prints failures and ends the run as the report requires. The default hint, to run the same command again, is for
/// commands that decide anew what to do.
pub fn finish(context: &Context, report: &Report, hint: Option<String>) -> Result<()> {
    for outcome in &report.results {
        if let Status::Failed(problem) | Status::Skipped(problem) = &outcome.status {
            let (id, place) = (&outcome.image_id, &outcome.region);
            context.printer.tell(&format!("{id} in {place}: {} [{}]", problem.message, problem.code));
        }
    }
    tell_errors(context, &report.errors);
    let (done, failed, skipped) = report.counts();
    let message = format!("{done} done, {failed} failed, {skipped} skipped");
    if context.stop.asked() {
        let failure = Failure::interrupted(message);
        return Err(Failure { hint, ..failure }.into());
    }
    match report.failure() {
        None => Ok(()),
        Some(kind) => {
            let removal = report.results.iter().all(|outcome| outcome.verb == Verb::Deregister);
            let code = if removal { "PartialDeregister" } else { "PartialChange" };
            let backup = of_backup(report);
            let again = || backup.is_none().then(|| "run the command again for those that failed".to_owned());
            let hints: Vec<_> = hint.or_else(again).into_iter().chain(backup).collect();
            Err(Failure::new(kind, code, message).hint(hints.join("; ")).into())
        }
    }
}
