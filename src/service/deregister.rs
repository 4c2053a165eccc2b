//! Deregistering an image together with the snapshots that nothing else needs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::error::{ApiError, api, dry_run};
use super::images;
use super::snapshots;
use super::target::Target;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::{Image, State};
use crate::domain::plan::Action;
use crate::domain::report::{Outcome, Problem, SnapshotResult, Status};

const CALL: &str = "DeregisterImage";
const IN_USE: &str = "InvalidSnapshot.InUse";

/// EC2 takes minutes to notice that the image of a snapshot is gone.
const IN_USE_PAUSES: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];
/// How long a deregistered image may still be shown.
const GONE_PAUSES: [u64; 5] = [0, 1, 2, 4, 8];

/// An image that is to go, and what becomes of its snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The image.
    pub image: Image,
    /// Snapshots that go with it.
    pub delete: Vec<SnapshotId>,
    /// Snapshots that other images are made of.
    pub shared: Vec<SnapshotId>,
    /// Snapshots the user wants to keep.
    pub keep: Vec<SnapshotId>,
}

impl Removal {
    /// Decides for each snapshot of the image; `needed` are those that images which stay are made of.
    pub fn new(image: Image, needed: &BTreeSet<SnapshotId>, keep_snapshots: bool) -> Self {
        let ids: BTreeSet<SnapshotId> = image.snapshots.iter().map(|s| s.id.clone()).collect();
        let (shared, free): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| needed.contains(id));
        let (delete, keep) = if keep_snapshots { (Vec::new(), free) } else { (free, Vec::new()) };
        Self { image, delete, shared, keep }
    }
}

impl Removal {
    /// Deletes no other snapshots than these, which were shown to the user.
    pub fn only(&mut self, shown: &[SnapshotId]) {
        let (delete, keep): (Vec<_>, _) =
            std::mem::take(&mut self.delete).into_iter().partition(|id| shown.contains(id));
        self.delete = delete;
        self.keep.extend(keep);
    }

    fn takes_all(&self) -> bool {
        !self.delete.is_empty() && self.shared.is_empty() && self.keep.is_empty()
    }
}

/// Orders removals so that a snapshot of several images goes with the last of them: each batch is to be worked on
/// in order, and batches have no snapshot in common.
pub fn batches(removals: Vec<Removal>) -> Vec<Vec<Removal>> {
    let mut batch_of: BTreeMap<SnapshotId, usize> = BTreeMap::new();
    let mut batches: Vec<Vec<Removal>> = Vec::new();
    for removal in removals {
        let joined: BTreeSet<usize> = removal.delete.iter().filter_map(|id| batch_of.get(id).copied()).collect();
        let home = joined.first().copied().unwrap_or(batches.len());
        if home == batches.len() {
            batches.push(Vec::new());
        }
        for other in joined.into_iter().skip(1) {
            let moved = std::mem::take(&mut batches[other]);
            batches[home].extend(moved);
        }
        // Those before leave the snapshots they have in common with this one to this one.
        for earlier in &mut batches[home] {
            let (later, own): (Vec<_>, _) =
                std::mem::take(&mut earlier.delete).into_iter().partition(|id| removal.delete.contains(id));
            earlier.delete = own;
            earlier.shared.extend(later);
        }
        batches[home].push(removal);
        for member in &batches[home] {
            batch_of.extend(member.delete.iter().chain(&member.shared).map(|id| (id.clone(), home)));
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// Asks EC2 whether the image could be deregistered and its snapshots deleted; changes nothing.
pub async fn check(target: &Target, removal: &Removal) -> Result<(), ApiError> {
    dry_run(CALL, &target.region, send(target, removal, true).await)?;
    for snapshot in &removal.delete {
        snapshots::delete_dry_run(target, snapshot).await?;
    }
    Ok(())
}

/// Removes the image and its snapshots, and looks again whether they are gone.
pub async fn run(target: &Target, removal: &Removal) -> Outcome {
    let said = match send(target, removal, false).await {
        Ok(said) => said,
        // What an answer that was lost, or an earlier run, leaves behind.
        Err(error) if error.is("InvalidAMIID.Unavailable") || error.is("InvalidAMIID.NotFound") => BTreeMap::new(),
        Err(error) => match still_there(target, &removal.image.id).await {
            Ok(false) if error.answer_lost => BTreeMap::new(),
            _ => return outcome(removal, Status::Failed(error.problem()), Vec::new()),
        },
    };
    match still_there(target, &removal.image.id).await {
        Ok(false) => {}
        Ok(true) => {
            let message = format!("EC2 accepted the call, but {} is still there", removal.image.id);
            let problem = Problem { code: "StillRegistered".to_owned(), message };
            return outcome(removal, Status::Failed(problem), Vec::new());
        }
        Err(error) => return outcome(removal, Status::Failed(error.problem()), Vec::new()),
    }
    let results = settle(target, removal, &said).await;
    let failed = results.iter().find_map(|(id, result)| match result {
        SnapshotResult::Failed(problem) => Some(Problem {
            code: problem.code.clone(),
            message: format!("the image is deregistered, but {id} is left: {}", problem.message),
        }),
        SnapshotResult::Deleted | SnapshotResult::KeptShared | SnapshotResult::Kept => None,
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
    Outcome {
        account: removal.image.owner.clone(),
        region: removal.image.region.clone(),
        image_id: removal.image.id.clone(),
        name: removal.image.name.clone(),
        status,
        snapshots,
    }
}

/// What EC2 says of each snapshot: it answers 200 even when some could not be deleted.
async fn send(target: &Target, removal: &Removal, dry_run: bool) -> Result<BTreeMap<SnapshotId, String>, ApiError> {
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

/// A deregistered image may be shown for a moment longer.
async fn still_there(target: &Target, id: &ImageId) -> Result<bool, ApiError> {
    for pause in GONE_PAUSES {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        match images::by_ids(target, std::slice::from_ref(id)).await {
            Ok(found) if found.iter().all(|image| image.state == State::Deregistered) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.is("InvalidAMIID.NotFound") || error.is("InvalidAMIID.Unavailable") => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Looks at every snapshot again, and deletes what EC2 has left although it should be gone.
async fn settle(
    target: &Target,
    removal: &Removal,
    said: &BTreeMap<SnapshotId, String>,
) -> Vec<(SnapshotId, SnapshotResult)> {
    let mut results: Vec<_> = removal.shared.iter().map(|id| (id.clone(), SnapshotResult::KeptShared)).collect();
    results.extend(removal.keep.iter().map(|id| (id.clone(), SnapshotResult::Kept)));
    let left: Result<BTreeSet<_>, _> =
        snapshots::existing(target, &removal.delete).await.map(|found| found.into_iter().map(|s| s.id).collect());
    for id in &removal.delete {
        let result = match &left {
            Err(error) => SnapshotResult::Failed(error.problem()),
            Ok(left) if !left.contains(id) => SnapshotResult::Deleted,
            // Another image has been made of it since the plan.
            Ok(_) if said.get(id).is_some_and(|code| code == "skipped") => SnapshotResult::KeptShared,
            Ok(_) => delete(target, id).await,
        };
        results.push((id.clone(), result));
    }
    results
}

async fn delete(target: &Target, id: &SnapshotId) -> SnapshotResult {
    for pause in IN_USE_PAUSES {
        match snapshots::delete(target, id).await {
            Ok(()) => return SnapshotResult::Deleted,
            Err(error) if error.is(IN_USE) => tokio::time::sleep(Duration::from_secs(pause)).await,
            Err(error) => return SnapshotResult::Failed(error.problem()),
        }
    }
    match snapshots::delete(target, id).await {
        Ok(()) => SnapshotResult::Deleted,
        Err(error) => SnapshotResult::Failed(error.problem()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::ImageSnapshot;
    use crate::domain::image::testing::image;

    fn snapshot(n: u32) -> SnapshotId {
        format!("snap-{n:017x}").parse().unwrap()
    }

    fn removal(id: u32, snapshots: &[u32]) -> Removal {
        let mut image = image(id, "web-v1-2026-01-02");
        let made_of =
            |n: &u32| ImageSnapshot { id: snapshot(*n), device: String::new(), size_gib: 8, encrypted: false };
        image.snapshots = snapshots.iter().map(made_of).collect();
        Removal::new(image, &BTreeSet::new(), false)
    }

    #[test]
    fn a_snapshot_in_common_goes_with_the_last_image() {
        let found = batches(vec![removal(1, &[1, 2]), removal(2, &[3]), removal(3, &[2, 4]), removal(4, &[4, 3])]);
        assert_eq!(found.len(), 1);
        let deletes: Vec<_> = found[0].iter().map(|r| r.delete.clone()).collect();
        let once: Vec<_> = deletes.iter().flatten().collect();
        assert_eq!(once.iter().collect::<BTreeSet<_>>().len(), once.len());
        assert_eq!(deletes.last(), Some(&vec![snapshot(3), snapshot(4)]));
    }

    #[test]
    fn images_with_nothing_in_common_are_worked_on_side_by_side() {
        let found = batches(vec![removal(1, &[1]), removal(2, &[2]), removal(3, &[])]);
        assert_eq!(found.len(), 3);
        assert!(found[0][0].takes_all() && !found[2][0].takes_all());
    }

    #[test]
    fn what_others_need_and_what_the_user_keeps_is_not_deleted() {
        let image = removal(1, &[1, 2]).image;
        let needed = BTreeSet::from([snapshot(2)]);
        let shared = Removal::new(image.clone(), &needed, false);
        assert_eq!((shared.delete.clone(), shared.shared.clone()), (vec![snapshot(1)], vec![snapshot(2)]));
        assert!(!shared.takes_all());
        let kept = Removal::new(image, &needed, true);
        assert_eq!((kept.delete.len(), kept.shared.len(), kept.keep), (0, 1, vec![snapshot(1)]));
    }
}
