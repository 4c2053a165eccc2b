//! The end of deregistrations, watched to their end: whether the images are gone, and their snapshots with them.
//! Deletes what EC2 has left although it should be gone, and names what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

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

/// EC2 takes minutes to notice that the image of a snapshot is gone, in seconds.
const IN_USE_PAUSES: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];
/// So long EC2 may show an image after it accepted that it goes.
const SHOWN_FOR: Duration = Duration::from_secs(120);
/// So often images are looked at before EC2 is asked about those that it shows.
const LOOKS: usize = 3;
/// So long an image is watched of which nobody knows whether EC2 heard that it is to go.
const LOST_FOR: Duration = Duration::from_secs(15);
/// How many snapshots are deleted at a time, and how many images asked about.
const SIDE_BY_SIDE: usize = 10;

/// Looks again at images that were asked to go, in one place. The outcomes come in the order of `asked`. When the user
/// wants to stop, what EC2 has not finished by then is told of as left.
pub async fn settle(target: &Target, asked: &[(Removal, Said)], stop: &Stop, watch: Option<Watch<'_>>) -> Vec<Outcome> {
    let shown = shown(target, asked, stop, watch).await;
    let verdicts: Vec<_> = asked.iter().map(|(removal, said)| (removal, verdict(removal, said, &shown))).collect();
    let gone: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(removal, _)| *removal).collect();
    let wanted: Vec<SnapshotId> = gone.iter().flat_map(|removal| removal.delete.iter().cloned()).collect();
    let left: Result<BTreeSet<_>, _> =
        snapshots::existing(target, &wanted).await.map(|found| found.into_iter().map(|s| s.id).collect());
    let late = late(target, &gone).await;
    let each = verdicts.into_iter().map(|(removal, verdict)| {
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
    futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await
}

/// Whether EC2 may have deregistered the image, whatever became of its answer.
fn may_be_gone(said: &Said) -> bool {
    let lost = |error: &ApiError| error.answer_lost || error.is(UNAVAILABLE) || error.is("InvalidAMIID.NotFound");
    said.as_ref().map_or_else(lost, |_| true)
}

/// Whether EC2 has said that the image goes, or is gone.
fn accepted(said: &Said) -> bool {
    said.as_ref().map_or_else(|error| error.is(UNAVAILABLE), |_| true)
}

/// Those of the images that EC2 shows as registered, after it had time to notice that they are not.
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

/// Those of which EC2 says that they are gone, though it lists them. It says so when it is asked whether it would
/// deregister them once more. Of images that were still being made, its words may mean something else.
async fn gone_all_the_same(target: &Target, left: &[&(Removal, Said)]) -> Vec<ImageId> {
    let settled = left.iter().filter(|(removal, _)| !removal.image.state.may_become_available());
    let each = settled.map(|(removal, said)| async move {
        let gone = said.as_ref().is_err_and(|error| error.is(UNAVAILABLE)) || says_gone(target, removal).await;
        gone.then(|| removal.image.id.clone())
    });
    let each: Vec<_> = futures::stream::iter(each).buffer_unordered(SIDE_BY_SIDE).collect().await;
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
            // Another image has been made of it since the plan, unless EC2 has not noticed yet that one is gone.
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

/// The snapshots that EC2 says it made for images which were not finished when they went: it may have told of them
/// only later, or not at all.
async fn late(target: &Target, gone: &[&Removal]) -> Result<Vec<Snapshot>, ApiError> {
    let unfinished = gone.iter().filter(|removal| removal.is_unfinished());
    snapshots::speaking_of(target, &unfinished.map(|removal| removal.image.id.clone()).collect::<Vec<_>>()).await
}

/// Deletes those of an image that nobody knew of when it went, or keeps them where the user keeps all. What is only a
/// copy by its description is named and stays. Says what may be left beside.
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

/// Whether EC2 takes a snapshot for used because of a setting of it, fast restores, and not for an image: that does not
/// pass, and costs more than the snapshot.
fn by_setting(message: &str) -> bool {
    message.to_ascii_lowercase().contains("fast")
}

/// Deletes a snapshot, with patience while EC2 takes it for used.
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

/// The outcome of an image that is gone.
fn finished(removal: &Removal, results: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
    let failed = results.iter().find_map(|(id, result)| {
        let Problem { code, message } = result.problem()?.clone();
        Some(Problem { code, message: format!("the image is deregistered, but {id} is left: {message}") })
    });
    outcome(removal, failed.map_or(Status::Done, Status::Failed), results)
}
