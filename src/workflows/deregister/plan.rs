//! The plan of `deregister`: each image with the snapshots that nothing else needs.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::Image;
use crate::domain::removal::Removal;
use crate::domain::snapshot_use::{stays, stays_by};
use crate::domain::usage::source::Source;
use crate::service::Target;
use crate::service::images::{self, Query};
use crate::service::usage::sources::Scope;
use crate::workflows::recycle_bin::outlook::Deletion;
use crate::workflows::run::context::Context;
use crate::workflows::select::refusals::owned;
use crate::workflows::select::selection::Selection;
use crate::workflows::usage::refuse::refuse_used;
use crate::workflows::usage::selection::{self, ImagesInUse};
use crate::workflows::usage::snapshots;

/// What is asked of a deregistration.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether the snapshots stay.
    pub keep_snapshots: bool,
    /// Whether images go that are in use.
    pub allow_in_use: bool,
    /// Sources of use that are not read.
    pub without: BTreeSet<Source>,
}

/// The removals, by place.
pub type Removals = Vec<(Target, Vec<Removal>)>;

/// The same as the Recycle Bin sees it.
pub fn going(work: &Removals) -> Vec<(Target, Deletion)> {
    work.iter().map(|(target, removals)| (target.clone(), Deletion::of(removals))).collect()
}

/// Decides which snapshots are deleted with each image, or refuses everything.
pub async fn plan(context: &Context, request: &Request, chosen: &Selection, reports: bool) -> Result<Removals> {
    owned(&chosen.images, "deregister").await?;
    let places = chosen.by_place();
    for (_, images) in &places {
        protected(images, context.now)?;
    }
    let scope = Scope::new(request.without.clone(), Vec::new());
    let mut used: Vec<ImagesInUse> = Vec::new();
    if !request.allow_in_use {
        // EC2 needs time for reports, in which an image may come into use: the other sources are read once more.
        let looks: &[bool] = if reports { &[true, false] } else { &[false] };
        for reports in looks {
            used = selection::usage_of(context, chosen, &scope, *reports).await?;
            for place in &used {
                refuse_used(&place.images, &place.usage)?;
            }
        }
    }
    let regions: BTreeSet<_> = places.iter().map(|(target, _)| target.region.clone()).collect();
    let (regions, naming) = (regions.iter().collect(), OnceCell::new());
    let mut work = Vec::new();
    for (target, images) in places {
        let leaving: BTreeSet<_> = images.iter().map(|image| image.id.clone()).collect();
        let needed = images::shared_snapshots(&images::find(&target, &Query::own()).await?, &leaving);
        let mut removals: Vec<_> =
            images.into_iter().map(|image| Removal::new(image, &needed, request.keep_snapshots)).collect();
        match used.iter().find(|place| place.target.is(&target)) {
            Some(place) => removals.iter_mut().for_each(|removal| removal.spare(|id| stays(&place.usage, id))),
            // `--allow-in-use` for images does not extend to snapshots that templates name.
            None => {
                let ids: Vec<_> = removals.iter().flat_map(|removal| removal.delete.iter().cloned()).collect();
                let naming = naming.get_or_init(|| snapshots::naming(chosen, &regions, &scope)).await;
                let named = match naming {
                    Ok(naming) => Ok(naming.of(&target, &ids).await),
                    Err(problem) => Err(problem.clone()),
                };
                let named = |id: &SnapshotId| named.as_ref().map_err(Clone::clone)?.of(id);
                removals.iter_mut().for_each(|removal| removal.spare(|id| stays_by(&named(id), id)));
            }
        }
        work.push((target, removals));
    }
    Ok(work)
}

fn protected(chosen: &[Image], now: DateTime<Utc>) -> Result<()> {
    let on: Vec<_> = chosen.iter().filter(|image| image.protection.holds(now)).collect();
    let Some(first) = on.first() else { return Ok(()) };
    let list: Vec<_> = on.iter().map(|i| format!("{}: {}", i.label(), i.protection.told(now))).collect();
    let message = format!("protected from deregistration in {}: {}", first.region, list.join(", "));
    // Protection that is already disabled cannot be disabled again.
    let hint = match first.protection.cooling(now) {
        None => format!("lift the protection with: amictl unprotect {} --region {}", first.id, first.region),
        Some(_) => "run the command again after that: EC2 does not end a cooldown early".to_owned(),
    };
    Err(Failure::new(Kind::Refused, "Protected", message).hint(hint).into())
}

/// Plans again after the user's answer, as an image may have come into use meanwhile, and keeps only what was shown.
/// Usage reports, which are a day behind, are not read again.
pub async fn recheck(context: &Context, request: &Request, chosen: &Selection, shown: &Removals) -> Result<Removals> {
    let mut now = Vec::new();
    for (target, removals) in shown {
        let ids: Vec<_> = removals.iter().map(|removal| removal.image.id.clone()).collect();
        now.extend(images::by_ids(target, &ids).await?.into_iter().map(|image| (target.clone(), image)));
    }
    let mut again = plan(context, request, &chosen.with(now), false).await?;
    for removal in again.iter_mut().flat_map(|(_, removals)| removals) {
        let before = shown.iter().flat_map(|(_, removals)| removals).find(|r| r.image.id == removal.image.id);
        removal.only(before.map_or(&[], |r| &r.delete));
    }
    Ok(again)
}
