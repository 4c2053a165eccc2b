//! The end of a run that moves aliases, with the lines that finish it and put it back.

use std::collections::BTreeSet;

use anyhow::Result;

use super::moves::{AliasMove, MoveRequest};
use super::put_back::{self, BackLines};
use crate::domain::alias::NoteAction;
use crate::domain::alias_report::{AliasOutcome, AliasReport};
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;
use crate::workflows::run::context::{self, Context};

/// What came of a run that moves aliases.
pub struct Moved {
    /// One outcome per place.
    pub report: AliasReport,
    pub(super) request: MoveRequest,
    /// The moves, in the order of the outcomes.
    pub(super) moves: Vec<AliasMove>,
    pub(super) refused: bool,
    pub(super) helps: Vec<String>,
    pub(super) finish: String,
    pub(super) objection: Option<Failure>,
}

impl Moved {
    /// Prints what failed and ends the run as the report requires.
    pub fn conclude(&self, context: &Context) -> Result<()> {
        if self.refused {
            return self.refuse(context);
        }
        if self.request.dry_run {
            let words = "dry run: nothing was written; SSM has no DryRun, so the permission to write was not tried";
            context.printer.say(words);
            return Ok(());
        }
        let Some(kind) = self.report.failure() else { return Ok(()) };
        let (done, failed, skipped) = self.report.counts();
        let hint = self.ways_out(context);
        if context.stop.asked() {
            self.tell(context, None);
            let message = format!("{done} done, {failed} failed, {skipped} skipped");
            return Err(Failure { hint, ..Failure::interrupted(message) }.into());
        }
        let single = self.report.outcomes.len() == 1 || kind == Kind::Failed;
        let last = self.failures().next().filter(|_| single);
        self.tell(context, last.map(|(outcome, _)| outcome));
        Err(match last {
            Some((outcome, problem)) if hint.is_none() && kind == Kind::Failed => {
                anyhow::Error::new(problem.clone()).context(outcome.place())
            }
            Some((outcome, Problem { code, message })) => {
                let failure = Failure::new(kind, code.clone(), format!("{}: {message}", outcome.place()));
                Failure { hint, ..failure }.into()
            }
            None => {
                let message = format!("{done} done, {failed} failed, {skipped} skipped");
                Failure { hint, ..Failure::new(kind, "PartialChange", message) }.into()
            }
        })
    }

    fn refuse(&self, context: &Context) -> Result<()> {
        if let Some(objection) = self.objection.as_ref().filter(|_| self.report.errors.is_empty()) {
            self.tell(context, None);
            return Err(objection.clone().into());
        }
        let all = self.report.outcomes.len() + self.report.errors.len();
        let single = self.failures().next().filter(|_| all == 1);
        self.tell(context, single.map(|(outcome, _)| outcome));
        context::tell_errors(context, &self.report.errors);
        let code = match (self.failures().next(), self.report.errors.first()) {
            (Some((_, problem)), _) => problem.code.clone(),
            (None, Some(error)) => error.problem.code.clone(),
            (None, None) => "Refused".to_owned(),
        };
        let message = match single {
            Some((outcome, problem)) => format!("{}: {}; nothing was written", outcome.place(), problem.message),
            None => {
                let refused = self.failures().count() + self.report.errors.len();
                format!("{refused} of {all} accounts and regions are refused; nothing was written")
            }
        };
        let helps = (!self.helps.is_empty()).then(|| format!("run first: {}", self.helps.join("; ")));
        let hint = helps.or_else(|| self.look_back(context));
        Err(Failure { hint, ..Failure::new(Kind::Refused, code, message) }.into())
    }

    /// The line that shows what a rollback has to choose from.
    fn look_back(&self, context: &Context) -> Option<String> {
        let regions: BTreeSet<_> = self.moves.iter().map(|step| step.target.region.clone()).collect();
        if self.request.action == NoteAction::Promote || regions.is_empty() {
            return None;
        }
        let line = amictl("aliases").word(self.request.parameter.family()).word("--history");
        let line = line.options(context.invocation.everywhere(&regions));
        Some(format!("see what it has named: {line}; then name an image with --to REF"))
    }

    fn failures(&self) -> impl Iterator<Item = (&AliasOutcome, &Problem)> {
        self.report.outcomes.iter().filter_map(|outcome| match &outcome.status {
            Status::Failed(problem) => Some((outcome, problem)),
            Status::Done | Status::Skipped(_) => None,
        })
    }

    /// Prints the failures but the one that ends the run.
    fn tell(&self, context: &Context, last: Option<&AliasOutcome>) {
        for (outcome, problem) in self.failures().filter(|(one, _)| last.is_none_or(|last| !std::ptr::eq(*one, last))) {
            context.printer.tell(&format!("{}: {problem}", outcome.place()));
        }
        for outcome in &self.report.templates {
            if let Some(problem) = outcome.problem() {
                context.printer.tell(&format!("{}: {problem}", outcome.place()));
            }
        }
    }

    /// The lines that finish the run, and that put back what it wrote.
    fn ways_out(&self, context: &Context) -> Option<String> {
        let interrupted = context.stop.asked();
        let mut words = Vec::new();
        let raced = self.report.raced();
        if raced {
            // Finishing would take the alias from somebody who wants it otherwise.
            words.push("agree with those who wrote it which image it is to name".to_owned());
        } else {
            words.push(format!("finish with: {}", self.lines_on()));
        }
        let BackLines { mut lines, told } =
            put_back::of(&self.request, &self.moves, &self.report.outcomes, context.now);
        lines.extend(self.report.templates.iter().filter_map(template_back));
        if !lines.is_empty() {
            words.push(format!("or put back with: {}", lines.join("; ")));
        }
        words.extend(told);
        let template =
            self.report.templates.iter().any(|outcome| outcome.changed || matches!(outcome.status, Status::Failed(_)));
        // In one place a promotion is the same command again.
        let several = self.report.outcomes.len() > 1 || self.request.action == NoteAction::Rollback;
        (raced || interrupted || template || several).then(|| words.join("; "))
    }

    /// The lines that finish the run. A rollback names the image of each place: run again, it would go further back.
    fn lines_on(&self) -> String {
        let MoveRequest { parameter, action, reason, .. } = &self.request;
        let line = |(step, outcome): (&AliasMove, &AliasOutcome)| {
            let line = amictl("rollback").word(parameter).word("--to").word(&outcome.image.as_ref()?.id);
            let line = match reason {
                Some(reason) => line.word("--reason").word(reason),
                None => line,
            };
            Some(line.options(step.target.options()).to_string())
        };
        let open = self.moves.iter().zip(&self.report.outcomes).filter(|(_, outcome)| outcome.status != Status::Done);
        match action {
            NoteAction::Promote => self.finish.clone(),
            NoteAction::Rollback => open.filter_map(line).collect::<Vec<_>>().join("; "),
        }
    }
}

/// The line that gives a launch template its default version back.
fn template_back(outcome: &TemplateOutcome) -> Option<String> {
    let (id, before) = (outcome.id.as_ref()?, outcome.default_before?);
    let line = format!(
        "aws ec2 modify-launch-template --region {} --launch-template-id {id} --default-version {before}",
        outcome.region
    );
    (outcome.default != Some(before)).then_some(line)
}
