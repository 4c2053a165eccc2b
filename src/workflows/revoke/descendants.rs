//! The search for all that came of some images: copies, and images made from instances of them.

use std::collections::HashMap;

use anyhow::Result;

use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::image_forest::ImageForest;
use crate::domain::problem::Problem;
use crate::service::{Target, images};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;
use crate::workflows::select::query;
use crate::workflows::select::selection::Selection;

/// Adds all that came of the selected images in the places of the run.
///
/// The listings name only direct sources. Where a source is not listed, as it is gone or belongs to others, EC2 is asked
/// what it came of: an image must not escape because one between is deregistered.
pub async fn add(context: &Context, chosen: &mut Selection) -> Result<()> {
    let listed = query::own(context, chosen).await?;
    let named = chosen.images.clone();
    let roots: Vec<ImageId> = named.iter().map(|(_, image)| image.id.clone()).collect();
    let each = listed.iter().flat_map(|(target, images)| images.iter().map(move |image| (target, image)));
    let places: HashMap<&ImageId, &Target> = each.map(|(target, image)| (&image.id, target)).collect();
    let all = listed.iter().flat_map(|(_, images)| images);
    let mut forest = ImageForest::new(named.iter().map(|(_, image)| image).chain(all));
    let unclear = forest.below_the_unlisted();
    let unclear = unclear.into_iter().filter_map(|image| Some((*places.get(&image.id)?, image)));
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
    for (target, id, answer) in answers {
        match answer {
            Ok(ancestry) => forest.add_ancestry(&ancestry),
            Err(error) => {
                let message = format!("what {id} came of: {}", error.message);
                chosen.errors.push(target.error(Problem { message, ..error.problem() }).await);
            }
        }
    }
    let found = forest.descendants(&roots).into_iter().filter(|image| image.own);
    chosen.images.extend(found.filter_map(|image| Some(((*places.get(&image.id)?).clone(), image.clone()))));
    Ok(())
}
