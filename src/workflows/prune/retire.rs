//! The steps of a retirement that keep the image, and their reversal.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::domain::change::{Change, Objection};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::permissions::recorded::{self, Journaled, RecordedPermissions};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status};
use crate::domain::retire::step::Step;
use crate::domain::retire::{self, Shares, StepChanges};
use crate::journal::{Beginning, Journal};
use crate::output::Bar;
use crate::service::permissions::{Give, change_launch, launch_permissions};
use crate::service::{Target, lifecycle};
use crate::workflows::permissions::record::{self, GivenBack};
use crate::workflows::run::concurrency::{self, IMAGES};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::journal::{self, JournalFile};

/// A step on one image.
pub struct RetirementStep {
    /// Its place.
    pub target: Target,
    /// The image.
    pub image: Image,
    /// The step.
    pub step: Step,
}

/// The journal's records of launch permissions.
pub type JournaledPermissions = BTreeMap<ImageId, Journaled>;

/// Reads the journal's records of the images to be disabled or revived.
pub async fn known(context: &Context, journal: &JournalFile, tasks: &[RetirementStep]) -> Result<JournaledPermissions> {
    let concerned = tasks.iter().filter(|task| matches!(task.step, Step::Disable | Step::Revive));
    journal.due(context, concerned.map(|task| &task.image)).await
}

/// Takes every step. After a stop signal, the rest is reported as skipped.
pub async fn carry_out(
    context: &Context,
    tasks: Vec<RetirementStep>,
    journal: &Journal,
    known: &JournaledPermissions,
) -> Vec<Outcome> {
    let bar = context.printer.bars().count(tasks.len() as u64, "retiring");
    concurrency::each(IMAGES, tasks, |task| one(context, task, journal, known, &bar)).await
}

/// Asks EC2 whether a step would work; changes nothing.
pub async fn check(context: &Context, task: &RetirementStep, known: &JournaledPermissions) -> Result<()> {
    let RetirementStep { target, image, .. } = task;
    let shares = shares(task, known).await;
    let refuse = |problem: Problem| {
        let (label, done) = (image.label(), task.step.verb().done());
        let message = format!("{label} would not be {done}: {} [{}]", problem.message, problem.code);
        Failure::new(Kind::Failed, "WouldBeRefused", message)
    };
    let moves = moves(context, task, &shares).map_err(refuse)?;
    let disabled = image.state == State::Disabled;
    for change in moves.first.iter().chain(&moves.last) {
        // Changes that need an enabled image cannot be checked on a disabled one.
        if disabled && !matches!(change, Change::Enable | Change::Tag { .. }) {
            continue;
        }
        possible(context, image, change).map_err(refuse)?;
        lifecycle::check(target, image, change).await?;
    }
    if let (false, Ok(present)) = (disabled, &shares.present) {
        let missing = &moves.share - present;
        if !missing.is_empty() {
            change_launch(target, &image.id, Give::Add, &missing, true).await?;
        }
    }
    moves.lacking.map_or(Ok(()), |problem| Err(refuse(problem).into()))
}

async fn shares(task: &RetirementStep, known: &JournaledPermissions) -> Shares {
    let RetirementStep { target, image, .. } = task;
    let present = launch_permissions(target, &image.id).await.map_err(Problem::from);
    Shares { present, due: recorded::due(image, known.get(&image.id)) }
}

async fn one(
    context: &Context,
    task: RetirementStep,
    journal: &Journal,
    known: &JournaledPermissions,
    bar: &Bar,
) -> Outcome {
    let verb = task.step.verb();
    let untouched = |status| Outcome::new(&task.image, verb, false, status);
    let outcome = async {
        if let Some(stopped) = context::stopped(context) {
            return untouched(Status::Skipped(stopped));
        }
        let shares = shares(&task, known).await;
        let planned = moves(context, &task, &shares);
        let due = planned.as_ref().ok().and_then(|moves| moves.due.clone());
        let begin = Beginning { due, ..Beginning::new(verb, &task.image).shared(shares.present.as_ref().ok()) };
        if let Err(error) = journal.begin(begin, context.clock()).await {
            return untouched(Status::Failed(journal::not_begun(&error)));
        }
        let mut done = Done { changed: false, due: None };
        let (made, detail) = match planned {
            Err(problem) => (Err(problem), None),
            Ok(moves) => {
                let known = known.get(&task.image.id);
                (make(context, &task, &shares, &moves, known, &mut done).await, moves.detail)
            }
        };
        let status = made.map_or_else(Status::Failed, |()| Status::Done);
        let outcome = Outcome { detail, ..Outcome::new(&task.image, verb, done.changed, status) };
        journal::end_with(context, journal, outcome, done.due.as_ref()).await
    };
    let outcome = outcome.await;
    bar.step();
    outcome
}

fn moves(context: &Context, task: &RetirementStep, shares: &Shares) -> Result<StepChanges, Problem> {
    let RetirementStep { image, step, .. } = task;
    match step {
        Step::Revive => retire::revive(image, shares, context.clock()),
        Step::Deprecate | Step::Disable | Step::Deregister => {
            retire::advance(*step, image, shares, context.now, context.clock())
        }
    }
}

/// The progress on an image.
struct Done {
    changed: bool,
    /// The permissions to be restored by now, if the journal must be updated.
    due: Option<RecordedPermissions>,
}

/// Makes all changes of a step, up to the first failure.
async fn make(
    context: &Context,
    task: &RetirementStep,
    shares: &Shares,
    moves: &StepChanges,
    known: Option<&Journaled>,
    done: &mut Done,
) -> Result<(), Problem> {
    let target = &task.target;
    // Does not start if EC2 is known to refuse one of the changes.
    if let Err(problem) = moves.first.iter().try_for_each(|change| possible(context, &task.image, change)) {
        done.due = moves.due.as_ref().map(|_| recorded::before(known));
        return Err(problem);
    }
    if let ([tag, Change::Disable], Ok(present)) = (&moves.first[..], &shares.present) {
        let disabled = record::disable(target, &task.image, tag, present).await;
        return disabled.map(|()| done.changed = true).map_err(|failed| {
            done.changed = !failed.undone;
            done.due = failed.undone.then(|| recorded::before(known));
            failed.problem
        });
    }
    let mut image = task.image.clone();
    for change in &moves.first {
        image = make_one(target, image, change, &mut done.changed).await?;
    }
    if !moves.share.is_empty() {
        let GivenBack { given, left, problem } = record::give_back(target, &image, &moves.share).await;
        done.changed |= given > 0;
        done.due = known.map(|known| recorded::left_of(known, &left));
        if let Some(Problem { code, message }) = problem {
            return Err(Problem { code, message: format!("it is enabled, but {message}") });
        }
    }
    if let Some(problem) = &moves.lacking {
        return Err(problem.clone());
    }
    for change in &moves.last {
        image = make_one(target, image, change, &mut done.changed).await?;
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
