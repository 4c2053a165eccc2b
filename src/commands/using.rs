//! Who uses images, over all accounts and regions of a run.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures::StreamExt;

use super::chosen::Chosen;
use super::{Context, reports, snapshots_elsewhere};
use crate::domain::across::{self, Unread, elsewhere, may_launch, seen_from_outside};
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::domain::report::{PlaceError, Problem};
use crate::domain::retention::Shares;
use crate::domain::sharing::before_disabling;
use crate::domain::usage::{Reference, Source, SourceState, SourceStatus, Usage, Verdict};
use crate::service::Target;
use crate::service::permissions::launch_permissions;
use crate::service::usage::{self, Scope};

/// How many places are read at a time, and how many images are asked about.
const PLACES: usize = 32;
const IMAGES: usize = 10;

/// One account and region that was looked into.
pub struct Looked<'a> {
    /// The place.
    pub target: &'a Target,
    /// Its account, where known.
    pub account: Option<AccountId>,
    /// Its images, or those of them that are asked about.
    pub images: &'a [Image],
    /// What it says of use.
    pub usage: &'a mut Usage,
    /// Who its images are shared with, where a rule asks for that.
    pub shares: &'a Shares,
}

impl Looked<'_> {
    fn region(&self) -> &Region {
        &self.target.region
    }

    fn is_elsewhere(&self, other: &Looked<'_>) -> bool {
        self.region() == other.region() && !self.target.is(other.target)
    }

    fn name(&self) -> String {
        self.account.as_ref().map_or("unknown".to_owned(), ToString::to_string)
    }
}

/// Images of one place, and who uses them.
pub struct Used {
    /// The place.
    pub target: Target,
    /// The images that were asked about.
    pub images: Vec<Image>,
    /// Who uses them.
    pub usage: Usage,
}

/// Who uses the images that were chosen: looked for in their own places, and in every other account of the run. With
/// `reports`, EC2 is asked for usage reports as well.
pub async fn usage_of(context: &Context, chosen: &Chosen, scope: &Scope, reports: bool) -> Result<Vec<Used>> {
    let regions: BTreeSet<&Region> = chosen.images.iter().map(|(_, image)| &image.region).collect();
    let targets: Vec<&Target> = chosen.targets.iter().filter(|target| regions.contains(&target.region)).collect();
    let bar = context.printer.bars().count((targets.len() * Source::ALL.len()) as u64, "looking for use");
    let each = targets.into_iter().map(|target| async {
        // Use by another account is looked for by the same calls, with the same images.
        let ids = chosen.images.iter().filter(|(_, image)| image.region == target.region);
        let ids = ids.map(|(_, image)| image.id.clone()).collect();
        let usage = usage::find(target, async { ids }, scope, &|_| bar.step()).await;
        let own = chosen.images.iter().filter(|(place, _)| place.is(target)).map(|(_, image)| image.clone());
        Used { target: target.clone(), images: own.collect(), usage }
    });
    let looking = async { Ok(futures::stream::iter(each).buffered(PLACES).collect().await) };
    let mut used: Vec<Used> = context.unless_stopped(looking).await?;
    drop(bar);
    let (mut looked, none) = (Vec::new(), Shares::new());
    for Used { target, images, usage } in &mut used {
        let account = target.account().await.ok().cloned();
        looked.push(Looked { target, account, images, usage, shares: &none });
    }
    if chosen.several {
        snapshots_elsewhere::add(&mut looked);
        let unread = unread_accounts(&chosen.unentered);
        let across = across(&mut looked, unread, &scope.without, &unused, false);
        context
            .unless_stopped(async {
                across.await;
                Ok(())
            })
            .await?;
    }
    if reports {
        reports::add(context, &mut looked, &unused).await?;
    }
    used.retain(|place| !place.images.is_empty());
    Ok(used)
}

fn unused(looked: &Looked<'_>) -> Vec<Image> {
    let unused = |image: &&Image| looked.usage.verdict(&image.id) == Verdict::Unused;
    looked.images.iter().filter(unused).cloned().collect()
}

/// Accounts that could not be entered, as such that could not be looked into in any region.
pub fn unread_accounts(errors: &[PlaceError]) -> Vec<Unread> {
    errors.iter().map(|error| unread(error, None)).collect()
}

/// A place that could not be looked into.
pub fn unread(error: &PlaceError, region: Option<Region>) -> Unread {
    let account = error.account.as_ref().and_then(|account| account.parse().ok());
    Unread { account, region, problem: error.problem.clone() }
}

/// Adds to what each place says of use what the other accounts say. Where one of those could not be looked into, the
/// candidates that it may launch are in doubt. With `search`, EC2's own search is asked about them, too.
pub async fn across(
    looked: &mut [Looked<'_>],
    mut unread: Vec<Unread>,
    without: &BTreeSet<Source>,
    candidates: &(dyn Fn(&Looked<'_>) -> Vec<Image> + Sync),
    search: bool,
) {
    if without.contains(&Source::Accounts) {
        for place in looked {
            let (account, region) = (place.account.clone(), place.region().clone());
            let status = SourceStatus::Skipped;
            place.usage.sources.push(SourceState { account, region, source: Source::Accounts, status });
        }
        return;
    }
    let found: Vec<Vec<(ImageId, Reference)>> = looked
        .iter()
        .map(|here| {
            let images: BTreeSet<_> = here.images.iter().map(|image| &image.id).collect();
            let others = looked.iter().filter(|other| other.is_elsewhere(here));
            others.flat_map(|other| elsewhere(&images, &other.name(), other.usage)).collect()
        })
        .collect();
    unread.extend(looked.iter().filter_map(half_read));
    let read: Vec<usize> = looked
        .iter()
        .map(|here| {
            let others = looked.iter().filter(|other| other.is_elsewhere(here));
            others.filter(|other| half_read(other).is_none()).count()
        })
        .collect();
    for (place, found) in looked.iter_mut().zip(found) {
        found.into_iter().for_each(|(image, reference)| place.usage.add(image, reference));
    }
    let mut wanted: Vec<Vec<Image>> = looked.iter().map(candidates).collect();
    if search && !without.contains(&Source::ImageReferences) {
        unread.extend(search_everywhere(looked, &wanted).await);
        wanted = looked.iter().map(candidates).collect();
    }
    let (unread, places) = (&unread, &*looked);
    let doubts = places.iter().zip(wanted).map(|(place, wanted)| doubts(place, wanted, unread));
    let doubts: Vec<_> = futures::stream::iter(doubts).buffered(PLACES).collect().await;
    for ((place, doubts), read) in looked.iter_mut().zip(doubts).zip(read) {
        let state = across::state(place.account.clone(), place.region(), read, &doubts);
        place.usage.sources.push(state);
        doubts.into_keys().for_each(|image| place.usage.doubt(image, Source::Accounts));
    }
}

/// A place of which a source could not be read: it may use more than it says.
fn half_read(place: &Looked<'_>) -> Option<Unread> {
    let failed = place.usage.failed().into_iter().find(|state| !state.source.by_image())?;
    let SourceStatus::Failed(problem) = &failed.status else { return None };
    let message = format!("{} in {}: {}", failed.source, failed.region, problem.message);
    let problem = Problem { message, code: problem.code.clone() };
    Some(Unread { account: place.account.clone(), region: Some(place.region().clone()), problem })
}

/// Asks EC2 in each place for references to the candidates of the other accounts. Gives the places where it could
/// not be asked.
async fn search_everywhere(looked: &mut [Looked<'_>], wanted: &[Vec<Image>]) -> Vec<Unread> {
    let places = &*looked;
    let each = places.iter().enumerate().map(|(at, place)| async move {
        let others = places.iter().zip(wanted).filter(|(other, _)| other.is_elsewhere(place));
        let images: BTreeSet<_> = others.flat_map(|(_, images)| images).map(|image| image.id.clone()).collect();
        match images.is_empty() || half_read(place).is_some() {
            true => (at, Ok(Vec::new())),
            false => (at, usage::references(place.target, &images).await),
        }
    });
    let answers: Vec<_> = futures::stream::iter(each).buffered(PLACES).collect().await;
    let (mut unread, mut found) = (Vec::new(), Vec::new());
    for (at, answer) in answers {
        let place = &looked[at];
        match answer {
            Ok(references) => {
                let (region, name) = (place.region().clone(), place.name());
                found.extend(references.into_iter().map(|(id, r)| (region.clone(), id, seen_from_outside(&name, &r))));
            }
            Err(problem) => {
                let (account, region) = (place.account.clone(), Some(place.region().clone()));
                unread.push(Unread { account, region, problem });
            }
        }
    }
    for (region, image, reference) in found {
        let owner =
            looked.iter_mut().find(|place| *place.region() == region && place.images.iter().any(|own| own.id == image));
        if let Some(place) = owner {
            place.usage.add(image, reference);
        }
    }
    unread
}

/// The candidates of a place that an account may use which could not be looked into, each with why that is not known.
async fn doubts(place: &Looked<'_>, candidates: Vec<Image>, unread: &[Unread]) -> BTreeMap<ImageId, Problem> {
    let unread: Vec<_> = unread.iter().filter(|u| u.concerns(place.account.as_ref(), place.region())).collect();
    if unread.is_empty() {
        return BTreeMap::new();
    }
    // Of an image of others EC2 does not tell who may launch it. Of a disabled one it tells that nobody may, though
    // those who could may count on it still.
    let each = candidates.into_iter().map(|image| async move {
        let shares = if image.own { launch_permissions(place.target, &image.id).await.map(Some) } else { Ok(None) };
        let shares = shares.map(|now| Some(now?.into_iter().chain(before_disabling(&image)?).collect()));
        (image, shares)
    });
    let answers: Vec<_> = futures::stream::iter(each).buffer_unordered(IMAGES).collect().await;
    let doubt = |(image, shares): (Image, Result<_, _>)| {
        let why = match shares {
            Ok(None) => unread.first().map(|unread| unread.doubt_of(&image)),
            Ok(Some(shares)) => unread.iter().find(|u| may_launch(&shares, u.account.as_ref())).map(|u| u.doubt()),
            Err(error) => {
                let error: crate::service::error::ApiError = error;
                let message = format!("who it is shared with is unknown: {}", error.message);
                Some(Problem { message, code: error.code })
            }
        };
        Some((image.id, why?))
    };
    answers.into_iter().filter_map(doubt).collect()
}
