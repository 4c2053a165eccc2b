//! The aliases of all places, with their histories and images.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;

use crate::domain::alias::{AliasParameter, ROOT};
use crate::domain::alias_history::AliasHistory;
use crate::domain::alias_list::{ListedAlias, NamedImages};
use crate::domain::failure::Failure;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::naming::Family;
use crate::domain::problem::PlaceError;
use crate::service::client::error::ApiError;
use crate::service::{Target, images, parameters};
use crate::workflows::name_cache;
use crate::workflows::run::concurrency::{self, HISTORIES, LOOKUPS};
use crate::workflows::run::context::Context;

/// The aliases of all places.
pub struct AliasList {
    /// The aliases: place by place, in the order of their names.
    pub aliases: Vec<ListedAlias>,
    /// Places that could not be read, or not completely.
    pub errors: Vec<PlaceError>,
}

/// Reads the aliases of every place, or those of one family; an error if no place can be read.
pub async fn read(context: &Context, family: Option<&Family>) -> Result<AliasList> {
    if let Some(family) = family {
        // Any name shows whether SSM can hold aliases of the family.
        AliasParameter::new(family.clone(), "prod".parse()?).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let places = context.session().await?.places().await.some()?;
    let bar = context.printer.bars().count(places.targets.len() as u64, "reading aliases");
    let each = concurrency::each(LOOKUPS, places.targets, |target| async {
        let found = of_place(&target, family).await;
        bar.step();
        (target, found)
    });
    let mut listing = AliasList { aliases: Vec::new(), errors: places.errors };
    let (mut first, mut read, mut regions) = (None, false, BTreeSet::new());
    for (target, found) in each.await {
        regions.insert(target.region.clone());
        let (histories, images) = match found {
            Ok(found) => found,
            Err(error) => {
                listing.errors.push(target.error(error.problem()).await);
                first.get_or_insert(error);
                continue;
            }
        };
        read = true;
        let images: NamedImages = match images {
            Ok(images) => Some(images),
            Err(error) => {
                listing.errors.push(target.error(error.problem()).await);
                None
            }
        };
        let account = target.account().await.ok();
        listing.aliases.extend(histories.into_iter().filter_map(|(alias, history)| {
            let place = (account.cloned(), target.region.clone());
            ListedAlias::new(place, alias, &history, &images, context.now)
        }));
    }
    if family.is_none() && listing.errors.is_empty() {
        name_cache::remember_aliases(context, &regions, &listing.aliases);
    }
    match first {
        Some(error) if !read => Err(error.into()),
        _ => Ok(listing),
    }
}

type Histories = Vec<(AliasParameter, AliasHistory)>;
type Images = Result<HashMap<ImageId, Image>, ApiError>;

/// The aliases of a place in the order of their names, and the images in their histories.
async fn of_place(target: &Target, family: Option<&Family>) -> Result<(Histories, Images), ApiError> {
    let names = match family {
        Some(family) => parameters::below(target, &format!("{ROOT}{family}"), true).await?,
        None => parameters::below(target, ROOT.trim_end_matches('/'), false).await?,
    };
    let aliases: BTreeSet<AliasParameter> = names.iter().filter_map(|name| AliasParameter::of(name)).collect();
    let each = concurrency::each(HISTORIES, aliases, |alias| async {
        let history = parameters::history(target, &alias.parameter()).await;
        (alias, history)
    });
    let mut histories = Histories::new();
    for (alias, history) in each.await {
        // One that was deleted since it was listed has no versions.
        histories.push((alias, history?));
    }
    let versions = histories.iter().flat_map(|(_, history)| history.versions());
    let ids: BTreeSet<ImageId> = versions.filter_map(|version| version.image()).collect();
    let images = match ids.is_empty() {
        true => Ok(Vec::new()),
        false => images::visible_by_ids(target, &Vec::from_iter(ids)).await,
    };
    let images = images.map(|images| images.into_iter().map(|image| (image.id.clone(), image)).collect());
    Ok((histories, images))
}
