//! The warning of an image that is to be made from a revoked one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::revocation::Revocation;
use crate::service::{Target, images};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// EC2's codes for an image that the account does not see any more.
const GONE: [&str; 2] = ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"];

/// Says if the image of an instance, or one that it came of, is revoked. What cannot be read is said, and stops nothing.
///
/// EC2's ancestry, and one call for its images in each region.
pub async fn warn(context: &Context, target: &Target, image: &ImageId) {
    let mut asked = BTreeMap::from([(target.region.clone(), BTreeSet::from([image.clone()]))]);
    match images::ancestry(target, image).await {
        Ok(ancestry) => {
            let mut here = target.region.clone();
            for source in ancestry.into_iter().filter_map(|ancestor| ancestor.source) {
                // Where EC2 names no region it is that of the image that came of it.
                here = source.region.unwrap_or(here);
                asked.entry(here.clone()).or_default().insert(source.id);
            }
        }
        Err(error) if GONE.iter().any(|code| error.is(code)) => {
            let why = format!("{image}, which the instance runs, is gone or not shared any more");
            context.printer.say(format!("{why}: whether it came of a revoked image is unknown"));
        }
        Err(error) => context.printer.say(format!("whether {image} came of a revoked image is unknown: {error}")),
    }
    let each = concurrency::each(LOOKUPS, asked, |(region, ids)| {
        let place = target.in_region(&region);
        async move {
            let found = images::visible_by_ids(&place, &Vec::from_iter(ids)).await;
            (region, found)
        }
    });
    for (region, found) in each.await {
        match found {
            Ok(found) => {
                let revoked = found.iter().filter(|found| found.revoked());
                revoked.for_each(|revoked| context.printer.tell(&told(revoked, image)));
            }
            Err(error) if region == target.region => {
                context.printer.say(format!("whether {image} is revoked is unknown: {error}"));
            }
            Err(error) => {
                let message = format!("whether the images in {region} that it came of are revoked is unknown: {error}");
                context.printer.say(message);
            }
        }
    }
}

fn told(revoked: &Image, image: &ImageId) -> String {
    let why = Revocation::of(revoked).map(|mark| mark.told()).unwrap_or_default();
    let (label, place) = (revoked.label(), revoked.place());
    match revoked.id == *image {
        true => format!("warning: the instance runs {label} in {place}, which is revoked{why}"),
        false => format!("warning: the image of the instance came of {label} in {place}, which is revoked{why}"),
    }
}
