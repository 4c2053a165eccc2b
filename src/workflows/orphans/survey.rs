//! The search for orphaned snapshots in all places of a run.

use anyhow::Result;

use super::found::FoundOrphan;
use super::search::{self, OrphanSearch};
use crate::domain::orphan::{Orphan, Spared};
use crate::domain::problem::{PlaceError, Problem};
use crate::service::Target;
use crate::service::session::places::Places;
use crate::workflows::recycle_bin::outlook::Deletion;
use crate::workflows::run::concurrency::{self, INVENTORIES};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;
use crate::workflows::usage::place;
use crate::workflows::usage::snapshots::Naming;

/// The results of all places.
pub struct OrphanSurvey {
    pub found: Vec<FoundOrphan>,
    pub spared: Vec<Spared>,
    pub errors: Vec<PlaceError>,
    /// The number of own snapshots.
    pub own: usize,
}

/// The snapshots that would be deleted, by place.
pub fn going(found: &[FoundOrphan]) -> Vec<(Target, Deletion)> {
    let mut places: Vec<(Target, Deletion)> = Vec::new();
    for (target, Orphan { snapshot, .. }) in found {
        let at = places.iter().position(|(place, _)| place.is(target)).unwrap_or(places.len());
        if at == places.len() {
            places.push((target.clone(), Deletion::default()));
        }
        places[at].1.snapshots.insert(snapshot.id.clone(), snapshot.tags.clone());
    }
    places
}

pub fn orphans(found: &[FoundOrphan]) -> Vec<&Orphan> {
    found.iter().map(|(_, orphan)| orphan).collect()
}

pub fn still(shown: &[FoundOrphan], now: Vec<FoundOrphan>) -> Vec<FoundOrphan> {
    let was_shown = |(_, o): &FoundOrphan| shown.iter().any(|(_, s)| s.snapshot.id == o.snapshot.id);
    now.into_iter().filter(was_shown).collect()
}

/// Searches every place. An unreadable place is reported, and the others go on; an error if all are unreadable.
pub async fn find(context: &Context, places: &Places, search: &OrphanSearch) -> Result<OrphanSurvey> {
    let bar = context.printer.bars().count(places.targets.len() as u64, "reading snapshots and images");
    let bar = &bar;
    let each = concurrency::each(INVENTORIES, &places.targets, |target| async move {
        let found = search::place(target, search).await;
        bar.step();
        (target, found)
    });
    let answers = context.unless_stopped(async { Ok(each.await) }).await?;
    // Read last, so that little time passes before the deletion, and only if there is anything to delete.
    let held = |answer: &Result<search::Leftovers>| answer.as_ref().is_ok_and(search::Leftovers::any);
    let regions = answers.iter().filter(|(_, answer)| held(answer)).map(|(target, _)| &target.region).collect();
    let unread = places.several.then(|| place::unread_accounts(&places.unentered()));
    let naming = async { Ok(Naming::read(&places.targets, &regions, unread).await) };
    let naming = context.unless_stopped(naming).await?;
    let (mut found, mut spared, mut errors) = (Vec::new(), Vec::new(), places.errors.clone());
    let (mut own, mut read) = (0, 0);
    let mut first = None;
    for (target, answer) in answers {
        match answer {
            Ok(mut place) => {
                read += 1;
                own += place.own;
                let orphans = place.orphans(target, &naming).await;
                found.extend(orphans.into_iter().map(|orphan| (target.clone(), orphan)));
                spared.extend(place.spared);
            }
            Err(error) => {
                let word = diagnostics::diagnose(&error);
                errors.push(target.error(Problem { code: word.code, message: word.message }).await);
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if read == 0 => Err(error),
        _ => Ok(OrphanSurvey { found, spared, errors, own }),
    }
}
