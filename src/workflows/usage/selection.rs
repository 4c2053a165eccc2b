//! The use of selected images.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;

use super::accounts::across;
use super::place::{PlaceUsage, unread_accounts};
use super::{reports, snapshots};
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::domain::retention::SharedWith;
use crate::domain::usage::source::{Source, Usage, UseVerdict};
use crate::service::Target;
use crate::service::usage::sources::{self, Scope};
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::Context;
use crate::workflows::select::selection::Selection;

/// Images of one place, and their use.
pub struct ImagesInUse {
    /// The place.
    pub target: Target,
    /// The images in question.
    pub images: Vec<Image>,
    /// Their use.
    pub usage: Usage,
}

/// The use of the selected images, read in their own places and in every other account of the run. With `reports`, EC2
/// is asked for usage reports as well.
pub async fn usage_of(context: &Context, chosen: &Selection, scope: &Scope, reports: bool) -> Result<Vec<ImagesInUse>> {
    let regions: BTreeSet<&Region> = chosen.images.iter().map(|(_, image)| &image.region).collect();
    let targets: Vec<&Target> = chosen.targets.iter().filter(|target| regions.contains(&target.region)).collect();
    let bar = context.printer.bars().count((targets.len() * Source::ALL.len()) as u64, "looking for use");
    let mut own: HashMap<_, Vec<Image>> = HashMap::new();
    for (target, image) in &chosen.images {
        own.entry(target.key()).or_default().push(image.clone());
    }
    let each = concurrency::each(PLACES, targets, |target| {
        let images = own.remove(&target.key()).unwrap_or_default();
        async {
            let ids = images.iter().map(|image| image.id.clone()).collect();
            let usage = sources::find(target, async move { ids }, scope, context.now, &|_| bar.step()).await;
            ImagesInUse { target: target.clone(), images, usage }
        }
    });
    let mut used: Vec<ImagesInUse> = context.unless_stopped(async { Ok(each.await) }).await?;
    drop(bar);
    let (mut looked, none) = (Vec::new(), SharedWith::new());
    for ImagesInUse { target, images, usage } in &mut used {
        let account = target.account().await.ok().cloned();
        looked.push(PlaceUsage { target, account, images, usage, shares: &none });
    }
    if chosen.several {
        snapshots::add(&mut looked);
        let unread = unread_accounts(&chosen.unentered);
        let across = across(&mut looked, unread, &scope.without, &all, &unused);
        context
            .unless_stopped(async {
                across.await;
                Ok(())
            })
            .await?;
    }
    if reports {
        reports::add(context, &mut looked, &unused).await?;
    }
    used.retain(|place| !place.images.is_empty());
    Ok(used)
}

pub fn all<'a>(looked: &PlaceUsage<'a>) -> Vec<&'a Image> {
    looked.images.iter().collect()
}

pub fn unused<'a>(looked: &PlaceUsage<'a>) -> Vec<&'a Image> {
    let unused = |image: &&Image| looked.usage.verdict(&image.id) == UseVerdict::Unused;
    looked.images.iter().filter(unused).collect()
}
