//! Snapshots that launch templates of other accounts name: a snapshot can be shared as well as an image.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt;

use super::accounts::unread_accounts;
use super::place::{Looked, Pick};
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::orphan::Named;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::snapshot_use::NAMING;
use crate::domain::usage::accounts::{Unread, may_launch, seen_from_outside};
use crate::domain::usage::source::{Reference, Source};
use crate::service::Target;
use crate::service::permissions::volume_permissions;
use crate::service::usage::{self, Scope};
use crate::workflows::run::concurrency::PLACES;
use crate::workflows::select::selection::Chosen;

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
    /// The places, and whether what they name could be read.
    places: Vec<(Target, Option<AccountId>, Result<(), Problem>)>,
    /// Which of them name a snapshot, and how.
    names: HashMap<(Region, SnapshotId), Vec<(usize, BTreeSet<Reference>)>>,
    /// Accounts that could not be read; nothing where each place is looked at by itself.
    unread: Option<Vec<Unread>>,
}

/// What names some snapshots of a place.
pub struct NamedHere {
    named: Named,
    /// Those that an account may name which could not be read.
    doubts: BTreeMap<SnapshotId, Problem>,
}

impl Naming {
    /// Reads all places in these regions, once. `unread` are the accounts that were not entered; where it is nothing, what
    /// one account names does not count for the others.
    pub async fn read(targets: &[Target], regions: &BTreeSet<&Region>, unread: Option<Vec<Unread>>) -> Self {
        let each = targets.iter().filter(|target| regions.contains(&target.region)).map(|target| async move {
            let account = target.account().await.ok().cloned();
            (target.clone(), account, usage::snapshots(target).await)
        });
        let read: Vec<_> = futures::stream::iter(each).buffered(PLACES).collect().await;
        let mut all = Self { places: Vec::new(), names: HashMap::new(), unread };
        for (at, (target, account, named)) in read.into_iter().enumerate() {
            let read = named.map(|named| {
                for (snapshot, by) in named {
                    all.names.entry((target.region.clone(), snapshot)).or_default().push((at, by));
                }
            });
            if let (Err(problem), Some(unread)) = (&read, &mut all.unread) {
                let (account, region) = (account.clone(), Some(target.region.clone()));
                unread.push(Unread { account, region, problem: problem.clone() });
            }
            all.places.push((target, account, read));
        }
        all
    }

    /// What names these snapshots of a place, in any account of the run. One that is shared with an account which could
    /// not be read is in doubt.
    pub async fn of(&self, target: &Target, snapshots: &[SnapshotId]) -> NamedHere {
        let here = self.places.iter().position(|(place, ..)| place.is(target));
        let own = here.map(|at| &self.places[at]);
        if let Some((.., Err(problem))) = own {
            return NamedHere { named: Err(problem.clone()), doubts: BTreeMap::new() };
        }
        let mut named = BTreeMap::<_, BTreeSet<_>>::new();
        for snapshot in snapshots {
            let all = self.names.get(&(target.region.clone(), snapshot.clone())).into_iter().flatten();
            for (at, by) in all {
                match (Some(*at) == here, &self.unread) {
                    (true, _) => named.entry(snapshot.clone()).or_default().extend(by.iter().cloned()),
                    (false, None) => {}
                    (false, Some(_)) => {
                        let name = self.places[*at].1.as_ref().map_or("unknown".to_owned(), ToString::to_string);
                        let by = by.iter().map(|reference| seen_from_outside(&name, reference));
                        named.entry(snapshot.clone()).or_default().extend(by);
                    }
                }
            }
        }
        let account = own.and_then(|(_, account, _)| account.as_ref());
        let unread = self.unread.iter().flatten().filter(|unread| unread.concerns(account, &target.region));
        let unread: Vec<_> = unread.cloned().collect();
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

/// What templates and the like name in these regions, where the user lets all of those be read: in the accounts of the
/// run, unless it is not to look at the others.
pub async fn naming(chosen: &Chosen, regions: &BTreeSet<&Region>, scope: &Scope) -> Result<Naming, Problem> {
    if let Some(source) = NAMING.iter().find(|source| scope.without.contains(source)) {
        return Err(Problem { code: "NotLookedAt".to_owned(), message: format!("{source} was not read") });
    }
    let others = chosen.several && !scope.without.contains(&Source::Accounts);
    let unread = others.then(|| unread_accounts(&chosen.unentered));
    Ok(Naming::read(&chosen.targets, regions, unread).await)
}
