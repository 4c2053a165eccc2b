//! Grants and revokes permissions: first launch permissions, then those on snapshots.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::SnapshotId;
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::{NOT_SEEN, Problem};
use crate::domain::report::{Outcome, Status, Verb};
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::permissions::{self, Give, launch_permissions, volume_permissions};

/// Principals that a report names before it counts the others.
const NAMED: usize = 3;

/// A change of permissions.
#[derive(Debug, Clone)]
pub struct PermissionChange {
    /// Grant or revoke.
    pub give: Give,
    /// The principals; when revoking, an empty set stands for all that have a permission.
    pub who: BTreeSet<Principal>,
    /// Whether the snapshots are included.
    pub snapshots: bool,
}

impl PermissionChange {
    /// The principals whose permission changes, given the present ones.
    fn of(&self, present: BTreeSet<Principal>) -> BTreeSet<Principal> {
        match (self.give, self.who.is_empty()) {
            (Give::Add, _) => self.who.difference(&present).cloned().collect(),
            (Give::Remove, true) => present,
            (Give::Remove, false) => self.who.intersection(&present).cloned().collect(),
        }
    }

    fn all(&self) -> bool {
        self.give == Give::Remove && self.who.is_empty()
    }

    /// The named principals; `None` for all.
    pub fn named(&self) -> Option<&BTreeSet<Principal>> {
        (!self.all()).then_some(&self.who)
    }
}

/// The changes still to be made.
struct Todo {
    launch: BTreeSet<Principal>,
    /// Whether the permission of a principal that cannot be parsed is to be revoked too.
    unreadable: bool,
    snapshots: BTreeMap<SnapshotId, Result<BTreeSet<Principal>, ApiError>>,
}

impl Todo {
    async fn of(target: &Target, image: &Image, sharing: &PermissionChange) -> Result<Self, ApiError> {
        let named = permissions::named(target, &image.id).await?;
        let known: BTreeSet<_> = named.iter().filter_map(|text| Principal::read(text).ok()).collect();
        let unreadable = sharing.all() && known.len() < named.len();
        let launch = sharing.of(known);
        let mut snapshots = BTreeMap::new();
        for snapshot in image.snapshots.iter().filter(|_| sharing.snapshots) {
            let present = volume_permissions(target, &snapshot.id).await;
            snapshots.insert(snapshot.id.clone(), present.map(|present| sharing.of(present)));
        }
        snapshots.retain(|_, change| change.as_ref().map_or(true, |who| !who.is_empty()));
        Ok(Self { launch, unreadable, snapshots })
    }

    fn launches(&self) -> bool {
        !self.launch.is_empty() || self.unreadable
    }
}

/// Asks EC2 whether it would accept the change; returns whether anything is to be changed.
pub async fn check(target: &Target, image: &Image, sharing: &PermissionChange) -> Result<bool, Problem> {
    let todo = Todo::of(target, image, sharing).await?;
    let changes = todo.launches() || !todo.snapshots.is_empty();
    if todo.launches() {
        match sharing.all() {
            true => permissions::reset_launch(target, &image.id, true).await?,
            false => permissions::change_launch(target, &image.id, sharing.give, &todo.launch, true).await?,
        }
    }
    for (snapshot, who) in todo.snapshots {
        permissions::change_volume(target, &snapshot, sharing.give, &who?, true).await?;
    }
    Ok(changes)
}

/// Changes the permissions of one image, then of its snapshots, all of them even if one fails.
pub async fn shared(target: &Target, image: &Image, verb: Verb, sharing: &PermissionChange) -> Outcome {
    let todo = match Todo::of(target, image, sharing).await {
        Err(error) => return Outcome::failed(image, verb, error.problem()),
        Ok(todo) => todo,
    };
    if let Err(problem) = launches(target, image, sharing, &todo).await {
        return Outcome::failed(image, verb, problem);
    }
    let (mut changed, mut failed) = (0, Vec::new());
    for (snapshot, who) in &todo.snapshots {
        match volumes(target, snapshot, sharing.give, who.clone()).await {
            Ok(()) => changed += 1,
            Err(problem) => failed.push((snapshot.clone(), problem)),
        }
    }
    let unseen = failed.iter().any(|(_, problem)| problem.code == NOT_SEEN);
    let mut outcome = Outcome::new(image, verb, todo.launches() || changed > 0 || unseen, Status::Done);
    let words: Vec<_> = named(&todo.launch).into_iter().chain(copyable(sharing.give, changed)).collect();
    if !words.is_empty() {
        outcome = outcome.detail(words.join("; "));
    }
    if let Some(problem) = half(sharing.give, &failed) {
        outcome.status = Status::Failed(problem);
    }
    outcome
}

async fn launches(target: &Target, image: &Image, sharing: &PermissionChange, todo: &Todo) -> Result<(), Problem> {
    if !sharing.all() || !todo.launches() {
        return permissions::give(target, &image.id, sharing.give, &todo.launch).await;
    }
    let asked = permissions::reset_launch(target, &image.id, false).await;
    permissions::seen(asked, BTreeSet::is_empty, || launch_permissions(target, &image.id)).await
}

async fn volumes(
    target: &Target,
    snapshot: &SnapshotId,
    give: Give,
    who: Result<BTreeSet<Principal>, ApiError>,
) -> Result<(), Problem> {
    let who = who.map_err(|error| error.problem())?;
    let asked = permissions::change_volume(target, snapshot, give, &who, false).await;
    let holds = |now: &BTreeSet<Principal>| match give {
        Give::Add => now.is_superset(&who),
        Give::Remove => now.is_disjoint(&who),
    };
    permissions::seen(asked, holds, || volume_permissions(target, snapshot)).await
}

/// The problem if the image was changed but some of its snapshots were not.
fn half(give: Give, failed: &[(SnapshotId, Problem)]) -> Option<Problem> {
    let (_, first) = failed.first()?;
    let ids: Vec<_> = failed.iter().map(|(id, _)| id.as_str()).collect();
    let (launch, copy) = match give {
        Give::Add => ("it can be launched", "cannot be shared"),
        Give::Remove => ("it is not shared any more", "stays shared"),
    };
    let message = format!("{launch}, but {} {copy}: {}", ids.join(", "), first.message);
    Some(Problem { code: first.code.clone(), message })
}

fn named(who: &BTreeSet<Principal>) -> Option<String> {
    let mut words: Vec<_> = who.iter().take(NAMED).map(|who| who.short().to_owned()).collect();
    if who.len() > NAMED {
        words.push(format!("{} more", who.len() - NAMED));
    }
    (!words.is_empty()).then(|| words.join(", "))
}

fn copyable(give: Give, snapshots: usize) -> Option<String> {
    let what = match snapshots {
        0 => return None,
        1 => "1 snapshot".to_owned(),
        count => format!("{count} snapshots"),
    };
    Some(format!("{what} {}", if give == Give::Add { "copyable" } else { "not copyable any more" }))
}
