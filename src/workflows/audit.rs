//! The facts of an audit, gathered once in every place of a run.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use crate::domain::audit::{AuditFacts, AuditNote, AuditPlace, PinnedId};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::usage::source::{ALIAS, Reference, Source, Usage};
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::permissions::launch_permissions;
use crate::service::session::places::Places;
use crate::service::usage::pins::{self, Pins};
use crate::service::usage::sources::{self, Scope};
use crate::workflows::conclude::survey;
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
    /// Files that could not be read.
    pub unread_files: Vec<Problem>,
    /// Files that were passed over, and accounts that nobody can look into.
    pub warnings: Vec<AuditNote>,
}

impl AuditSurvey {
    /// All that could not be read.
    pub fn unread(&self) -> Vec<AuditNote> {
        let places = self.errors.iter().cloned().map(AuditNote::from);
        places.chain(self.unread_files.iter().cloned().map(AuditNote::from)).collect()
    }

    /// Fails if something could not be read.
    pub fn whole(&self) -> Result<()> {
        let files = match self.unread_files.len() {
            0 => return survey::whole(&self.errors),
            1 => "1 file or folder".to_owned(),
            count => format!("{count} files or folders"),
        };
        let (what, hint) = match self.errors.is_empty() {
            true => (files, "make them readable, or leave them out of --refs-from"),
            false => (format!("{files} and {} places", self.errors.len()), "run it again when they can be read"),
        };
        let message = format!("{what} could not be read; everything else was");
        Err(Failure::new(Kind::Partial, "PartialRun", message).hint(hint).into())
    }
}

/// What was read in a place.
struct Reading {
    target: Target,
    images: Result<Vec<Image>, ApiError>,
    usage: Usage,
    others: Result<HashMap<ImageId, Image>, ApiError>,
    shares: Result<HashMap<ImageId, BTreeSet<Principal>>, ApiError>,
}

/// Gathers the facts; an error if no place can be read.
pub async fn gather(context: &Context, scope: &AuditScope) -> Result<AuditSurvey> {
    let session = context.session().await?;
    let everywhere = (!session.is_everywhere()).then(|| format!("--region all{}", context.invocation.accounts));
    let places = session.places().await.some()?;
    let Places { targets, mut errors, inactive, .. } = places;
    let unentered = !errors.is_empty();
    let files = pins::read(scope.refs_from.clone());
    let (files, readings) = Box::pin(async { tokio::join!(files, read(context, targets, scope.shares)) }).await;
    let Pins { pins, warnings, failures } = files;
    let of_files = |problem: Problem| {
        let message = format!("{}: {}", Source::Files, problem.message);
        Problem { message, ..problem }
    };
    let unread_files: Vec<Problem> = failures.into_iter().map(of_files).collect();
    let warnings = warnings.into_iter().map(|problem| AuditNote::from(of_files(problem)));
    let warnings = inactive.iter().map(not_active).chain(warnings).collect();
    if readings.iter().all(|reading| reading.images.is_err())
        && let Some(error) = readings.iter().find_map(|reading| reading.images.as_ref().err().cloned())
    {
        return Err(error.into());
    }
    let pinned = Box::pin(pinned(&readings, &pins)).await;
    let mut facts = AuditFacts {
        now: context.now,
        places: Vec::new(),
        unentered,
        inactive: inactive.into_iter().filter_map(|place| place.account).collect(),
        everywhere,
        pins,
    };
    for (Reading { target, images, usage, others, shares }, pinned) in readings.into_iter().zip(pinned) {
        let others = others.and_then(|others| Ok(others.into_iter().chain(pinned?).collect()));
        errors.extend(unread(&target, &usage).await);
        for error in [images.as_ref().err(), others.as_ref().err(), shares.as_ref().err()].into_iter().flatten() {
            let error = target.error(error.problem()).await;
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
            images: images.ok().map(|images| images.into_iter().map(grouped).collect()),
            usage,
            others: others.ok(),
            shares: shares.unwrap_or_default(),
        });
    }
    Ok(AuditSurvey { facts, errors, unread_files, warnings })
}

/// What is read in each place, its parts at the same time. EC2's own search for references is left out, as it takes ten
/// images a call; so is the use by other accounts, which each account of the run tells itself.
async fn read(context: &Context, targets: Vec<Target>, share: bool) -> Vec<Reading> {
    let scope = Arc::new(Scope::new(BTreeSet::from([Source::ImageReferences]), Vec::new()));
    let bar = context.printer.bars().count((targets.len() * Source::ALL.len()) as u64, "reading images and their use");
    let bar = &bar;
    let each = concurrency::each(PLACES, targets, |target| {
        let scope = Arc::clone(&scope);
        async move {
            let step = |_: Source| bar.step();
            let none = std::future::ready(BTreeSet::new());
            let usage = sources::find(&target, none, &scope, context.now, &step);
            // In a task of its own: parsing a thousand images takes longer than waiting for them.
            let listing = {
                let target = target.clone();
                tokio::spawn(async move { images::find(&target, &Query::own()).await })
            };
            let (images, usage) = tokio::join!(listing, usage);
            let lost = |_| ApiError::unreadable("DescribeImages", &target.region);
            let images = images.map_err(lost).and_then(|images| images);
            let own = || images.iter().flatten().map(|image| &image.id);
            let others = others(&target, &usage, own().collect());
            let shares = async { if share { shares(&target, own().collect()).await } else { Ok(HashMap::new()) } };
            let (others, shares) = tokio::join!(others, shares);
            Reading { target, images, usage, others, shares }
        }
    });
    Box::pin(each).await
}

/// The images of others that are named in a place, as far as the account sees them.
async fn others(target: &Target, usage: &Usage, own: BTreeSet<&ImageId>) -> Result<HashMap<ImageId, Image>, ApiError> {
    // Those that an alias may be rolled back to are named in the hints.
    let wanted = |(_, reference): &(_, &Reference)| usage.in_force(reference) || reference.kind == ALIAS;
    let named: BTreeSet<&ImageId> = usage.all().filter(wanted).map(|(id, _)| id).collect();
    visible(target, named.difference(&own).copied().cloned().collect()).await
}

/// In each place the images that files name, as far as the account sees them, but for those that an account of the run
/// owns.
async fn pinned(readings: &[Reading], pins: &[PinnedId]) -> Vec<Result<HashMap<ImageId, Image>, ApiError>> {
    let own = readings.iter().filter_map(|reading| reading.images.as_ref().ok()).flatten().map(|image| &image.id);
    let own: BTreeSet<&ImageId> = own.collect();
    let pinned: BTreeSet<&ImageId> = pins.iter().map(|pin| &pin.image).filter(|id| !own.contains(id)).collect();
    let pinned = &pinned;
    let each = concurrency::each(PLACES, readings, |reading| async move {
        let known = |id: &&&ImageId| reading.others.as_ref().is_ok_and(|others| others.contains_key(**id));
        visible(&reading.target, pinned.iter().filter(|id| !known(id)).copied().cloned().collect()).await
    });
    Box::pin(each).await
}

/// Those of these images that an account sees.
async fn visible(target: &Target, ids: Vec<ImageId>) -> Result<HashMap<ImageId, Image>, ApiError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = images::visible_by_ids(target, &ids).await?;
    Ok(found.into_iter().map(|image| (image.id.clone(), image)).collect())
}

/// The launch permissions of the own images of a place.
async fn shares(target: &Target, images: Vec<&ImageId>) -> Result<HashMap<ImageId, BTreeSet<Principal>>, ApiError> {
    let each = concurrency::each(IMAGES, images, |id| async move {
        let shares = launch_permissions(target, id).await;
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

/// That nobody can look into an account, which is no failure.
fn not_active(account: &PlaceError) -> AuditNote {
    let id = account.account.as_deref().unwrap_or("-");
    let message = format!("account {id} was not entered: it is not active in the organization");
    Problem { code: account.problem.code.clone(), message }.into()
}
