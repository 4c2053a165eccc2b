//! Use of snapshots across the accounts of a run, as launch templates may name shared ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt;

use super::place::{Pick, PlaceUsage, unread_accounts};
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::orphan::NamedSnapshots;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::snapshot_use::NAMING;
use crate::domain::usage::accounts::{UnreadAccount, may_launch, seen_from_outside};
use crate::domain::usage::source::{Reference, Source};
use crate::service::Target;
use crate::service::permissions::volume_permissions;
use crate::service::usage::sources::{self, Scope};
use crate::workflows::run::concurrency::{self, PLACES, SNAPSHOTS};
use crate::workflows::select::selection::Selection;

/// Adds the snapshots that other accounts of the run name to the places of their images.
pub fn add(looked: &mut [PlaceUsage<'_>]) {
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

/// The snapshots that templates and the like name in the places of a run, whatever their owner.
pub struct Naming {
    /// The places, and whether their templates could be read.
    places: Vec<(Target, Option<AccountId>, Result<(), Problem>)>,
    /// The references to each snapshot, by the index of their place.
    names: HashMap<(Region, SnapshotId), Vec<(usize, BTreeSet<Reference>)>>,
    /// Accounts that could not be read; `None` if each place is checked on its own.
    unread: Option<Vec<UnreadAccount>>,
}

/// The references to some snapshots of a place.
pub struct NamedHere {
    named: NamedSnapshots,
    /// The snapshots that an unread account may name.
    doubts: BTreeMap<SnapshotId, Problem>,
}

impl Naming {
    /// Reads all places in these regions, once. `unread` are the accounts that were not entered; with `None`, the
    /// references of one account do not count for the others.
    pub async fn read(targets: &[Target], regions: &BTreeSet<&Region>, unread: Option<Vec<UnreadAccount>>) -> Self {
        let wanted = targets.iter().filter(|target| regions.contains(&target.region));
        let each = concurrency::each(PLACES, wanted, |target| async move {
            let account = target.account().await.ok().cloned();
            (target.clone(), account, sources::snapshots(target).await)
        });
        let mut all = Self { places: Vec::new(), names: HashMap::new(), unread };
        for (at, (target, account, named)) in each.await.into_iter().enumerate() {
            let read = named.map(|named| {
                for (snapshot, by) in named {
                    all.names.entry((target.region.clone(), snapshot)).or_default().push((at, by));
                }
            });
            if let (Err(problem), Some(unread)) = (&read, &mut all.unread) {
                let (account, region) = (account.clone(), Some(target.region.clone()));
                unread.push(UnreadAccount { account, region, problem: problem.clone() });
            }
            all.places.push((target, account, read));
        }
        all
    }

    /// The references to these snapshots of a place in any account of the run. A snapshot shared with an unread account
    /// is in doubt.
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

/// The snapshots of candidates that an unread account may name, each with the reason.
pub async fn doubts(
    place: &PlaceUsage<'_>,
    candidates: Pick<'_>,
    unread: &[UnreadAccount],
) -> BTreeMap<SnapshotId, Problem> {
    let unread: Vec<_> =
        unread.iter().filter(|u| u.concerns(place.account.as_ref(), place.region())).cloned().collect();
    if unread.is_empty() {
        return BTreeMap::new();
    }
    let own = candidates(place).into_iter().filter(|image| image.own);
    let snapshots = own.flat_map(|image| image.snapshots.iter().map(|snapshot| snapshot.id.clone())).collect();
    in_doubt(place.target, snapshots, &unread).await
}

/// The snapshots that one of these accounts may use.
async fn in_doubt(
    target: &Target,
    snapshots: BTreeSet<SnapshotId>,
    unread: &[UnreadAccount],
) -> BTreeMap<SnapshotId, Problem> {
    if unread.is_empty() {
        return BTreeMap::new();
    }
    let each = concurrency::as_done(SNAPSHOTS, snapshots, |id| async move {
        let why = doubt(target, &id, unread).await?;
        Some((id, why))
    });
    let doubts: Vec<_> = each.collect().await;
    doubts.into_iter().flatten().collect()
}

/// The doubt whether one of these accounts names a snapshot; `None` if none may use it.
async fn doubt(target: &Target, snapshot: &SnapshotId, unread: &[UnreadAccount]) -> Option<Problem> {
    match volume_permissions(target, snapshot).await {
        Ok(shares) => unread.iter().find(|u| may_launch(&shares, u.account.as_ref())).map(UnreadAccount::doubt),
        Err(error) => {
            let message = format!("who it is shared with is unknown: {}", error.message);
            Some(Problem { message, code: error.code })
        }
    }
}

impl NamedHere {
    /// The references to one of them, or why they are unknown.
    pub fn of(&self, snapshot: &SnapshotId) -> NamedSnapshots {
        let named = self.named.as_ref().map_err(Clone::clone)?;
        match (named.get(snapshot), self.doubts.get(snapshot)) {
            (Some(by), _) => Ok(BTreeMap::from([(snapshot.clone(), by.clone())])),
            (None, Some(problem)) => Err(problem.clone()),
            (None, None) => Ok(BTreeMap::new()),
        }
    }
}

/// Reads the references to snapshots in these regions, unless one of their sources is left out: in all accounts of the
/// run, unless other accounts are left out.
pub async fn naming(chosen: &Selection, regions: &BTreeSet<&Region>, scope: &Scope) -> Result<Naming, Problem> {
    if let Some(source) = NAMING.iter().find(|source| scope.without.contains(source)) {
        return Err(Problem { code: "NotLookedAt".to_owned(), message: format!("{source} was not read") });
    }
    let others = chosen.several && !scope.without.contains(&Source::Accounts);
    let unread = others.then(|| unread_accounts(&chosen.unentered));
    Ok(Naming::read(&chosen.targets, regions, unread).await)
}
