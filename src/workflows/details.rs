//! The details of one image, read from all places of a run.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use futures::{FutureExt, StreamExt};

use super::lineage::{self, Copies};
use super::run::concurrency::{self, LOOKUPS};
use super::run::context::Context;
use super::select::selection::Selection;
use super::usage::selection;
use super::verdicts;
use crate::domain::cost::{Prices, snapshot_gib};
use crate::domain::details::{Blind, Details};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::image_forest::{Relation, parent_of};
use crate::domain::lineage::{Sight, origin};
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::Region;
use crate::domain::tested::Tested;
use crate::domain::tested_lineage::Standing;
use crate::domain::usage::source::Source;
use crate::service::client::error::ApiError;
use crate::service::usage::sources::Scope;
use crate::service::{Target, permissions, snapshots};

/// What is asked about an image.
#[derive(Debug)]
pub struct Request {
    /// Regions to look for copies in; those of the run where none is named.
    pub copies_in: Vec<Region>,
    /// Files and folders in which image ids count as use.
    pub files: Vec<PathBuf>,
    /// Sources of use that are not read.
    pub without: BTreeSet<Source>,
    /// Prices of snapshots.
    pub prices: Prices,
}

/// The number of reads other than the sources of use.
pub const PARTS: u64 = 4;

/// Reads the details of the image, all concurrently. A failed read is reported and hides nothing else.
pub async fn read(context: &Context, chosen: &Selection, request: Request) -> Result<Details> {
    let Some((target, image)) = chosen.images.first() else {
        return Err(Failure::new(Kind::Failed, "NoPlace", "no region could be read").into());
    };
    let scope = Scope::new(request.without, request.files);
    let snapshot_ids: Vec<_> = image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
    let bar = context.printer.bars().count(PARTS, "reading");
    let (used, shares, snapshots, search, parent) = tokio::join!(
        selection::usage_of(context, chosen, &scope, false),
        launch_permissions(target, image).inspect(|_| bar.step()),
        snapshots::existing(target, &snapshot_ids).inspect(|_| bar.step()),
        search(chosen, image, request.copies_in).inspect(|_| bar.step()),
        parent(chosen, target, image).inspect(|_| bar.step()),
    );
    drop(bar);
    let usage = used?.into_iter().next().map(|place| place.usage).unwrap_or_default();
    let mut gaps = ReadGaps { errors: chosen.errors.clone(), blind: Vec::new() };
    gaps.blind.extend(chosen.unentered.iter().map(|error| Blind::Account(error.account.clone())));
    let shares = gaps.known("launch permissions", target, shares).await.flatten();
    let snapshots = gaps.known("snapshots", target, snapshots).await;
    let sight = match parent {
        Ok(sight) => sight,
        Err((place, error)) => {
            gaps.note("source image", &place, error).await;
            Some(Sight::Unknown)
        }
    };
    // Verdicts follow copies only, not images of instances.
    let standing = standing(chosen, target, image, sight.as_ref().filter(|_| origin(image).is_some())).await;
    let CopySearch { places, copies, unlisted } = search;
    let (read, accounts) = looked_in(&places, &copies);
    gaps.copies(unlisted, copies.unread).await;
    let (copied_from, made_from) = match parent_of(image).zip(sight) {
        Some(((origin, Relation::Copy), sight)) => (Some((origin, sight)), None),
        Some(((origin, Relation::Child), sight)) => (None, Some((origin, sight))),
        None => (None, None),
    };
    // Another account pays for the snapshots of its image.
    let cost = || request.prices.monthly([(&image.region, snapshot_gib([image]))]);
    Ok(Details {
        monthly_cost: image.own.then(cost),
        launch_permissions: shares,
        snapshots,
        standing,
        copied_from,
        made_from,
        copies: copies.images.into_iter().map(|(_, copy)| copy).collect(),
        children: copies.children,
        regions: read,
        accounts,
        several: chosen.several,
        blind: gaps.blind,
        errors: gaps.errors,
        usage,
        image: image.clone(),
    })
}

/// The launch permissions; `None` for another account's image, as EC2 shows them only to the owner.
pub async fn launch_permissions(target: &Target, image: &Image) -> Result<Option<BTreeSet<Principal>>, ApiError> {
    match image.own {
        true => permissions::launch_permissions(target, &image.id).await.map(Some),
        false => Ok(None),
    }
}

/// The source of the image, from the first account that can see it.
pub async fn parent(chosen: &Selection, target: &Target, image: &Image) -> Result<Option<Sight>, (Target, ApiError)> {
    let Some((origin, _)) = &parent_of(image) else { return Ok(None) };
    let others = chosen.accounts().into_iter().filter(|account| !account.same_account(target));
    let look =
        |account: Target| async move { lineage::source(&account, origin).await.map_err(|error| (account, error)) };
    let accounts = std::iter::once(target).chain(others).cloned();
    let mut answers = concurrency::in_order(LOOKUPS, accounts, look);
    let mut failed = None;
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(Sight::Missing) => {}
            Ok(sight) => return Ok(Some(sight)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(Some(Sight::Missing)), Err)
}

/// The verdict that the image stands on. Sources are looked at only where a tag could be seen.
async fn standing(chosen: &Selection, target: &Target, image: &Image, source: Option<&Sight>) -> Option<Standing> {
    let itself = (target.clone(), image.clone());
    let source = match source {
        Some(Sight::Seen(source)) if source.own || chosen.several => Some((target.clone(), (**source).clone())),
        Some(Sight::Seen(_) | Sight::Missing | Sight::Unknown) | None => None,
    };
    if Tested::of(image).is_none() && source.is_none() {
        return None;
    }
    let accounts: Vec<_> = chosen.accounts().into_iter().cloned().collect();
    let known: Vec<_> = std::iter::once(itself).chain(source).collect();
    verdicts::of(&[image], &known, &accounts).await.standings.pop()
}

/// The result of a search for copies.
pub struct CopySearch {
    places: Vec<Target>,
    copies: Copies,
    /// Accounts whose regions could not be listed, and why; only the image's own region was searched there.
    unlisted: Vec<(Target, ApiError)>,
}

/// Searches every account of the run for copies.
pub async fn search(chosen: &Selection, image: &Image, named: Vec<Region>) -> CopySearch {
    let named: &BTreeSet<Region> = &named.into_iter().collect();
    let regions = |account: Target| async move {
        match named.is_empty() {
            false => (account, Ok(named.iter().cloned().collect())),
            true => {
                let enabled = account.enabled_regions().await;
                (account, enabled)
            }
        }
    };
    let accounts = chosen.accounts().into_iter().map(|account| account.in_region(&image.region));
    let answers = concurrency::each(LOOKUPS, accounts, regions).await;
    let (mut places, mut unlisted) = (Vec::new(), Vec::new());
    for (account, answer) in answers {
        match answer {
            Ok(regions) => places.extend(regions.iter().map(|region: &Region| account.in_region(region))),
            Err(error) => {
                places.push(account.clone());
                unlisted.push((account, error));
            }
        }
    }
    let copies = lineage::copies(places.clone(), std::slice::from_ref(image)).await;
    CopySearch { places, copies, unlisted }
}

/// The regions read in the search for copies, and the number of accounts.
pub fn looked_in(places: &[Target], copies: &Copies) -> (BTreeSet<Region>, usize) {
    let (mut regions, mut accounts) = (BTreeSet::new(), Vec::<&Target>::new());
    for place in places.iter().filter(|place| !copies.unread.iter().any(|(unread, _)| unread.is(place))) {
        regions.insert(place.region.clone());
        if !accounts.iter().any(|account| account.same_account(place)) {
            accounts.push(place);
        }
    }
    (regions, accounts.len())
}

/// Read errors.
pub struct ReadGaps {
    errors: Vec<PlaceError>,
    /// Places that could not be searched for copies.
    blind: Vec<Blind>,
}

impl ReadGaps {
    /// Returns the value read, or records the error.
    async fn known<T>(&mut self, what: &str, target: &Target, answer: Result<T, ApiError>) -> Option<T> {
        match answer {
            Ok(known) => Some(known),
            Err(error) => {
                self.note(what, target, error).await;
                None
            }
        }
    }

    /// Records a read error; returns its account.
    async fn note(&mut self, what: &str, target: &Target, error: ApiError) -> Option<String> {
        let problem = Problem { message: format!("{what}: {}", error.message), ..error.problem() };
        let error = PlaceError { region: error.region, ..target.error(problem).await };
        let account = error.account.clone();
        self.errors.push(error);
        account
    }

    /// Records the places that may have more copies.
    async fn copies(&mut self, unlisted: Vec<(Target, ApiError)>, unread: Vec<(Target, ApiError)>) {
        for (place, error) in unread {
            let account = self.note("copies", &place, error).await;
            self.blind.push(Blind::Region(account, place.region));
        }
        for (account, error) in unlisted {
            let account = self.note("enabled regions", &account, error).await;
            self.blind.push(Blind::OtherRegions(account));
        }
    }
}
