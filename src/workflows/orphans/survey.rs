//! The search for orphaned snapshots in all places of a run.

use anyhow::Result;
use futures::StreamExt;

use super::delete::{Found, SIDE_BY_SIDE};
use super::search::{self, Search};
use crate::commands::orphans::Args;
use crate::domain::orphan::{Orphan, Spared};
use crate::domain::problem::{PlaceError, Problem};
use crate::service::Target;
use crate::service::session::places::Places;
use crate::workflows::recycle_bin::outlook::Going;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;
use crate::workflows::usage::accounts;
use crate::workflows::usage::snapshots::Naming;

/// The results of all places.
pub struct Looked {
    pub found: Vec<Found>,
    pub spared: Vec<Spared>,
    pub errors: Vec<PlaceError>,
    /// The number of own snapshots.
    pub own: usize,
}

/// The snapshots that would be deleted, by place.
pub fn going(found: &[Found]) -> Vec<(Target, Going)> {
    let mut places: Vec<(Target, Going)> = Vec::new();
    for (target, Orphan { snapshot, .. }) in found {
        let at = places.iter().position(|(place, _)| place.is(target)).unwrap_or(places.len());
        if at == places.len() {
            places.push((target.clone(), Going::default()));
        }
        places[at].1.snapshots.insert(snapshot.id.clone(), snapshot.tags.clone());
    }
    places
}

pub fn orphans(found: &[Found]) -> Vec<&Orphan> {
    found.iter().map(|(_, orphan)| orphan).collect()
}

pub fn still(shown: &[Found], now: Vec<Found>) -> Vec<Found> {
    let was_shown = |(_, o): &Found| shown.iter().any(|(_, s)| s.snapshot.id == o.snapshot.id);
    now.into_iter().filter(was_shown).collect()
}

/// Searches every place. An unreadable place is reported, and the others go on; an error if all are unreadable.
pub async fn find(context: &Context, places: &Places, args: &Args) -> Result<Looked> {
    let search = Search { min_age: args.min_age, ignore_recycle_bin: args.ignore_recycle_bin, now: context.now };
    let bar = context.printer.bars().count(places.targets.len() as u64, "reading snapshots and images");
    let (bar, search) = (&bar, &search);
    let each = places.targets.iter().map(|target| async move {
        let found = search::place(target, search).await;
        bar.step();
        (target, found)
    });
    let answers = async { Ok(futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect::<Vec<_>>().await) };
    let answers = context.unless_stopped(answers).await?;
    // Read last, so that little time passes before the deletion, and only if there is anything to delete.
    let held = |answer: &Result<search::Leftovers>| answer.as_ref().is_ok_and(search::Leftovers::any);
    let regions = answers.iter().filter(|(_, answer)| held(answer)).map(|(target, _)| &target.region).collect();
    let unread = places.several.then(|| accounts::unread_accounts(&places.unentered()));
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
        _ => Ok(Looked { found, spared, errors, own }),
    }
}
