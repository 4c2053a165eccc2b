//! `amictl restore`: what is in the Recycle Bin, and bringing images back from it.

use std::collections::BTreeSet;

use anyhow::Result;

use super::comebacks::{self, Place, Work};
use super::destroy::{JournalArgs, finish};
use super::{Context, binned, closing};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::report::{Outcome, Report, Status};
use crate::journal::Journal;
use crate::output;
use crate::service::restore::{self, Returned};

const EXAMPLES: &str = "\
Examples:
  amictl restore                                  what is in the Recycle Bin
  amictl restore --region all -o json
  amictl restore ami-0123456789abcdef0            brings it back, its snapshots first
  amictl restore ami-0123456789abcdef0 ami-0123456789abcdef1 --region us-east-1,eu-west-1";

/// List what is in the Recycle Bin, or bring images back from it
///
/// Without images it lists those in the bin, with the time that is left to restore them. An image comes back with
/// its id, name and snapshots. Tags and permissions that EC2 does not bring back are put back from the journal of the
/// run that deregistered the image. Refuses, before anything changes, what cannot come back whole; a place that fails
/// is reported, and the others go on.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The images to bring back
    #[arg(value_name = "AMI-ID")]
    images: Vec<ImageId>,

    #[command(flatten)]
    journal: JournalArgs,

    /// Asks EC2 whether it would work; changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let wanted: BTreeSet<ImageId> = args.images.iter().cloned().collect();
    if wanted.is_empty() {
        return context.unless_stopped(binned::list(context, &args.journal)).await;
    }
    let work = context.unless_stopped(comebacks::prepare(context, wanted, &args.journal)).await?;
    if args.dry_run {
        return context.unless_stopped(dry_run(context, work)).await;
    }
    let Work { places: work, left, errors } = work;
    let noted = note(context, &args.journal, &work).await;
    let (patience, total) = (context.patience(), work.iter().map(|place| place.comebacks.len()).sum::<usize>());
    let bar = context.printer.bars().count(total as u64, "restoring");
    let step = || bar.step();
    let each =
        work.iter().map(|place| restore::bring_back(&place.target, &place.comebacks, &place.bin, &patience, &step));
    let done: Vec<Vec<Returned>> = futures::future::join_all(each).await;
    if let Some(journal) = &noted {
        noted_end(context, journal, &work, &done).await;
    }
    let results = done.into_iter().flatten().map(|returned| returned.outcome).chain(left).collect();
    let report = Report { results, errors, ..Report::default() };
    drop(bar);
    output::report(&context.printer, &report)?;
    timely(&report)?;
    finish(context, &report, None)
}

/// Asks EC2 about every image whether it could come back.
async fn dry_run(context: &Context, work: Work) -> Result<()> {
    let mut results = Vec::new();
    for place in &work.places {
        for comeback in &place.comebacks {
            let status = match restore::check(&place.target, comeback).await {
                Ok(()) => Status::Done,
                Err(error) => Status::Failed(error.problem()),
            };
            if status == Status::Done {
                let what = match comeback.in_bin {
                    true => format!("would come back, with {} of its snapshots", comeback.restore.len()),
                    false => "is there already".to_owned(),
                };
                context.printer.say(format!("{} in {}: {what}", comeback.label(), place.target.region));
            }
            results.push(restore::outcome(&place.target, comeback, status).await);
        }
    }
    context.printer.say("dry run: nothing was changed");
    results.extend(work.left);
    closing::dry(context, &Report { results, errors: work.errors, ..Report::default() })
}

/// Writes into the journal that tells of images that they are about to come back: only then a later run may put back
/// what they lack. The images come back whatever becomes of this.
async fn note(context: &Context, journal: &JournalArgs, work: &[Place]) -> Option<Journal> {
    let told = |place: &&Place| place.comebacks.iter().any(|comeback| comeback.before.is_some());
    let places: Vec<_> = work.iter().filter(told).collect();
    if places.is_empty() {
        return None;
    }
    let written = async {
        let journal = journal.open(context, places.iter().map(|place| &place.target)).await?;
        for place in places {
            let there = (place.target.account().await.ok(), &place.target.region);
            for one in place.comebacks.iter().filter(|comeback| comeback.in_bin && comeback.before.is_some()) {
                journal.begin_return(there, (&one.id, one.name.as_deref()), context.clock()).await?;
            }
        }
        anyhow::Ok(journal)
    };
    written.await.inspect_err(|error| not_noted(context, error)).ok()
}

/// Writes down what has become of them, so that nobody puts back later what was changed on purpose since.
async fn noted_end(context: &Context, journal: &Journal, work: &[Place], done: &[Vec<Returned>]) {
    let each = work.iter().zip(done).flat_map(|(place, done)| place.comebacks.iter().zip(done));
    for (_, returned) in each.filter(|(comeback, _)| comeback.before.is_some()) {
        if let Err(error) = journal.end_return(&returned.outcome, returned.there, context.clock()).await {
            return not_noted(context, &error.into());
        }
    }
}

fn not_noted(context: &Context, error: &anyhow::Error) {
    context.printer.tell(&format!("what was restored is not in the journal: {error:#}"));
}

/// A wait that was over is no failure: the work goes on at AWS.
fn timely(report: &Report) -> Result<()> {
    let late = |outcome: &&Outcome| matches!(&outcome.status, Status::Failed(problem) if problem.code == "Timeout");
    let failed = |outcome: &&Outcome| matches!(outcome.status, Status::Failed(_));
    match report.results.iter().filter(late).count() {
        0 => Ok(()),
        number if number == report.results.iter().filter(failed).count() && report.errors.is_empty() => {
            let message = format!("the time to wait is over: {number} images are still on their way back");
            let failure = Failure::new(Kind::TimedOut, "Timeout", message);
            Err(failure.hint("run the command again: it takes up what is left").into())
        }
        _ => Ok(()),
    }
}
