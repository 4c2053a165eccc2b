//! `amictl restore`: lists the Recycle Bin and restores images from it.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::recycle_bin::contents::Binned;
use crate::domain::report::{Outcome, Report, Status};
use crate::options::journal::JournalToRead;
use crate::output::{self, printer};
use crate::workflows::conclude::changes;
use crate::workflows::conclude::removals::finish;
use crate::workflows::recycle_bin::contents::{in_bin, read};
use crate::workflows::restore::bring_back::{self, Returned};
use crate::workflows::restore::journal::{note, noted_end};
use crate::workflows::restore::prepare::{self, Work};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl restore                                  lists the Recycle Bin
  amictl restore --region all -o json
  amictl restore ami-0123456789abcdef0            restores it, its snapshots first
  amictl restore ami-0123456789abcdef0 ami-0123456789abcdef1 --region us-east-1,eu-west-1
  amictl restore ami-0123456789abcdef0 --journal job.log     the log of a run with --journal -";

/// List the Recycle Bin, or restore images from it
///
/// Without AMI-ID: lists the images in the bin, with the time left to restore them. A restored image has its old id,
/// name and snapshots; tags and permissions that EC2 does not restore come from the journal of the run that
/// deregistered it. An image that cannot be restored completely is refused before anything changes. If an account or
/// region fails, the others go on.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images to restore
    #[arg(value_name = "AMI-ID")]
    images: Vec<ImageId>,

    #[command(flatten)]
    journal: JournalToRead,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    /// Whether it only lists the Recycle Bin.
    pub fn only_reads(&self) -> bool {
        self.images.is_empty()
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let wanted: BTreeSet<ImageId> = args.images.iter().cloned().collect();
    let journal = args.journal.file(context)?;
    if wanted.is_empty() {
        return context.unless_stopped(list(context, &journal)).await;
    }
    let work = context.unless_stopped(prepare::prepare(context, wanted, &journal)).await?;
    if args.dry_run {
        return context.unless_stopped(dry_run(context, work)).await;
    }
    let Work { places: work, left, errors } = work;
    let noted = note(context, &journal, &work).await;
    let (patience, total) = (context.patience(), work.iter().map(|place| place.comebacks.len()).sum::<usize>());
    let bar = context.printer.bars().count(total as u64, "restoring");
    let step = || bar.step();
    let each =
        work.iter().map(|place| bring_back::bring_back(&place.target, &place.comebacks, &place.bin, &patience, &step));
    let done: Vec<Vec<Returned>> = futures::future::join_all(each).await;
    if let Some(journal) = &noted {
        noted_end(context, journal, &work, &done).await;
    }
    let results = done.into_iter().flatten().map(|returned| returned.outcome).chain(left).collect();
    let report = Report { results, errors, ..Report::default() };
    drop(bar);
    let written = output::report(&context.printer, &report);
    reported(context, written, timely(&report).and_then(|()| finish(context, &report, None)))
}

/// Asks EC2 for every image whether it could be restored.
async fn dry_run(context: &Context, work: Work) -> Result<()> {
    let mut results = Vec::new();
    for place in &work.places {
        for comeback in &place.comebacks {
            let status = match bring_back::check(&place.target, comeback).await {
                Ok(()) => Status::Done,
                Err(error) => Status::Failed(error.problem()),
            };
            if status == Status::Done {
                let what = match comeback.in_bin {
                    true => format!("would be restored, with {} of its snapshots", comeback.restore.len()),
                    false => "is there already".to_owned(),
                };
                context.printer.say(format!("{} in {}: {what}", comeback.label(), place.target.region));
            }
            results.push(bring_back::outcome(&place.target, comeback, status).await);
        }
    }
    context.printer.say("dry run: nothing was changed");
    results.extend(work.left);
    changes::dry(context, &Report { results, errors: work.errors, ..Report::default() })
}

/// A timeout is no failure: the work goes on at AWS.
fn timely(report: &Report) -> Result<()> {
    let late = |outcome: &&Outcome| matches!(&outcome.status, Status::Failed(problem) if problem.code == "Timeout");
    let failed = |outcome: &&Outcome| matches!(outcome.status, Status::Failed(_));
    match report.results.iter().filter(late).count() {
        0 => Ok(()),
        number if number == report.results.iter().filter(failed).count() && report.errors.is_empty() => {
            let message = format!("timed out: {number} images are still being restored");
            let failure = Failure::new(Kind::TimedOut, "Timeout", message);
            Err(failure.hint("run the command again to finish").into())
        }
        _ => Ok(()),
    }
}

/// Lists the contents of the bins.
pub async fn list(context: &Context, journal: &crate::workflows::run::journal::JournalFile) -> Result<()> {
    let (bins, troubles) = read(context).await?;
    if let Some(trouble) = troubles.first().filter(|_| bins.is_empty()) {
        return Err(trouble.error());
    }
    let ids = bins.iter().flat_map(|bin| bin.images.iter().map(|image| image.id.clone())).collect();
    let known = journal.remembered(context, ids).await?;
    let each = concurrency::each(LOOKUPS, &bins, |bin| in_bin(context, bin, &known)).await;
    let mut found: Vec<Binned> = each.into_iter().flatten().collect();
    found.sort_by(|a, b| b.image.entered_at.cmp(&a.image.entered_at).then_with(|| a.image.id.cmp(&b.image.id)));
    let errors: Vec<_> = troubles.into_iter().map(|trouble| trouble.place).collect();
    output::recycle_bin(&context.printer, &found, &errors, context.now)?;
    if found.is_empty() && errors.is_empty() && context.printer.format() == printer::Format::Table {
        context.printer.say("there are no images in the Recycle Bin");
    }
    if errors.is_empty() {
        return Ok(());
    }
    context::tell_errors(context, &errors);
    let message = format!("the Recycle Bin of {} places could not be read", errors.len());
    Err(Failure::new(Kind::Partial, "PartialListing", message).into())
}
