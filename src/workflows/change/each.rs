//! One change to every selected image, made or only checked with EC2.

use anyhow::Result;

use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Report, Status, Verb};
use crate::service::Target;
use crate::workflows::conclude::changes;
use crate::workflows::conclude::resume::Remainder;
use crate::workflows::run::concurrency::{self, IMAGES};
use crate::workflows::run::context::{self, Context};
use crate::workflows::select::selection::Selection;

/// Changes that were made, or only tried.
pub struct Changes {
    report: Report,
    /// What the run was to work on; none for a dry run.
    remainder: Option<Remainder>,
}

impl Changes {
    /// The report to show; none for a dry run, which changes nothing.
    pub fn report(&self) -> Option<&Report> {
        self.remainder.is_some().then_some(&self.report)
    }

    /// Ends the run as the report asks for, and says what failed.
    pub fn conclude(&self, context: &Context) -> Result<()> {
        self.conclude_with(context, &self.report)
    }

    /// As [`Self::conclude`], with a report of more than these changes to the same images.
    pub fn conclude_with(&self, context: &Context, report: &Report) -> Result<()> {
        match &self.remainder {
            Some(whole) => changes::real(context, report, whole),
            None => changes::dry(context, &self.report),
        }
    }
}

/// Asks EC2 for every image whether the change would work, and reports it. Changes nothing.
pub async fn tried(
    context: &Context,
    chosen: Selection,
    verb: Verb,
    ask: impl AsyncFn(&Target, &Image) -> Result<bool, Problem>,
) -> Result<Changes> {
    let one = |(target, image): (Target, Image)| {
        let ask = &ask;
        async move {
            match ask(&target, &image).await {
                Ok(changes) => Outcome::new(&image, verb, changes, Status::Done),
                Err(problem) => Outcome::new(&image, verb, false, Status::Failed(problem)),
            }
        }
    };
    let asking = async { Ok(concurrency::each(IMAGES, chosen.images, one).await) };
    let results: Vec<Outcome> = context.unless_stopped(asking).await?;
    for outcome in results.iter().filter(|outcome| outcome.status == Status::Done) {
        let words =
            if outcome.changed { format!("would be {}", verb.done()) } else { format!("is {}", verb.already()) };
        context.printer.say(format!("dry run: {} {words}", outcome.place()));
    }
    let report = Report { results, errors: chosen.errors, ..Report::default() };
    Ok(Changes { report, remainder: None })
}

/// Works on every image, side by side. What is left when the user asks to stop is skipped.
pub async fn each(
    context: &Context,
    chosen: Selection,
    verb: Verb,
    work: impl AsyncFn(&Target, &Image) -> Outcome,
) -> Changes {
    let bar = context.printer.bars().count(chosen.images.len() as u64, verb.as_str());
    let whole = Remainder::of(&chosen);
    let one = |(target, image): (Target, Image)| {
        let (work, bar) = (&work, &bar);
        async move {
            let outcome = match context::stopped(context) {
                Some(stopped) => Outcome::new(&image, verb, false, Status::Skipped(stopped)),
                None => work(&target, &image).await,
            };
            bar.step();
            outcome
        }
    };
    let results = concurrency::each(IMAGES, chosen.images, one).await;
    drop(bar);
    let report = Report { results, errors: chosen.errors, ..Report::default() };
    Changes { report, remainder: Some(whole) }
}
