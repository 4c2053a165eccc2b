//! The moves of a rollback: in each place by its own history, or to a named image.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::conclude::Moved;
use super::moves::{AliasMove, MovePlan, MoveRequest};
use super::past::{self, Past};
use super::run::carry_out;
use super::{copies, helps, promote};
use crate::domain::alias::{AliasParameter, NoteAction};
use crate::domain::alias_gates::Gates;
use crate::domain::alias_history::WayBack;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::service::Target;
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

/// The most images that a message names, and the most places that are told what is passed over.
const TOLD: usize = 5;

/// What is rolled back, and how.
#[derive(Debug)]
pub struct Rollback {
    /// The alias.
    pub parameter: AliasParameter,
    /// The image that it is to name; that of the history if none is given.
    pub to: Option<ImageRef>,
    /// The user's reason.
    pub reason: Option<String>,
    /// Whether the places may go to images of different names.
    pub each: bool,
    /// The role by which `to`, and what is revoked, is looked up.
    pub from_role: Option<String>,
    /// Whether everything is only checked.
    pub dry_run: bool,
}

/// Takes the alias back in every place of the run, or in none.
pub async fn rollback(context: &Context, rollback: Rollback) -> Result<Moved> {
    let (request, plan) = context.unless_stopped(prepare(context, rollback)).await?;
    carry_out(context, request, plan).await
}

async fn prepare(context: &Context, rollback: Rollback) -> Result<(MoveRequest, MovePlan)> {
    if let Some(reference) = &rollback.to {
        resolve::check(context, reference)?;
    }
    let owner = promote::source(context, rollback.from_role.as_deref());
    let (owner, places) = tokio::try_join!(owner, promote::consumers(context))?;
    let pasts = past::read(context, &places.targets, &rollback.parameter, &owner).await?;
    let (moves, helps) = match &rollback.to {
        Some(reference) => named(context, &rollback, reference, &pasts, &owner).await?,
        None => (pasts.iter().map(|past| back(context, past, &rollback.parameter)).collect(), Vec::new()),
    };
    if rollback.to.is_none() {
        tell_passed(context, &pasts).await;
    }
    let regions: BTreeSet<_> = places.targets.iter().map(|target| target.region.clone()).collect();
    let objection = match rollback.each || rollback.to.is_some() {
        true => None,
        false => disagreement(context, &rollback, &moves, &regions).await,
    };
    let request = MoveRequest {
        parameter: rollback.parameter,
        action: NoteAction::Rollback,
        reason: rollback.reason,
        gates: Gates::default(),
        from: None,
        // What lies in the history was launched by this alias before; others are checked in `named`.
        allow_arch_change: true,
        dry_run: rollback.dry_run,
    };
    Ok((request, MovePlan { moves, errors: places.errors, helps, finish: String::new(), objection }))
}

fn problem(code: &str, message: String) -> Problem {
    Problem { code: code.to_owned(), message }
}

/// The move by the history of a place.
fn back(context: &Context, past: &Past, parameter: &AliasParameter) -> AliasMove {
    let mut step = begun(past, parameter);
    if !step.refusals.is_empty() {
        return step;
    }
    if context.delivered && past.rolled_back_by(&context.maker.run) {
        // Once more would be one image too far.
        let at = format!("{parameter} in {}", past.target.region);
        context.printer.say(format!("{at} was rolled back by an earlier delivery of this run, and stays"));
        match past.now() {
            Some(image) => step.image = Some(image),
            None => step.refusals.push(problem("NotVisible", "the image that it names is not visible here".to_owned())),
        }
        step.image.iter_mut().for_each(|image| image.group_by(&context.families));
        return step;
    }
    let passed = past.passed_over(context.now);
    let passed = match passed.is_empty() {
        true => String::new(),
        false => format!(": {}", some(&passed)),
    };
    match past.way_back(context.now) {
        WayBack::To(id) => step.image = past.images.get(&id).cloned(),
        WayBack::Nothing => {
            let message = format!("it has named no other image that can be used{passed}");
            step.refusals.push(problem("NothingBefore", message));
        }
        WayBack::Forgotten => {
            let message = format!(
                "of what it named before, SSM remembers no image that can be used{passed}; what lay below its oldest version is \
                 not known"
            );
            step.refusals.push(problem("HistoryForgotten", message));
        }
    }
    step.image.iter_mut().for_each(|image| image.group_by(&context.families));
    step
}

/// The move of a place, without its image.
fn begun(past: &Past, parameter: &AliasParameter) -> AliasMove {
    let current = past.current.clone();
    let refusals = match (&past.problem, &current) {
        (Some(problem), _) => vec![problem.clone()],
        (None, None) => vec![problem("NoAlias", format!("there is no alias {parameter}"))],
        (None, Some(_)) => Vec::new(),
    };
    AliasMove { target: past.target.clone(), current, image: None, standing: None, before: None, refusals }
}

/// The moves to an image that the user names, or its copies.
async fn named(
    context: &Context,
    rollback: &Rollback,
    reference: &ImageRef,
    pasts: &[Past],
    owner: &[Target],
) -> Result<(Vec<AliasMove>, Vec<String>)> {
    let targets: Vec<Target> = pasts.iter().map(|past| past.target.clone()).collect();
    let all: Vec<_> = owner.iter().chain(&targets).cloned().collect();
    let named = promote::named(context, reference, &all).await?;
    let family = promote::family(Some(rollback.parameter.family().clone()), &named.1);
    family.map_err(|failure| Failure { hint: None, ..failure })?;
    let found = copies::find(context, &named, &targets, owner).await;
    let mut moves = Vec::new();
    let named = found.named;
    for (past, image) in pasts.iter().zip(found.images) {
        let image = image.map(|image| itself(context, past, &named.1, image));
        let mut step = promote::to_image(begun(past, &rollback.parameter), image, &named.1);
        if let Some(image) = step.image.clone() {
            step.refusals.extend(past.other_architecture(&image));
        }
        moves.push(step);
    }
    let without: Vec<_> = moves.iter().filter(|step| promote::lacks(step)).map(|step| step.target.clone()).collect();
    let helps = helps::lines(&named, &found.tree, &without).await;
    Ok((moves, helps))
}

/// The named image itself where the alias has named it before, though the account has a copy of its own, too.
fn itself(context: &Context, past: &Past, named: &Image, found: Option<Image>) -> Option<Image> {
    let known = past.images.get(&named.id).filter(|known| found.as_ref().is_none_or(|found| found.id != known.id));
    let Some(mut known) = known.cloned() else { return found };
    known.group_by(&context.families);
    Some(known)
}

/// Says what is passed over, place by place.
async fn tell_passed(context: &Context, pasts: &[Past]) {
    let mut lines = Vec::new();
    for past in pasts.iter().filter(|past| matches!(past.way_back(context.now), WayBack::To(_))) {
        let passed = past.passed_over(context.now);
        if !passed.is_empty() {
            lines.push(format!("passed over in {}: {}", past.target.place().await, some(&passed)));
        }
    }
    lines.iter().take(TOLD).for_each(|line| context.printer.say(line));
    if lines.len() > TOLD {
        context.printer.say(format!("and in {} places more", lines.len() - TOLD));
    }
}

fn some(all: &[String]) -> String {
    let named = all[..all.len().min(TOLD)].join(", ");
    match all.len().saturating_sub(TOLD) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The refusal of places that would go back to images of different names.
async fn disagreement(
    context: &Context,
    rollback: &Rollback,
    moves: &[AliasMove],
    regions: &BTreeSet<Region>,
) -> Option<Failure> {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for step in moves {
        if let Some(image) = &step.image {
            by_name.entry(name(image)).or_default().push(step.target.place().await);
        }
    }
    if by_name.len() < 2 {
        return None;
    }
    let each = by_name.iter().map(|(name, places)| match &places[..] {
        [place] => format!("{name} in {place}"),
        several => format!("{name} in {} places", several.len()),
    });
    let each: Vec<_> = each.collect();
    let message = format!(
        "{} would not go back to one image: to {}; nothing was written",
        rollback.parameter,
        each.join("; to ")
    );
    let line = amictl("rollback").word(&rollback.parameter).word("--each");
    let line = match &rollback.reason {
        Some(reason) => line.word("--reason").word(reason),
        None => line,
    };
    let line = match &rollback.from_role {
        Some(role) => line.word("--from-role-arn").word(role),
        None => line,
    };
    let line = line.options(context.invocation.everywhere(regions));
    let hint = format!("let each place go back by its own history: {line}; or name one image with --to REF");
    Some(Failure::new(Kind::Refused, "PlacesDisagree", message).hint(hint))
}

/// The name of an image; its id if it has none.
fn name(image: &Image) -> String {
    image.name.clone().unwrap_or_else(|| image.id.to_string())
}
