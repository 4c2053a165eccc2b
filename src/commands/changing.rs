//! What all commands do alike that change images in a way that can be taken back: choose, refuse before anything is
//! changed, change side by side, report.

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures::StreamExt;

use super::again::Whole;
use super::chosen::{self, Chosen};
use super::{Context, closing, destroy};
use crate::domain::change::{Change, Objection};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::{Cooling, Image, State};
use crate::domain::permissions::principal::counted;
use crate::domain::permissions::recorded::from_tag;
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::report::{Outcome, Report, Status, Verb};
use crate::domain::tags::SHARES;
use crate::output;
use crate::service::{Target, lifecycle};

/// How many images are worked on at a time.
const SIDE_BY_SIDE: usize = 10;
/// How many images a refusal names before it counts the others.
const NAMED: usize = 5;

/// Which images to work on.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// The images: ids, names, web, web:v3 or web:prod; looked for in every region and account given
    #[arg(value_name = "REF", required = true)]
    pub references: Vec<ImageRef>,

    #[command(flatten)]
    pub how: How,
}

/// How to work on them.
#[derive(Debug, Clone, clap::Args)]
pub struct How {
    /// Also their copies, and copies of those, in the regions given, e.g. with --region all
    #[arg(long, display_order = 100)]
    pub copies: bool,

    /// Asks EC2 whether it would work; changes nothing
    #[arg(long, display_order = 101)]
    pub dry_run: bool,
}

/// Chooses the images, which must all be our own.
pub async fn choose(context: &Context, references: &[ImageRef], copies: bool, every_version: bool) -> Result<Chosen> {
    let chosen = chosen::choose(context, references, every_version, copies).await?;
    unless(context, &chosen, chosen::owned(&chosen.images).await)?;
    Ok(chosen)
}

/// A refusal comes after a word about the places that could not be looked into: they may be the reason.
pub fn unless<T>(context: &Context, chosen: &Chosen, result: Result<T>) -> Result<T> {
    if result.is_err() {
        destroy::tell(context, &chosen.errors);
    }
    result
}

/// Makes one change to every image.
pub async fn run(context: &Context, which: &Which, change: &Change) -> Result<()> {
    run_each(context, which, change.verb(), |_| change.clone()).await
}

/// Makes a change to every image that depends on how the image is.
pub async fn run_each(context: &Context, which: &Which, verb: Verb, change: impl Fn(&Image) -> Change) -> Result<()> {
    let chosen = choose(context, &which.references, which.how.copies, false).await?;
    acceptable(context, &chosen, &change)?;
    if which.how.dry_run {
        return tried(context, chosen, verb, async |target, image| check(target, image, &change(image)).await).await;
    }
    each(context, chosen, verb, async |target, image| made(context, target, image, &change(image)).await).await
}

/// Asks EC2 whether it would make a change; tells whether anything is to be changed.
pub async fn check(target: &Target, image: &Image, change: &Change) -> Result<bool, Problem> {
    lifecycle::check(target, image, change).await?;
    Ok(!change.holds(image))
}

/// Makes a change to one image, unless it holds already.
pub async fn made(context: &Context, target: &Target, image: &Image, change: &Change) -> Outcome {
    let verb = change.verb();
    if change.holds(image) {
        return told(image, Outcome::new(image, verb, false, Status::Done), context.now);
    }
    let (mut now, mut changed) = (image.clone(), false);
    for call in change.calls(image) {
        match lifecycle::make(target, &now, &call).await {
            Ok(next) => {
                changed |= !call.holds(&now);
                now = next;
            }
            Err(problem) => {
                let failed = Outcome::failed(image, verb, problem);
                return Outcome { changed: changed || failed.changed, ..failed };
            }
        }
    }
    told(&now, Outcome::new(&now, verb, true, Status::Done), context.now)
}

/// What the user should know of the image as it is now, `at` this time.
fn told(now: &Image, outcome: Outcome, at: DateTime<Utc>) -> Outcome {
    let cooling = now.protection.cooling(at);
    match (outcome.verb, now.deprecated_at, cooling) {
        (Verb::Deprecate, Some(at), _) => outcome.detail(at.format("%Y-%m-%d %H:%M UTC").to_string()),
        (Verb::Unprotect, _, Some(Cooling::Until(at))) => {
            outcome.detail(format!("cooldown until {}", at.format("%Y-%m-%d %H:%M UTC")))
        }
        (Verb::Unprotect, _, Some(Cooling::ForADay)) => outcome.detail("cooldown for up to 24 hours"),
        (Verb::Protect, ..) if now.protection.enabled() == Some(true) => {
            outcome.detail("with a cooldown of 24 hours".to_owned())
        }
        (Verb::Enable, ..) => {
            match now.tags.get(SHARES).and_then(|text| from_tag(text).ok()).map_or(0, |all| all.len()) {
                0 => outcome,
                count => outcome.detail(format!("--restore-shares would give {} back", counted(count))),
            }
        }
        _ => outcome,
    }
}

/// Refuses what EC2 would refuse, before anything is changed.
pub fn acceptable(context: &Context, chosen: &Chosen, change: impl Fn(&Image) -> Change) -> Result<()> {
    let refused = chosen.images.iter().filter_map(|(target, image)| {
        let change = change(image);
        let objection = change.objection(image, context.now)?;
        let (kind, code) = match objection {
            Objection::Past(_) | Objection::TooLate { .. } | Objection::Tags(_) => (Kind::Usage, "Usage"),
            Objection::State(_) => (Kind::Failed, "InvalidAMIID.Unavailable"),
            Objection::Public => (Kind::Refused, "Public"),
        };
        let (verb, label, place) = (change.verb().as_str(), image.label(), image.place());
        let failure = Failure::new(kind, code, format!("cannot {verb} {label} in {place}: {objection}"));
        Some(match way_out(target, image, &objection) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    });
    unless(context, chosen, all_or_nothing(refused.collect()))
}

fn way_out(target: &Target, image: &Image, objection: &Objection) -> Option<String> {
    let (id, options) = (&image.id, target.options());
    match objection {
        Objection::Past(_) => Some("give --after 0s to deprecate it at once".to_owned()),
        Objection::Public => Some(format!("amictl unshare {id} --public {options}")),
        Objection::State(state) if state.may_become_available() => {
            Some(format!("wait for it with: amictl wait {id} {options}"))
        }
        Objection::State(State::Failed | State::Error | State::Invalid) => {
            Some(format!("it never becomes usable: amictl deregister {id} {options}"))
        }
        Objection::Tags(_) => Some("make room with --remove KEY".to_owned()),
        Objection::State(_) | Objection::TooLate { .. } => None,
    }
}

/// One image that is refused holds all of them back. The first refusal gives the end and the hint.
pub fn all_or_nothing(refused: Vec<Failure>) -> Result<()> {
    let mut rest = refused.into_iter();
    let Some(first) = rest.next() else { return Ok(()) };
    let mut messages = vec![first.message];
    let count = rest.len() + 1;
    messages.extend(rest.take(NAMED - 1).map(|failure| failure.message));
    if count > NAMED {
        messages.push(format!("{} more", count - NAMED));
    }
    Err(Failure { message: messages.join("; "), ..first }.into())
}

/// Asks EC2 about every image whether it would work, and says so. Nothing is changed.
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
    closing::dry(context, &Report { results, errors: chosen.errors, ..Report::default() })
}

/// Works on every image, side by side, and reports. What is left when the user asks to stop is skipped.
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
            let outcome = match destroy::stopped(context) {
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
    closing::real(context, &report, &whole)
}
