//! `amictl deregister`: deregisters images and deletes the snapshots that nothing else needs.

use anyhow::Result;

use crate::domain::ids::AccountId;
use crate::domain::reference::ImageRef;
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};
use crate::options::journal::JournalArgs;
use crate::options::recycle_bin::BinArgs;
use crate::options::usage::{ReportArgs, SourceArgs};
use crate::output::{self, Cell, Sheet, Tone};
use crate::service::deregister;
use crate::workflows::conclude::removals;
use crate::workflows::conclude::resume::Remainder;
use crate::workflows::deregister::interrupted::{self, Ways};
use crate::workflows::deregister::plan::{Removals, Request, going, plan, recheck};
use crate::workflows::deregister::remove;
use crate::workflows::recycle_bin::outlook::RetentionRules;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;
use crate::workflows::select::references;

const EXAMPLES: &str = "\
Examples:
  amictl deregister web-v1-2024-12-18
  amictl deregister web:v1 web:v2 --yes -o json
  amictl deregister ami-0123456789abcdef0 --keep-snapshots";

/// Deregister images and delete their snapshots
///
/// Refuses images that are in use or protected, and images whose use cannot be verified. Shows what would be deleted
/// and asks first. Keeps snapshots that another image needs, even a disabled one, or that a launch template, launch
/// configuration or Spot request names.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images: ids, names, web:v3 or web:prod
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    /// Keep the snapshots; tags them amictl:keep first, so that 'amictl orphans' keeps them too
    #[arg(long)]
    keep_snapshots: bool,

    /// Deregister images even if in use; protection still holds
    #[arg(long)]
    allow_in_use: bool,

    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    reports: ReportArgs,

    /// Skip the confirmation prompt
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    journal: JournalArgs,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let chosen = match references::choose(context, &args.references, false, false).await {
        Ok(chosen) => chosen,
        Err(missing) => {
            let how = Ways { yes: args.yes, dry_run: args.dry_run, keep: args.keep_snapshots };
            let done = interrupted::finish(context, &args.references, &args.journal.file(), how, missing).await?;
            let Some(report) = done else { return Ok(()) };
            let written = output::report(&context.printer, &report);
            return reported(context, written, removals::finish(context, &report, removals::left_behind(&report)));
        }
    };
    let targets: Vec<_> = chosen.by_place().into_iter().map(|(target, _)| target).collect();
    let reports = args.reports.usage_reports;
    let request = Request {
        keep_snapshots: args.keep_snapshots,
        allow_in_use: args.allow_in_use,
        without: args.sources.without_source.iter().copied().collect(),
    };
    let (work, bin) = tokio::try_join!(plan(context, &request, &chosen, reports), RetentionRules::of(&targets))?;
    if args.dry_run {
        for (target, removals) in &work {
            for removal in removals {
                deregister::check(target, removal).await?;
            }
        }
        context.printer.show(overview(&work), DISPENSABLE);
        args.bin.demand().announce(context, &bin, going(&work)).await?;
        context.printer.say("dry run: this would be deregistered and deleted");
        let all = work.iter().flat_map(|(_, removals)| removals);
        let would = all.map(|removal| Outcome::new(&removal.image, Verb::Deregister, false, Status::Done));
        let report = Report { results: would.collect(), errors: chosen.errors, ..Report::default() };
        return removals::finish(context, &report, None);
    }
    if !args.yes {
        context.printer.show(overview(&work), DISPENSABLE);
    }
    args.bin.demand().announce(context, &bin, going(&work)).await?;
    context.confirm(&question(&work), args.yes, "--yes")?;
    let work = if args.yes { work } else { recheck(context, &request, &chosen, &work).await? };
    let journal = args.journal.file().open(context, work.iter().map(|(target, _)| target)).await?;
    let mut report = remove::carry_out(context, work, &journal).await;
    let rest = Remainder::of(&chosen).rest(&context.invocation, &report);
    report.errors = chosen.errors;
    let written = output::report(&context.printer, &report);
    let hints: Vec<_> = rest.into_iter().chain(removals::left_behind(&report)).collect();
    reported(context, written, removals::finish(context, &report, (!hints.is_empty()).then(|| hints.join("; "))))
}

/// The columns to drop on a narrow terminal.
const DISPENSABLE: &[&str] = &["SIZE", "REGION", "ACCOUNT"];

fn overview(work: &Removals) -> Sheet {
    let mut sheet = Sheet::new(["ACCOUNT", "REGION", "VERDICT", "WHAT", "ID", "SIZE"]);
    for removal in work.iter().flat_map(|(_, removals)| removals) {
        let account = removal.image.owner.as_ref().map_or("unknown", AccountId::as_str);
        let mut place = vec![account.into(), removal.image.region.as_str().into()];
        let name = removal.image.name.clone().unwrap_or_default();
        let size = format!("{} GiB", removal.image.size_gib);
        let id = removal.image.id.as_str();
        place.extend([Cell::toned("deregister", Tone::Bad), name.into(), id.into(), size.into()]);
        sheet.rows.push(place);
        for snapshot in &removal.image.snapshots {
            let spared = removal.spared.iter().find(|(id, _)| *id == snapshot.id).map(|(_, result)| result);
            let (verdict, tone, why) = match spared {
                Some(SnapshotResult::KeptInUse(by)) => ("keep", Tone::Good, format!(", in use by {by}")),
                Some(SnapshotResult::KeptUnverified(why)) => ("keep", Tone::Good, format!(", {why}")),
                _ if removal.delete.contains(&snapshot.id) => ("delete", Tone::Bad, String::new()),
                _ if removal.shared.contains(&snapshot.id) => {
                    ("keep", Tone::Good, ", another image needs it".to_owned())
                }
                _ => ("keep", Tone::Good, String::new()),
            };
            let what = format!("  snapshot of {}{why}", snapshot.device);
            let size = format!("{} GiB", snapshot.size_gib);
            let id = snapshot.id.as_str().into();
            let row = ["".into(), "".into(), Cell::toned(verdict, tone), what.into(), id, size.into()];
            sheet.rows.push(row.into());
        }
        if removal.image.state.may_become_available() {
            let what = format!("  it is {}: EC2 may still create snapshots for it", removal.image.state);
            sheet.rows.push(vec!["".into(), "".into(), "look".into(), what.into(), "".into(), "".into()]);
        }
    }
    if work.len() > 1 { sheet } else { sheet.without(&["ACCOUNT", "REGION"]) }
}

fn question(work: &Removals) -> String {
    let removals: Vec<_> = work.iter().flat_map(|(_, removals)| removals).collect();
    let snapshots: usize = removals.iter().map(|r| r.delete.len()).sum();
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let spared: usize = removals.iter().map(|r| r.spared.len()).sum();
    let spared = match spared {
        0 => String::new(),
        n => format!(" ({} kept, which something may need)", plural(n, "snapshot")),
    };
    format!("Deregister {} and delete {}{spared}?", plural(removals.len(), "image"), plural(snapshots, "snapshot"))
}
