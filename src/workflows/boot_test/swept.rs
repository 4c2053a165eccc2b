//! The end of a sweep.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::report::Status;
use crate::domain::sweep_report::{SweepOutcome, SweepReport};
use crate::workflows::run::context::{self, Context};

/// What came of a sweep.
pub struct Swept {
    /// One outcome per instance.
    pub report: SweepReport,
    pub(super) dry_run: bool,
    /// The regions of the run.
    pub(super) regions: BTreeSet<Region>,
}

impl Swept {
    /// Prints what failed and ends the run as the report requires.
    pub fn conclude(&self, context: &Context) -> Result<()> {
        let (done, failed, skipped) = self.report.counts();
        let rerun = amictl("test").word("--sweep").options(context.invocation.everywhere(&self.regions));
        let hint = format!("run it again: {rerun}");
        if context.stop.asked() && !self.dry_run {
            self.tell(context, None);
            let message = format!("{done} done, {failed} failed, {skipped} skipped");
            return Err(Failure::interrupted(message).hint(hint).into());
        }
        let end = self.report.failure();
        let last = self.failures().next().filter(|_| end == Some(Kind::Failed) && failed == 1);
        self.tell(context, last.map(|(outcome, _)| outcome));
        match (end, last) {
            (None, _) => {
                if self.report.outcomes.is_empty() {
                    context.printer.say("no killed run left an instance");
                } else if self.dry_run {
                    context.printer.say("dry run: nothing was changed");
                }
                Ok(())
            }
            (Some(_), Some((outcome, problem))) => Err(anyhow::Error::new(problem.clone()).context(outcome.place())),
            (Some(kind), None) if failed == 0 => {
                let places = if self.report.errors.len() == 1 { "place" } else { "places" };
                let message = format!("{} {places} could not be read; the others were", self.report.errors.len());
                Err(Failure::new(kind, "PartialRun", message).hint(hint).into())
            }
            (Some(kind), None) => {
                let message = format!("{done} done, {failed} failed, {skipped} skipped");
                Err(Failure::new(kind, "PartialChange", message).hint(hint).into())
            }
        }
    }

    fn failures(&self) -> impl Iterator<Item = (&SweepOutcome, &Problem)> {
        self.report.outcomes.iter().filter_map(|outcome| match &outcome.status {
            Status::Failed(problem) => Some((outcome, problem)),
            Status::Done | Status::Skipped(_) => None,
        })
    }

    /// Prints what was not done, but the failure that ends the run.
    fn tell(&self, context: &Context, last: Option<&SweepOutcome>) {
        for outcome in self.report.outcomes.iter().filter(|one| last.is_none_or(|last| !std::ptr::eq(*one, last))) {
            if let Some(problem) = outcome.problem() {
                context.printer.tell(&format!("{}: {problem}", outcome.place()));
            }
        }
        context::tell_errors(context, &self.report.errors);
    }
}
