//! The warning of an image that is to be made from a revoked one.

use std::collections::BTreeSet;

use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::revocation::Revocation;
use crate::service::{Target, images};
use crate::workflows::run::context::Context;

/// EC2's codes for an image that the account does not see any more.
const GONE: [&str; 2] = ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"];

/// Says if the image of an instance, or one that it came of, is revoked. What cannot be read is said, and stops nothing.
///
/// Two calls at most: EC2's ancestry, and the images of it in this region. Marks in other regions are not seen; copies
/// carry them.
pub async fn warn(context: &Context, target: &Target, image: &ImageId) {
    let mut asked = BTreeSet::from([image.clone()]);
    match images::ancestry(target, image).await {
        Ok(ancestry) => {
            let sources = ancestry.into_iter().filter_map(|ancestor| ancestor.source);
            let here = sources.filter(|source| source.region.as_ref().is_none_or(|region| *region == target.region));
            asked.extend(here.map(|source| source.id));
        }
        Err(error) if GONE.iter().any(|code| error.is(code)) => {
            let why = format!("{image}, which the instance runs, is gone or not shared any more");
            context.printer.say(format!("{why}: whether it came of a revoked image is unknown"));
        }
        Err(error) => context.printer.say(format!("whether {image} came of a revoked image is unknown: {error}")),
    }
    let found = match images::visible_by_ids(target, &Vec::from_iter(asked)).await {
        Ok(found) => found,
        Err(error) => return context.printer.say(format!("whether {image} is revoked is unknown: {error}")),
    };
    for revoked in found.iter().filter(|found| found.revoked()) {
        context.printer.tell(&told(revoked, image));
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
