//! Who uses images, over all accounts and regions of a run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use futures::StreamExt;

use super::chosen::Chosen;
use super::{Context, reports, searching, snapshots_elsewhere};
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::permissions::recorded::before_disabling;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::Region;
use crate::domain::retention::Shares;
use crate::domain::usage::accounts::{self, Unread, elsewhere, may_launch};
use crate::domain::usage::source::{Source, SourceState, SourceStatus, Usage, Verdict};
use crate::service::Target;
use crate::service::permissions::launch_permissions;
use crate::service::usage::{self, Scope};

/// How many places are read at a time, and how many images are asked about. How many calls are under way is bounded
/// elsewhere: a place that waits for others waits for the latency of each of their calls.
pub(super) const PLACES: usize = 128;
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
    /// Its region.
    pub fn region(&self) -> &Region {
        &self.target.region
    }

    /// Its account, for messages.
    pub fn name(&self) -> String {
        self.account.as_ref().map_or("unknown".to_owned(), ToString::to_string)
    }
}

/// Picks some images of a place.
pub type Pick<'p> = &'p (dyn for<'a> Fn(&Looked<'a>) -> Vec<&'a Image> + Sync);

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
    let mut own: HashMap<_, Vec<Image>> = HashMap::new();
    for (target, image) in &chosen.images {
        own.entry(target.key()).or_default().push(image.clone());
    }
    let each = targets.into_iter().map(|target| {
        let images = own.remove(&target.key()).unwrap_or_default();
        async {
            let ids = images.iter().map(|image| image.id.clone()).collect();
            let usage = usage::find(target, async { ids }, scope, &|_| bar.step()).await;
            Used { target: target.clone(), images, usage }
        }
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
        let across = across(&mut looked, unread, &scope.without, &all, &unused);
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

fn all<'a>(looked: &Looked<'a>) -> Vec<&'a Image> {
    looked.images.iter().collect()
}

fn unused<'a>(looked: &Looked<'a>) -> Vec<&'a Image> {
    let unused = |image: &&Image| looked.usage.verdict(&image.id) == Verdict::Unused;
    looked.images.iter().filter(unused).collect()
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

/// Adds to what each place says of use what the other accounts say, and what EC2's own search finds there of the images
/// that are `asked` about. Where one of those could not be looked into, the candidates that it may launch are in doubt.
pub async fn across(
    looked: &mut [Looked<'_>],
    mut unread: Vec<Unread>,
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
    let half_read: Vec<Option<Unread>> = looked.iter().map(half_read).collect();
    let whole: Vec<bool> = half_read.iter().map(Option::is_none).collect();
    unread.extend(half_read.into_iter().flatten());
    let read = read(looked, &whole);
    said_elsewhere(looked);
    if !without.contains(&Source::ImageReferences) {
        let asked: Vec<Vec<&Image>> = looked.iter().map(asked).collect();
        unread.extend(searching::search(looked, &asked, &whole).await);
        said_elsewhere(looked);
    }
    let (unread, places) = (&unread, &*looked);
    let doubts = places.iter().map(|place| doubts(place, candidates, unread));
    let doubts: Vec<_> = futures::stream::iter(doubts).buffered(PLACES).collect().await;
    for ((place, doubts), read) in looked.iter_mut().zip(doubts).zip(read) {
        let state = accounts::state(place.account.clone(), place.region(), read, &doubts);
        place.usage.sources.push(state);
        doubts.into_keys().for_each(|image| place.usage.doubt(image, Source::Accounts));
    }
    // Whether an image may be used says nothing of its snapshots: those are shared by themselves.
    let places = &*looked;
    let doubts = places.iter().map(|place| snapshots_elsewhere::doubts(place, candidates, unread));
    let doubts: Vec<_> = futures::stream::iter(doubts).buffered(PLACES).collect().await;
    for (place, doubts) in looked.iter_mut().zip(doubts) {
        doubts.into_iter().for_each(|(snapshot, why)| place.usage.doubt_snapshot(snapshot, why));
    }
}

/// How many other accounts were read as a whole in the region of each place.
fn read(looked: &[Looked<'_>], whole: &[bool]) -> Vec<usize> {
    let mut of_region: HashMap<&Region, usize> = HashMap::new();
    for (place, whole) in looked.iter().zip(whole) {
        *of_region.entry(place.region()).or_default() += usize::from(*whole);
    }
    looked.iter().zip(whole).map(|(place, whole)| of_region[place.region()] - usize::from(*whole)).collect()
}

/// Tells each place what the others say of its images.
fn said_elsewhere(looked: &mut [Looked<'_>]) {
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

/// A place of which a source could not be read: it may use more than it says.
fn half_read(place: &Looked<'_>) -> Option<Unread> {
    let failed = place.usage.failed().into_iter().find(|state| !state.source.by_image())?;
    let SourceStatus::Failed(problem) = &failed.status else { return None };
    let message = format!("{} in {}: {}", failed.source, failed.region, problem.message);
    let problem = Problem { message, code: problem.code.clone() };
    Some(Unread { account: place.account.clone(), region: Some(place.region().clone()), problem })
}

/// The candidates of a place that an account may use which could not be looked into, each with why that is not known.
async fn doubts(place: &Looked<'_>, candidates: Pick<'_>, unread: &[Unread]) -> BTreeMap<ImageId, Problem> {
    let unread: Vec<_> = unread.iter().filter(|u| u.concerns(place.account.as_ref(), place.region())).collect();
    if unread.is_empty() {
        return BTreeMap::new();
    }
    // Of an image of others EC2 does not tell who may launch it. Of a disabled one it tells that nobody may, though
    // those who could may count on it still.
    let each = candidates(place).into_iter().map(|image| async move {
        let shares = if image.own { launch_permissions(place.target, &image.id).await.map(Some) } else { Ok(None) };
        let shares = shares.map(|now| Some(now?.into_iter().chain(before_disabling(image)?).collect()));
        (image, shares)
    });
    let answers: Vec<_> = futures::stream::iter(each).buffer_unordered(IMAGES).collect().await;
    let doubt = |(image, shares): (&Image, Result<_, _>)| {
        let why = match shares {
            Ok(None) => unread.first().map(|unread| unread.doubt_of(image)),
            Ok(Some(shares)) => unread.iter().find(|u| may_launch(&shares, u.account.as_ref())).map(|u| u.doubt()),
            Err(error) => {
                let error: crate::service::error::ApiError = error;
                let message = format!("who it is shared with is unknown: {}", error.message);
                Some(Problem { message, code: error.code })
            }
        };
        Some((image.id.clone(), why?))
    };
    answers.into_iter().filter_map(doubt).collect()
}
