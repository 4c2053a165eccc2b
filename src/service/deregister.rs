//! Deregistering images together with the snapshots that nothing else needs.
//!
//! In two steps: [`send`] asks EC2 for each image, [`settle`] looks again at many of them at once, as an answer of
//! EC2 says less than what is there afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;

use super::error::{ApiError, api, dry_run};
use super::images::{self, Query};
use super::removal::Removal;
use super::snapshots;
use super::target::Target;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::State;
use crate::domain::plan::Action;
use crate::domain::report::{Outcome, Problem, SnapshotResult, Status, Verb};

const CALL: &str = "DeregisterImage";
const IN_USE: &str = "InvalidSnapshot.InUse";

/// EC2 takes minutes to notice that the image of a snapshot is gone, in seconds.
const IN_USE_PAUSES: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];
/// How long a deregistered image may still be shown, in seconds.
const GONE_PAUSES: [u64; 5] = [0, 1, 2, 4, 8];
/// How many snapshots are deleted at a time.
const SIDE_BY_SIDE: usize = 10;

/// What EC2 said to the request to deregister an image, snapshot by snapshot: it answers 200 even when some could
/// not be deleted.
pub type Said = Result<BTreeMap<SnapshotId, String>, ApiError>;

/// Asks EC2 whether the image could be deregistered and its snapshots deleted; changes nothing.
pub async fn check(target: &Target, removal: &Removal) -> Result<(), ApiError> {
    dry_run(CALL, &target.region, call(target, removal, true).await)?;
    for snapshot in &removal.delete {
        snapshots::delete_dry_run(target, snapshot).await?;
    }
    Ok(())
}

/// Asks EC2 to deregister an image and delete its snapshots.
pub async fn send(target: &Target, removal: &Removal) -> Said {
    call(target, removal, false).await
}

async fn call(target: &Target, removal: &Removal, dry_run: bool) -> Said {
    let answer = target
        .ec2
        .deregister_image()
        .image_id(removal.image.id.as_str())
        // The flag takes all snapshots of the image. Where one is to stay, those that go are deleted one by one.
        .delete_associated_snapshots(removal.takes_all())
        .dry_run(dry_run)
        .send()
        .await
        .map_err(api(CALL, &target.region))?;
    let said = answer.delete_snapshot_results().iter().filter_map(|r| {
        Some((r.snapshot_id()?.parse().ok()?, r.return_code().map_or("", |code| code.as_str()).to_owned()))
    });
    Ok(said.collect())
}

/// Looks again at images that were asked to go, in one place: whether they are gone, and their snapshots with them.
/// Deletes what EC2 has left although it should be gone. The outcomes come in the order of `asked`.
pub async fn settle(target: &Target, asked: &[(Removal, Said)]) -> Vec<Outcome> {
    let may_be_gone = asked.iter().filter(|(_, said)| said.as_ref().map_or_else(accepted_or_lost, |_| true));
    let present = present(target, may_be_gone.map(|(removal, _)| &removal.image.id).collect()).await;
    let verdicts: Vec<_> = asked.iter().map(|(removal, said)| (removal, verdict(removal, said, &present))).collect();
    let gone = verdicts.iter().filter(|(_, verdict)| verdict.is_ok());
    let wanted: Vec<SnapshotId> = gone.flat_map(|(removal, _)| removal.delete.iter().cloned()).collect();
    let left: Result<BTreeSet<_>, _> =
        snapshots::existing(target, &wanted).await.map(|found| found.into_iter().map(|s| s.id).collect());
    let each = verdicts.into_iter().map(|(removal, verdict)| {
        let left = &left;
        async move {
            match verdict {
                Err(Left { problem, accepted }) => {
                    Outcome { changed: accepted, ..outcome(removal, Status::Failed(problem), Vec::new()) }
                }
                Ok(said) => finished(removal, settle_snapshots(target, removal, &said, left).await),
            }
        }
    });
    futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await
}

/// What an answer that was lost, or an earlier run, leaves behind.
fn accepted_or_lost(error: &ApiError) -> bool {
    error.answer_lost || error.is("InvalidAMIID.Unavailable") || error.is("InvalidAMIID.NotFound")
}

/// Those of the images that EC2 still shows as registered. A deregistered one may be shown for a moment longer.
async fn present(target: &Target, ids: Vec<&ImageId>) -> Result<BTreeSet<ImageId>, ApiError> {
    let mut left: Vec<String> = ids.into_iter().map(ToString::to_string).collect();
    let mut present = BTreeSet::new();
    for pause in GONE_PAUSES {
        if left.is_empty() {
            return Ok(BTreeSet::new());
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
        present.clear();
        for chunk in left.chunks(images::FILTER_VALUES) {
            let found = images::find(target, &Query::own().filter("image-id", chunk.to_vec())).await?;
            present.extend(found.into_iter().filter(|i| i.state != State::Deregistered).map(|i| i.id));
        }
        left = present.iter().map(ToString::to_string).collect();
    }
    Ok(present)
}

/// An image that does not count as gone.
struct Left {
    problem: Problem,
    /// Whether EC2 may have deregistered it all the same.
    accepted: bool,
}

/// What EC2 said of the snapshots of an image that is gone, or why the image does not count as gone.
fn verdict(
    removal: &Removal,
    said: &Said,
    present: &Result<BTreeSet<ImageId>, ApiError>,
) -> Result<BTreeMap<SnapshotId, String>, Left> {
    let id = &removal.image.id;
    let refused = |error: &ApiError| Left { problem: error.problem(), accepted: false };
    if let Err(error) = said
        && !accepted_or_lost(error)
    {
        return Err(refused(error));
    }
    match (said, present.as_ref().map(|present| present.contains(id))) {
        (Ok(said), Ok(false)) => Ok(said.clone()),
        (Err(_), Ok(false)) => Ok(BTreeMap::new()),
        (Err(error), Ok(true)) => Err(refused(error)),
        (Ok(_), Ok(true)) => {
            let message = format!("EC2 accepted the call, but {id} is still there");
            Err(Left { problem: Problem { code: "StillRegistered".to_owned(), message }, accepted: true })
        }
        (_, Err(error)) => {
            let what = if said.is_ok() { "EC2 accepted the call" } else { "EC2 may have deregistered it" };
            let snapshots: String = removal.delete.iter().map(|snapshot| format!(", {snapshot}")).collect();
            let message = format!("{what}, but what became of {id}{snapshots} could not be seen: {}", error.message);
            Err(Left { problem: Problem { code: error.code.clone(), message }, accepted: true })
        }
    }
}

async fn settle_snapshots(
    target: &Target,
    removal: &Removal,
    said: &BTreeMap<SnapshotId, String>,
    left: &Result<BTreeSet<SnapshotId>, ApiError>,
) -> Vec<(SnapshotId, SnapshotResult)> {
    let mut results: Vec<_> = removal.shared.iter().map(|id| (id.clone(), SnapshotResult::KeptShared)).collect();
    results.extend(removal.keep.iter().map(|id| (id.clone(), SnapshotResult::Kept)));
    for id in &removal.delete {
        let result = match left {
            Err(error) => SnapshotResult::Failed(error.problem()),
            Ok(left) if !left.contains(id) => SnapshotResult::Deleted,
            // Another image has been made of it since the plan, unless EC2 has not noticed yet that one is gone.
            Ok(_) if said.get(id).is_some_and(|code| code == "skipped") => {
                match delete(target, id, &IN_USE_PAUSES[..3]).await {
                    SnapshotResult::Failed(problem) if problem.code == IN_USE => SnapshotResult::KeptShared,
                    result => result,
                }
            }
            Ok(_) => delete(target, id, &IN_USE_PAUSES).await,
        };
        results.push((id.clone(), result));
    }
    results
}

/// Deletes a snapshot, with patience while EC2 takes it for used.
async fn delete(target: &Target, id: &SnapshotId, pauses: &[u64]) -> SnapshotResult {
    for pause in pauses {
        match snapshots::delete(target, id).await {
            Ok(()) => return SnapshotResult::Deleted,
            Err(error) if error.is(IN_USE) => tokio::time::sleep(Duration::from_secs(*pause)).await,
            Err(error) => return SnapshotResult::Failed(error.problem()),
        }
    }
    match snapshots::delete(target, id).await {
        Ok(()) => SnapshotResult::Deleted,
        Err(error) => SnapshotResult::Failed(error.problem()),
    }
}

/// The outcome of an image that is gone.
fn finished(removal: &Removal, results: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
    let failed = results.iter().find_map(|(id, result)| match result {
        SnapshotResult::Failed(problem) => Some(Problem {
            code: problem.code.clone(),
            message: format!("the image is deregistered, but {id} is left: {}", problem.message),
        }),
        SnapshotResult::Deleted | SnapshotResult::KeptShared | SnapshotResult::Kept | SnapshotResult::Restored => None,
    });
    outcome(removal, failed.map_or(Status::Done, Status::Failed), results)
}

/// The outcome of a row of a plan that is not carried out any more.
pub fn left_alone(row: &Action, why: Problem) -> Outcome {
    Outcome {
        account: row.account.clone(),
        region: row.region.clone(),
        image_id: row.image_id.clone(),
        name: row.name.clone(),
        verb: row.action.verb(),
        changed: false,
        detail: None,
        status: Status::Skipped(why),
        snapshots: Vec::new(),
    }
}

/// The outcome of an image that could not be worked on.
pub fn failed(removal: &Removal, why: Problem) -> Outcome {
    outcome(removal, Status::Failed(why), Vec::new())
}

/// The outcome of an image that was left alone.
pub fn skipped(removal: &Removal, why: Problem) -> Outcome {
    outcome(removal, Status::Skipped(why), Vec::new())
}

fn outcome(removal: &Removal, status: Status, snapshots: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
    let gone = matches!(status, Status::Done) || !snapshots.is_empty();
    Outcome { snapshots, ..Outcome::new(&removal.image, Verb::Deregister, gone, status) }
}
