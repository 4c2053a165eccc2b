//! `amictl restore`: what is in the Recycle Bin, and bringing images back from it.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt};

use super::Context;
use super::destroy::{JournalArgs, finish};
use crate::domain::comeback::Comeback;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::recycle_bin::{Binned, BinnedImage, BinnedSnapshot};
use crate::domain::report::{Outcome, PlaceError, Report, Status};
use crate::output;
use crate::service::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::{Target, recycle_bin, restore, snapshots};

/// How many places are read at a time.
const SIDE_BY_SIDE: usize = 32;

const EXAMPLES: &str = "\
Examples:
  amictl restore                                  what is in the Recycle Bin
  amictl restore --region all -o json
  amictl restore ami-0123456789abcdef0            brings it back, its snapshots first
  amictl restore ami-0123456789abcdef0 ami-0123456789abcdef1 --region us-east-1,eu-west-1";

/// List what is in the Recycle Bin, or bring images back from it
///
/// Without images it lists those in the bin, with the time that is left to restore them. An image comes back with
/// its id, name and snapshots. Tags and launch permissions that EC2 does not bring back are put back from the journal
/// of the run that deregistered the image. Refuses, before anything changes, what cannot come back whole.
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
        return context.unless_stopped(list(context, &args.journal)).await;
    }
    let work = context.unless_stopped(prepare(context, wanted, &args.journal)).await?;
    if args.dry_run {
        return dry_run(context, &work).await;
    }
    let (patience, total) = (context.patience(), work.iter().map(|place| place.comebacks.len()).sum::<usize>());
    let bar = context.printer.bars().count(total as u64, "restoring");
    let step = || bar.step();
    let each =
        work.iter().map(|place| restore::bring_back(&place.target, &place.comebacks, &place.bin, &patience, &step));
    let done: Vec<Vec<Outcome>> = futures::future::join_all(each).await;
    for (place, outcomes) in work.iter().zip(&done) {
        note(context, &args.journal, place, outcomes).await;
    }
    let report = Report { results: done.into_iter().flatten().collect(), errors: Vec::new() };
    drop(bar);
    output::report(&context.printer, &report)?;
    timely(&report)?;
    finish(context, &report)
}

/// The bin of one place.
struct Bin {
    target: Target,
    images: Vec<BinnedImage>,
    snapshots: Result<Vec<BinnedSnapshot>, ApiError>,
}

/// Reads the bins of all places side by side; those that cannot be read are errors beside the others.
async fn bins(context: &Context) -> Result<(Vec<Bin>, Vec<(PlaceError, Option<ApiError>)>)> {
    let places = context.session().await?.places().await.some()?;
    let each = futures::stream::iter(places.targets).map(|target| async {
        match tokio::join!(recycle_bin::images(&target), recycle_bin::snapshots(&target)) {
            (Ok(images), snapshots) => Ok(Bin { target, images, snapshots }),
            (Err(error), _) => Err((target.error(error.problem()).await, Some(error))),
        }
    });
    let (mut bins, mut errors) = (Vec::new(), places.errors.into_iter().map(|error| (error, None)).collect::<Vec<_>>());
    for read in each.buffered(SIDE_BY_SIDE).collect::<Vec<_>>().await {
        match read {
            Ok(bin) => bins.push(bin),
            Err(error) => errors.push(error),
        }
    }
    Ok((bins, errors))
}

async fn list(context: &Context, journal: &JournalArgs) -> Result<()> {
    let (bins, errors) = bins(context).await?;
    let ids = bins.iter().flat_map(|bin| bin.images.iter().map(|image| image.id.clone())).collect();
    let known = journal.remembered(context, ids).await?;
    let mut found = Vec::new();
    for bin in &bins {
        let place = (bin.target.region.clone(), bin.target.account().await.ok().cloned());
        if let Err(error) = &bin.snapshots {
            context
                .printer
                .say(format!("the snapshots in the Recycle Bin of {} are unknown: {error}", bin.target.region));
        }
        let snapshots = bin.snapshots.as_deref().unwrap_or_default();
        found.extend(bin.images.iter().map(|image| {
            let known = known.get(&image.id).map(|before| before.snapshots.as_slice());
            Binned::new(image.clone(), place.clone(), known, snapshots)
        }));
    }
    found.sort_by(|a, b| b.image.entered_at.cmp(&a.image.entered_at).then_with(|| a.image.id.cmp(&b.image.id)));
    let first = errors.iter().find_map(|(_, error)| error.clone()).filter(|_| bins.is_empty());
    if let Some(error) = first {
        return Err(error.into());
    }
    let errors: Vec<_> = errors.into_iter().map(|(error, _)| error).collect();
    output::recycle_bin(&context.printer, &found, &errors, context.now)?;
    if found.is_empty() && errors.is_empty() && context.printer.format() == output::Format::Table {
        context.printer.say("there are no images in the Recycle Bin");
    }
    if errors.is_empty() {
        return Ok(());
    }
    for error in &errors {
        context.printer.tell(&format!("{}: {} [{}]", error.region, error.problem.message, error.problem.code));
    }
    let message = format!("the Recycle Bin of {} places could not be read", errors.len());
    Err(Failure::new(Kind::Partial, "PartialListing", message).into())
}

/// What is to be done in one place.
struct Place {
    target: Target,
    comebacks: Vec<Comeback>,
    /// All snapshots in the bin.
    bin: BTreeSet<SnapshotId>,
}

/// Finds every image and its snapshots, and refuses what cannot come back. Nothing has been changed by then.
async fn prepare(context: &Context, wanted: BTreeSet<ImageId>, journal: &JournalArgs) -> Result<Vec<Place>> {
    let ((bins, errors), mut known) = tokio::try_join!(bins(context), journal.remembered(context, wanted.clone()))?;
    let mut left = wanted;
    let (mut places, mut summary) = (Vec::new(), Vec::new());
    for Bin { target, images, snapshots: in_bin } in bins {
        summary.push(format!("{} ({})", target.region, images.len()));
        let here: Vec<_> = images.into_iter().filter(|image| left.remove(&image.id)).collect();
        let mut place = Place { target, comebacks: Vec::new(), bin: BTreeSet::new() };
        if !here.is_empty() {
            let in_bin = in_bin?;
            let told = here.iter().filter_map(|image| known.get(&image.id)).flat_map(|before| &before.snapshots);
            place.bin = in_bin.iter().map(|snapshot| snapshot.id.clone()).collect();
            let told: Vec<_> = told.filter(|id| !place.bin.contains(id)).cloned().collect();
            let there =
                snapshots::existing(&place.target, &told).await?.into_iter().map(|snapshot| snapshot.id).collect();
            let each = here.iter().map(|image| Comeback::of_binned(image, &in_bin, &there, known.remove(&image.id)));
            place.comebacks.extend(each);
            names_are_free(&place).await?;
        }
        places.push(place);
    }
    // One that is there already may lack something, where an earlier run did not get to the end.
    let ids: Vec<_> = left.iter().cloned().collect();
    let each = futures::stream::iter(&places).map(|place| images::own_by_ids(&place.target, &ids));
    let present: Vec<_> = each.buffered(SIDE_BY_SIDE).try_collect().await?;
    for (place, images) in places.iter_mut().zip(present) {
        let images = images.into_iter().filter(|image| left.remove(&image.id));
        place.comebacks.extend(images.map(|image| Comeback::of_present(&image, known.remove(&image.id))));
    }
    if let Some(id) = left.first() {
        return Err(nowhere(id, &summary, errors));
    }
    places.iter().try_for_each(|place| place.comebacks.iter().try_for_each(|comeback| whole(place, comeback)))?;
    places.retain(|place| !place.comebacks.is_empty());
    Ok(places)
}

/// Refuses an image whose name another one has taken meanwhile, as EC2 would, but before its snapshots are back.
async fn names_are_free(place: &Place) -> Result<()> {
    let names: Vec<_> = place.comebacks.iter().filter_map(|comeback| comeback.name.clone()).collect();
    for some in names.chunks(images::FILTER_VALUES) {
        let holders = images::find(&place.target, &Query::own().filter("name", some.to_vec())).await?;
        for comeback in &place.comebacks {
            let same = |name: &Option<String>| name.is_some() && *name == comeback.name;
            if let Some(holder) = holders.iter().find(|holder| same(&holder.name)) {
                let region = &place.target.region;
                let message = format!("{} in {region} cannot come back: {} has its name", comeback.label(), holder.id);
                return Err(Failure::new(Kind::Failed, "InvalidAMIName.Duplicate", message)
                    .hint(format!("names are unique: deregister {} first, if it may go", holder.id))
                    .into());
            }
        }
    }
    Ok(())
}

fn whole(place: &Place, comeback: &Comeback) -> Result<()> {
    if comeback.missing.is_empty() {
        return Ok(());
    }
    let (label, region) = (comeback.label(), &place.target.region);
    let missing: Vec<_> = comeback.missing.iter().map(SnapshotId::as_str).collect();
    let message = format!(
        "{label} in {region} cannot come back: of its snapshots, {} are neither there nor in the Recycle Bin",
        missing.join(", ")
    );
    Err(Failure::new(Kind::Refused, "MissingSnapshots", message)
        .hint("no rule held them, or they have left the bin; nothing was changed")
        .into())
}

fn nowhere(id: &ImageId, searched: &[String], errors: Vec<(PlaceError, Option<ApiError>)>) -> anyhow::Error {
    if let Some((place, error)) = errors.into_iter().next() {
        let region = &place.region;
        let what = format!("{id} was not found, and the Recycle Bin of {region} could not be read");
        return match error {
            Some(error) => anyhow::Error::new(error).context(what),
            None => anyhow::anyhow!("{what}: {} [{}]", place.problem.message, place.problem.code),
        };
    }
    let message = format!("{id} is not in the Recycle Bin of {}, nor among the images there", searched.join(", "));
    Failure::new(Kind::Failed, "InvalidAMIID.NotFound", message)
        .hint(
            "see what is there with: amictl restore --region all. An image that no rule held when it was \
             deregistered, or that has left the bin, is gone for good",
        )
        .into()
}

async fn dry_run(context: &Context, work: &[Place]) -> Result<()> {
    for place in work {
        for comeback in &place.comebacks {
            restore::check(&place.target, comeback).await?;
            let what = match comeback.in_bin {
                true => format!("would come back, with {} of its snapshots", comeback.restore.len()),
                false => "is there already".to_owned(),
            };
            context.printer.say(format!("{} in {}: {what}", comeback.label(), place.target.region));
        }
    }
    context.printer.say("dry run: nothing was changed");
    Ok(())
}

/// Writes into the journal that tells of an image what has become of it, so that nobody puts back later what was
/// changed on purpose since. The images are back whatever becomes of this.
async fn note(context: &Context, journal: &JournalArgs, place: &Place, outcomes: &[Outcome]) {
    let told = place.comebacks.iter().zip(outcomes).filter(|(comeback, _)| comeback.before.is_some());
    let told: Vec<_> = told.map(|(_, outcome)| outcome).collect();
    if told.is_empty() {
        return;
    }
    let written = async {
        let journal = journal.open(context, [&place.target]).await?;
        for outcome in told {
            journal.end(outcome, None, context.clock()).await?;
        }
        anyhow::Ok(())
    };
    if let Err(error) = written.await {
        context.printer.tell(&format!("what was restored is not in the journal: {error:#}"));
    }
}

/// A wait that was over is no failure: the work goes on at AWS.
fn timely(report: &Report) -> Result<()> {
    let late = |outcome: &&Outcome| matches!(&outcome.status, Status::Failed(problem) if problem.code == "Timeout");
    let failed = |outcome: &&Outcome| matches!(outcome.status, Status::Failed(_));
    match report.results.iter().filter(late).count() {
        0 => Ok(()),
        number if number == report.results.iter().filter(failed).count() => {
            let message = format!("the time to wait is over: {number} images are still on their way back");
            let failure = Failure::new(Kind::TimedOut, "Timeout", message);
            Err(failure.hint("run the command again: it takes up what is left").into())
        }
        _ => Ok(()),
    }
}
