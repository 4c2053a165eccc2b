//! `amictl orphans`: finds and deletes snapshots left over from images that no longer exist.

use anyhow::Result;

use crate::domain::age::Age;
use crate::domain::cost::Prices;
use crate::domain::failure::{Failure, Kind};
use crate::domain::limit::Limit;
use crate::domain::orphan::Spared;
use crate::domain::problem::PlaceError;
use crate::domain::report::SnapshotResult;
use crate::options::journal::JournalArgs;
use crate::options::price::PriceArgs;
use crate::options::recycle_bin::BinArgs;
use crate::output;
use crate::service::snapshots;
use crate::workflows::conclude::survey;
use crate::workflows::orphans::delete::delete;
use crate::workflows::orphans::found::FoundOrphan;
use crate::workflows::orphans::search::{self, OrphanSearch};
use crate::workflows::orphans::survey::{OrphanSurvey, find, going, orphans, still};
use crate::workflows::recycle_bin::outlook::RetentionRules;
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl orphans --region all
  amictl orphans --min-age 30d --apply
  amictl orphans --apply --yes --max-delete 50 -o json
  amictl orphans --region all --apply --yes --max-delete 10%";

/// Find snapshots without an image; --apply deletes them
///
/// Shows a plan and changes nothing unless --apply is given. A snapshot is an orphan if it was provably made for an
/// image of this account and region, the image is gone and not in the Recycle Bin, and no image, launch template or
/// launch configuration needs the snapshot. The proof is EC2's own description of a snapshot it took of a volume, or
/// amictl's tag with the snapshot's id (other tags and descriptions are copied along with snapshots). Doubtful
/// snapshots are shown and kept. Snapshots made by hand, by AWS Backup or by Data Lifecycle Manager, and those tagged
/// amictl:keep, are left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Keep snapshots younger than this
    #[arg(long, value_name = "AGE", default_value = "7d")]
    min_age: Age,

    /// Delete them, after a confirmation
    #[arg(long)]
    apply: bool,

    /// With --apply: only check with EC2 (DryRun) that it would work
    #[arg(long, requires = "apply")]
    dry_run: bool,

    /// Skip the confirmation prompt; --max-delete is required then
    #[arg(short, long, requires = "apply")]
    yes: bool,

    /// Delete at most N snapshots, or P% of all own snapshots of the accounts and regions
    #[arg(long, value_name = "N|P%")]
    max_delete: Option<Limit>,

    /// If the Recycle Bin cannot be read, go on, even if an image in it needs the snapshots
    #[arg(long)]
    ignore_recycle_bin: bool,

    #[command(flatten)]
    price: PriceArgs,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    journal: JournalArgs,
}

impl Args {
    /// Whether it only shows what it finds.
    pub fn only_reads(&self) -> bool {
        !self.apply
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if args.apply && args.yes && args.max_delete.is_none() {
        return Err(Limit::missing("--max-delete N or --max-delete P%").into());
    }
    let session = context.session().await?;
    let places = context.unless_stopped(async { Ok(session.places().await.some()?) }).await?;
    let prices = Prices::new(args.price.price_per_gb);
    let wanted = OrphanSearch { min_age: args.min_age, ignore_recycle_bin: args.ignore_recycle_bin, now: context.now };
    let bin = async {
        if args.apply || args.bin.demand().required {
            RetentionRules::of(&places.targets).await
        } else {
            Ok(RetentionRules::default())
        }
    };
    let (looked, bin) = tokio::try_join!(find(context, &places, &wanted), bin)?;
    let OrphanSurvey { found, spared, errors, own } = looked;
    if !args.apply || found.is_empty() {
        output::orphans(&context.printer, &orphans(&found), &spared, &errors, prices)?;
        context.printer.say(output::orphan_summary(&orphans(&found), prices));
        search::tell(context, &spared);
        args.bin.demand().announce(context, &bin, going(&found)).await?;
        return whole(context, &spared, &errors);
    }
    if let Some(limit) = args.max_delete.filter(|limit| found.len() > limit.most(own)) {
        let (count, most) = (found.len(), limit.most(own));
        let message = format!("{count} snapshots would be deleted, but the limit of {limit} allows {most} of {own}");
        let failure = Failure::new(Kind::Refused, "OverLimit", message);
        return Err(failure.hint("review them with 'amictl orphans', then raise --max-delete").into());
    }
    args.bin.demand().announce(context, &bin, going(&found)).await?;
    if args.dry_run {
        for (target, orphan) in &found {
            snapshots::delete_dry_run(target, &orphan.snapshot.id).await?;
        }
        output::orphans(&context.printer, &orphans(&found), &spared, &errors, prices)?;
        context.printer.say("dry run: these would be deleted");
        search::tell(context, &spared);
        return whole(context, &spared, &errors);
    }
    if !args.yes {
        found.iter().for_each(|(_, o)| context.printer.tell(&format!("{} in {}: {}", o.snapshot.id, o.region, o.why)));
    }
    context.confirm(&format!("Delete {} snapshots?", found.len()), args.yes, Limit::unasked(args.max_delete))?;
    // A person takes time to answer, so what was shown is compared with the current state.
    let (found, spared, errors) = match args.yes {
        true => (found, spared, errors),
        false => {
            let now = find(context, &places, &wanted).await?;
            (still(&found, now.found), now.spared, now.errors)
        }
    };
    let done = delete(context, found, &args.journal.file()).await?;
    let written = output::orphans(&context.printer, &orphans(&done), &spared, &errors, prices);
    search::tell(context, &spared);
    reported(context, written, finish(context, &done).and_then(|()| whole(context, &spared, &errors)))
}

/// Fails if templates or an account could not be read.
fn whole(context: &Context, spared: &[Spared], errors: &[PlaceError]) -> Result<()> {
    context::tell_errors(context, errors);
    search::verified(spared)?;
    survey::whole(errors)
}

fn finish(context: &Context, done: &[FoundOrphan]) -> Result<()> {
    let count = |wanted: fn(&SnapshotResult) -> bool| {
        done.iter().filter(|(_, orphan)| orphan.result.as_ref().is_some_and(wanted)).count()
    };
    let deleted = count(|r| *r == SnapshotResult::Deleted);
    let failed = count(|r| matches!(r, SnapshotResult::Failed(_)));
    let message = format!("{deleted} deleted, {failed} failed, {} left alone", done.len() - deleted - failed);
    if context.stop.asked() {
        return Err(Failure::interrupted(message).into());
    }
    let kind = match (deleted, failed) {
        (_, 0) => return Ok(()),
        (0, _) => Kind::Failed,
        _ => Kind::Partial,
    };
    Err(Failure::new(kind, "PartialOrphans", message).hint("run the command again for those that failed").into())
}
