//! Use of images across the accounts of a run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use futures::StreamExt;

use super::place::{Pick, PlaceUsage};
use super::{search, snapshots};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::permissions::recorded::before_disabling;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::usage::accounts::{self, UnreadAccount, elsewhere, may_launch};
use crate::domain::usage::source::{Source, SourceState, SourceStatus};
use crate::service::permissions::launch_permissions;
use crate::workflows::run::concurrency::{self, IMAGES, PLACES};

/// Merges use by other accounts, and EC2's own references to the images `asked` about, into each place. An account that
/// could not be read leaves every candidate it may launch unverified.
pub async fn across(
    looked: &mut [PlaceUsage<'_>],
    mut unread: Vec<UnreadAccount>,
    without: &BTreeSet<Source>,
    asked: Pick<'_>,
    candidates: Pick<'_>,
) {
    if without.contains(&Source::Accounts) {
        for place in looked {
            let (account, region) = (place.account.clone(), place.region().clone());
            let status = SourceStatus::Skipped;
            place.usage.sources.push(SourceState { account, region, source: Source::Accounts, status });
        }
        return;
    }
    let half_read: Vec<Option<UnreadAccount>> = looked.iter().map(half_read).collect();
    let whole: Vec<bool> = half_read.iter().map(Option::is_none).collect();
    unread.extend(half_read.into_iter().flatten());
    let read = read(looked, &whole);
    said_elsewhere(looked);
    if !without.contains(&Source::ImageReferences) {
        let asked: Vec<Vec<&Image>> = looked.iter().map(asked).collect();
        unread.extend(search::search(looked, &asked, &whole).await);
        said_elsewhere(looked);
    }
    let (unread, places) = (&unread, &*looked);
    let doubts = concurrency::each(PLACES, places, |place| doubts(place, candidates, unread)).await;
    for ((place, doubts), read) in looked.iter_mut().zip(doubts).zip(read) {
        let state = accounts::state(place.account.clone(), place.region(), read, &doubts);
        place.usage.sources.push(state);
        doubts.into_keys().for_each(|image| place.usage.doubt(image, Source::Accounts));
    }
    // Snapshots have permissions of their own.
    let places = &*looked;
    let doubts = concurrency::each(PLACES, places, |place| snapshots::doubts(place, candidates, unread)).await;
    for (place, doubts) in looked.iter_mut().zip(doubts) {
        doubts.into_iter().for_each(|(snapshot, why)| place.usage.doubt_snapshot(snapshot, why));
    }
}

/// The number of other accounts read completely in the region of each place.
fn read(looked: &[PlaceUsage<'_>], whole: &[bool]) -> Vec<usize> {
    let mut of_region: HashMap<&Region, usize> = HashMap::new();
    for (place, whole) in looked.iter().zip(whole) {
        *of_region.entry(place.region()).or_default() += usize::from(*whole);
    }
    looked.iter().zip(whole).map(|(place, whole)| of_region[place.region()] - usize::from(*whole)).collect()
}

/// Adds the references by other places to each place.
fn said_elsewhere(looked: &mut [PlaceUsage<'_>]) {
    let mut owners: HashMap<(&Region, &ImageId), usize> = HashMap::new();
    for (at, place) in looked.iter().enumerate() {
        owners.extend(place.images.iter().map(|image| ((place.region(), &image.id), at)));
    }
    let mut found = Vec::new();
    for (at, place) in looked.iter().enumerate() {
        let owner = |image: &ImageId| owners.get(&(place.region(), image)).copied().filter(|owner| *owner != at);
        let said = elsewhere(|image| owner(image).is_some(), &place.name(), place.usage);
        found.extend(said.into_iter().filter_map(|(image, reference)| Some((owner(&image)?, image, reference))));
    }
    for (owner, image, reference) in found {
        looked[owner].usage.add(image, reference);
    }
}

/// A place with an unread source: it may use more than it lists.
fn half_read(place: &PlaceUsage<'_>) -> Option<UnreadAccount> {
    let failed = place.usage.failed().into_iter().find(|state| !state.source.by_image())?;
    let SourceStatus::Failed(problem) = &failed.status else { return None };
    let message = format!("{} in {}: {}", failed.source, failed.region, problem.message);
    let problem = Problem { message, code: problem.code.clone() };
    Some(UnreadAccount { account: place.account.clone(), region: Some(place.region().clone()), problem })
}

/// The candidates of a place that an unread account may use, each with the reason.
async fn doubts(place: &PlaceUsage<'_>, candidates: Pick<'_>, unread: &[UnreadAccount]) -> BTreeMap<ImageId, Problem> {
    let unread: Vec<_> = unread.iter().filter(|u| u.concerns(place.account.as_ref(), place.region())).collect();
    if unread.is_empty() {
        return BTreeMap::new();
    }
    // EC2 does not show the permissions of another account's image. A disabled image has none in EC2, but the accounts
    // it was shared with may still count on it.
    let each = concurrency::as_done(IMAGES, candidates(place), |image| async move {
        let shares = if image.own { launch_permissions(place.target, &image.id).await.map(Some) } else { Ok(None) };
        let shares = shares.map(|now| Some(now?.into_iter().chain(before_disabling(image)?).collect()));
        (image, shares)
    });
    let answers: Vec<_> = each.collect().await;
    let doubt = |(image, shares): (&Image, Result<_, _>)| {
        let why = match shares {
            Ok(None) => unread.first().map(|unread| unread.doubt_of(image)),
            Ok(Some(shares)) => unread.iter().find(|u| may_launch(&shares, u.account.as_ref())).map(|u| u.doubt()),
            Err(error) => {
                let error: crate::service::client::error::ApiError = error;
                let message = format!("who it is shared with is unknown: {}", error.message);
                Some(Problem { message, code: error.code })
            }
        };
        Some((image.id.clone(), why?))
    };
    answers.into_iter().filter_map(doubt).collect()
}
