//! One boot test, from its launch to the end of its instance, whatever comes between.
//!
//! Nothing between the launch and the end returns early or is dropped: an error, a failure and a stop signal are values
//! until the instance is seen terminated.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::check::{BootPlan, rfc3339};
use super::observe::{Observed, observe};
use super::request::{Job, sweep_line, terminate_line, with_way_out};
use crate::domain::boot_test::{BootTest, Verdict};
use crate::domain::ids::InstanceId;
use crate::domain::instance::Instance;
use crate::domain::problem::Problem;
use crate::domain::tags::EXPIRES;
use crate::output::Bar;
use crate::service::client::error::ApiError;
use crate::service::client::patience::{Patience, Pauses, UNKNOWN_AT_FIRST};
use crate::service::client::stop::Stop;
use crate::service::test_launch::{self, BootLaunch};
use crate::service::{Target, terminate};
use crate::workflows::run::context::{Context, stopped};
use crate::workflows::run::diagnostics::problem;

/// How long an instance may take to terminate. No signal ends the wait: the next one kills the run.
const ENDING: Duration = Duration::from_secs(5 * 60);

/// A test that is over, and when EC2 launched its instance.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub test: BootTest,
    pub launched_at: Option<DateTime<Utc>>,
}

/// Tests an image on an instance of one type.
pub(super) async fn test(job: &Job<'_>, plan: &BootPlan) -> Ended {
    let (context, target) = (job.context, job.target);
    let bar = context.printer.bars().spinner(plan.label());
    let mut test = not_begun(job, plan);
    let mut launch = plan.launch.clone();
    launch.tags.insert(EXPIRES.to_owned(), rfc3339(test.started_at + job.request.life(context)));
    let launched = match stopped(context) {
        Some(problem) => Launched::No(problem),
        None => launched(context, target, &launch, &bar).await,
    };
    let instance = match launched {
        Launched::Yes(instance) => *instance,
        Launched::No(problem) => {
            test.error = Some(problem);
            test.ended_at = context.clock();
            return Ended { test, launched_at: None };
        }
        Launched::Unknown(error) => {
            test.error = Some(unknown(target, &launch, &error));
            test.terminated = false;
            test.ended_at = context.clock();
            return Ended { test, launched_at: None };
        }
    };
    let id = instance.id.clone();
    test.instance_id = Some(id.clone());
    context.printer.say(format!("launched {id} ({}) from {} in {}", plan.kind.name, plan.image.label(), target.region));
    let observed = observe(job, plan, &id, &bar).await;
    let keep = job.request.keep_on_failure && observed.verdict == Some(Verdict::Failed) && !observed.ended;
    let Observed { checks, verdict, error, console, .. } = observed;
    (test.checks, test.verdict, test.error, test.console_tail) = (checks, verdict, error, console);
    if keep {
        test.terminated = false;
        context.printer.tell(&kept(target, &id, plan, &launch));
    } else {
        if context.stop.asked() {
            let line = terminate_line(target, &[id.as_str()]);
            // The one line by which nothing gets lost: also with --quiet.
            context.printer.tell(&format!("terminating {id}; if this is killed before it ends: {line}"));
        }
        bar.set(0, "terminating");
        end(target, &id, &mut test).await;
    }
    test.ended_at = context.clock();
    let launched_at = instance.launched_at.unwrap_or(test.started_at);
    Ended { test, launched_at: Some(launched_at) }
}

/// The row of a test before its launch.
fn not_begun(job: &Job<'_>, plan: &BootPlan) -> BootTest {
    let now = job.context.clock();
    BootTest {
        account: job.account.clone(),
        region: job.target.region.clone(),
        image_id: plan.image.id.clone(),
        name: plan.image.name.clone(),
        instance_type: plan.kind.name.clone(),
        instance_id: None,
        verdict: None,
        started_at: now,
        ended_at: now,
        checks: Vec::new(),
        console_tail: None,
        terminated: true,
        error: None,
    }
}

/// What came of a launch.
enum Launched {
    Yes(Box<Instance>),
    /// Nothing runs.
    No(Problem),
    /// An instance may run.
    Unknown(ApiError),
}

async fn launched(context: &Context, target: &Target, launch: &BootLaunch, bar: &Bar) -> Launched {
    bar.set(0, "launching");
    let starting = async { Ok(test_launch::start(target, launch).await?) };
    match context.begin(starting).await {
        Ok(instance) => Launched::Yes(Box::new(instance)),
        Err(error) => match error.downcast::<ApiError>() {
            Ok(error) if error.answer_lost => after_lost_answer(context, target, launch, error).await,
            Ok(error) => Launched::No(error.problem()),
            Err(error) => Launched::No(problem(&error)),
        },
    }
}

/// Looks for the instance of a launch that was not answered: by the token, with which EC2 answers a second request with
/// the instance of the first, and among the instances, also after a stop signal, when nothing more is to be launched.
/// That nothing runs is believed only where EC2 refuses the token and shows no instance of it by the end.
async fn after_lost_answer(context: &Context, target: &Target, launch: &BootLaunch, lost: ApiError) -> Launched {
    let patience = Patience { until: Instant::now() + UNKNOWN_AT_FIRST, stop: Stop::never() };
    let (mut pauses, mut refused) = (Pauses::new(&patience), None);
    loop {
        if !context.stop.asked() {
            match test_launch::start(target, launch).await {
                Ok(instance) => return Launched::Yes(Box::new(instance)),
                Err(error) if test_launch::refuses(&error) => refused = Some(error),
                // This one may have launched it.
                Err(error) if error.answer_lost => refused = None,
                Err(_) => {}
            }
        }
        let found = test_launch::launched(target, launch).await;
        if let Ok(Some(instance)) = found {
            return Launched::Yes(Box::new(instance));
        }
        if pauses.pause().await.is_err() {
            // By now EC2 would show an instance.
            return match (found, refused) {
                (Ok(_), Some(refused)) => Launched::No(refused.problem()),
                (Ok(_), None) | (Err(_), _) => Launched::Unknown(lost),
            };
        }
    }
}

/// The problem where an instance may run that nobody has seen.
fn unknown(target: &Target, launch: &BootLaunch, error: &ApiError) -> Problem {
    let expires = launch.tags.get(EXPIRES).map(String::as_str).unwrap_or_default();
    let message = format!(
        "{error}; whether an instance was launched is unknown: if one was, it expires at {expires}; end it then with: {}",
        sweep_line(target)
    );
    Problem { code: "AnswerLost".to_owned(), message }
}

/// Terminates the instance, and records where that did not work.
async fn end(target: &Target, id: &InstanceId, test: &mut BootTest) {
    let patience = Patience { until: Instant::now() + ENDING, stop: Stop::never() };
    if let Err(problem) = terminate::terminated(target, id, &patience).await {
        let problem = with_way_out(target, id, problem, &terminate_line(target, &[id.as_str()]));
        test.terminated = false;
        let message = match &test.error {
            None => problem.message,
            Some(before) => format!("{}; {}", before.message, problem.message),
        };
        let code = test.error.take().map_or(problem.code, |before| before.code);
        test.error = Some(Problem { code, message });
    }
}

/// What is said of an instance that is kept.
fn kept(target: &Target, id: &InstanceId, plan: &BootPlan, launch: &BootLaunch) -> String {
    let expires = launch.tags.get(EXPIRES).map(String::as_str).unwrap_or_default();
    format!(
        "{id} of {} runs on; end it with: {}; from {expires} on also with: {}",
        plan.label(),
        terminate_line(target, &[id.as_str()]),
        sweep_line(target)
    )
}
