//! How prune and apply end.

use anyhow::Result;

use super::survey::Surveys;
use crate::domain::plan::document::Plan;
use crate::workflows::conclude::survey::{verified, whole};
use crate::workflows::run::context::{self, Context};

/// Ends a run well only if every source could be read, and every account be looked into.
pub fn complete(context: &Context, plan: &Plan, surveys: &Surveys) -> Result<()> {
    context::tell_errors(context, &surveys.errors);
    verified(plan)?;
    whole(&surveys.errors)
}

/// The same after work that may have failed: that counts more for how the run ends, and doubt is told of before.
pub fn after(context: &Context, work: Result<()>, plan: &Plan, surveys: &Surveys) -> Result<()> {
    let complete = complete(context, plan, surveys);
    if let (Err(_), Err(doubt)) = (&work, &complete) {
        context.printer.tell(&format!("{doubt:#}"));
    }
    work.and(complete)
}
