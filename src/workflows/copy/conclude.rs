//! The end of a run of copies.

use anyhow::Result;

use super::job::{CopyJob, Failed, Made};
use super::resume::{again, asked, lost, placeholders};
use crate::domain::failure::{Failure, Kind};
use crate::workflows::follow_up;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;

/// Ends the run; a success only if nothing is left to do.
pub fn end(context: &Context, all: &[CopyJob], made: &Made, mut failed: Vec<Failed>, part: &'static str) -> Result<()> {
    let left = made.steps.iter().filter(|step| !follow_up::is_done(step)).count();
    if failed.is_empty() && left == 0 {
        return Ok(());
    }
    let hint = format!("finish it with: {}{}", again(all, made, &failed).join(" && "), placeholders(all, &failed));
    let interrupted = failed.iter().position(|failed| diagnostics::diagnose(&failed.error).kind == Kind::Interrupted);
    let stopped = interrupted.is_some() || (left > 0 && context.stop.asked());
    if made.images.is_empty() || interrupted.is_some() {
        let Failed { of, region, error } = failed.swap_remove(interrupted.unwrap_or(0));
        let error = match error.downcast_ref::<Failure>() {
            // The steps are left even when AWS completes the copy.
            Some(failure)
                if left > 0 && matches!(failure.kind, Kind::TimedOut | Kind::Interrupted | Kind::OutOfSight) =>
            {
                failure.clone().hint(hint).into()
            }
            _ => error,
        };
        return Err(all[of].placed(region.as_ref(), error));
    }
    let what = if all.len() > 1 { "copies" } else { "regions" };
    let lost = (!failed.is_empty()).then(|| format!("{} of {} {what} failed", lost(all, &failed), asked(all)));
    let steps = (left > 0).then(|| format!("{left} of {} steps are not done", made.steps.len()));
    let message = lost.into_iter().chain(steps).collect::<Vec<_>>().join(", ");
    let failure = match (stopped, failed.is_empty()) {
        (true, _) => Failure::interrupted(message),
        (false, true) => Failure::new(Kind::Partial, part, message),
        (false, false) => Failure::new(Kind::Partial, "PartialCopy", message),
    };
    Err(failure.hint(hint).into())
}

/// Ends a dry run, which checked every copy even after a refusal.
pub fn dry(context: &Context, all: &[CopyJob], mut failed: Vec<Failed>) -> Result<()> {
    failed.sort_by_key(|failed| failed.of);
    for Failed { of, region, error } in &failed {
        diagnostics::tell_failed(context, &all[*of].failing(region.as_ref()), error);
    }
    if failed.is_empty() {
        return Ok(());
    }
    if lost(all, &failed) == asked(all) {
        let Failed { of, region, error } = failed.swap_remove(0);
        return Err(all[of].placed(region.as_ref(), error));
    }
    let message = format!("dry run: {} of {} copies would not work", lost(all, &failed), asked(all));
    Err(Failure::new(Kind::Partial, "PartialCopy", message).hint("nothing was changed").into())
}
