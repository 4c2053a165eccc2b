//! Everything about one image, read from all places of a run.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::{FutureExt, StreamExt};

use super::lineage::{self, Copies};
use super::run::context::Context;
use super::select::selection::Chosen;
use super::usage::selection;
use crate::commands::show::Args;
use crate::domain::cost::{Prices, snapshot_gib};
use crate::domain::details::{Blind, Details};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::lineage::{Sight, origin};
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::usage::Scope;
use crate::service::{Target, permissions, snapshots};

/// What is read of an image beside the sources of use.
pub const PARTS: u64 = 4;

/// How many accounts are asked at a time.
pub const ACCOUNTS: usize = 32;

/// Reads everything there is about the image, all of it side by side. What fails is noted and hides nothing else.
pub async fn read(context: &Context, chosen: &Chosen, args: Args) -> Result<Details> {
    let Some((target, image)) = chosen.images.first() else {
        return Err(Failure::new(Kind::Failed, "NoPlace", "no region could be read").into());
    };
    let scope = Scope::new(args.without_source.into_iter().collect(), args.refs_from);
    let snapshot_ids: Vec<_> = image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
    let bar = context.printer.bars().count(PARTS, "reading");
    let (used, shares, snapshots, search, parent) = tokio::join!(
        selection::usage_of(context, chosen, &scope, false),
        launch_permissions(target, image).inspect(|_| bar.step()),
        snapshots::existing(target, &snapshot_ids).inspect(|_| bar.step()),
        search(chosen, image, args.copies_in).inspect(|_| bar.step()),
        parent(chosen, target, image).inspect(|_| bar.step()),
    );
    drop(bar);
    let usage = used?.into_iter().next().map(|place| place.usage).unwrap_or_default();
    let mut gaps = Gaps { errors: chosen.errors.clone(), blind: Vec::new() };
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
    let Search { places, copies, unlisted } = search;
    let (read, accounts) = looked_in(&places, &copies);
    gaps.copies(unlisted, copies.unread).await;
    // The snapshots of a foreign image are not this account's to pay for.
    let cost = || Prices::new(args.price_per_gb).monthly([(&image.region, snapshot_gib([image]))]);
    Ok(Details {
        monthly_cost: image.own.then(cost),
        launch_permissions: shares,
        snapshots,
        copied_from: origin(image).zip(sight),
        copies: copies.images.into_iter().map(|(_, copy)| copy).collect(),
        regions: read,
        accounts,
        several: chosen.several,
        blind: gaps.blind,
        errors: gaps.errors,
        usage,
        image: image.clone(),
    })
}

/// Who may launch the image; `None` for an image of others, as EC2 tells its owner only.
pub async fn launch_permissions(target: &Target, image: &Image) -> Result<Option<BTreeSet<Principal>>, ApiError> {
    match image.own {
        true => permissions::launch_permissions(target, &image.id).await.map(Some),
        false => Ok(None),
    }
}

/// What the image was copied from, if it was, as the first account sees it that sees it at all.
pub async fn parent(chosen: &Chosen, target: &Target, image: &Image) -> Result<Option<Sight>, (Target, ApiError)> {
    let Some(origin) = &origin(image) else { return Ok(None) };
    let others = chosen.accounts().into_iter().filter(|account| !account.same_account(target));
    let look =
        |account: Target| async move { lineage::source(&account, origin).await.map_err(|error| (account, error)) };
    let each = std::iter::once(target).chain(others).cloned().map(look);
    let mut answers = futures::stream::iter(each).buffered(ACCOUNTS);
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

/// Where copies were looked for, and what was found.
pub struct Search {
    places: Vec<Target>,
    copies: Copies,
    /// Where it is not known which regions there are, and why; only that of the image was looked into then.
    unlisted: Vec<(Target, ApiError)>,
}

/// Looks for copies in every account of the run.
pub async fn search(chosen: &Chosen, image: &Image, named: Vec<Region>) -> Search {
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
    let each = chosen.accounts().into_iter().map(|account| regions(account.in_region(&image.region)));
    let answers: Vec<_> = futures::stream::iter(each).buffered(ACCOUNTS).collect().await;
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
    Search { places, copies, unlisted }
}

/// The regions that were read to find copies, and in how many accounts.
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

/// What could not be read.
pub struct Gaps {
    errors: Vec<PlaceError>,
    /// Where copies may be that nobody could look for.
    blind: Vec<Blind>,
}

impl Gaps {
    /// What was read, or a note that it could not be.
    async fn known<T>(&mut self, what: &str, target: &Target, answer: Result<T, ApiError>) -> Option<T> {
        match answer {
            Ok(known) => Some(known),
            Err(error) => {
                self.note(what, target, error).await;
                None
            }
        }
    }

    /// Notes what could not be read; gives the account.
    async fn note(&mut self, what: &str, target: &Target, error: ApiError) -> Option<String> {
        let problem = Problem { message: format!("{what}: {}", error.message), ..error.problem() };
        let error = PlaceError { region: error.region, ..target.error(problem).await };
        let account = error.account.clone();
        self.errors.push(error);
        account
    }

    /// Notes where copies may be that were not found.
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
