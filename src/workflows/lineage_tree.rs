//! The lineage of one image over all places.
//!
//! Up and down it is in the listings; where they end, EC2's ancestry goes on.

use std::collections::HashMap;

use anyhow::{Error, Result};

use super::run::context::Context;
use super::select::selection::Selection;
use super::select::{query, references, resolve};
use super::usage::images::{self as used, ListingUse};
use crate::domain::failure::Failure;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::image_forest::{Ancestor, ForestNode, ImageForest};
use crate::domain::lineage_tree::{LineageImage, LineageTree, end, listing_ends, originals, unclear};
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::usage::source::UseVerdict;
use crate::service::Target;
use crate::service::images::{self, Query};

/// Reads the lineage of an image; with `whole` also what else came of its ancestors. Use is read `with_use` only.
pub async fn read(context: &Context, reference: &ImageRef, whole: bool, with_use: bool) -> Result<LineageTree> {
    let mut missing = None;
    let (mut chosen, listed) = match references::all(context, reference).await {
        Ok(mut chosen) => {
            let listed = query::own(context, &mut chosen).await?.into_iter().map(|(_, images)| images).collect();
            (chosen, listed)
        }
        // An image that is gone is known by what came of it.
        Err(error) if resolve::is_missing(&error) && matches!(reference, ImageRef::Id(_)) => {
            missing = Some(error);
            let (listed, chosen) = query::find(context, Query::own()).await?;
            (chosen, listed)
        }
        Err(error) => return Err(error),
    };
    let listed: Vec<Vec<Image>> = listed;
    let named = std::mem::take(&mut chosen.images);
    let mut forest = ImageForest::new(named.iter().map(|(_, image)| image).chain(listed.iter().flatten()));
    let root = match missing {
        Some(error) => gone(&forest, reference, error)?,
        None => {
            let candidates: Vec<&Image> = named.iter().map(|(_, image)| image).collect();
            match originals(&forest, &candidates).as_slice() {
                [one] => one.id.clone(),
                _ => return Err(references::ambiguous(context, reference, &chosen.with(named.clone())).await),
            }
        }
    };
    let ancestry = ancestry(&mut chosen, &named, &forest, &root).await;
    forest.add_ancestry(&ancestry);
    let tree = forest.tree(&root, whole);
    let shown: Vec<&Image> = tree.iter().filter_map(|found| found.node.image).collect();
    let uses = if with_use { Some(uses(context, &mut chosen, &shown).await?) } else { None };
    let in_use = |node: &ForestNode<'_>| uses.as_ref().and_then(|uses| uses.of(node));
    Ok(LineageTree {
        images: tree.iter().map(|found| LineageImage::new(found, in_use)).collect(),
        notes: end(&forest, &root, &ancestry).into_iter().chain(unclear(&forest, &root)).collect(),
        root,
        several: chosen.several,
        errors: chosen.errors,
    })
}

/// The id of an image that is gone, if an image names it as its source.
fn gone(forest: &ImageForest<'_>, reference: &ImageRef, missing: Error) -> Result<ImageId> {
    match reference {
        ImageRef::Id(id) if forest.get(id).is_some() => Ok(id.clone()),
        _ => Err(match missing.downcast::<Failure>() {
            Ok(failure) => {
                let before = failure.hint.clone().map(|hint| hint + "; ").unwrap_or_default();
                let hint = "of one that is deregistered only what came of it is known: 'amictl stale' finds what still runs it";
                failure.hint(format!("{before}{hint}")).into()
            }
            Err(error) => error,
        }),
    }
}

/// EC2's ancestry of the last listed image above the root, if something is above it: one call.
async fn ancestry(
    chosen: &mut Selection,
    named: &[(Target, Image)],
    forest: &ImageForest<'_>,
    root: &ImageId,
) -> Vec<Ancestor> {
    let Some(image) = listing_ends(forest, root) else { return Vec::new() };
    let mut place = named.iter().find(|(_, one)| one.id == image.id).map(|(target, _)| target.clone());
    for target in chosen.targets.iter().filter(|target| target.region == image.region) {
        if place.is_none() && target.account().await.ok() == image.owner.as_ref() {
            place = Some(target.clone());
        }
    }
    let Some(place) = place else { return Vec::new() };
    match images::ancestry(&place, &image.id).await {
        Ok(ancestry) => ancestry,
        Err(error) => {
            let message = format!("the ancestry of {}: {}", image.id, error.message);
            chosen.errors.push(place.error(Problem { message, ..error.problem() }).await);
            Vec::new()
        }
    }
}

/// What is known about the use of the images of a tree.
struct Uses {
    known: HashMap<ImageId, Option<bool>>,
    read: ListingUse,
}

async fn uses(context: &Context, chosen: &mut Selection, images: &[&Image]) -> Result<Uses> {
    let read = match images.is_empty() {
        true => ListingUse { places: Vec::new(), errors: Vec::new() },
        false => used::usage_of(context, images, chosen).await?,
    };
    chosen.errors.extend(read.errors.iter().cloned());
    let mut known = HashMap::new();
    for place in &read.places {
        known.extend(place.images.iter().map(|image| {
            let in_use = match place.usage.verdict(&image.id) {
                UseVerdict::InUse(_) => Some(true),
                UseVerdict::Unused => Some(false),
                UseVerdict::Unverified(_) => None,
            };
            (image.id.clone(), in_use)
        }));
    }
    Ok(Uses { known, read })
}

impl Uses {
    /// Whether an image is in use. Of one that is not listed only a reference that was found tells something.
    fn of(&self, node: &ForestNode<'_>) -> Option<bool> {
        if node.image.is_some() {
            return self.known.get(&node.id).copied().flatten();
        }
        let here = self.read.places.iter().filter(|place| Some(&place.target.region) == node.region.as_ref());
        here.into_iter().any(|place| !place.usage.references(&node.id).is_empty()).then_some(true)
    }
}
