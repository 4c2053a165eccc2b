//! The search for all that came of some images: copies, and images made from instances of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Error, Result};
use chrono::{DateTime, Utc};

use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::image_forest::{ForestNode, ImageForest};
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::report::{Outcome, Status, Verb};
use crate::service::{Target, images};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;
use crate::workflows::select::query;
use crate::workflows::select::refusals::{NAMED, unless};
use crate::workflows::select::selection::Selection;

/// Adds all that came of the selected images, and of those that are gone, in the places of the run. Gives the rows of the
/// gone ones, which can take no mark; one that no image names as its source is an error.
///
/// The listings name only direct sources. Where a source is not listed, as it is gone or belongs to others, EC2 is asked
/// what it came of: an image must not escape because one between is deregistered.
pub async fn add(
    context: &Context,
    chosen: &mut Selection,
    gone: Vec<(ImageId, Error)>,
    verb: Verb,
) -> Result<Vec<Outcome>> {
    let listed = query::own(context, chosen).await?;
    let named = chosen.images.clone();
    let each = listed.iter().flat_map(|(target, images)| images.iter().map(move |image| (target, image)));
    let places: HashMap<&ImageId, &Target> = each.map(|(target, image)| (&image.id, target)).collect();
    let all = listed.iter().flat_map(|(_, images)| images);
    let mut forest = ImageForest::new(named.iter().map(|(_, image)| image).chain(all));
    let mut roots: Vec<ImageId> = named.iter().map(|(_, image)| image.id.clone()).collect();
    let mut rows = Vec::new();
    for (id, error) in gone {
        let Some(region) = forest.get(&id).map(|node| region(node, chosen)) else {
            return unless(context, chosen, Err(error));
        };
        rows.push(row(&id, region, verb));
        roots.push(id.clone());
        chosen.gaps.gone.push(id);
    }
    // What was made before cannot have come of it.
    let made: Option<Vec<_>> = roots.iter().map(|root| forest.get(root)?.image?.created_at).collect();
    let since = made.and_then(|made| made.into_iter().min());
    let unnamed = forest.of_unnamed_images().into_iter().filter(|image| !roots.contains(&image.id));
    let unnamed: Vec<&Image> = unnamed.filter(|image| not_before(image, since)).collect();
    let unlisted = forest.below_the_unlisted();
    let public = public(context, chosen, &unlisted).await?;
    let unlisted = unlisted.into_iter().filter(|(above, _)| !public.contains(&above.id)).map(|(_, image)| image);
    let unclear = unlisted.chain(unnamed.iter().copied());
    let unclear: Vec<_> = unclear.filter_map(|image| Some((*places.get(&image.id)?, image))).collect();
    let ask = |(target, image): (&Target, &Image)| {
        let (target, id) = (target.clone(), image.id.clone());
        async move {
            let answer = images::ancestry(&target, &id).await;
            (target, id, answer)
        }
    };
    let spinner = context.printer.bars().spinner("asking for ancestries");
    let asked = concurrency::each(LOOKUPS, unclear, ask);
    let answers = context.unless_stopped(async { Ok(asked.await) }).await?;
    drop(spinner);
    let mut unasked = BTreeSet::new();
    for (target, id, answer) in answers {
        match answer {
            Ok(ancestry) => forest.add_ancestry(&ancestry),
            Err(error) => {
                let message = format!("what {id} came of: {}", error.message);
                chosen.errors.push(target.error(Problem { message, ..error.problem() }).await);
                chosen.gaps.unfollowed.push(target);
                unasked.insert(id);
            }
        }
    }
    let unknown = unnamed.into_iter().filter(|image| !unasked.contains(&image.id));
    let unknown = unknown.filter(|image| forest.ancestors(&image.id).is_empty());
    tell_unknown(chosen, unknown.filter_map(|image| Some((*places.get(&image.id)?, image))).collect()).await;
    let found = forest.descendants(&roots).into_iter().filter(|image| image.own);
    chosen.images.extend(found.filter_map(|image| Some(((*places.get(&image.id)?).clone(), image.clone()))));
    Ok(rows)
}

fn not_before(image: &Image, since: Option<DateTime<Utc>>) -> bool {
    image.created_at.zip(since).is_none_or(|(made, since)| made >= since)
}

/// The region of an image that is gone, which what came of it names.
fn region(node: &ForestNode<'_>, chosen: &Selection) -> Option<Region> {
    node.region.clone().or_else(|| chosen.targets.first().map(|target| target.region.clone()))
}

/// The row of an image that is gone.
fn row(id: &ImageId, region: Option<Region>, verb: Verb) -> Outcome {
    let message = "it is gone, or no account of the run sees it: only what came of it can be worked on".to_owned();
    Outcome {
        account: None,
        region: region.unwrap_or_else(Region::first),
        image_id: id.clone(),
        name: None,
        tags: None,
        verb,
        changed: false,
        detail: None,
        status: Status::Skipped(Problem { code: "InvalidAMIID.NotFound".to_owned(), message }),
        snapshots: Vec::new(),
    }
}

/// Those of the sources that are public images of AWS: an ancestry ends there, so that EC2 need not be asked for it. One
/// call for two hundred in a region; where it fails, the ancestries are asked for.
async fn public(
    context: &Context,
    chosen: &Selection,
    unlisted: &[(&ForestNode<'_>, &Image)],
) -> Result<BTreeSet<ImageId>> {
    let mut by_region: BTreeMap<&Region, Vec<ImageId>> = BTreeMap::new();
    for (above, image) in unlisted {
        by_region.entry(above.region.as_ref().unwrap_or(&image.region)).or_default().push(above.id.clone());
    }
    // One is asked for as cheaply by its ancestry.
    by_region.retain(|_, ids| ids.len() > 1);
    let each = concurrency::each(LOOKUPS, by_region, |(region, ids)| async move {
        let here = chosen.targets.iter().find(|target| target.region == *region).cloned();
        let Some(target) = here.or_else(|| Some(chosen.targets.first()?.in_region(region))) else { return Vec::new() };
        images::public_of_aws(&target, &ids).await.unwrap_or_default()
    });
    let found = context.unless_stopped(async { Ok(each.await) }).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Notes the images of which nobody knows what they came of, in one error for each place.
async fn tell_unknown(chosen: &mut Selection, unknown: Vec<(&Target, &Image)>) {
    let mut by_place: Vec<(&Target, Vec<String>)> = Vec::new();
    for (target, image) in unknown {
        match by_place.iter_mut().find(|(place, _)| place.is(target)) {
            Some((_, labels)) => labels.push(image.label()),
            None => by_place.push((target, vec![image.label()])),
        }
    }
    for (target, labels) in by_place {
        let some = labels[..labels.len().min(NAMED)].join(", ");
        let more = labels.len().checked_sub(NAMED).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        let message = format!(
            "EC2 names no image for the instances that these were made from, so they may have come of it: {some}{more}; \
             revoke those that did by their ids"
        );
        chosen.errors.push(target.error(Problem { code: "UnknownSource".to_owned(), message }).await);
    }
}
