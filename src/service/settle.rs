//! The second half of deregistrations: confirms them, and deletes the snapshots EC2 left.
//!
//! Deletes the snapshots that EC2 left behind, and reports what remains.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

use super::client::concurrency::{self, CALLS};
use super::client::error::ApiError;
use super::client::patience::{Over, Patience, Pauses, Progress, Watch};
use super::client::stop::Stop;
use super::client::target::Target;
use super::deregister::{Said, UNAVAILABLE, keep_tag, outcome, says_gone};
use super::images::{self, Query};
use super::{snapshots, tags};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::State;
use crate::domain::orphan;
use crate::domain::problem::Problem;
use crate::domain::removal::Removal;
use crate::domain::report::{Outcome, SnapshotResult, Status};
use crate::domain::snapshot::{Snapshot, search_line};

const IN_USE: &str = "InvalidSnapshot.InUse";

/// The pauses in seconds between tries to delete a snapshot: EC2 may take minutes to notice that its image is
/// deregistered.
const IN_USE_PAUSES: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];
/// The time for which EC2 may list an image after accepting its deregistration.
const SHOWN_FOR: Duration = Duration::from_secs(120);
/// The number of reads before EC2 is asked about images that it still lists.
const LOOKS: usize = 3;
/// The time for which an image is watched if EC2's answer was lost.
const LOST_FOR: Duration = Duration::from_secs(15);

/// Confirms the deregistrations of one place. The outcomes are in the order of `asked`. After a stop signal, what EC2
/// has not finished is reported as left.
pub async fn settle(target: &Target, asked: &[(Removal, Said)], stop: &Stop, watch: Option<Watch<'_>>) -> Vec<Outcome> {
    let shown = shown(target, asked, stop, watch).await;
    let verdicts: Vec<_> = asked.iter().map(|(removal, said)| (removal, verdict(removal, said, &shown))).collect();
    let gone: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(removal, _)| *removal).collect();
    let wanted: Vec<SnapshotId> = gone.iter().flat_map(|removal| removal.delete.iter().cloned()).collect();
    let left: Result<BTreeSet<_>, _> =
        snapshots::existing(target, &wanted).await.map(|found| found.into_iter().map(|s| s.id).collect());
    let late = late(target, &gone).await;
    let each = concurrency::each(CALLS, verdicts, |(removal, verdict)| {
        let (left, late) = (&left, &late);
        async move {
            match verdict {
                Err(Left { problem, accepted }) => {
                    Outcome { changed: accepted, ..outcome(removal, Status::Failed(problem), Vec::new()) }
                }
                Ok(said) => {
                    let mut results = settle_snapshots(target, removal, &said, left, stop).await;
                    let detail = settle_late(target, removal, late, stop, &mut results).await;
                    Outcome { detail, ..finished(removal, results) }
                }
            }
        }
    });
    each.await
}

/// Whether EC2 may have deregistered the image, whatever its answer.
fn may_be_gone(said: &Said) -> bool {
    let lost = |error: &ApiError| error.answer_lost || error.is(UNAVAILABLE) || error.is("InvalidAMIID.NotFound");
    said.as_ref().map_or_else(lost, |_| true)
}

/// Whether EC2 accepted the deregistration, or says it was done before.
fn accepted(said: &Said) -> bool {
    said.as_ref().map_or_else(|error| error.is(UNAVAILABLE), |_| true)
}

/// The images that EC2 still lists as registered, after it had time to update.
async fn shown(
    target: &Target,
    asked: &[(Removal, Said)],
    stop: &Stop,
    watch: Option<Watch<'_>>,
) -> Result<BTreeMap<ImageId, State>, ApiError> {
    let patience = Patience { until: Instant::now() + SHOWN_FOR, stop: stop.clone() };
    let (began, mut pauses) = (Instant::now(), Pauses::new(&patience));
    let mut left: Vec<_> = asked.iter().filter(|(_, said)| may_be_gone(said)).collect();
    let (total, mut looks, mut last) = (left.len().max(1), 0, false);
    loop {
        let mut shown = listed(target, left.iter().map(|(removal, _)| &removal.image.id)).await?;
        left.retain(|(removal, _)| shown.contains_key(&removal.image.id));
        looks += 1;
        if looks >= LOOKS {
            for id in gone_all_the_same(target, &left).await {
                shown.remove(&id);
            }
            left.retain(|(removal, _)| shown.contains_key(&removal.image.id));
        }
        let waits = left.iter().any(|(_, said)| accepted(said) || began.elapsed() < LOST_FOR);
        if last || !waits {
            return Ok(shown);
        }
        if let Some(watch) = watch {
            let gone = (total - left.len()) * 100 / total;
            let images = if left.len() == 1 { "1 image".to_owned() } else { format!("{} images", left.len()) };
            watch(Progress { percent: u8::try_from(gone).ok(), doing: format!("EC2 still shows {images}") });
        }
        match pauses.pause().await {
            Ok(()) => {}
            Err(Over::TimedOut) => last = true,
            Err(Over::Interrupted) => return Ok(shown),
        }
    }
}

/// The listed images that EC2 says are deregistered, asked by a dry run of another deregistration. For images still
/// being created that answer may mean something else.
async fn gone_all_the_same(target: &Target, left: &[&(Removal, Said)]) -> Vec<ImageId> {
    let settled = left.iter().filter(|(removal, _)| !removal.image.state.may_become_available());
    let each = concurrency::as_done(CALLS, settled, |(removal, said)| async move {
        let gone = said.as_ref().is_err_and(|error| error.is(UNAVAILABLE)) || says_gone(target, removal).await;
        gone.then(|| removal.image.id.clone())
    });
    let each: Vec<_> = each.collect().await;
    each.into_iter().flatten().collect()
}

async fn listed(target: &Target, ids: impl Iterator<Item = &ImageId>) -> Result<BTreeMap<ImageId, State>, ApiError> {
    let ids: Vec<_> = ids.map(ToString::to_string).collect();
    let mut shown = BTreeMap::new();
    for chunk in ids.chunks(images::FILTER_VALUES) {
        let found = images::find(target, &Query::own().filter("image-id", chunk.to_vec())).await?;
        shown.extend(found.into_iter().filter(|i| i.state != State::Deregistered).map(|i| (i.id, i.state)));
    }
    Ok(shown)
}

/// An image that does not count as deregistered.
struct Left {
    problem: Problem,
    /// Whether EC2 may have deregistered it all the same.
    accepted: bool,
}

/// EC2's answers for the snapshots of a deregistered image, or why it does not count as deregistered.
fn verdict(
    removal: &Removal,
    said: &Said,
    shown: &Result<BTreeMap<ImageId, State>, ApiError>,
) -> Result<BTreeMap<SnapshotId, String>, Left> {
    let id = &removal.image.id;
    let refused = |error: &ApiError| Left { problem: error.problem(), accepted: false };
    if let Err(error) = said
        && !may_be_gone(said)
    {
        return Err(refused(error));
    }
    let snapshots: String = removal.delete.iter().map(|snapshot| format!(", {snapshot}")).collect();
    let what = if said.is_ok() { "EC2 accepted the call" } else { "EC2 may have deregistered it" };
    match (said, shown.as_ref().map(|shown| shown.contains_key(id))) {
        (Ok(said), Ok(false)) => Ok(said.clone()),
        (Err(_), Ok(false)) => Ok(BTreeMap::new()),
        (Err(error), Ok(true)) => Err(refused(error)),
        (Ok(_), Ok(true)) => {
            let message = format!("{what}, but EC2 still shows {id}, and may still have its snapshots{snapshots}");
            Err(Left { problem: Problem { code: "StillRegistered".to_owned(), message }, accepted: true })
        }
        (_, Err(error)) => {
            let message = format!("{what}, but the state of {id}{snapshots} could not be read: {}", error.message);
            Err(Left { problem: Problem { code: error.code.clone(), message }, accepted: true })
        }
    }
}

async fn settle_snapshots(
    target: &Target,
    removal: &Removal,
    said: &BTreeMap<SnapshotId, String>,
    left: &Result<BTreeSet<SnapshotId>, ApiError>,
    stop: &Stop,
) -> Vec<(SnapshotId, SnapshotResult)> {
    let mut results: Vec<_> = removal.shared.iter().map(|id| (id.clone(), SnapshotResult::KeptShared)).collect();
    results.extend(removal.keep.iter().map(|id| (id.clone(), SnapshotResult::Kept)));
    results.extend(removal.spared.iter().cloned());
    for id in &removal.delete {
        let result = match left {
            Err(error) => SnapshotResult::Failed(error.problem()),
            Ok(left) if !left.contains(id) => SnapshotResult::Deleted,
            // Another image uses it since the plan was made, unless EC2 has not yet noticed a deregistration.
            Ok(_) if said.get(id).is_some_and(|code| code == "skipped") => {
                match delete(target, id, &IN_USE_PAUSES[..3], stop).await {
                    SnapshotResult::Failed(problem) if problem.code == IN_USE && !by_setting(&problem.message) => {
                        SnapshotResult::KeptShared
                    }
                    result => result,
                }
            }
            Ok(_) => delete(target, id, &IN_USE_PAUSES, stop).await,
        };
        results.push((id.clone(), result));
    }
    results
}

/// The snapshots whose description names an image that was deregistered while unfinished: EC2 may have listed them only
/// later, or not at all.
async fn late(target: &Target, gone: &[&Removal]) -> Result<Vec<Snapshot>, ApiError> {
    let unfinished = gone.iter().filter(|removal| removal.is_unfinished());
    snapshots::speaking_of(target, &unfinished.map(|removal| removal.image.id.clone()).collect::<Vec<_>>()).await
}

/// Deletes the late snapshots of an image, or keeps them if the user keeps all. A snapshot that is only a copy by its
/// description is reported and stays. Reports what else may be left.
async fn settle_late(
    target: &Target,
    removal: &Removal,
    late: &Result<Vec<Snapshot>, ApiError>,
    stop: &Stop,
    results: &mut Vec<(SnapshotId, SnapshotResult)>,
) -> Option<String> {
    if !removal.is_unfinished() {
        return None;
    }
    let id = &removal.image.id;
    let search = search_line(&removal.image.region, id);
    let found = match late {
        Ok(found) => found,
        Err(error) => {
            return Some(format!("whether EC2 made snapshots for it is unknown ({error}); look with: {search}"));
        }
    };
    let own = found.iter().filter(|snapshot| orphan::made_for(&snapshot.description).as_ref() == Some(id));
    let new: Vec<_> = own.filter(|snapshot| !results.iter().any(|(known, _)| *known == snapshot.id)).collect();
    for snapshot in new {
        let result = match (removal.keep_all, orphan::is_created(snapshot)) {
            (true, _) => match tags::add(target, &[&snapshot.id], &keep_tag(id)).await {
                Ok(()) => SnapshotResult::Kept,
                Err(error) => SnapshotResult::Failed(error.problem()),
            },
            (false, true) => delete(target, &snapshot.id, &IN_USE_PAUSES, stop).await,
            (false, false) => {
                SnapshotResult::KeptUnverified("only its description says that it was made for the image".into())
            }
        };
        results.push((snapshot.id.clone(), result));
    }
    let more = removal.image.state.may_become_available();
    more.then(|| format!("it was {}, and EC2 may make a snapshot for it yet; look with: {search}", removal.image.state))
}

/// Whether EC2 treats a snapshot as in use because of fast snapshot restore, not because of an image: that does not
/// pass, and costs more than the snapshot.
fn by_setting(message: &str) -> bool {
    message.to_ascii_lowercase().contains("fast")
}

/// Deletes a snapshot, retrying while EC2 treats it as in use.
async fn delete(target: &Target, id: &SnapshotId, pauses: &[u64], stop: &Stop) -> SnapshotResult {
    let patience = Patience { until: Instant::now() + Duration::from_hours(1), stop: stop.clone() };
    for pause in pauses {
        match snapshots::delete(target, id).await {
            Ok(()) => return SnapshotResult::Deleted,
            Err(error) if error.is(IN_USE) && !by_setting(&error.message) => {
                if patience.unless_over(tokio::time::sleep(Duration::from_secs(*pause))).await.is_err() {
                    return SnapshotResult::Failed(error.problem());
                }
            }
            Err(error) => return SnapshotResult::Failed(error.problem()),
        }
    }
    match snapshots::delete(target, id).await {
        Ok(()) => SnapshotResult::Deleted,
        Err(error) => SnapshotResult::Failed(error.problem()),
    }
}

/// The outcome for a deregistered image.
fn finished(removal: &Removal, results: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
    let failed = results.iter().find_map(|(id, result)| {
        let Problem { code, message } = result.problem()?.clone();
        Some(Problem { code, message: format!("the image is deregistered, but {id} is left: {message}") })
    });
    outcome(removal, failed.map_or(Status::Done, Status::Failed), results)
}
