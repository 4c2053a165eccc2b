//! EC2's own search for references (DescribeImageReferences), in every account of a run.
//!
//! It adds the recipes of Image Builder, and takes ten images per call. Each account is asked about all images of the
//! others while they are few, and else about those that it may launch, or could before they were disabled: unlike the
//! number of all images, theirs does not grow with the number of accounts.

use std::collections::{BTreeSet, HashMap};

use super::place::PlaceUsage;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::launchable::Launchable;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::usage::accounts::UnreadAccount;
use crate::domain::usage::source::Reference;
use crate::service::images::{self, FILTER_VALUES};
use crate::service::usage::sources;
use crate::workflows::run::concurrency::{self, PLACES};

/// The maximum number that counts as few: ten calls.
const FEW: usize = 100;

/// Searches each completely read place for references to the images of other accounts that are `asked` about, and adds
/// them to the images' places. Returns the places where EC2 could not be asked.
pub async fn search(looked: &mut [PlaceUsage<'_>], asked: &[Vec<&Image>], whole: &[bool]) -> Vec<UnreadAccount> {
    let mut regions: HashMap<&Region, Launchable<'_>> = HashMap::new();
    let places = &*looked;
    for (at, (place, images)) in places.iter().zip(asked).enumerate() {
        let region = regions.entry(place.region()).or_default();
        images.iter().for_each(|image| region.add(at, image));
    }
    let regions = &regions;
    let wanted = places.iter().enumerate().filter(|(at, _)| whole[*at]);
    let each = concurrency::each(PLACES, wanted, |(at, place)| async move {
        let launchable = &regions[place.region()];
        (at, references(at, place, launchable).await)
    });
    let (mut unread, mut found) = (Vec::new(), Vec::new());
    for (at, answer) in each.await {
        match answer {
            Ok(references) => found.push((at, references)),
            Err(problem) => {
                let (account, region) = (places[at].account.clone(), Some(places[at].region().clone()));
                unread.push(UnreadAccount { account, region, problem });
            }
        }
    }
    for (at, references) in found {
        references.into_iter().for_each(|(image, reference)| looked[at].usage.add(image, reference));
    }
    unread
}

/// The references in a place to images of the other accounts.
async fn references(
    at: usize,
    place: &PlaceUsage<'_>,
    launchable: &Launchable<'_>,
) -> Result<Vec<(ImageId, Reference)>, Problem> {
    let few: BTreeSet<ImageId> = launchable.others(at).take(FEW + 1).cloned().collect();
    let asked = match few.len() {
        0 => return Ok(Vec::new()),
        1..=FEW => few,
        _ => may_be_launched(at, place, launchable).await?,
    };
    match asked.is_empty() {
        true => Ok(Vec::new()),
        false => sources::references(place.target, &asked).await,
    }
}

/// The images of other accounts that the account may launch, or could before they were disabled.
async fn may_be_launched(
    at: usize,
    place: &PlaceUsage<'_>,
    launchable: &Launchable<'_>,
) -> Result<BTreeSet<ImageId>, Problem> {
    let mut images = launchable.known(at, place.account.as_ref());
    // Above EC2's limit for a call, all images shared with the account are listed instead.
    let hidden: Vec<&ImageId> = launchable.hidden(at).take(FILTER_VALUES + 1).collect();
    if !hidden.is_empty() {
        let shared = images::shared(place.target, &hidden).await.map_err(|error| error.problem())?;
        images.extend(shared.into_iter().filter(|image| launchable.is_of_others(at, image)));
    }
    Ok(images)
}
