//! What all commands do alike that change images in a way that can be taken back: choose, refuse before anything is
//! changed, change side by side, report.

use anyhow::Result;
use futures::StreamExt;

use super::Context;
use super::chosen::{self, Chosen};
use super::destroy;
use crate::domain::change::{Change, Objection};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::reference::ImageRef;
use crate::domain::report::{Outcome, Problem, Report, Status, Verb};
use crate::output;
use crate::service::{Target, lifecycle};

/// How many images are worked on at a time.
const SIDE_BY_SIDE: usize = 10;

/// Which images to work on.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// The images: ids, names, web, web:v3 or web:prod; looked for in every region given
    #[arg(value_name = "REF", required = true)]
    pub references: Vec<ImageRef>,

    #[command(flatten)]
    pub how: How,
}

/// How to work on them.
#[derive(Debug, Clone, clap::Args)]
pub struct How {
    /// Also their copies in the regions given, as with --region all
    #[arg(long)]
    pub copies: bool,

    /// Asks EC2 whether it would work; changes nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Chooses the images, which must all be our own.
pub async fn choose(context: &Context, references: &[ImageRef], copies: bool, every_version: bool) -> Result<Chosen> {
    let chosen = chosen::choose(context, references, every_version, copies).await?;
    chosen::owned(&chosen.images).await?;
    Ok(chosen)
}

/// Makes one change to every image.
pub async fn run(context: &Context, which: &Which, change: &Change) -> Result<()> {
    let chosen = choose(context, &which.references, which.how.copies, false).await?;
    acceptable(context, &chosen, change)?;
    if which.how.dry_run {
        for (target, image) in &chosen.images {
            lifecycle::check(target, image, change).await?;
        }
        return would(context, &chosen, change.verb());
    }
    let verb = change.verb();
    each(context, chosen, verb, async |target, image| made(target, image, change).await).await
}

/// Makes a change to one image, unless it holds already.
pub async fn made(target: &Target, image: &Image, change: &Change) -> Outcome {
    let verb = change.verb();
    if change.holds(image) {
        return told(image, Outcome::new(image, verb, false, Status::Done));
    }
    match lifecycle::make(target, image, change).await {
        Ok(now) => told(&now, Outcome::new(&now, verb, true, Status::Done)),
        Err(problem) => Outcome::new(image, verb, false, Status::Failed(problem)),
    }
}

/// What the user should know of the image as it is now.
fn told(now: &Image, outcome: Outcome) -> Outcome {
    match (outcome.verb, now.deprecated_at, now.protection.cooling_until()) {
        (Verb::Deprecate, Some(at), _) => outcome.detail(format!("from {}", at.format("%Y-%m-%d %H:%M UTC"))),
        (Verb::Unprotect, _, Some(until)) => {
            outcome.detail(format!("its cooldown lasts until {until}; EC2 refuses to deregister it before"))
        }
        _ => outcome,
    }
}

/// Refuses what EC2 would refuse, before anything is changed.
pub fn acceptable(context: &Context, chosen: &Chosen, change: &Change) -> Result<()> {
    for (_, image) in &chosen.images {
        if let Some(objection) = change.objection(image, context.now) {
            let (kind, code) = match objection {
                Objection::Past(_) | Objection::TooLate { .. } | Objection::Tags(_) => (Kind::Usage, "Usage"),
                Objection::State(_) => (Kind::Failed, "InvalidAMIID.Unavailable"),
                Objection::Public => (Kind::Refused, "Public"),
            };
            let verb = change.verb().as_str();
            let message = format!("cannot {verb} {} in {}: {objection}", image.label(), image.region);
            return Err(Failure::new(kind, code, message).into());
        }
    }
    Ok(())
}

/// What a dry run found out.
pub fn would(context: &Context, chosen: &Chosen, verb: Verb) -> Result<()> {
    for (_, image) in &chosen.images {
        context.printer.say(format!("dry run: {} in {} would be {}", image.label(), image.region, verb.done()));
    }
    destroy::finish(context, &Report { results: Vec::new(), errors: chosen.errors.clone() })
}

/// Works on every image, side by side, and reports. What is left when the user asks to stop is skipped.
pub async fn each(
    context: &Context,
    chosen: Chosen,
    verb: Verb,
    work: impl AsyncFn(&Target, &Image) -> Outcome,
) -> Result<()> {
    let bar = context.printer.bars().count(chosen.images.len() as u64, verb.as_str());
    let one = |(target, image): (Target, Image)| {
        let (work, bar) = (&work, &bar);
        async move {
            let outcome = if context.stop.asked() {
                let message = "interrupted before it began".to_owned();
                let problem = Problem { code: "Interrupted".to_owned(), message };
                Outcome::new(&image, verb, false, Status::Skipped(problem))
            } else {
                work(&target, &image).await
            };
            bar.step();
            outcome
        }
    };
    let results = futures::stream::iter(chosen.images).map(one).buffered(SIDE_BY_SIDE).collect().await;
    drop(bar);
    let report = Report { results, errors: chosen.errors };
    output::report(&context.printer, &report)?;
    destroy::finish(context, &report)
}
