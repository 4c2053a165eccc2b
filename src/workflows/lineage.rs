//! The search for copies of images and for their sources, over regions and accounts.

use std::collections::BTreeMap;

use super::run::concurrency::{self, LOOKUPS};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::image_forest::{Relation, parent_of};
use crate::domain::lineage::{Origin, Sight, copies_of};
use crate::domain::region::Region;
use crate::domain::tags::COPIED_FROM;
use crate::service::client::error::ApiError;
use crate::service::client::target::Target;
use crate::service::images::{self, FILTER_VALUES, Query};

/// An image that others may have been copied from: its id and region. It need not exist any more.
pub type LineageRoot = (ImageId, Region);

/// The copies found, and the places that could not be searched.
#[derive(Default)]
pub struct Copies {
    /// The copies with their places, the nearest first.
    pub images: Vec<(Target, Image)>,
    /// The images made from instances of the roots.
    pub children: Vec<Image>,
    /// One error per unreadable place: its copies, and copies of those, are unknown.
    pub unread: Vec<(Target, ApiError)>,
}

/// The own images of these places that are copies of `roots`, or copies of copies, also across accounts.
///
/// EC2 names only the direct source of a copy, so each generation takes another search.
pub async fn copies(mut places: Vec<Target>, roots: &[Image]) -> Copies {
    let mut copies = Copies::default();
    let mut known = roots.to_vec();
    let mut newest = roots.to_vec();
    while !newest.is_empty() {
        let sources = &newest.iter().map(|image| (image.id.clone(), image.region.clone())).collect::<Vec<_>>();
        let look = |place: Target| async move {
            let found = made_from(&place, sources).await;
            (place, found)
        };
        let answers = concurrency::each(LOOKUPS, places, look).await;
        let (mut found, mut of) = (Vec::new(), BTreeMap::new());
        places = Vec::new();
        for (place, answer) in answers {
            match answer {
                Ok(images) => {
                    of.extend(images.iter().map(|image| (image.id.clone(), place.clone())));
                    found.extend(images);
                    places.push(place);
                }
                Err(error) => copies.unread.push((place, error)),
            }
        }
        let came_of_a_root = |image: &&Image| {
            let parent = parent_of(image).filter(|(_, relation)| *relation == Relation::Child);
            parent.is_some_and(|(parent, _)| roots.iter().any(|root| parent.is(&root.id, &root.region)))
        };
        for child in found.iter().filter(came_of_a_root) {
            if !copies.children.iter().any(|known| known.id == child.id) {
                copies.children.push(child.clone());
            }
        }
        newest = copies_of(&known, &found).into_iter().cloned().collect();
        known.extend(newest.iter().cloned());
        copies.images.extend(newest.iter().filter_map(|image| Some((of.remove(&image.id)?, image.clone()))));
    }
    copies
}

/// Own images whose source is one of `sources`, copies or not.
pub async fn made_from(place: &Target, sources: &[LineageRoot]) -> Result<Vec<Image>, ApiError> {
    let mut found = Vec::new();
    for some in sources.chunks(FILTER_VALUES) {
        let ids = some.iter().map(|source| source.0.to_string()).collect();
        let remembered = Query::own().filter("source-image-id", ids);
        let marks = some.iter().map(|(id, region)| format!("{region}/{id}")).collect();
        let tagged = Query::own().filter(format!("tag:{COPIED_FROM}"), marks);
        // EC2 combines filters with "and", so it takes two calls.
        let (remembered, tagged) = tokio::try_join!(images::find(place, &remembered), images::find(place, &tagged))?;
        found.extend(remembered);
        found.extend(tagged);
    }
    Ok(found)
}

/// The current state of the source of a copy.
pub async fn source(target: &Target, origin: &Origin) -> Result<Sight, ApiError> {
    let Some(region) = &origin.region else { return Ok(Sight::Unknown) };
    let found = images::by_id(&target.in_region(region), &origin.id).await?;
    Ok(found.map_or(Sight::Missing, |image| Sight::Seen(Box::new(image))))
}
