//! The facts of an audit, gathered once in every place of a run.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use crate::domain::audit::{AuditFacts, AuditPlace, PinnedId};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::usage::source::{Source, Usage};
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::permissions::launch_permissions;
use crate::service::session::places::Places;
use crate::service::usage::pins::{self, Pins};
use crate::service::usage::sources::{self, Scope};
use crate::workflows::run::concurrency::{self, IMAGES, PLACES};
use crate::workflows::run::context::Context;
use crate::workflows::usage::unread::unread;

/// What an audit looks at beside the places of the run.
#[derive(Debug, Clone, Default)]
pub struct AuditScope {
    /// Files and folders with ids of images.
    pub refs_from: Vec<PathBuf>,
    /// Whether EC2 is asked for the launch permissions of each image.
    pub shares: bool,
}

/// The facts, and what could not be read.
pub struct AuditSurvey {
    /// The facts.
    pub facts: AuditFacts,
    /// Places and sources that could not be read.
    pub errors: Vec<PlaceError>,
    /// Files that were passed over.
    pub warnings: Vec<PlaceError>,
}

/// What was read in a place.
struct Reading {
    target: Target,
    images: Result<Vec<Image>, ApiError>,
    usage: Usage,
}

/// Gathers the facts; an error if no place can be read.
pub async fn gather(context: &Context, scope: &AuditScope) -> Result<AuditSurvey> {
    let places = context.session().await?.places().await.some()?;
    let unentered = !places.unentered().is_empty();
    let Places { targets, mut errors, .. } = places;
    let files = pins::read(scope.refs_from.clone());
    let (files, readings) = Box::pin(async { tokio::join!(files, read(context, targets)) }).await;
    let (mut pins, mut warnings) = (Pins::default(), Vec::new());
    let first = readings.first().map(|reading| reading.target.clone());
    match (files, &first) {
        (Ok(found), _) => pins = found,
        (Err(problem), Some(target)) => errors.push(of_files(target, problem)),
        (Err(problem), None) => return Err(problem.into()),
    }
    if let Some(target) = first {
        warnings.extend(std::mem::take(&mut pins.warnings).into_iter().map(|problem| of_files(&target, problem)));
    }
    if readings.iter().all(|reading| reading.images.is_err())
        && let Some(error) = readings.iter().find_map(|reading| reading.images.as_ref().err().cloned())
    {
        return Err(error.into());
    }
    let own: BTreeSet<&ImageId> =
        readings.iter().filter_map(|reading| reading.images.as_ref().ok()).flatten().map(|image| &image.id).collect();
    let pinned: BTreeSet<&ImageId> =
        pins.pins.iter().map(|pin: &PinnedId| &pin.image).filter(|id| !own.contains(id)).collect();
    let more = concurrency::each(PLACES, &readings, |reading| {
        let pinned = &pinned;
        async move {
            let others = others(reading, pinned).await;
            let shares = if scope.shares { shares(reading).await } else { Ok(HashMap::new()) };
            (others, shares)
        }
    });
    let more = Box::pin(more).await;
    let mut facts = AuditFacts { now: context.now, places: Vec::new(), unentered, pins: pins.pins };
    for (reading, (others, shares)) in readings.into_iter().zip(more) {
        let target = &reading.target;
        errors.extend(unread(target, &reading.usage).await);
        let read = |answer: Option<ApiError>| answer.map(|error| error.problem());
        let problems = [
            read(reading.images.as_ref().err().cloned()),
            read(others.as_ref().err().cloned()),
            read(shares.as_ref().err().cloned()),
        ];
        for problem in problems.into_iter().flatten() {
            let error = target.error(problem).await;
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        let grouped = |mut image: Image| {
            image.group_by(&context.families);
            image
        };
        facts.places.push(AuditPlace {
            account: target.account().await.ok().cloned(),
            region: target.region.clone(),
            options: target.options(),
            images: reading.images.ok().map(|images| images.into_iter().map(grouped).collect()),
            usage: reading.usage,
            others: others.ok(),
            shares: shares.unwrap_or_default(),
        });
    }
    Ok(AuditSurvey { facts, errors, warnings })
}

/// The own images of each place and what uses images there, at the same time. EC2's own search for references is left
/// out, as it takes ten images a call; so is the use by other accounts, which each account of the run tells itself.
async fn read(context: &Context, targets: Vec<Target>) -> Vec<Reading> {
    let scope = Arc::new(Scope::new(BTreeSet::from([Source::ImageReferences]), Vec::new()));
    let bar = context.printer.bars().count((targets.len() * Source::ALL.len()) as u64, "reading images and their use");
    let bar = &bar;
    let each = concurrency::each(PLACES, targets, |target| {
        let scope = Arc::clone(&scope);
        async move {
            let own = Query::own();
            let step = |_: Source| bar.step();
            let none = std::future::ready(BTreeSet::new());
            let usage = sources::find(&target, none, &scope, context.now, &step);
            // In a task of its own: parsing a thousand images takes longer than waiting for them.
            let listing = {
                let target = target.clone();
                tokio::spawn(async move { images::find(&target, &own).await })
            };
            let (images, usage) = tokio::join!(listing, usage);
            let lost = |_| ApiError::unreadable("DescribeImages", &target.region);
            Reading { images: images.map_err(lost).and_then(|images| images), usage, target }
        }
    });
    Box::pin(each).await
}

/// The images of others that are named in a place or in files, as far as the account sees them.
async fn others(reading: &Reading, pinned: &BTreeSet<&ImageId>) -> Result<HashMap<ImageId, Image>, ApiError> {
    let own: BTreeSet<&ImageId> = reading.images.iter().flatten().map(|image| &image.id).collect();
    let usage = &reading.usage;
    let named = usage.all().filter(|(_, reference)| usage.in_force(reference)).map(|(id, _)| id);
    let ids: BTreeSet<&ImageId> = named.chain(pinned.iter().copied()).filter(|id| !own.contains(id)).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<ImageId> = ids.into_iter().cloned().collect();
    let found = images::visible_by_ids(&reading.target, &ids).await?;
    Ok(found.into_iter().map(|image| (image.id.clone(), image)).collect())
}

/// The launch permissions of the own images of a place.
async fn shares(reading: &Reading) -> Result<HashMap<ImageId, BTreeSet<Principal>>, ApiError> {
    let images: Vec<&ImageId> = reading.images.iter().flatten().map(|image| &image.id).collect();
    let each = concurrency::each(IMAGES, images, |id| async move {
        let shares = launch_permissions(&reading.target, id).await;
        (id, shares)
    });
    let mut found = HashMap::new();
    for (id, shares) in each.await {
        match shares {
            Ok(shares) => drop(found.insert(id.clone(), shares)),
            // Deregistered since it was listed.
            Err(error) if error.is("InvalidAMIID.NotFound") || error.is("InvalidAMIID.Unavailable") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Files are of no place; a document names the first region beside them.
fn of_files(target: &Target, problem: Problem) -> PlaceError {
    let message = format!("{}: {}", Source::Files, problem.message);
    PlaceError { account: None, region: target.region.clone(), problem: Problem { message, ..problem } }
}
