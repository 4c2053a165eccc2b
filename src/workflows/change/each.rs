//! One change to every selected image, made or only checked with EC2.

use anyhow::Result;
use futures::StreamExt;

use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Report, Status, Verb};
use crate::output;
use crate::service::Target;
use crate::workflows::conclude::changes;
use crate::workflows::conclude::resume::Whole;
use crate::workflows::run::context::{self, Context};
use crate::workflows::select::selection::Chosen;

/// How many images are worked on at a time.
pub const SIDE_BY_SIDE: usize = 10;

/// Asks EC2 for every image whether the change would work, and reports it. Changes nothing.
pub async fn tried(
    context: &Context,
    chosen: Chosen,
    verb: Verb,
    ask: impl AsyncFn(&Target, &Image) -> Result<bool, Problem>,
) -> Result<()> {
    let one = |(target, image): (Target, Image)| {
        let ask = &ask;
        async move {
            match ask(&target, &image).await {
                Ok(changes) => Outcome::new(&image, verb, changes, Status::Done),
                Err(problem) => Outcome::new(&image, verb, false, Status::Failed(problem)),
            }
        }
    };
    let asking = async { Ok(futures::stream::iter(chosen.images).map(one).buffered(SIDE_BY_SIDE).collect().await) };
    let results: Vec<Outcome> = context.unless_stopped(asking).await?;
    for outcome in results.iter().filter(|outcome| outcome.status == Status::Done) {
        let words =
            if outcome.changed { format!("would be {}", verb.done()) } else { format!("is {}", verb.already()) };
        context.printer.say(format!("dry run: {} {words}", outcome.place()));
    }
    changes::dry(context, &Report { results, errors: chosen.errors, ..Report::default() })
}

/// Changes every image, concurrently, and reports. After a stop signal, the rest is skipped.
pub async fn each(
    context: &Context,
    chosen: Chosen,
    verb: Verb,
    work: impl AsyncFn(&Target, &Image) -> Outcome,
) -> Result<()> {
    let bar = context.printer.bars().count(chosen.images.len() as u64, verb.as_str());
    let whole = Whole::of(&chosen);
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
    let results = futures::stream::iter(chosen.images).map(one).buffered(SIDE_BY_SIDE).collect().await;
    drop(bar);
    let report = Report { results, errors: chosen.errors, ..Report::default() };
    output::report(&context.printer, &report)?;
    changes::real(context, &report, &whole)
}
