//! Selection by query: all images that match, in every account and region of the run.

use std::sync::Arc;

use anyhow::Result;
use futures::{FutureExt, TryStreamExt};
use tokio::task::JoinHandle;

use super::selection::{Gaps, Selection};
use crate::domain::image::Image;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::session::places::Places;
use crate::workflows::name_cache;
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

type Listed = (Target, Result<Vec<Image>, ApiError>);

/// The images of each place, and the places. A failed place is reported and does not hide the others; an error if all
/// fail.
pub async fn find(context: &Context, query: Query) -> Result<(Vec<Vec<Image>>, Selection)> {
    let session = context.session().await?;
    let query = Arc::new(query);
    // Most places are known before EC2 lists the enabled regions, and are read meanwhile.
    let mut ahead: Vec<_> =
        session.likely().into_iter().map(|target| (target.clone(), begin(target, &query))).collect();
    let places = session.places().await.some()?;
    let unentered = places.unentered();
    let Places { targets, mut errors, several, .. } = places;
    let bar = context.printer.bars().count(targets.len() as u64, "listing images");
    let found = concurrency::in_order(LOOKUPS, targets, |target| {
        let begun = ahead.iter().position(|(place, _)| place.is(&target)).map(|at| ahead.swap_remove(at).1);
        begun.unwrap_or_else(|| begin(target, &query)).inspect(|_| bar.step())
    });
    let answers: Vec<Listed> = found.try_collect().await?;
    drop(bar);
    let (mut images, mut targets, mut first) = (Vec::new(), Vec::new(), None);
    for (target, answer) in answers {
        match answer {
            Ok(found) => images.push(found),
            Err(error) => {
                errors.push(target.error(error.problem()).await);
                first.get_or_insert(error);
            }
        }
        targets.push(target);
    }
    if query.is_every_own() && errors.is_empty() {
        let regions = targets.iter().map(|target| target.region.clone()).collect();
        name_cache::remember_families(context, &regions, images.iter().flatten());
    }
    match first {
        // Nothing was listed: a failure, not a partial listing.
        Some(error) if images.is_empty() => Err(error.into()),
        _ => Ok((images, Selection { images: Vec::new(), errors, unentered, targets, several, gaps: Gaps::default() })),
    }
}

/// The own images of every place of a selection that could be read so far, each with its place. A place that fails is
/// noted in the selection.
pub async fn own(context: &Context, chosen: &mut Selection) -> Result<Vec<(Target, Vec<Image>)>> {
    let query = Arc::new(Query::own());
    let unread = &chosen.gaps.unread;
    let places: Vec<_> = chosen.targets.iter().filter(|target| !unread.iter().any(|place| place.is(target))).collect();
    let bar = context.printer.bars().count(places.len() as u64, "listing images");
    let found = concurrency::in_order(LOOKUPS, places, |target| begin(target.clone(), &query).inspect(|_| bar.step()));
    let answers: Vec<Listed> = context.unless_stopped(async { Ok(found.try_collect().await?) }).await?;
    drop(bar);
    let mut listed = Vec::new();
    for (target, answer) in answers {
        match answer {
            Ok(images) => listed.push((target, images)),
            Err(error) => {
                chosen.errors.push(target.error(error.problem()).await);
                chosen.gaps.unfollowed.push(target);
            }
        }
    }
    Ok(listed)
}

/// Starts to list the images of one place, in a task of its own: parsing a thousand images takes longer than waiting
/// for them.
fn begin(target: Target, query: &Arc<Query>) -> JoinHandle<Listed> {
    let query = Arc::clone(query);
    tokio::spawn(async move {
        let answer = images::find(&target, &query).await;
        (target, answer)
    })
}
