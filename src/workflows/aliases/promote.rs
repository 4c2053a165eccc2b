//! The moves of a promotion: one image, and what it is in each place.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::StreamExt;

use super::conclude::Moved;
use super::copies::{self, CopiesByPlace};
use super::moves::{AliasMove, MovePlan, MoveRequest};
use super::run::with_template;
use super::{helps, past, tested};
use crate::domain::alias::{Alias, AliasParameter, NoteAction};
use crate::domain::alias_gates::Gates;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::launch_template::TemplateName;
use crate::domain::naming::Family;
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::session::places::Places;
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;
use crate::workflows::select::{references, resolve};

/// What is promoted, and how.
#[derive(Debug)]
pub struct Promotion {
    /// The image.
    pub reference: ImageRef,
    /// The alias that is to name it.
    pub to: Alias,
    /// The alias that must name it now.
    pub from: Option<Alias>,
    /// The family of the alias, for an image without one.
    pub family: Option<Family>,
    /// The role by which the image is looked up.
    pub from_role: Option<String>,
    /// The launch template that gets it too, in each place.
    pub template: Option<TemplateName>,
    /// The user's reason.
    pub reason: Option<String>,
    /// What the image must be.
    pub gates: Gates,
    /// Whether it may be of another architecture than the one before.
    pub allow_arch_change: bool,
    /// Whether everything is only checked.
    pub dry_run: bool,
}

/// Lets the alias name the image in every place of the run, or in none.
pub async fn promote(context: &Context, promotion: Promotion) -> Result<Moved> {
    let template = promotion.template.clone();
    let (request, plan) = context.unless_stopped(prepare(context, promotion)).await?;
    with_template(context, request, plan, template.as_ref()).await
}

async fn prepare(context: &Context, promotion: Promotion) -> Result<(MoveRequest, MovePlan)> {
    resolve::check(context, &promotion.reference)?;
    let spinner = context.printer.bars().spinner("looking for images");
    let (source, places) = tokio::try_join!(source(context, promotion.from_role.as_deref()), consumers(context))?;
    let all: Vec<_> = source.iter().chain(&places.targets).cloned().collect();
    let named = named(context, &promotion.reference, &all).await?;
    let request = request(promotion, &named.1)?;
    let parameter = request.parameter.parameter();
    let current = concurrency::each(PLACES, &places.targets, |target| past::recorded(target, &parameter));
    let (found, current) = tokio::join!(copies::find(context, &named, &places.targets, &source), current);
    drop(spinner);
    let CopiesByPlace { images, tree, named } = found;
    let mut moves = Vec::new();
    for ((target, image), current) in places.targets.iter().zip(images).zip(current) {
        let mut step = AliasMove::to(target);
        match current {
            Ok(recorded) => step.current = recorded.map(|(current, _)| current),
            Err(problem) => step.refusals.push(problem),
        }
        moves.push(to_image(step, image, &named.1));
    }
    let without: Vec<_> = moves.iter().filter(|step| lacks(step)).map(|step| step.target.clone()).collect();
    let mut helps = helps::lines(&named, &tree, &without).await;
    if let Some(gate) = request.gates.tested {
        helps.extend(tested::stand(context, gate, &mut moves, &tree, &all).await);
    }
    let regions: BTreeSet<_> = places.targets.iter().map(|target| target.region.clone()).collect();
    let finish = context.invocation.line(&[&named.1.id], "", &context.invocation.everywhere(&regions));
    Ok((request, MovePlan { moves, errors: places.errors, helps, finish, objection: None }))
}

/// Adds the image that was found in a place, or why there is none.
pub(super) fn to_image(mut step: AliasMove, found: Result<Option<Image>, ApiError>, named: &Image) -> AliasMove {
    match found {
        Ok(Some(image)) => step.image = Some(image),
        Ok(None) => step.refusals.push(lacking(named)),
        Err(error) => step.refusals.push(error.problem()),
    }
    if named.revoked() && step.image.as_ref().is_some_and(|image| !image.revoked()) {
        step.refusals.push(revoked(named));
    }
    step
}

/// The places of the role by which the image is looked up.
pub(super) async fn source(context: &Context, role: Option<&str>) -> Result<Vec<Target>> {
    let Some(role) = role else { return Ok(Vec::new()) };
    Ok(context.session_as(role).await?.places().await.some()?.targets)
}

pub(super) async fn consumers(context: &Context) -> Result<Places> {
    Ok(context.session().await?.places().await.some()?)
}

/// The code of a place without the image.
const NO_IMAGE: &str = "NoImage";

fn lacking(image: &Image) -> Problem {
    let message = format!("there is no copy of {}, and none is shared with the account", image.label());
    Problem { code: NO_IMAGE.to_owned(), message }
}

pub(super) fn lacks(step: &AliasMove) -> bool {
    step.refusals.iter().any(|problem| problem.code == NO_IMAGE)
}

fn revoked(image: &Image) -> Problem {
    let message = format!("{}, of which this is a copy, is revoked", image.label());
    Problem { code: "Revoked".to_owned(), message }
}

/// The image that the reference names in the first place that has it. Usually that is the very first.
pub(super) async fn named(context: &Context, reference: &ImageRef, places: &[Target]) -> Result<(Target, Image)> {
    let look = |place: Target| async move {
        let found = resolve::image(context, &place, reference).await;
        (place, found)
    };
    let (first, others) = places.split_at(places.len().min(1));
    let mut answers = std::pin::pin!(concurrency::in_order(1, first.to_vec(), look).chain(concurrency::in_order(
        PLACES,
        others.to_vec(),
        look
    )));
    let mut missing = Vec::new();
    while let Some((place, found)) = answers.next().await {
        match found {
            Ok(image) => return Ok((place, image)),
            Err(error) if resolve::is_missing(&error) => missing.push((place, error)),
            Err(error) if error.downcast_ref::<Failure>().is_some() => return Err(error),
            Err(error) => {
                let found = diagnostics::diagnose(&error);
                let message =
                    format!("'{reference}' could not be looked up in {}: {}", place.place().await, found.message);
                return Err(Failure { hint: found.hint, ..Failure::new(Kind::Refused, found.code, message) }.into());
            }
        }
    }
    let nothing = || Failure::new(Kind::Failed, "NoPlace", "no region could be read").into();
    Err(references::nowhere(missing).await.unwrap_or_else(nothing))
}

fn request(promotion: Promotion, image: &Image) -> Result<MoveRequest> {
    let family = family(promotion.family, image)?;
    let of = |alias: Alias| {
        AliasParameter::new(family.clone(), alias)
            .map_err(|error| Failure::usage(error.to_string()).hint("name another family for it with --family NAME"))
    };
    Ok(MoveRequest {
        parameter: of(promotion.to)?,
        action: NoteAction::Promote,
        reason: promotion.reason,
        gates: promotion.gates,
        from: promotion.from.map(of).transpose()?,
        allow_arch_change: promotion.allow_arch_change,
        dry_run: promotion.dry_run,
    })
}

/// The family of the alias: that of the image; the given one where it has none, or one that cannot have aliases.
pub(super) fn family(given: Option<Family>, image: &Image) -> Result<Family, Failure> {
    let label = image.label();
    let word = image.family().map(|family| family.word);
    let own = word.and_then(|word| word.parse::<Family>().ok());
    match (given, own, word) {
        (Some(given), Some(own), _) if given != own && can_have_aliases(&own) => {
            Err(Failure::usage(format!("{label} is of the family {own}, not of {given}")).hint("leave out --family"))
        }
        (Some(given), _, _) => Ok(given),
        (None, Some(own), _) => Ok(own),
        (None, None, Some(word)) => Err(Failure::usage(format!("the family '{word}' of {label} cannot have aliases"))
            .hint("name another family for it with --family NAME")),
        (None, None, None) => {
            Err(Failure::usage(format!("{label} belongs to no family")).hint("name the family with --family NAME"))
        }
    }
}

fn can_have_aliases(family: &Family) -> bool {
    "a".parse().is_ok_and(|alias| AliasParameter::new(family.clone(), alias).is_ok())
}
