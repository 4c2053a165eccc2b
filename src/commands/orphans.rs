//! `amictl orphans`: snapshots left over from images that no longer exist.

use std::collections::BTreeMap;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt};

use super::Context;
use super::bin::{self, BinArgs, Going, Rules};
use super::destroy::JournalArgs;
use crate::domain::age::Age;
use crate::domain::cost::{Price, Prices};
use crate::domain::failure::{Failure, Kind};
use crate::domain::orphan::{Known, verdict};
use crate::domain::report::{Problem, SnapshotResult};
use crate::output::{self, Journal, Orphan};
use crate::service::images::{self, Query};
use crate::service::{Target, recycle_bin, snapshots};

/// How many regions, or snapshots, are worked on at a time.
const SIDE_BY_SIDE: usize = 10;

const EXAMPLES: &str = "\
Examples:
  amictl orphans --region all
  amictl orphans --min-age 30d --apply
  amictl orphans --apply --yes --max-delete 50 -o json";

/// Find, and with --apply delete, snapshots made for images that no longer exist
///
/// Shows a plan and changes nothing unless --apply is given. A snapshot is an orphan when EC2's description or a
/// tag of amictl says which image it was made for, that image is gone and not in the Recycle Bin, and no image is
/// made of it. Snapshots made by hand, by AWS Backup or by Data Lifecycle Manager are left alone.
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

    /// The most snapshots that may go
    #[arg(long, value_name = "N")]
    max_delete: Option<usize>,

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
    let targets = context.session().await?.one_account().await?;
    let prices = Prices::new(args.price_per_gb);
    let rules = async { if args.apply || args.bin.required() { bin::rules(&targets).await } else { Ok(Vec::new()) } };
    let (found, rules) = tokio::try_join!(find(context, &targets, &args), rules)?;
    if !args.apply || found.is_empty() {
        output::orphans(&context.printer, &found, prices)?;
        context.printer.say(summary(&found, prices));
        return args.bin.announce(context, going(&targets, rules, &found)).await;
    }
    if let Some(most) = args.max_delete.filter(|most| found.len() > *most) {
        let message = format!("{} snapshots would go, but the limit allows {most}", found.len());
        let failure = Failure::new(Kind::Refused, "OverLimit", message);
        return Err(failure.hint("look at them with 'amictl orphans', then raise --max-delete").into());
    }
    args.bin.announce(context, going(&targets, rules, &found)).await?;
    if args.dry_run {
        for orphan in &found {
            let target = targets.iter().find(|target| target.region == orphan.region);
            if let Some(target) = target {
                snapshots::delete_dry_run(target, &orphan.snapshot.id).await?;
            }
        }
        output::orphans(&context.printer, &found, prices)?;
        context.printer.say("dry run: these would be deleted");
        return Ok(());
    }
    if !args.yes {
        found.iter().for_each(|o| context.printer.tell(&format!("{} in {}: {}", o.snapshot.id, o.region, o.why)));
    }
    context.confirm(&format!("Delete {} snapshots?", found.len()), args.yes)?;
    // A person takes time to answer: what they were shown is held against what is there now.
    let found = if args.yes { found } else { still(found, find(context, &targets, &args).await?) };
    let done = delete(context, &targets, found, &args.journal).await?;
    output::orphans(&context.printer, &done, prices)?;
    finish(context, &done)
}

/// What would be deleted, with the rules of each place.
fn going(targets: &[Target], rules: Vec<Rules>, found: &[Orphan]) -> Vec<(Target, Rules, Going)> {
    let each = targets.iter().zip(rules).filter_map(|(target, rules)| {
        let here = found.iter().filter(|orphan| orphan.region == target.region);
        let snapshots: BTreeMap<_, _> =
            here.map(|orphan| (orphan.snapshot.id.clone(), orphan.snapshot.tags.clone())).collect();
        (!snapshots.is_empty()).then(|| (target.clone(), rules, Going { snapshots, ..Going::default() }))
    });
    each.collect()
}

fn still(shown: Vec<Orphan>, now: Vec<Orphan>) -> Vec<Orphan> {
    let was_shown = |o: &Orphan| shown.iter().any(|s| s.snapshot.id == o.snapshot.id);
    now.into_iter().filter(was_shown).collect()
}

async fn find(context: &Context, targets: &[Target], args: &Args) -> Result<Vec<Orphan>> {
    let bar = context.printer.bars().count(targets.len() as u64, "reading snapshots and images");
    let each = targets.iter().map(|target| async {
        let found = place(context, target, args).await;
        bar.step();
        found
    });
    let found = futures::stream::iter(each).buffered(SIDE_BY_SIDE).try_collect();
    let found: Vec<Vec<Orphan>> = context.unless_stopped(found).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn place(context: &Context, target: &Target, args: &Args) -> Result<Vec<Orphan>> {
    // Snapshots first: an image made in between is then known, and its snapshots are not taken for orphans.
    let found = snapshots::own(target).await?;
    let own = images::find(target, &Query::own()).await?;
    let binned = match recycle_bin::images(target).await {
        Ok(binned) => binned.into_iter().map(|image| image.id).collect(),
        Err(_) if args.ignore_recycle_bin => Vec::new(),
        Err(error) => {
            let message = format!("whether images in the Recycle Bin need their snapshots is unknown: {error}");
            let failure = Failure::new(Kind::Refused, "Unverified", message);
            return Err(failure.hint("allow ec2:ListImagesInRecycleBin, or give --ignore-recycle-bin").into());
        }
    };
    let used = own.iter().flat_map(|image| image.snapshots.iter().map(|s| s.id.clone())).collect();
    let bin_in_use = !binned.is_empty();
    let images = own.iter().map(|image| image.id.clone()).chain(binned).collect();
    let known = Known { images, used, bin_in_use };
    let orphan = |snapshot| {
        let why = verdict(&snapshot, &known, args.min_age, context.now)?;
        Some(Orphan { region: target.region.clone(), snapshot, why, result: None })
    };
    Ok(found.into_iter().filter_map(orphan).collect())
}

async fn delete(
    context: &Context,
    targets: &[Target],
    found: Vec<Orphan>,
    journal: &JournalArgs,
) -> Result<Vec<Orphan>> {
    let Some(first) = targets.first() else { return Ok(found) };
    let journal = journal.open(context, first).await?;
    let bar = context.printer.bars().count(found.len() as u64, "deleting snapshots");
    let each = found.into_iter().map(|mut orphan| async {
        let target = targets.iter().find(|target| target.region == orphan.region);
        orphan.result = match target {
            Some(target) => Some(one(context, target, &orphan, &journal).await),
            None => None,
        };
        bar.step();
        orphan
    });
    Ok(futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await)
}

async fn one(context: &Context, target: &Target, orphan: &Orphan, journal: &Journal) -> SnapshotResult {
    if context.stop.asked() {
        return SnapshotResult::Kept;
    }
    let place = (orphan.region.as_str(), orphan.snapshot.id.as_str());
    let note = &orphan.snapshot.description;
    let unwritten = |error: std::io::Error, what: &str| {
        let message = format!("the journal cannot be written: {error}; {what}");
        SnapshotResult::Failed(Problem { code: "JournalError".to_owned(), message })
    };
    if let Err(error) = journal.snapshot("begin", place, note, None, context.clock()).await {
        return unwritten(error, "the snapshot was left alone");
    }
    let answer = snapshots::delete(target, &orphan.snapshot.id).await;
    let error = answer.as_ref().err().map(ToString::to_string);
    if let Err(error) = journal.snapshot("end", place, note, error.as_deref(), context.clock()).await {
        return unwritten(error, "the snapshot was worked on");
    }
    answer.map_or_else(|error| SnapshotResult::Failed(error.problem()), |()| SnapshotResult::Deleted)
}

fn summary(found: &[Orphan], prices: Prices) -> String {
    let gib: i64 = found.iter().map(|orphan| orphan.snapshot.size_gib).sum();
    let dollars = prices.monthly(found.iter().map(|o| (&o.region, o.snapshot.size_gib)));
    match found.len() {
        0 => "no orphaned snapshots".to_owned(),
        1 => format!("1 orphaned snapshot of {gib} GiB: up to ${dollars:.2} a month"),
        n => format!("{n} orphaned snapshots of {gib} GiB: up to ${dollars:.2} a month"),
    }
}

fn finish(context: &Context, done: &[Orphan]) -> Result<()> {
    let count = |wanted: fn(&SnapshotResult) -> bool| {
        done.iter().filter(|orphan| orphan.result.as_ref().is_some_and(wanted)).count()
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
