//! The end of a run that changed images: what failed, the exit code and the command for the rest.

use anyhow::Result;

use super::resume::Remainder;
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::{Problem, not_read};
use crate::domain::report::{Outcome, Report, Status};
use crate::service::client::error::codes;
use crate::workflows::run::context::{self, Context};

/// Codes of lost answers: the change may have been made, so that the same references may now stand for other images.
const LOST: [&str; 3] = [codes::CONNECTION, codes::TIMEOUT, codes::RESPONSE];

/// Prints failures and ends the run as the report requires.
pub fn real(context: &Context, report: &Report, whole: &Remainder) -> Result<()> {
    let (done, failed, skipped) = report.counts();
    let message = format!("{done} done, {failed} failed, {skipped} skipped{}", unread(report));
    let rest = whole.rest(&context.invocation, report);
    if context.stop.asked() {
        tell(context, report, None);
        let failure = Failure::interrupted(message);
        return Err(Failure { hint: rest, ..failure }.into());
    }
    end(context, report, &message, rest)
}

/// As [`real`], for a dry run.
pub fn dry(context: &Context, report: &Report) -> Result<()> {
    let (done, failed, _) = report.counts();
    let message = format!("dry run: {done} would work, {failed} would not{}", unread(report));
    end(context, report, &message, Some("nothing was changed".to_owned()))
}

/// The places that could not be read, where no image failed: the counts alone would read as a success.
fn unread(report: &Report) -> String {
    let places = if report.counts().1 == 0 { not_read(&report.errors) } else { None };
    places.map(|places| format!("; {places}")).unwrap_or_default()
}

fn end(context: &Context, report: &Report, message: &str, hint: Option<String>) -> Result<()> {
    let failure = report.failure();
    // If nothing worked, the run ends with EC2's error.
    let last = (failure == Some(Kind::Failed)).then(|| report.results.iter().find_map(problem)).flatten();
    tell(context, report, last.map(|(outcome, _)| outcome));
    match (failure, last) {
        (None, _) => Ok(()),
        (Some(kind), Some((outcome, problem))) => match LOST.into_iter().find(|code| *code == problem.code) {
            Some(code) => {
                let failure = Failure::new(kind, code, format!("{}: {problem}", outcome.place()));
                Err(Failure { hint, ..failure }.into())
            }
            None => Err(anyhow::Error::new(problem.clone()).context(outcome.place())),
        },
        (Some(kind), None) => Err(Failure { hint, ..Failure::new(kind, "PartialChange", message) }.into()),
    }
}

fn problem(outcome: &Outcome) -> Option<(&Outcome, &Problem)> {
    match &outcome.status {
        Status::Failed(problem) => Some((outcome, problem)),
        Status::Done | Status::Skipped(_) => None,
    }
}

fn tell(context: &Context, report: &Report, last: Option<&Outcome>) {
    for outcome in report.results.iter().filter(|outcome| last.is_none_or(|last| !std::ptr::eq(*outcome, last))) {
        if let Status::Failed(problem) | Status::Skipped(problem) = &outcome.status {
            context.printer.tell(&format!("{}: {problem}", outcome.place()));
        }
    }
    context::tell_errors(context, &report.errors);
}
