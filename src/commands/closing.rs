//! How a run ends that changed images, or would have.

use anyhow::Result;

use super::{Context, destroy};
use crate::domain::failure::{Failure, Kind};
use crate::domain::report::{Outcome, Problem, Report, Status};

/// Says what failed, and ends the run as the report asks for.
pub fn real(context: &Context, report: &Report) -> Result<()> {
    let (done, failed, skipped) = report.counts();
    let message = format!("{done} done, {failed} failed, {skipped} skipped");
    if context.stop.asked() {
        tell(context, report, None);
        return Err(Failure::new(Kind::Interrupted, "Interrupted", format!("interrupted: {message}"))
            .hint("run the command again for the rest")
            .into());
    }
    end(context, report, &message, "run the command again for those that failed; what is done stays as it is")
}

/// The same of a dry run.
pub fn dry(context: &Context, report: &Report) -> Result<()> {
    let (done, failed, _) = report.counts();
    let message = format!("dry run: {done} would work, {failed} would not");
    end(context, report, &message, "nothing was changed")
}

fn end(context: &Context, report: &Report, message: &str, hint: &str) -> Result<()> {
    let failure = report.failure();
    // Where nothing at all worked, the run ends with what EC2 said.
    let last = (failure == Some(Kind::Failed)).then(|| report.results.iter().find_map(problem)).flatten();
    tell(context, report, last.map(|(outcome, _)| outcome));
    match (failure, last) {
        (None, _) => Ok(()),
        (Some(_), Some((outcome, problem))) => Err(anyhow::Error::new(problem.clone()).context(outcome.place())),
        (Some(kind), None) => Err(Failure::new(kind, "PartialChange", message).hint(hint).into()),
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
    destroy::tell(context, &report.errors);
}
