//! The observation of a test instance: status checks, probes, and the console of one that fails.

use std::time::Duration;

use tokio::time::Instant;

use super::check::BootPlan;
use super::probes::{self, Probed};
use super::request::{BootTestRequest, Job};
use crate::domain::age::Age;
use crate::domain::boot_test::{Check, CheckKind, Verdict, console_tail};
use crate::domain::ids::InstanceId;
use crate::domain::instance::Instance;
use crate::domain::problem::Problem;
use crate::domain::status_checks::StatusCourse;
use crate::output::Bar;
use crate::service::client::error::{ApiError, codes, passes};
use crate::service::client::patience::{Over, Patience, Pauses, UNKNOWN_AT_FIRST};
use crate::service::{Target, instance_states, instance_status};
use crate::workflows::run::context::Context;

/// The time for a look after the deadline: only one that is answered is a verdict on the image.
const LAST_LOOK: Duration = Duration::from_secs(15);
/// How long the console output may take: the instance costs meanwhile.
const CONSOLE: Duration = Duration::from_secs(60);

/// EC2's code for an instance that it does not know.
const UNKNOWN: &str = "InvalidInstanceID.NotFound";

/// What was seen of an instance.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub checks: Vec<Check>,
    pub verdict: Option<Verdict>,
    pub error: Option<Problem>,
    pub console: Option<String>,
    /// Whether it ended by itself.
    pub ended: bool,
}

/// How a boot ended.
enum Boot {
    Passed,
    TimedOut,
    Interrupted,
    /// The instance ended by itself, in this state and for this reason.
    Ended(String),
    /// EC2 does not tell.
    Untold(Problem),
}

/// Watches an instance until there is a verdict, or none to be had.
pub(super) async fn observe(job: &Job<'_>, plan: &BootPlan, id: &InstanceId, bar: &Bar) -> Observed {
    let context = job.context;
    let wait = BootTestRequest::wait(context);
    let (began, mut course) = (Instant::now(), StatusCourse::default());
    let patience = Patience { until: began + wait, stop: context.stop.clone() };
    let booted = boot(job.target, id, (&mut course, began), &patience, bar).await;
    let seconds = began.elapsed().as_secs();
    let mut seen = Observed { checks: course.checks(seconds), ..Observed::default() };
    match booted {
        Boot::Passed => probe(job, id, bar, &mut seen).await,
        Boot::TimedOut => {
            let late = |check: &mut Check| check.detail = format!("{} after {}", check.detail, span(wait));
            seen.checks.iter_mut().filter(|check| !check.passed).for_each(late);
            seen.verdict = Some(Verdict::Failed);
        }
        Boot::Ended(detail) => {
            let what = "running".to_owned();
            seen.checks = vec![Check { kind: CheckKind::Status, what, passed: false, detail, seconds }];
            (seen.verdict, seen.ended) = (Some(Verdict::Failed), true);
        }
        Boot::Interrupted => seen.error = Some(interrupted()),
        Boot::Untold(problem) => seen.error = Some(problem),
    }
    if seen.verdict == Some(Verdict::Failed) {
        bar.set(0, "reading the console output");
        seen.console = console(context, job.target, id, plan.kind.nitro).await;
    }
    seen
}

/// Waits until all status checks pass.
async fn boot(
    target: &Target,
    id: &InstanceId,
    (course, began): (&mut StatusCourse, Instant),
    patience: &Patience,
    bar: &Bar,
) -> Boot {
    let mut pauses = Pauses::new(patience);
    let (mut unseen, mut last) = (None, None);
    loop {
        // A look that the deadline cuts off is made again, as the last one.
        let (mut answered, mut late) = (false, false);
        match last.as_ref().unwrap_or(patience).unless_over(instance_status::health(target, id)).await {
            Err(Over::Interrupted) => return Boot::Interrupted,
            Err(Over::TimedOut) => late = true,
            // A new id may be unknown for a while.
            Ok(Err(error)) if passes(&error) || (error.is(UNKNOWN) && began.elapsed() < UNKNOWN_AT_FIRST) => {
                unseen = Some(error);
            }
            Ok(Err(error)) => return Boot::Untold(told(&error)),
            Ok(Ok(None)) => {}
            Ok(Ok(Some(health))) => {
                answered = true;
                let (passed, ended) = (health.passed(), health.ended().then(|| health.state.clone()));
                course.saw(health, began.elapsed().as_secs());
                if let Some(state) = ended {
                    return Boot::Ended(reason(target, id, state).await);
                }
                if passed {
                    return Boot::Passed;
                }
                bar.set(0, course.doing());
            }
        }
        match (last.is_some(), late) {
            (true, _) if answered => return Boot::TimedOut,
            (true, _) => return Boot::Untold(untold(id, unseen)),
            (false, true) => {}
            (false, false) => match pauses.pause().await {
                Ok(()) => continue,
                Err(Over::Interrupted) => return Boot::Interrupted,
                Err(Over::TimedOut) => {}
            },
        }
        last = Some(Patience { until: Instant::now() + LAST_LOOK, stop: patience.stop.clone() });
    }
}

fn told(error: &ApiError) -> Problem {
    Problem { code: error.code.clone(), message: error.to_string() }
}

/// The problem where nothing is known of an instance when its time is over. That says nothing of the image.
fn untold(id: &InstanceId, unseen: Option<ApiError>) -> Problem {
    let message = format!("when the time was over, EC2 did not tell how {id} is");
    match unseen {
        Some(error) => Problem { code: error.code.clone(), message: format!("{message}: {error}") },
        None => Problem { code: codes::TIMEOUT.to_owned(), message },
    }
}

/// The state of an instance that ended by itself, with EC2's reason.
async fn reason(target: &Target, id: &InstanceId, state: String) -> String {
    let reason = instance_states::look(target, id).await.ok().and_then(|instance| instance.state_reason);
    format!("{state}: {}", reason.as_deref().unwrap_or("EC2 gives no reason"))
}

/// Runs the probes of an instance whose status checks pass.
async fn probe(job: &Job<'_>, id: &InstanceId, bar: &Bar, seen: &mut Observed) {
    let (context, request) = (job.context, job.request);
    let (mut failed, mut silent) = (seen.checks.iter().any(|check| !check.passed), None);
    if !request.probes.is_empty() {
        bar.set(0, "probing");
        let patience = Patience { until: Instant::now() + request.probe_timeout, stop: context.stop.clone() };
        let instance = match look(job.target, id, &patience).await {
            Ok(instance) => instance,
            Err(problem) => {
                seen.error = Some(problem);
                return;
            }
        };
        let (timeout, public) = (request.probe_timeout, request.public_ip);
        let probed = probes::run(context, job.target, &instance, &request.probes, timeout, public).await;
        for Probed { check, unasked } in probed {
            silent = silent.or(unasked.clone());
            failed |= !check.passed && unasked.is_none();
            seen.checks.push(check);
        }
    }
    match (failed, silent) {
        // A probe that the user stopped says nothing of the image.
        (true, _) | (false, Some(_)) if context.stop.asked() => seen.error = Some(interrupted()),
        (true, _) => seen.verdict = Some(Verdict::Failed),
        // Nor does one that could not be asked.
        (false, Some(problem)) => seen.error = Some(problem),
        (false, None) => seen.verdict = Some(Verdict::Passed),
    }
}

/// The instance as EC2 shows it. What may pass is ridden out.
async fn look(target: &Target, id: &InstanceId, patience: &Patience) -> Result<Instance, Problem> {
    let (mut pauses, mut unseen) = (Pauses::new(patience), None);
    loop {
        let over = match patience.unless_over(instance_states::look(target, id)).await {
            Ok(Ok(instance)) => return Ok(instance),
            Ok(Err(error)) if passes(&error) => {
                unseen = Some(error);
                pauses.pause().await.err()
            }
            Ok(Err(error)) => return Err(told(&error)),
            Err(over) => Some(over),
        };
        match over {
            None => {}
            Some(Over::Interrupted) => return Err(interrupted()),
            Some(Over::TimedOut) => return Err(untold(id, unseen)),
        }
    }
}

fn interrupted() -> Problem {
    Problem::interrupted_before("there was a verdict")
}

/// The end of the console output; where there is none to be had, that is said.
async fn console(context: &Context, target: &Target, id: &InstanceId, latest: bool) -> Option<String> {
    let patience = Patience { until: Instant::now() + CONSOLE, stop: context.stop.clone() };
    let without = |why: &str| context.printer.tell(&format!("{id}: no console output: {why}"));
    match patience.unless_over(instance_status::console(target, id, latest)).await {
        Ok(Ok(output)) => {
            let tail = console_tail(&output);
            if tail.is_none() {
                without("EC2 has none yet");
            }
            tail
        }
        Ok(Err(error)) => {
            without(&error.to_string());
            None
        }
        Err(Over::TimedOut) => {
            without("it took too long");
            None
        }
        Err(Over::Interrupted) => {
            without("interrupted");
            None
        }
    }
}

/// A span of time as a user writes it.
fn span(duration: Duration) -> String {
    Age::of(duration).to_string()
}
