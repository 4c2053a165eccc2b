//! Launch templates in all places of a run: checked everywhere first, then written.

use anyhow::{Error, Result};

use super::check::{self, TemplatePlan, TemplateRequest};
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::diagnostics::{problem, tell_failed};

/// Checks every place. If one fails nothing is written anywhere, and the others' errors are printed.
pub async fn check(context: &Context, request: &TemplateRequest) -> Result<Vec<TemplatePlan>> {
    let places = context.session().await?.places().await.some()?;
    if let Some(error) = places.errors.first() {
        context::tell_errors(context, &places.errors[1..]);
        return Err(
            Error::new(error.problem.clone()).context("not every account could be entered; nothing was written")
        );
    }
    let each = concurrency::each(LOOKUPS, &places.targets, |target| async move {
        (target, check::check(context, target, request).await)
    });
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    for (target, checked) in each.await {
        match checked {
            Ok(plan) => plans.push(plan),
            Err(error) => refused.push((target.place().await, error)),
        }
    }
    unwritten(context, places.targets.len(), refused).map(|()| plans)
}

/// The first error of a run that writes nothing, with its place where there are several; the others are printed.
fn unwritten(context: &Context, places: usize, refused: Vec<(String, Error)>) -> Result<()> {
    let mut refused = refused.into_iter();
    let Some((place, first)) = refused.next() else { return Ok(()) };
    for (place, error) in refused {
        tell_failed(context, &place, &error);
    }
    match places {
        ..=1 => Err(first),
        _ if format!("{first:#}").contains(&place) => Err(first.context("nothing was written")),
        _ => Err(first.context(format!("nothing was written; {place}"))),
    }
}

/// Asks EC2 whether it would write the plans, and says what would be done.
pub async fn attempt(context: &Context, plans: &[TemplatePlan]) -> Result<()> {
    let mut refused = Vec::new();
    for plan in plans {
        let place = plan.target.place().await;
        match plan.attempt(context).await {
            Ok(()) => {
                context.printer.say(format!("dry run: launch template {} in {place} {}", plan.name, plan.words()));
            }
            Err(error) => refused.push((place, error.into())),
        }
    }
    unwritten(context, plans.len(), refused)
}

/// Writes the plans, each in its place. What has not begun when the user asks to stop is left.
pub async fn apply(context: &Context, plans: Vec<TemplatePlan>) -> Vec<TemplateOutcome> {
    let one = |plan: TemplatePlan| async move {
        let applied = context.begin(async { Ok(plan.apply(context).await) }).await;
        match applied {
            Ok(outcome) => outcome,
            Err(error) => {
                let problem = problem(&error);
                TemplateOutcome { status: Status::Failed(problem), ..plan.outcome().await }
            }
        }
    };
    concurrency::each(LOOKUPS, plans, one).await
}

/// Says what was done, and how the groups that use the templates take it.
pub fn tell(context: &Context, outcomes: &[TemplateOutcome]) {
    for outcome in outcomes {
        let place = outcome.place();
        for warning in &outcome.warnings {
            context.printer.tell(&format!("warning: {place}: EC2 warns of {warning}"));
        }
        let (Some(version), Some(default)) = (outcome.version, outcome.default) else { continue };
        let is = if outcome.changed { "has" } else { "had" };
        let default = match version == default {
            true => "the default".to_owned(),
            false => format!("not the default, which is {default}"),
        };
        context.printer.say(format!("{place} {is} version {version} with {}, {default}", outcome.field));
        outcome.of_groups().iter().for_each(|line| context.printer.say(format!("  {line}")));
    }
}

/// Ends the run as the outcomes ask for.
pub fn conclude(context: &Context, outcomes: &[TemplateOutcome]) -> Result<()> {
    let failed: Vec<(&TemplateOutcome, &Problem)> =
        outcomes.iter().filter_map(|outcome| Some((outcome, outcome.problem()?))).collect();
    let done = outcomes.len() - failed.len();
    let changed = outcomes.iter().any(|outcome| outcome.changed);
    let message = format!("{done} done, {} failed", failed.len());
    let again = "run the command again: it takes the versions that are there";
    match failed.split_first() {
        None => Ok(()),
        Some(_) if context.stop.asked() => {
            let failure = if changed { Failure::interrupted(message) } else { context::nothing_changed() };
            Err(failure.hint(again).into())
        }
        Some(((outcome, problem), [])) if !changed && done == 0 => {
            Err(Error::new((*problem).clone()).context(outcome.place()))
        }
        Some(((outcome, problem), [])) => {
            let message = format!("{}: {problem}", outcome.place());
            Err(Failure::new(Kind::Partial, problem.code.clone(), message).hint(again).into())
        }
        Some(_) => {
            for (outcome, problem) in &failed {
                context.printer.tell(&format!("{}: {problem}", outcome.place()));
            }
            let kind = if done == 0 && !changed { Kind::Failed } else { Kind::Partial };
            Err(Failure::new(kind, "PartialChange", message).hint(again).into())
        }
    }
}
