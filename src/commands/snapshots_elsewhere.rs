//! Snapshots that launch templates of other accounts name: a snapshot can be shared as well as an image.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt;

use super::chosen::Chosen;
use super::using::{Looked, PLACES, Pick, unread_accounts};
use crate::domain::across::{Unread, may_launch, seen_from_outside};
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::orphan::Named;
use crate::domain::region::Region;
use crate::domain::report::Problem;
use crate::domain::snapshot_use::NAMING;
use crate::domain::usage::Source;
use crate::service::Target;
use crate::service::permissions::volume_permissions;
use crate::service::usage::{self, Scope};

/// How many snapshots are asked about at a time.
const SIDE_BY_SIDE: usize = 10;

/// Adds to what each place says the snapshots of its images that the other accounts of the run name.
pub fn add(looked: &mut [Looked<'_>]) {
    let mut owners = HashMap::new();
    for (at, place) in looked.iter().enumerate() {
        let snapshots = place.images.iter().filter(|image| image.own).flat_map(|image| &image.snapshots);
        owners.extend(snapshots.map(|snapshot| ((place.target.region.clone(), snapshot.id.clone()), at)));
    }
    let mut found = Vec::new();
    for (at, place) in looked.iter().enumerate() {
        let name = place.account.as_ref().map_or("unknown".to_owned(), ToString::to_string);
        for (snapshot, reference) in place.usage.all_snapshots() {
            let owner = owners.get(&(place.target.region.clone(), snapshot.clone()));
            if let Some(owner) = owner.filter(|owner| **owner != at) {
                found.push((*owner, snapshot.clone(), seen_from_outside(&name, reference)));
            }
        }
    }
    for (owner, snapshot, reference) in found {
        looked[owner].usage.add_snapshot(snapshot, reference);
    }
}

/// What templates and the like name in the places of a run, whose snapshots those may ever be.
pub struct Naming {
    read: Vec<(Target, Option<AccountId>, Named)>,
    /// Accounts that were not entered.
    unread: Vec<Unread>,
}

/// What names some snapshots of a place.
pub struct NamedHere {
    named: Named,
    /// Those that an account may name which could not be read.
    doubts: BTreeMap<SnapshotId, Problem>,
}

impl Naming {
    /// Reads all places in these regions. Where the run is in one account, `unread` is empty.
    pub async fn read(targets: &[Target], regions: &BTreeSet<&Region>, unread: Vec<Unread>) -> Self {
        let each = targets.iter().filter(|target| regions.contains(&target.region)).map(|target| async move {
            let account = target.account().await.ok().cloned();
            (target.clone(), account, usage::snapshots(target).await)
        });
        Self { read: futures::stream::iter(each).buffered(PLACES).collect().await, unread }
    }

    /// What names these snapshots of a place, in any account of the run. One that is shared with an account which could
    /// not be read is in doubt.
    pub async fn of(&self, target: &Target, snapshots: &[SnapshotId]) -> NamedHere {
        let own = self.read.iter().find(|(place, ..)| place.is(target));
        let mut named = match own {
            Some((.., Ok(named))) => named.clone(),
            Some((.., Err(problem))) => return NamedHere { named: Err(problem.clone()), doubts: BTreeMap::new() },
            None => BTreeMap::new(),
        };
        let others = self.read.iter().filter(|(place, ..)| place.region == target.region && !place.is(target));
        let mut unread = self.unread.clone();
        for (place, account, said) in others {
            let name = account.as_ref().map_or("unknown".to_owned(), ToString::to_string);
            match said {
                Ok(said) => {
                    for (snapshot, by) in said.iter().filter(|(id, _)| snapshots.contains(id)) {
                        let by = by.iter().map(|reference| seen_from_outside(&name, reference));
                        named.entry(snapshot.clone()).or_default().extend(by);
                    }
                }
                Err(problem) => {
                    let (account, region) = (account.clone(), Some(place.region.clone()));
                    unread.push(Unread { account, region, problem: problem.clone() });
                }
            }
        }
        let account = own.and_then(|(_, account, _)| account.as_ref());
        unread.retain(|unread| unread.concerns(account, &target.region));
        let asked = snapshots.iter().filter(|id| !named.contains_key(*id)).cloned().collect();
        NamedHere { named: Ok(named), doubts: in_doubt(target, asked, &unread).await }
    }
}

/// The snapshots of candidates that an account may name which could not be read, each with why that is not known.
pub async fn doubts(place: &Looked<'_>, candidates: Pick<'_>, unread: &[Unread]) -> BTreeMap<SnapshotId, Problem> {
    let unread: Vec<_> =
        unread.iter().filter(|u| u.concerns(place.account.as_ref(), place.region())).cloned().collect();
    if unread.is_empty() {
        return BTreeMap::new();
    }
    let own = candidates(place).into_iter().filter(|image| image.own);
    let snapshots = own.flat_map(|image| image.snapshots.iter().map(|snapshot| snapshot.id.clone())).collect();
    in_doubt(place.target, snapshots, &unread).await
}

/// Those of the snapshots that one of these accounts may use.
async fn in_doubt(
    target: &Target,
    snapshots: BTreeSet<SnapshotId>,
    unread: &[Unread],
) -> BTreeMap<SnapshotId, Problem> {
    if unread.is_empty() {
        return BTreeMap::new();
    }
    let each = snapshots.into_iter().map(|id| async move {
        let why = doubt(target, &id, unread).await?;
        Some((id, why))
    });
    let doubts: Vec<_> = futures::stream::iter(each).buffer_unordered(SIDE_BY_SIDE).collect().await;
    doubts.into_iter().flatten().collect()
}

/// Why it is not known whether one of these accounts names a snapshot; nothing where none of them may use it.
async fn doubt(target: &Target, snapshot: &SnapshotId, unread: &[Unread]) -> Option<Problem> {
    match volume_permissions(target, snapshot).await {
        Ok(shares) => unread.iter().find(|u| may_launch(&shares, u.account.as_ref())).map(Unread::doubt),
        Err(error) => {
            let message = format!("who it is shared with is unknown: {}", error.message);
            Some(Problem { message, code: error.code })
        }
    }
}

impl NamedHere {
    /// What names one of them, or why that is not known.
    pub fn of(&self, snapshot: &SnapshotId) -> Named {
        let named = self.named.as_ref().map_err(Clone::clone)?;
        match (named.get(snapshot), self.doubts.get(snapshot)) {
            (Some(by), _) => Ok(BTreeMap::from([(snapshot.clone(), by.clone())])),
            (None, Some(problem)) => Err(problem.clone()),
            (None, None) => Ok(BTreeMap::new()),
        }
    }
}

/// What templates and the like name, where the user lets all of those be read: of the accounts of the run, unless it is
/// not to look at the others.
pub async fn named(
    chosen: &Chosen,
    target: &Target,
    ids: &[SnapshotId],
    scope: &Scope,
) -> impl Fn(&SnapshotId) -> Named {
    let left_out = NAMING.iter().find(|source| scope.without.contains(source));
    let problem = |source| Problem { code: "NotLookedAt".to_owned(), message: format!("{source} was not looked at") };
    let others = chosen.several && !scope.without.contains(&Source::Accounts);
    let (targets, unread) = match others {
        true => (chosen.targets.clone(), unread_accounts(&chosen.unentered)),
        false => (vec![target.clone()], Vec::new()),
    };
    let named = match left_out {
        Some(source) => Err(problem(source)),
        None => Ok(Naming::read(&targets, &BTreeSet::from([&target.region]), unread).await.of(target, ids).await),
    };
    move |id| named.as_ref().map_err(Clone::clone)?.of(id)
}
