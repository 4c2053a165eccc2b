//! The use of listed images.

use std::collections::BTreeMap;

use anyhow::Result;

use super::selection::{self, ImagesInUse};
use super::unread::unread;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::problem::PlaceError;
use crate::domain::reason::named;
use crate::domain::usage::source::UseVerdict;
use crate::service::usage::sources::Scope;
use crate::workflows::run::context::Context;
use crate::workflows::select::selection::Selection;

/// The use of images by place, and the sources that could not be read.
pub struct ListingUse {
    /// The places with images of the listing.
    pub places: Vec<ImagesInUse>,
    /// The sources that could not be read.
    pub errors: Vec<PlaceError>,
}

/// Reads the use of some images of a listing.
pub async fn usage_of(context: &Context, images: &[&Image], listing: &Selection) -> Result<ListingUse> {
    let mut places = Vec::new();
    for target in &listing.targets {
        places.push((target, target.account().await.ok()));
    }
    let of_owner =
        |image: &Image| places.iter().find(|(t, id)| t.region == image.region && *id == image.owner.as_ref());
    let of_region = |image: &Image| places.iter().find(|(target, _)| target.region == image.region);
    let place = |image: &Image| of_owner(image).or_else(|| of_region(image)).map(|(target, _)| (*target).clone());
    let chosen = listing.with(images.iter().filter_map(|image| Some((place(image)?, (*image).clone()))).collect());
    let places = selection::usage_of(context, &chosen, &Scope::default(), false).await?;
    let mut errors = Vec::new();
    for ImagesInUse { target, usage, .. } in &places {
        errors.extend(unread(target, usage).await);
    }
    Ok(ListingUse { places, errors })
}

impl ListingUse {
    /// The use of each image in words, empty without any, and the sources that could not be read.
    pub fn in_words(self) -> (BTreeMap<ImageId, String>, Vec<PlaceError>) {
        let mut found = BTreeMap::new();
        for ImagesInUse { images, usage, .. } in self.places {
            let text = |image: &Image| match usage.verdict(&image.id) {
                UseVerdict::InUse(by) => named(by),
                UseVerdict::Unverified(_) => "unverified".to_owned(),
                UseVerdict::Unused => String::new(),
            };
            found.extend(images.iter().map(|image| (image.id.clone(), text(image))));
        }
        (found, self.errors)
    }
}
