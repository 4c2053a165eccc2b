//! Finding the copies of images in regions and accounts, and what they were copied from.

use std::collections::BTreeMap;

use crate::domain::image::Image;
use crate::domain::lineage::{Origin, Sight, copies_of, mark};
use crate::domain::tags::COPIED_FROM;
use crate::service::client::error::ApiError;
use crate::service::client::target::Target;
use crate::service::images::{self, FILTER_VALUES, Query};
use crate::workflows::run::concurrency::{self, LOOKUPS};

/// Copies that were found, and where nobody could look.
#[derive(Default)]
pub struct Copies {
    /// The copies with their places, the nearest first.
    pub images: Vec<(Target, Image)>,
    /// One error for each place that could not be read: what is there, and copies of that, is not known.
    pub unread: Vec<(Target, ApiError)>,
}

/// The own images of these places that are copies of `roots`, or copies of copies, also of those of other accounts.
///
/// EC2 names the source of a copy only, so that it takes one more look for each generation.
pub async fn copies(mut places: Vec<Target>, roots: &[Image]) -> Copies {
    let mut copies = Copies::default();
    let mut known = roots.to_vec();
    let mut newest = roots.to_vec();
    while !newest.is_empty() {
        let sources = &newest;
        let look = |place: Target| async move {
            let found = candidates(&place, sources).await;
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
        newest = copies_of(&known, &found).into_iter().cloned().collect();
        known.extend(newest.iter().cloned());
        copies.images.extend(newest.iter().filter_map(|image| Some((of.remove(&image.id)?, image.clone()))));
    }
    copies
}

/// Own images that name one of `sources` as what they were made from, copies or not.
async fn candidates(place: &Target, sources: &[Image]) -> Result<Vec<Image>, ApiError> {
    let mut found = Vec::new();
    for some in sources.chunks(FILTER_VALUES) {
        let ids = some.iter().map(|image| image.id.to_string()).collect();
        let remembered = Query::own().filter("source-image-id", ids);
        let tagged = Query::own().filter(format!("tag:{COPIED_FROM}"), some.iter().map(mark).collect());
        // EC2 joins filters by "and".
        let (remembered, tagged) = tokio::try_join!(images::find(place, &remembered), images::find(place, &tagged))?;
        found.extend(remembered);
        found.extend(tagged);
    }
    Ok(found)
}

/// What has become of the image that another one was copied from.
pub async fn source(target: &Target, origin: &Origin) -> Result<Sight, ApiError> {
    let Some(region) = &origin.region else { return Ok(Sight::Unknown) };
    let found = images::by_id(&target.in_region(region), &origin.id).await?;
    Ok(found.map_or(Sight::Missing, |image| Sight::Seen(Box::new(image))))
}
