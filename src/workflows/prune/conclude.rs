//! The end of `prune` and `apply`.

use anyhow::Result;

use super::survey::Surveys;
use crate::domain::plan::document::Plan;
use crate::workflows::conclude::survey::{verified, whole};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::diagnostics::is_closed_pipe;

/// Fails unless every source and every account could be read.
pub fn complete(context: &Context, plan: &Plan, surveys: &Surveys) -> Result<()> {
    context::tell_errors(context, &surveys.errors);
    verified(plan)?;
    whole(&surveys.errors)
}

/// As [`complete`], after work that may have failed: its error decides how the run ends, and the doubt is printed
/// before.
pub fn after(context: &Context, work: Result<()>, plan: &Plan, surveys: &Surveys) -> Result<()> {
    let complete = complete(context, plan, surveys);
    if let (Err(error), Err(doubt)) = (&work, &complete) {
        // A closed pipe is no end of its own.
        if is_closed_pipe(error) {
            return complete;
        }
        context.printer.tell(&format!("{doubt:#}"));
    }
    work.and(complete)
}
