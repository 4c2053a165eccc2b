//! `amictl orphans`: snapshots left over from images that no longer exist.

use anyhow::Result;
use futures::StreamExt;

use super::bin::{Bin, BinArgs, Going};
use super::destroy::{self, JournalArgs};
use super::leftovers::{self, Search};
use super::snapshots_elsewhere::Naming;
use super::{Context, ending, using};
use crate::domain::age::Age;
use crate::domain::cost::{Price, Prices};
use crate::domain::failure::{Failure, Kind};
use crate::domain::orphan::{Orphan, Spared};
use crate::domain::policy::Limit;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::report::SnapshotResult;
use crate::journal::Journal;
use crate::service::session::Places;
use crate::service::{Target, snapshots, stopping};
use crate::{exit, output};

/// How many regions, or snapshots, are worked on at a time.
const SIDE_BY_SIDE: usize = 10;

const EXAMPLES: &str = "\
Examples:
  amictl orphans --region all
  amictl orphans --min-age 30d --apply
  amictl orphans --apply --yes --max-delete 50 -o json
  amictl orphans --region all --apply --yes --max-delete 10%";

/// Find, and with --apply delete, snapshots made for images that no longer exist
///
/// Shows a plan and changes nothing unless --apply is given. A snapshot is an orphan when it is proven to be made for
/// an image here, that image is gone and not in the Recycle Bin, and neither an image, nor a launch template or
/// configuration needs it. The proof is EC2's description of a snapshot that it took of a volume, or a tag of amictl
/// with the snapshot's own id: texts and other tags travel with copies. What only looks like one is shown and kept.
/// Snapshots made by hand, by AWS Backup or by Data Lifecycle Manager, and such with the tag amictl:keep, are left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What is younger stays
    #[arg(long, value_name = "AGE", default_value = "7d")]
    min_age: Age,

    /// Deletes them, after asking
    #[arg(long)]
    apply: bool,

    /// With --apply, asks EC2 whether it would work; changes nothing
    #[arg(long, requires = "apply")]
    dry_run: bool,

    /// Does not ask; needs a limit
    #[arg(short, long, requires = "apply", requires = "max_delete")]
    yes: bool,

    /// The most snapshots that may go: a number, or a share of all own snapshots of the places
    #[arg(long, value_name = "N|P%")]
    max_delete: Option<Limit>,

    /// Takes snapshots of images in the Recycle Bin for orphans as well, where the bin cannot be read
    #[arg(long)]
    ignore_recycle_bin: bool,

    /// Price of snapshots in US dollars for a GiB and month [default: that of each region]
    #[arg(long, value_name = "USD")]
    price_per_gb: Option<Price>,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let session = context.session().await?;
    let places = context.unless_stopped(async { Ok(session.places().await.some()?) }).await?;
    let prices = Prices::new(args.price_per_gb);
    let bin =
        async { if args.apply || args.bin.required() { Bin::of(&places.targets).await } else { Ok(Bin::default()) } };
    let (looked, bin) = tokio::try_join!(find(context, &places, &args), bin)?;
    let Looked { found, spared, errors, own } = looked;
    if !args.apply || found.is_empty() {
        output::orphans(&context.printer, &orphans(&found), &spared, &errors, prices)?;
        context.printer.say(summary(&found, prices));
        leftovers::tell(context, &spared);
        args.bin.announce(context, &bin, going(&found)).await?;
        return whole(context, &spared, &errors);
    }
    if let Some(limit) = args.max_delete.filter(|limit| found.len() > limit.most(own)) {
        let (count, most) = (found.len(), limit.most(own));
        let message = format!("{count} snapshots would go, but the limit of {limit} allows {most} of {own}");
        let failure = Failure::new(Kind::Refused, "OverLimit", message);
        return Err(failure.hint("look at them with 'amictl orphans', then raise --max-delete").into());
    }
    args.bin.announce(context, &bin, going(&found)).await?;
    if args.dry_run {
        for (target, orphan) in &found {
            snapshots::delete_dry_run(target, &orphan.snapshot.id).await?;
        }
        output::orphans(&context.printer, &orphans(&found), &spared, &errors, prices)?;
        context.printer.say("dry run: these would be deleted");
        leftovers::tell(context, &spared);
        return whole(context, &spared, &errors);
    }
    if !args.yes {
        found.iter().for_each(|(_, o)| context.printer.tell(&format!("{} in {}: {}", o.snapshot.id, o.region, o.why)));
    }
    context.confirm(&format!("Delete {} snapshots?", found.len()), args.yes)?;
    // A person takes time to answer: what they were shown is held against what is there now.
    let (found, spared, errors) = match args.yes {
        true => (found, spared, errors),
        false => {
            let now = find(context, &places, &args).await?;
            (still(&found, now.found), now.spared, now.errors)
        }
    };
    let done = delete(context, found, &args.journal).await?;
    output::orphans(&context.printer, &orphans(&done), &spared, &errors, prices)?;
    leftovers::tell(context, &spared);
    finish(context, &done)?;
    whole(context, &spared, &errors)
}

/// What all places were found to hold.
struct Looked {
    found: Vec<Found>,
    spared: Vec<Spared>,
    errors: Vec<PlaceError>,
    /// How many own snapshots there are.
    own: usize,
}

/// An orphan with its place.
pub type Found = (Target, Orphan);

/// What would be deleted, place by place.
fn going(found: &[Found]) -> Vec<(Target, Going)> {
    let mut places: Vec<(Target, Going)> = Vec::new();
    for (target, Orphan { snapshot, .. }) in found {
        let at = places.iter().position(|(place, _)| place.is(target)).unwrap_or(places.len());
        if at == places.len() {
            places.push((target.clone(), Going::default()));
        }
        places[at].1.snapshots.insert(snapshot.id.clone(), snapshot.tags.clone());
    }
    places
}

fn orphans(found: &[Found]) -> Vec<&Orphan> {
    found.iter().map(|(_, orphan)| orphan).collect()
}

fn still(shown: &[Found], now: Vec<Found>) -> Vec<Found> {
    let was_shown = |(_, o): &Found| shown.iter().any(|(_, s)| s.snapshot.id == o.snapshot.id);
    now.into_iter().filter(was_shown).collect()
}

/// Looks into every place. One that cannot be read is reported, and the others go on; it is an error where none can be.
async fn find(context: &Context, places: &Places, args: &Args) -> Result<Looked> {
    let search = Search { min_age: args.min_age, ignore_recycle_bin: args.ignore_recycle_bin, now: context.now };
    let bar = context.printer.bars().count(places.targets.len() as u64, "reading snapshots and images");
    let (bar, search) = (&bar, &search);
    let each = places.targets.iter().map(|target| async move {
        let found = leftovers::place(target, search).await;
        bar.step();
        (target, found)
    });
    let answers = async { Ok(futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect::<Vec<_>>().await) };
    let answers = context.unless_stopped(answers).await?;
    // Last, so that little time passes before they are deleted; and only where there is anything to delete.
    let held = |answer: &Result<leftovers::Leftovers>| answer.as_ref().is_ok_and(leftovers::Leftovers::any);
    let regions = answers.iter().filter(|(_, answer)| held(answer)).map(|(target, _)| &target.region).collect();
    let unread = places.several.then(|| using::unread_accounts(&places.unentered()));
    let naming = async { Ok(Naming::read(&places.targets, &regions, unread).await) };
    let naming = context.unless_stopped(naming).await?;
    let (mut found, mut spared, mut errors) = (Vec::new(), Vec::new(), places.errors.clone());
    let (mut own, mut read) = (0, 0);
    let mut first = None;
    for (target, answer) in answers {
        match answer {
            Ok(mut place) => {
                read += 1;
                own += place.own;
                let orphans = place.orphans(target, &naming).await;
                found.extend(orphans.into_iter().map(|orphan| (target.clone(), orphan)));
                spared.extend(place.spared);
            }
            Err(error) => {
                let word = exit::last_word(&error);
                errors.push(target.error(Problem { code: word.code, message: word.message }).await);
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if read == 0 => Err(error),
        _ => Ok(Looked { found, spared, errors, own }),
    }
}

/// Refuses to end well when templates could not be read, or an account not be looked into.
fn whole(context: &Context, spared: &[Spared], errors: &[PlaceError]) -> Result<()> {
    destroy::tell(context, errors);
    leftovers::verified(spared)?;
    ending::whole(errors)
}

/// Deletes them, each written down before and after.
pub async fn delete(context: &Context, found: Vec<Found>, journal: &JournalArgs) -> Result<Vec<Found>> {
    let journal = journal.open(context, found.iter().map(|(target, _)| target)).await?;
    let bar = context.printer.bars().count(found.len() as u64, "deleting snapshots");
    let each = found.into_iter().map(|(target, mut orphan)| async {
        orphan.result = Some(one(context, &target, &orphan, &journal).await);
        bar.step();
        (target, orphan)
    });
    Ok(futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await)
}

async fn one(context: &Context, target: &Target, orphan: &Orphan, journal: &Journal) -> SnapshotResult {
    if context.stop.asked() {
        return SnapshotResult::Kept;
    }
    let place = (orphan.account.as_ref(), orphan.region.as_str(), orphan.snapshot.id.as_str());
    let note = &orphan.snapshot.description;
    let unwritten = |error: std::io::Error, what: &str| {
        let message = format!("the journal cannot be written: {error}; {what}");
        SnapshotResult::Failed(Problem { code: "JournalError".to_owned(), message })
    };
    if let Err(error) = journal.snapshot("begin", place, note, None, context.clock()).await {
        return unwritten(error, "the snapshot was left alone");
    }
    let answer = stopping::begin(&context.stop, snapshots::delete(target, &orphan.snapshot.id)).await;
    let error = answer.as_ref().err().map(ToString::to_string);
    if let Err(error) = journal.snapshot("end", place, note, error.as_deref(), context.clock()).await {
        return unwritten(error, "the snapshot was worked on");
    }
    match answer {
        Ok(()) => SnapshotResult::Deleted,
        Err(error) if stopping::stopped(&error) => SnapshotResult::Kept,
        Err(error) => SnapshotResult::Failed(error.problem()),
    }
}

fn summary(found: &[Found], prices: Prices) -> String {
    let gib: i64 = found.iter().map(|(_, orphan)| orphan.snapshot.size_gib).sum();
    let dollars = prices.monthly(found.iter().map(|(_, o)| (&o.region, o.snapshot.size_gib)));
    match found.len() {
        0 => "no orphaned snapshots".to_owned(),
        1 => format!("1 orphaned snapshot of {gib} GiB: up to ${dollars:.2} a month"),
        n => format!("{n} orphaned snapshots of {gib} GiB: up to ${dollars:.2} a month"),
    }
}

fn finish(context: &Context, done: &[Found]) -> Result<()> {
    let count = |wanted: fn(&SnapshotResult) -> bool| {
        done.iter().filter(|(_, orphan)| orphan.result.as_ref().is_some_and(wanted)).count()
    };
    let deleted = count(|r| *r == SnapshotResult::Deleted);
    let failed = count(|r| matches!(r, SnapshotResult::Failed(_)));
    let message = format!("{deleted} deleted, {failed} failed, {} left alone", done.len() - deleted - failed);
    if context.stop.asked() {
        return Err(Failure::new(Kind::Interrupted, "Interrupted", format!("interrupted: {message}")).into());
    }
    let kind = match (deleted, failed) {
        (_, 0) => return Ok(()),
        (0, _) => Kind::Failed,
        _ => Kind::Partial,
    };
    Err(Failure::new(kind, "PartialOrphans", message).hint("run the command again for those that failed").into())
}
