//! Steps of a retirement that leave the image there, and what takes them back.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::StreamExt;

use super::Context;
use super::destroy;
use crate::domain::change::{Change, Objection};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::{Image, State};
use crate::domain::report::{Outcome, Problem, Status};
use crate::domain::retire::{self, Moves, Step};
use crate::domain::sharing::Principal;
use crate::output::{Bar, Journal};
use crate::service::Target;
use crate::service::error::ApiError;
use crate::service::lifecycle;
use crate::service::permissions::{Give, change_launch, give, launch_permissions};

/// How many images are worked on at a time.
const SIDE_BY_SIDE: usize = 10;

/// One image that goes a step.
pub struct Task {
    /// Where it is.
    pub target: Target,
    /// The image.
    pub image: Image,
    /// The step.
    pub step: Step,
}

type Shares = Result<BTreeSet<Principal>, ApiError>;

/// Takes every step. What is left when the user asks to stop is reported as skipped.
pub async fn carry_out(context: &Context, tasks: Vec<Task>, journal: &Journal) -> Vec<Outcome> {
    let bar = context.printer.bars().count(tasks.len() as u64, "retiring");
    let each = tasks.into_iter().map(|task| one(context, task, journal, &bar));
    futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await
}

/// Asks EC2 whether a step would work; changes nothing.
pub async fn check(context: &Context, task: &Task) -> Result<()> {
    let Task { target, image, .. } = task;
    let shares = launch_permissions(target, &image.id).await;
    let refuse = |problem: Problem| {
        let (label, done) = (image.label(), task.step.verb().done());
        let message = format!("{label} would not be {done}: {} [{}]", problem.message, problem.code);
        Failure::new(Kind::Failed, "WouldBeRefused", message)
    };
    let moves = moves(context, task, &shares).map_err(refuse)?;
    let disabled = image.state == State::Disabled;
    for change in moves.first.iter().chain(&moves.last) {
        // What is to be done once the image is enabled cannot be tried while it is not.
        if disabled && !matches!(change, Change::Enable | Change::Tag { .. }) {
            continue;
        }
        possible(context, image, change).map_err(refuse)?;
        lifecycle::check(target, image, change).await?;
    }
    if !disabled && !moves.share.is_empty() {
        change_launch(target, &image.id, Give::Add, &moves.share, true).await?;
    }
    Ok(())
}

async fn one(context: &Context, task: Task, journal: &Journal, bar: &Bar) -> Outcome {
    let verb = task.step.verb();
    let untouched = |status| Outcome::new(&task.image, verb, false, status);
    let outcome = async {
        if let Some(stopped) = destroy::stopped(context) {
            return untouched(Status::Skipped(stopped));
        }
        let shares = launch_permissions(&task.target, &task.image.id).await;
        let begun = journal.begin(verb, &task.image, shares.as_ref().ok(), Vec::new(), None, context.clock()).await;
        if let Err(error) = begun {
            return untouched(Status::Failed(destroy::not_begun(&error)));
        }
        let outcome = match moves(context, &task, &shares) {
            Err(problem) => untouched(Status::Failed(problem)),
            Ok(moves) => {
                let mut changed = false;
                let made = make(context, &task, &moves, &mut changed).await;
                let status = made.map_or_else(Status::Failed, |()| Status::Done);
                Outcome { detail: moves.detail, ..Outcome::new(&task.image, verb, changed, status) }
            }
        };
        destroy::end(context, journal, outcome).await
    };
    let outcome = outcome.await;
    bar.step();
    outcome
}

fn moves(context: &Context, task: &Task, shares: &Shares) -> Result<Moves, Problem> {
    let Task { image, step, .. } = task;
    match step {
        Step::Revive => retire::revive(image, shares.as_ref().ok(), context.clock()),
        Step::Deprecate | Step::Disable | Step::Deregister => {
            let shares = shares.as_ref().map_err(ApiError::problem);
            retire::advance(*step, image, shares, context.now, context.clock())
        }
    }
}

/// Makes all changes of a step, up to the first that fails.
async fn make(context: &Context, task: &Task, moves: &Moves, changed: &mut bool) -> Result<(), Problem> {
    let target = &task.target;
    // Nothing is begun that EC2 is known to refuse in the end.
    moves.first.iter().try_for_each(|change| possible(context, &task.image, change))?;
    let mut image = task.image.clone();
    for change in &moves.first {
        image = make_one(target, image, change, changed).await?;
    }
    if !moves.share.is_empty() {
        give(target, &image.id, Give::Add, &moves.share).await?;
        *changed = true;
    }
    for change in &moves.last {
        image = make_one(target, image, change, changed).await?;
    }
    Ok(())
}

async fn make_one(target: &Target, image: Image, change: &Change, changed: &mut bool) -> Result<Image, Problem> {
    if change.holds(&image) {
        return Ok(image);
    }
    let now = lifecycle::make(target, &image, change).await?;
    *changed = true;
    Ok(now)
}

/// Whether EC2 is known to refuse a change.
fn possible(context: &Context, image: &Image, change: &Change) -> Result<(), Problem> {
    let Some(why) = change.objection(image, context.clock()) else { return Ok(()) };
    let code = if why == Objection::Public { "Public" } else { "WouldBeRefused" };
    Err(Problem { code: code.to_owned(), message: why.to_string() })
}
