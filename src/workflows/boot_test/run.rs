//! Boot tests side by side: the tests, the verdict on each image, and the end of the run.

use anyhow::{Error, Result};

use super::check::BootPlan;
use super::guard::{Ended, test};
use super::request::{BootTestRequest, Job, sweep_line, terminate_line};
use super::verdict;
use crate::domain::boot_test::{BootTest, BootTestReport, Verdict};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::service::Target;
use crate::workflows::run::concurrency;
use crate::workflows::run::context::{Context, tell_errors};

/// Says what a dry run has found.
pub fn dry_run(context: &Context, target: &Target, plans: &[BootPlan]) {
    for plan in plans {
        context.printer.say(format!("dry run: {} would be tested in {}", plan.label(), target.region));
    }
}

/// Carries out the tests, then writes the verdict on each image.
pub async fn run(
    context: &Context,
    target: &Target,
    request: &BootTestRequest,
    plans: Vec<BootPlan>,
) -> BootTestReport {
    let account = target.account().await.ok().cloned();
    let job = Job { context, target, request, account };
    let ended = concurrency::each(concurrency::TESTS, &plans, |plan| test(&job, plan)).await;
    let mut report = BootTestReport::default();
    let mut images: Vec<&Image> = Vec::new();
    for plan in &plans {
        if images.iter().all(|known| known.id != plan.image.id) {
            images.push(&plan.image);
        }
    }
    for image in images {
        let of_image = || ended.iter().filter(|ended| ended.test.image_id == image.id);
        let tests: Vec<BootTest> = of_image().map(|ended| ended.test.clone()).collect();
        let launched_at = of_image().filter_map(|ended| ended.launched_at).max();
        if let Err(problem) = verdict::write(context, target, image, &tests, launched_at).await {
            report.errors.push(target.error(problem).await);
        }
    }
    report.tests = ended.into_iter().map(|Ended { test, .. }| test).collect();
    report
}

/// Prints what failed, and ends the run: well only if every test passed and left nothing.
pub fn conclude(context: &Context, target: &Target, report: &BootTestReport) -> Result<()> {
    tell_errors(context, &report.errors);
    let left: Vec<&BootTest> = report.tests.iter().filter(|test| !test.terminated).collect();
    let sweep = (!left.is_empty()).then(|| ways_to_end(target, &left));
    let many = report.tests.len() > 1;
    for test in report.tests.iter().filter(|_| many) {
        tell(context, test);
    }
    let failure = |kind, code: &'static str, message: String| {
        let failure = Failure::new(kind, code, message);
        Error::from(Failure { hint: sweep.clone(), ..failure })
    };
    if context.stop.asked() && report.tests.iter().any(|test| test.verdict.is_none()) {
        let message = format!("interrupted: {}{}", report.summary(), ends(&left));
        return Err(failure(Kind::Interrupted, "Interrupted", message));
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
        return Err(failure(Kind::Failed, "TestFailed", format!("{}{}", report.summary(), ends(&left))));
    };
    match &test.error {
        Some(problem) if sweep.is_none() => Err(Error::new(problem.clone()).context(label(test))),
        Some(problem) => {
            let (code, message) = (problem.code.clone(), format!("{}: {}", label(test), problem.message));
            Err(Failure { hint: sweep, ..Failure::new(Kind::Failed, code, message) }.into())
        }
        None => Err(failure(Kind::Failed, "TestFailed", format!("{} failed: {}", label(test), why(test)))),
    }
}

/// The lines that end what is left: a sweep takes only what has expired.
fn ways_to_end(target: &Target, left: &[&BootTest]) -> String {
    let ids: Vec<&str> = left.iter().filter_map(|test| Some(test.instance_id.as_ref()?.as_str())).collect();
    let at_once = match ids.as_slice() {
        [] => String::new(),
        ids => format!("end it with: {}; ", terminate_line(target, ids)),
    };
    format!("{at_once}once it has expired also with: {}", sweep_line(target))
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
    let ids: Vec<String> = left
        .iter()
        .map(|test| test.instance_id.as_ref().map_or_else(|| "one that was not seen".to_owned(), ToString::to_string))
        .collect();
    if ids.is_empty() { String::new() } else { format!("; not seen terminated: {}", ids.join(", ")) }
}
