//! The sweep: ends and starts again what killed runs left, in all places of a run.

use std::time::Duration;

use anyhow::{Error, Result};
use tokio::time::Instant;

use super::request::{sweep_line, with_way_out};
use super::swept::Swept;
use crate::domain::instance::Instance;
use crate::domain::leftover::Leftover;
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::sweep_report::{SweepAction, SweepOutcome, SweepReport};
use crate::domain::tags::{STOPPED, TEST};
use crate::service::client::error::ApiError;
use crate::service::client::patience::Patience;
use crate::service::{Target, instance_states, instances, terminate};
use crate::workflows::create::start_again::{Restarted, start_again};
use crate::workflows::run::concurrency::{self, INSTANCES, PLACES};
use crate::workflows::run::context::{Context, stopped};

/// The time for an instance to end.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// EC2's code for an instance that it no longer knows.
const UNKNOWN: &str = "InvalidInstanceID.NotFound";

/// An instance with a tag of amictl.
struct Tagged {
    target: Target,
    instance: Instance,
    leftover: Leftover,
}

/// Terminates test instances whose time is over, and starts instances that `create --stop` left stopped. Nothing is
/// asked; what is not surely amictl's own, or not due, stays and is told.
pub async fn sweep(context: &Context, dry_run: bool) -> Result<Swept> {
    let places = context.session().await?.places().await.some()?;
    let spinner = context.printer.bars().spinner("looking for instances");
    let looking = async { Ok(concurrency::each(PLACES, &places.targets, |target| find(context, target)).await) };
    let looked = context.unless_stopped(looking).await?;
    drop(spinner);
    let (mut found, mut errors, mut first) = (Vec::new(), places.errors, None);
    for (target, answer) in places.targets.iter().zip(looked) {
        match answer {
            Ok(tagged) => found.push(tagged),
            Err(error) => {
                errors.push(target.error(error.problem()).await);
                first = first.or(Some(error));
            }
        }
    }
    if let (true, Some(error)) = (found.is_empty(), first) {
        return Err(Error::new(error));
    }
    let found: Vec<Tagged> = found.into_iter().flatten().collect();
    let bar = &context.printer.bars().count(found.len() as u64, "sweeping");
    let each = concurrency::each(INSTANCES, found, |tagged| async move {
        let outcome = one(context, tagged, dry_run).await;
        bar.step();
        outcome
    });
    let outcomes = each.await.into_iter().flatten().collect();
    let regions = places.targets.iter().map(|target| target.region.clone()).collect();
    Ok(Swept { report: SweepReport { outcomes, errors }, dry_run, regions })
}

/// The instances of a place that carry a tag of amictl, by id.
async fn find(context: &Context, target: &Target) -> Result<Vec<Tagged>, ApiError> {
    let tags = [("tag-key", vec![TEST.to_owned(), STOPPED.to_owned()])];
    let mut found = instances::find(target, &tags).await?;
    found.sort_by(|one, other| one.id.cmp(&other.id));
    let tagged = |instance: Instance| {
        let leftover = Leftover::of(&instance, context.clock());
        Tagged { target: target.clone(), instance, leftover }
    };
    Ok(found.into_iter().map(tagged).collect())
}

/// Deals with one instance; `None` where there is nothing to do or to tell.
async fn one(context: &Context, tagged: Tagged, dry_run: bool) -> Option<SweepOutcome> {
    let Tagged { target, instance, leftover } = tagged;
    let done = match leftover {
        Leftover::Nothing => return None,
        Leftover::Stays(action, problem) => return Some(outcome(&target, instance, action, Err(skip(problem))).await),
        Leftover::Due(action) if dry_run => (action, tried(&target, &instance, action).await),
        Leftover::Due(action) => match stopped(context) {
            Some(problem) => (action, Err(skip(problem))),
            None => again(context, &target, &instance, action).await,
        },
    };
    Some(outcome(&target, instance, done.0, done.1).await)
}

/// Whether anything was changed, and more about it; or why nothing is done.
type Done = Result<(bool, Option<String>), Status>;

fn skip(problem: Problem) -> Status {
    Status::Skipped(problem)
}

async fn outcome(target: &Target, instance: Instance, action: SweepAction, done: Done) -> SweepOutcome {
    let (changed, detail, status) = match done {
        Ok((changed, detail)) => (changed, detail, Status::Done),
        Err(status) => (false, None, status),
    };
    SweepOutcome {
        account: target.account().await.ok().cloned(),
        region: target.region.clone(),
        instance_id: instance.id,
        image_id: instance.image_id,
        tags: instance.tags,
        action,
        changed,
        detail,
        status,
    }
}

/// What would be done, tried by DryRun.
async fn tried(target: &Target, instance: &Instance, action: SweepAction) -> Done {
    let (tried, would) = match action {
        SweepAction::Terminate => (terminate::check(target, &instance.id).await, "terminated"),
        SweepAction::Start if instance.state == "running" => (Ok(()), "left without its tag, as it runs"),
        SweepAction::Start => (instance_states::check_start(target, &instance.id).await, "started"),
    };
    match tried {
        Ok(()) => Ok((false, Some(format!("dry run: it would be {would}")))),
        Err(error) => Err(Status::Failed(failed(target, instance, error.problem()))),
    }
}

/// Looks at the instance again, and does what is due then.
async fn again(context: &Context, target: &Target, before: &Instance, action: SweepAction) -> (SweepAction, Done) {
    let seen = match instance_states::look(target, &before.id).await {
        Ok(seen) => seen,
        Err(error) if error.is(UNKNOWN) => return (action, Ok((false, Some("it is gone".to_owned())))),
        Err(error) => return (action, Err(Status::Failed(error.problem()))),
    };
    match Leftover::of(&seen, context.clock()) {
        Leftover::Nothing => (action, Ok((false, Some(format!("it is {}", seen.state))))),
        Leftover::Stays(action, problem) => (action, Err(skip(problem))),
        Leftover::Due(action @ SweepAction::Terminate) => (action, end(context, target, &seen).await),
        Leftover::Due(action @ SweepAction::Start) => (action, start(context, target, &seen).await),
    }
}

async fn end(context: &Context, target: &Target, instance: &Instance) -> Done {
    let patience = Patience { until: Instant::now() + LONGEST, stop: context.stop.clone() };
    match terminate::terminated(target, &instance.id, &patience).await {
        Ok(()) => Ok((true, None)),
        Err(problem) => Err(Status::Failed(failed(target, instance, problem))),
    }
}

async fn start(context: &Context, target: &Target, instance: &Instance) -> Done {
    let ran = instance.state == "running";
    match start_again(context, target, instance).await {
        Ok(Restarted { tag_stays: None, .. }) => {
            Ok((true, ran.then(|| format!("it ran already, and had the tag {STOPPED}"))))
        }
        Ok(Restarted { tag_stays: Some(error), .. }) if ran => Err(Status::Failed(error.problem())),
        Ok(Restarted { tag_stays: Some(error), .. }) => {
            Ok((true, Some(format!("it runs, but its tag {STOPPED} could not be removed: {error}"))))
        }
        Err(failure) => {
            let hint = failure.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            let (code, message) = (failure.code.to_string(), format!("{}{hint}", failure.message));
            Err(Status::Failed(Problem { code, message }))
        }
    }
}

fn failed(target: &Target, instance: &Instance, problem: Problem) -> Problem {
    with_way_out(target, &instance.id, problem, &sweep_line(target))
}
