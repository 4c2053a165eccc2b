//! The resumption of an interrupted deregistration, from the snapshots in the journal.
//!
//! The image no longer exists; the journal has the snapshots that were to be deleted with it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};

use crate::domain::failure::{Failure, INTERRUPTED};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::orphan::Orphan;
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};
use crate::domain::snapshot_use::stays_by;
use crate::domain::tags::KEEP;
use crate::domain::unfinished::Unfinished;
use crate::service::deregister::keep_tag;
use crate::service::images::{self, Query};
use crate::service::{Target, snapshots, tags};
use crate::workflows::orphans::delete;
use crate::workflows::orphans::found::FoundOrphan;
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::{self, JournalFile};
use crate::workflows::usage::place;
use crate::workflows::usage::snapshots::Naming;

/// The snapshots of one image: results so far, and those still to be deleted.
struct Rest {
    id: ImageId,
    target: Target,
    work: Unfinished,
    results: Vec<(SnapshotId, SnapshotResult)>,
    delete: Vec<Orphan>,
    /// Snapshots to keep at the user's request, which need the tag `amictl:keep`.
    keep: Vec<SnapshotId>,
}

/// The options of the run.
#[derive(Clone, Copy)]
pub struct Ways {
    /// Whether to skip the question.
    pub yes: bool,
    /// Whether it is a dry run.
    pub dry_run: bool,
    /// Whether the user now wants to keep the snapshots.
    pub keep: bool,
}

/// Finishes the deregistrations of images that are not found any more, where the journal has all of them begun and not
/// ended. Otherwise they are `missing`. A dry run has no report.
pub async fn finish(
    context: &Context,
    references: &[ImageRef],
    journal: &JournalFile,
    Ways { yes, dry_run, keep }: Ways,
    missing: Error,
) -> Result<Option<Report>> {
    let gone = missing.downcast_ref::<Failure>().is_some_and(|failure| failure.code == "InvalidAMIID.NotFound");
    let ids = references.iter().map(|reference| match reference {
        ImageRef::Id(id) => Some(id.clone()),
        _ => None,
    });
    let Some(ids) = ids.collect::<Option<BTreeSet<_>>>().filter(|_| gone) else { return Err(missing) };
    let known = journal.unfinished(context, &ids).await?;
    let places = context.session().await?.places().await;
    let targets = &places.targets;
    let unread = places.several.then(|| place::unread_accounts(&places.unentered()));
    let mut work = Vec::new();
    for id in ids {
        let Some((target, unfinished)) = place(targets, known.get(&id)).await else {
            return Err(if journal.is_stderr() { in_a_log(missing) } else { missing });
        };
        work.push((id, target, unfinished));
    }
    let look = async {
        let mut all = Vec::new();
        let regions = work.iter().map(|(_, target, _)| target.region.clone()).collect::<BTreeSet<_>>();
        let naming = Naming::read(targets, &regions.iter().collect(), unread).await;
        for (id, target, unfinished) in work {
            let mut rest = rest(id, target, unfinished, &naming).await?;
            if keep {
                rest.keep.extend(rest.delete.drain(..).map(|orphan| orphan.snapshot.id));
            }
            all.push(rest);
        }
        Ok(all)
    };
    let all: Vec<Rest> = context.unless_stopped(look).await?;
    let going: Vec<_> = all.iter().flat_map(|rest| &rest.delete).collect();
    for orphan in &going {
        context.printer.tell(&format!("{} in {}: {}", orphan.snapshot.id, orphan.region, orphan.why));
    }
    if dry_run {
        for rest in &all {
            for orphan in &rest.delete {
                snapshots::delete_dry_run(&rest.target, &orphan.snapshot.id).await?;
            }
        }
        context.printer.say("dry run: the image is gone; these snapshots would be deleted");
        return Ok(None);
    }
    if !going.is_empty() {
        context.confirm(
            &format!("The image is gone. Delete {} snapshots that are left of it?", going.len()),
            yes,
            "--yes",
        )?;
    }
    carry_out(context, all, journal).await.map(Some)
}

/// Adds to the error that the interrupted run may have its journal in a log.
fn in_a_log(missing: Error) -> Error {
    let hint = "if a run was interrupted while it deregistered the image, give the log that has its journal with \
                --journal FILE";
    match missing.downcast::<Failure>() {
        Ok(failure) => {
            let hints: Vec<_> = failure.hint.clone().into_iter().chain([hint.to_owned()]).collect();
            failure.hint(hints.join("; ")).into()
        }
        Err(missing) => missing,
    }
}

/// The place of an image of an earlier run, if it is a place of this run.
async fn place(targets: &[Target], known: Option<&Unfinished>) -> Option<(Target, Unfinished)> {
    let known = known?;
    for target in targets.iter().filter(|target| target.region == known.region) {
        if known.account.is_none() || target.account().await.ok() == known.account.as_ref() {
            return Some((target.clone(), known.clone()));
        }
    }
    None
}

/// Checks every snapshot that was to be deleted: those now in use or tagged to be kept stay.
async fn rest(id: ImageId, target: Target, work: Unfinished, naming: &Naming) -> Result<Rest> {
    let there = snapshots::existing(&target, &work.delete).await?;
    let needed = images::shared_snapshots(&images::find(&target, &Query::own()).await?, &BTreeSet::new());
    let named = naming.of(&target, &work.delete).await;
    let (mut results, mut delete) = (Vec::new(), Vec::new());
    for snapshot_id in &work.delete {
        let Some(snapshot) = there.iter().find(|snapshot| snapshot.id == *snapshot_id) else {
            results.push((snapshot_id.clone(), SnapshotResult::Deleted));
            continue;
        };
        let stays = match () {
            () if needed.contains(snapshot_id) => Some(SnapshotResult::KeptShared),
            () if snapshot.tags.contains_key(KEEP) => Some(SnapshotResult::Kept),
            () => stays_by(&named.of(snapshot_id), snapshot_id),
        };
        match stays {
            Some(result) => results.push((snapshot_id.clone(), result)),
            None => delete.push(Orphan {
                account: target.account().await.ok().cloned(),
                region: target.region.clone(),
                snapshot: snapshot.clone(),
                why: format!("was to go with {id}, which is gone"),
                result: None,
            }),
        }
    }
    Ok(Rest { id, target, work, results, delete, keep: Vec::new() })
}

async fn carry_out(context: &Context, all: Vec<Rest>, args: &JournalFile) -> Result<Report> {
    let going = all.iter().flat_map(|rest| rest.delete.iter().map(|orphan| (rest.target.clone(), orphan.clone())));
    let done: Vec<FoundOrphan> = delete::delete(context, going.collect(), args).await?;
    let done: BTreeMap<_, _> = done.into_iter().map(|(_, orphan)| (orphan.snapshot.id, orphan.result)).collect();
    let journal = args.open(context, all.iter().map(|rest| &rest.target)).await?;
    let mut report = Report::default();
    for Rest { id, target, work, mut results, delete, keep } in all {
        let marked = tags::add(&target, &keep, &keep_tag(&id)).await;
        let kept = match &marked {
            Ok(()) => SnapshotResult::Kept,
            Err(error) => SnapshotResult::Failed(error.problem()),
        };
        results.extend(keep.into_iter().map(|id| (id, kept.clone())));
        let ended = delete.into_iter().map(|orphan| {
            let result = done.get(&orphan.snapshot.id).cloned().flatten();
            (orphan.snapshot.id, result.unwrap_or(SnapshotResult::Kept))
        });
        let ended: Vec<_> = ended.collect();
        let left = ended.iter().find_map(|(id, result)| Some((id, result.problem()?)));
        let status = match (marked, left) {
            (Err(error), _) => {
                let message = format!("the image is gone, but its snapshots could not be tagged {KEEP}: {error}");
                Status::Failed(Problem { code: error.code, message })
            }
            (Ok(()), Some((left, Problem { code, message }))) => {
                let message = format!("the image is gone, but {left} is left: {message}");
                Status::Failed(Problem { code: code.clone(), message })
            }
            (Ok(()), None) if context.stop.asked() && !ended.is_empty() => {
                let message = "interrupted: run the command again".to_owned();
                Status::Failed(Problem { code: INTERRUPTED.to_owned(), message })
            }
            (Ok(()), None) => Status::Done,
        };
        // `changed: false` would tell the journal that the image still exists, and the next run would find nothing to
        // finish.
        let changed = status != Status::Done || ended.iter().any(|(_, result)| *result == SnapshotResult::Deleted);
        results.extend(ended);
        let outcome = Outcome {
            account: target.account().await.ok().cloned(),
            region: target.region.clone(),
            image_id: id,
            name: work.name,
            tags: Some(work.tags),
            verb: Verb::Deregister,
            changed,
            detail: None,
            status,
            snapshots: results,
        };
        report.results.push(journal::end(context, &journal, outcome).await);
    }
    Ok(report)
}
