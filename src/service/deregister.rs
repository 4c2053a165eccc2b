//! DeregisterImage, with the snapshots that nothing else needs.
//!
//! In two steps: [`send`] asks EC2 for each image, [`settle`](super::settle::settle) then checks many at once, as EC2's
//! answer does not tell the final state.

use std::collections::BTreeMap;

use super::client::error::{ApiError, api, dry_run};
use super::client::target::Target;
use super::{snapshots, tags};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::plan::document::Action;
use crate::domain::problem::Problem;
use crate::domain::removal::Removal;
use crate::domain::report::{Outcome, SnapshotResult, Status, Verb};
use crate::domain::tags::{KEEP, Tags};

const CALL: &str = "DeregisterImage";
/// EC2's code for an image that is already deregistered.
pub(super) const UNAVAILABLE: &str = "InvalidAMIID.Unavailable";

/// EC2's answer to a deregistration, per snapshot: it answers 200 even if some could not be deleted.
pub type Said = Result<BTreeMap<SnapshotId, String>, ApiError>;

/// Asks EC2 whether the image could be deregistered and its snapshots deleted or tagged; changes nothing.
pub async fn check(target: &Target, removal: &Removal) -> Result<(), ApiError> {
    tags::check(target, &kept(removal), &keep_tag(&removal.image.id)).await?;
    dry_run(CALL, &target.region, call(target, removal, true).await)?;
    for snapshot in &removal.delete {
        snapshots::delete_dry_run(target, snapshot).await?;
    }
    Ok(())
}

/// Asks EC2 to deregister an image and delete its snapshots. If the user keeps them all, they are tagged `amictl:keep`
/// first: without the tag `orphans` would delete them, so if tagging fails the image stays.
pub async fn send(target: &Target, removal: &Removal, tags_of: Option<&BTreeMap<SnapshotId, Tags>>) -> Said {
    let tagged = |id: &SnapshotId| {
        let known = tags_of.and_then(|tags| tags.get(id));
        known.is_some_and(|tags| tags.contains_key(KEEP))
    };
    let lacking: Vec<_> = kept(removal).into_iter().filter(|id| !tagged(id)).collect();
    if let Err(error) = tags::add(target, &lacking, &keep_tag(&removal.image.id)).await {
        let lacking: Vec<_> = lacking.iter().map(|id| id.as_str()).collect();
        let message = format!(
            "the image stays, as its snapshots ({}) could not be tagged {KEEP}: {}",
            lacking.join(", "),
            error.message
        );
        // Even if the tags were set, the deregistration was not requested.
        return Err(ApiError { message, answer_lost: false, ..error });
    }
    call(target, removal, false).await
}

/// Whether EC2 says that an image is deregistered although it lists it. Changes nothing.
pub(super) async fn says_gone(target: &Target, removal: &Removal) -> bool {
    call(target, removal, true).await.is_err_and(|error| error.is(UNAVAILABLE))
}

/// The snapshots to tag as kept.
fn kept(removal: &Removal) -> Vec<&SnapshotId> {
    removal.keep.iter().chain(&removal.shared).filter(|_| removal.keep_all).collect()
}

/// The tag that keeps the snapshots of a deregistered image, with its id.
pub fn keep_tag(image: &ImageId) -> Tags {
    Tags::from([(KEEP.to_owned(), image.to_string())])
}

async fn call(target: &Target, removal: &Removal, dry_run: bool) -> Said {
    let answer = target
        .ec2
        .deregister_image()
        .image_id(removal.image.id.as_str())
        // The flag deletes all snapshots of the image. If one must stay, the others are deleted one by one.
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

/// The outcome for a row of a plan that no longer applies.
pub fn left_alone(row: &Action, why: Problem) -> Outcome {
    Outcome {
        account: row.account.clone(),
        region: row.region.clone(),
        image_id: row.image_id.clone(),
        name: row.name.clone(),
        tags: row.tags.clone(),
        verb: row.action.verb(),
        changed: false,
        detail: None,
        status: Status::Skipped(why),
        snapshots: Vec::new(),
    }
}

/// The outcome for an image that failed.
pub fn failed(removal: &Removal, why: Problem) -> Outcome {
    outcome(removal, Status::Failed(why), Vec::new())
}

/// The outcome for a skipped image.
pub fn skipped(removal: &Removal, why: Problem) -> Outcome {
    outcome(removal, Status::Skipped(why), Vec::new())
}

/// The outcome for an image, and for its snapshots if it is deregistered.
pub(super) fn outcome(removal: &Removal, status: Status, snapshots: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
    let gone = matches!(status, Status::Done) || !snapshots.is_empty();
    Outcome { snapshots, ..Outcome::new(&removal.image, Verb::Deregister, gone, status) }
}
