//! EC2's own search for references, in every account of a run. It adds the recipes of Image Builder.
//!
//! Each account is asked only about images of the others that it may launch, or could before they were disabled: their
//! number does not grow with that of the accounts, as the number of all images does.

use std::collections::HashMap;

use futures::StreamExt;

use super::using::{Looked, PLACES};
use crate::domain::across::{Unread, seen_from_outside};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::launchable::Launchable;
use crate::domain::region::Region;
use crate::domain::report::Problem;
use crate::domain::usage::Reference;
use crate::service::images::{self, FILTER_VALUES};
use crate::service::usage;

/// Looks in each place that was read as a whole for references to those images of the other accounts that are `asked`
/// about, and tells them to their owners. Gives the places where EC2 could not be asked.
pub async fn search(looked: &mut [Looked<'_>], asked: &[Vec<Image>], whole: &[bool]) -> Vec<Unread> {
    let mut regions: HashMap<&Region, Launchable<'_>> = HashMap::new();
    let places = &*looked;
    for (at, (place, images)) in places.iter().zip(asked).enumerate() {
        let region = regions.entry(place.region()).or_default();
        images.iter().for_each(|image| region.add(at, image));
    }
    let regions = &regions;
    let each = places.iter().enumerate().filter(|(at, _)| whole[*at]).map(|(at, place)| async move {
        let launchable = &regions[place.region()];
        (at, references(at, place, launchable).await)
    });
    let answers: Vec<_> = futures::stream::iter(each).buffered(PLACES).collect().await;
    let (mut unread, mut found) = (Vec::new(), Vec::new());
    for (at, answer) in answers {
        let place = &places[at];
        match answer {
            Ok(references) => {
                let (name, launchable) = (place.name(), &regions[place.region()]);
                found.extend(references.into_iter().filter_map(|(image, reference)| {
                    Some((launchable.owner(&image)?, image, seen_from_outside(&name, &reference)))
                }));
            }
            Err(problem) => {
                let (account, region) = (place.account.clone(), Some(place.region().clone()));
                unread.push(Unread { account, region, problem });
            }
        }
    }
    for (owner, image, reference) in found {
        looked[owner].usage.add(image, reference);
    }
    unread
}

/// What refers in a place to images of the others.
async fn references(
    at: usize,
    place: &Looked<'_>,
    launchable: &Launchable<'_>,
) -> Result<Vec<(ImageId, Reference)>, Problem> {
    let mut asked = launchable.known(at, place.account.as_ref());
    // More than a call takes are not counted: then all is listed that is shared with the account.
    let hidden: Vec<&ImageId> = launchable.hidden(at).take(FILTER_VALUES + 1).collect();
    if !hidden.is_empty() {
        let shared = images::shared(place.target, &hidden).await.map_err(|error| error.problem())?;
        let of_others = |image: &ImageId| launchable.owner(image).is_some_and(|owner| owner != at);
        asked.extend(shared.into_iter().filter(of_others));
    }
    match asked.is_empty() {
        true => Ok(Vec::new()),
        false => usage::references(place.target, &asked).await,
    }
}
