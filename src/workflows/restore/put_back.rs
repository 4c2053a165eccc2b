//! Tags and permissions put back on a restored image, and the end of its retirement.
//!
//! Put back is what EC2 does not restore: tags, launch permissions, and permissions on snapshots. The tag of a
//! retirement, which EC2 does restore, is removed: it would deregister the image again.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::count::counted;
use crate::domain::ids::SnapshotId;
use crate::domain::image::{Image, State};
use crate::domain::journal::JournaledImage;
use crate::domain::permissions::principal::{Principal, few};
use crate::domain::problem::Problem;
use crate::domain::recycle_bin::restoration::Restoration;
use crate::domain::tags::{RETIRE, Tags};
use crate::service::client::target::Target;
use crate::service::permissions::{Refused, give_each, give_volume_each, known_permissions, volume_permissions};
use crate::service::{lifecycle, snapshots, tags};
use crate::workflows::run::concurrency::{self, SNAPSHOTS};

/// The result of putting back tags and permissions.
#[derive(Debug, Default)]
pub(super) struct PutBack {
    /// Whether anything was put back.
    pub changed: bool,
    /// A detail for people.
    pub said: Option<String>,
    /// Why something is still missing.
    pub problem: Option<Problem>,
}

/// Puts back the tags and permissions that EC2 did not restore. `restored` are the image's snapshots just restored.
pub(super) async fn put_back(
    target: &Target,
    comeback: &Restoration,
    image: &Image,
    restored: &BTreeSet<SnapshotId>,
) -> PutBack {
    // First, as the next run of prune may come before the rest is done.
    let retirement = end_retirement(target, comeback, image).await;
    let rest = match (&comeback.before, &comeback.doubtful) {
        (Some(before), _) => complete(target, before, image, restored).await,
        (None, Some(doubtful)) => PutBack { said: tell(target, doubtful, image).await, ..PutBack::default() },
        (None, None) => PutBack::default(),
    };
    let said: Vec<_> = retirement.said.into_iter().chain(rest.said).collect();
    PutBack {
        changed: retirement.changed || rest.changed,
        said: (!said.is_empty()).then(|| said.join("; ")),
        problem: retirement.problem.or(rest.problem),
    }
}

/// Removes the tag of the retirement, which EC2 restores: by it the next run would deregister the image at once.
async fn end_retirement(target: &Target, comeback: &Restoration, image: &Image) -> PutBack {
    if !comeback.retires_still(image) {
        let goes_on =
            image.tags.contains_key(RETIRE).then(|| format!("its tag {RETIRE} stays: its retirement goes on"));
        return PutBack { said: goes_on, ..PutBack::default() };
    }
    let untag = Change::Tag { set: Tags::new(), remove: [RETIRE.to_owned()].into() };
    match lifecycle::make(target, image, &untag).await {
        Ok(_) => {
            let said = Some(format!("tag {RETIRE} removed, so that a retirement starts anew"));
            PutBack { changed: true, said, problem: None }
        }
        Err(Problem { code, message }) => {
            let (id, options) = (&image.id, target.options());
            let message = format!(
                "it is back, but its tag {RETIRE} stays, by which the next prune may deregister it again: {message}. \
                 Remove it with: amictl tag {id} --remove {RETIRE} {options}"
            );
            PutBack { problem: Some(Problem { code, message }), ..PutBack::default() }
        }
    }
}

async fn complete(target: &Target, before: &JournaledImage, image: &Image, restored: &BTreeSet<SnapshotId>) -> PutBack {
    let mut all = PutBack::default();
    let mut counts = Vec::new();
    for (what, (number, problem)) in [
        ("tag", retag(target, before, image).await),
        ("launch permission", share(target, before, image).await),
        ("snapshot permission", share_snapshots(target, before, restored).await),
    ] {
        counts.extend(counted(number, what));
        all.problem = all.problem.or(problem.map(|why| Problem {
            code: why.code,
            message: format!("it is back, but not all of its {what}s: {}", why.message),
        }));
    }
    all.problem = all.problem.or_else(|| before.unreadable_shares());
    let last = counts.pop();
    let counts = if counts.is_empty() { last } else { last.map(|last| format!("{} and {last}", counts.join(", "))) };
    all.said = counts.map(|counts| format!("{counts} put back from the journal"));
    all.changed = all.said.is_some();
    all
}

/// The number put back of one kind, and why some are missing.
type Given = (usize, Option<Problem>);

async fn retag(target: &Target, before: &JournaledImage, image: &Image) -> Given {
    let ids: Vec<_> = before.snapshot_tags.iter().flatten().map(|(id, _)| id.clone()).collect();
    let found = match snapshots::existing(target, &ids).await {
        Err(error) => return (0, Some(error.problem())),
        Ok(found) => found,
    };
    let (mut number, mut problem) = (0, None);
    for (lacking, resources) in before.lacking_tags(image, &found) {
        match tags::add(target, &resources, &lacking).await {
            Ok(()) => number += lacking.len() * resources.len(),
            Err(error) => problem = Some(error.problem()),
        }
    }
    (number, problem)
}

async fn share(target: &Target, before: &JournaledImage, image: &Image) -> Given {
    if before.launch_permissions.as_ref().is_none_or(BTreeSet::is_empty) {
        return (0, None);
    }
    let lacking = match known_permissions(target, &image.id).await {
        Err(error) => return (0, Some(error.problem())),
        Ok(now) => before.lacking_shares(&now),
    };
    if image.state == State::Disabled && !lacking.is_empty() {
        let message = "EC2 shares no disabled image: enable it, and restore it again".to_owned();
        return (0, Some(Problem { code: "WouldBeRefused".to_owned(), message }));
    }
    let (number, refused) = give_each(target, &image.id, &lacking).await;
    (number, without(&refused, ""))
}

async fn share_snapshots(target: &Target, before: &JournaledImage, restored: &BTreeSet<SnapshotId>) -> Given {
    let share = |(id, who)| async move { share_snapshot(target, &id, &who).await };
    let done = concurrency::each(SNAPSHOTS, before.copiers(restored), share).await;
    let number = done.iter().map(|(number, _)| number).sum();
    (number, done.into_iter().find_map(|(_, problem)| problem))
}

/// Restores missing permissions on a snapshot; returns their number.
async fn share_snapshot(target: &Target, id: &SnapshotId, who: &BTreeSet<Principal>) -> Given {
    let now = match volume_permissions(target, id).await {
        Err(error) => return (0, Some(error.problem())),
        Ok(now) => now,
    };
    let (number, refused) = give_volume_each(target, id, &(who - &now)).await;
    (number, without(&refused, &format!(" on {id}")))
}

/// The principals without their permission, and the reason of the first.
fn without(refused: &[Refused], what: &str) -> Option<Problem> {
    let who = refused.iter().flat_map(|(who, _)| who).cloned().collect();
    refused.first().map(|(_, why)| Problem {
        code: why.code.clone(),
        message: format!("none{what} for {}: {}", few(&who), why.message),
    })
}

/// The journal's tags and permissions that the image lacks; all of the journal's if EC2 cannot be asked.
async fn tell(target: &Target, doubtful: &JournaledImage, image: &Image) -> Option<String> {
    let now = match &doubtful.launch_permissions {
        Some(then) if !then.is_empty() => known_permissions(target, &image.id).await.unwrap_or_default(),
        _ => BTreeSet::new(),
    };
    doubtful.told(image, &now)
}
