//! Boot tests side by side: the tests, the verdict on each image, and the end of the run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result};

use super::check::BootPlan;
use super::guard::{Ended, test};
use super::request::{BootTestRequest, Job, sweep_line, terminate_line};
use super::verdict;
use crate::domain::boot_test::{BootTest, BootTestReport, Verdict};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::probe::Probe;
use crate::domain::problem::Problem;
use crate::service::Target;
use crate::workflows::run::concurrency;
use crate::workflows::run::context::{Context, tell_errors};

/// Says what a dry run has found. SSM has no DryRun.
pub fn dry_run(context: &Context, target: &Target, request: &BootTestRequest, plans: &[BootPlan]) {
    for plan in plans {
        context.printer.say(format!("dry run: {} would be tested in {}", plan.label(), target.region));
    }
    if request.probes.iter().any(|probe| matches!(probe, Probe::Ssm(_))) {
        context.printer.say("dry run: whether commands may be sent by SSM was not tried");
    }
}

/// Carries out the tests, and writes the verdict on each image when its last one has ended.
pub async fn run(
    context: &Context,
    target: &Target,
    request: &BootTestRequest,
    plans: Vec<BootPlan>,
) -> BootTestReport {
    let account = target.account().await.ok().cloned();
    let job = Job { context, target, request, account };
    let so_far = Mutex::new(BTreeMap::new());
    let each = concurrency::each(concurrency::TESTS, plans.iter().enumerate(), |(at, plan)| {
        let (job, so_far, plans) = (&job, &so_far, &plans);
        async move {
            let ended = test(job, plan).await;
            let done = with_those_before(so_far, plans, at, ended.clone());
            let written = match done {
                Some(all) => written(job, &plan.image, all).await,
                None => Ok(()),
            };
            (ended.test, (plan.image.id.clone(), written))
        }
    });
    let (tests, written): (Vec<BootTest>, Vec<_>) = each.await.into_iter().unzip();
    let mut report = BootTestReport { tests, ..BootTestReport::default() };
    // In the order of the images, whichever ended first.
    for test in &report.tests {
        let failed =
            written.iter().filter(|(id, _)| *id == test.image_id).find_map(|(_, written)| written.as_ref().err());
        let new = |problem: &&Problem| report.errors.iter().all(|told| told.problem != **problem);
        if let Some(problem) = failed.filter(new) {
            report.errors.push(target.error(problem.clone()).await);
        }
    }
    report
}

/// Adds a test that ended to those before; all tests of its image, if it is the last of them.
fn with_those_before(
    so_far: &Mutex<BTreeMap<usize, Ended>>,
    plans: &[BootPlan],
    at: usize,
    ended: Ended,
) -> Option<Vec<Ended>> {
    let image = ended.test.image_id.clone();
    let mut so_far = so_far.lock().unwrap_or_else(PoisonError::into_inner);
    so_far.insert(at, ended);
    let of_image = plans.iter().enumerate().filter(|(_, plan)| plan.image.id == image);
    of_image.map(|(at, _)| so_far.get(&at).cloned()).collect()
}

/// Writes the verdict of all tests of an image.
async fn written(job: &Job<'_>, image: &Image, all: Vec<Ended>) -> Result<(), Problem> {
    let launched_at = all.iter().filter_map(|ended| ended.launched_at).max();
    let tests: Vec<BootTest> = all.into_iter().map(|ended| ended.test).collect();
    verdict::write(job.context, job.target, image, &tests, launched_at).await
}

/// Prints what failed, and ends the run: well only if every test passed and left nothing.
pub fn conclude(context: &Context, target: &Target, report: &BootTestReport) -> Result<()> {
    tell_errors(context, &report.errors);
    let left: Vec<&BootTest> = report.tests.iter().filter(|test| !test.terminated).collect();
    let sweep = (!left.is_empty()).then(|| ways_to_end(target, &left));
    let interrupted = context.stop.asked() && report.tests.iter().any(|test| test.verdict.is_none());
    // The error of a single test ends the run, unless it was interrupted.
    let many = report.tests.len() > 1;
    for test in report.tests.iter().filter(|test| many || (interrupted && !test.terminated)) {
        tell(context, test);
    }
    let swept = |failure: Failure| Error::from(Failure { hint: sweep.clone().or(failure.hint), ..failure });
    let failed = |message: String| {
        swept(
            Failure::new(Kind::Failed, "TestFailed", message)
                .hint("--keep-on-failure leaves the instance of a failed test running"),
        )
    };
    if interrupted {
        return Err(swept(Failure::interrupted(format!("{}{}", report.summary(), ends(&left)))));
    }
    if report.tests.iter().all(BootTest::done) {
        return match report.errors.first() {
            None => Ok(()),
            Some(error) => Err(Failure::new(Kind::Partial, verdict::NOT_WRITTEN, error.problem.message.clone())
                .hint("every test passed, but not every image has its verdict: test it again")
                .into()),
        };
    }
    let [test] = report.tests.as_slice() else {
        return Err(failed(format!("{}{}", report.summary(), ends(&left))));
    };
    match &test.error {
        Some(problem) if sweep.is_none() => Err(Error::new(problem.clone()).context(label(test))),
        Some(problem) => {
            let (code, message) = (problem.code.clone(), format!("{}: {}", label(test), problem.message));
            Err(Failure { hint: sweep, ..Failure::new(Kind::Failed, code, message) }.into())
        }
        None => Err(failed(format!("{} failed: {}", label(test), why(test)))),
    }
}

/// The lines that end what is left: a sweep takes only what has expired.
fn ways_to_end(target: &Target, left: &[&BootTest]) -> String {
    let ids: Vec<&str> = left.iter().filter_map(|test| Some(test.instance_id.as_ref()?.as_str())).collect();
    let sweep = sweep_line(target);
    match ids.as_slice() {
        [] => format!("once it has expired, end it with: {sweep}"),
        [id] => format!("end it with: {}; once it has expired also with: {sweep}", terminate_line(target, &[id])),
        ids => format!("end them with: {}; once they have expired also with: {sweep}", terminate_line(target, ids)),
    }
}

/// What is said of a test that did not pass, or left its instance, where there are several.
fn tell(context: &Context, test: &BootTest) {
    match (&test.error, test.verdict) {
        (Some(problem), _) => context.printer.tell(&format!("{}: {problem}", label(test))),
        (None, Some(Verdict::Failed)) => context.printer.tell(&format!("{} failed: {}", label(test), why(test))),
        (None, Some(Verdict::Passed) | None) => {}
    }
}

/// The checks that did not pass.
fn why(test: &BootTest) -> String {
    let failed = test.checks.iter().filter(|check| !check.passed);
    failed
        .map(|check| format!("{} {}: {}", check.kind.as_str(), check.what, check.detail))
        .collect::<Vec<_>>()
        .join("; ")
}

/// The image and the type of a test, for messages.
fn label(test: &BootTest) -> String {
    let id: &ImageId = &test.image_id;
    let image = test.name.as_ref().map_or_else(|| id.to_string(), |name| format!("{name} ({id})"));
    format!("{image} on {} in {}", test.instance_type, test.region)
}

/// The instances that still run, or may.
fn ends(left: &[&BootTest]) -> String {
    let id = |test: &&BootTest| {
        test.instance_id.as_ref().map_or_else(|| "one that was not seen".to_owned(), ToString::to_string)
    };
    // What was not to be terminated has no error.
    let (kept, unseen): (Vec<_>, Vec<_>) = left.iter().partition(|test| test.error.is_none());
    let list = |what: &str, tests: Vec<&BootTest>| {
        let ids: Vec<String> = tests.iter().map(id).collect();
        if ids.is_empty() { String::new() } else { format!("; {what}: {}", ids.join(", ")) }
    };
    list("kept running", kept) + &list("not seen terminated", unseen)
}
