//! `amictl deregister`: an image and the snapshots that nothing else needs.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use super::again::Whole;
use super::bin::{Bin, BinArgs, Going};
use super::chosen::{self, Chosen};
use super::destroy::{self, JournalArgs};
use super::reports::ReportArgs;
use super::unfinished::{self, Ways};
use super::using::{self, Used};
use super::{Context, snapshots_elsewhere};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::image::{Cooling, Image};
use crate::domain::reason::named;
use crate::domain::reference::ImageRef;
use crate::domain::removal::Removal;
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};
use crate::domain::snapshot_use::{stays, stays_by};
use crate::domain::usage::source::{Source, Usage, Verdict};
use crate::output::{self, Cell, Sheet, Tone};
use crate::service::images::{self, Query};
use crate::service::usage::Scope;
use crate::service::{Target, deregister};

const EXAMPLES: &str = "\
Examples:
  amictl deregister web-v1-2024-12-18
  amictl deregister web:v1 web:v2 --yes -o json
  amictl deregister ami-0123456789abcdef0 --keep-snapshots";

/// Deregister images and delete the snapshots that nothing else needs
///
/// Refuses images that are in use or protected, and images whose use cannot be verified. Shows what goes and
/// asks first. Snapshots of other images, disabled ones too, are kept, and so are those that launch templates,
/// launch configurations or Spot requests name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The images: ids, names, web:v3 or web:prod
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    /// Deletes no snapshots; they get the tag amictl:keep first, so that 'amictl orphans' spares them
    #[arg(long)]
    keep_snapshots: bool,

    /// Also deregisters what is in use; protection still holds
    #[arg(long)]
    allow_in_use: bool,

    /// Does not look for use in this source; repeat it for several
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    without_source: Vec<Source>,

    #[command(flatten)]
    reports: ReportArgs,

    /// Does not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    journal: JournalArgs,

    /// Asks EC2 whether it would work; changes nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let chosen = match chosen::choose(context, &args.references, false, false).await {
        Ok(chosen) => chosen,
        Err(missing) => {
            let how = Ways { yes: args.yes, dry_run: args.dry_run, keep: args.keep_snapshots };
            return unfinished::finish(context, &args.references, &args.journal, how, missing).await;
        }
    };
    let targets: Vec<_> = chosen.by_place().into_iter().map(|(target, _)| target).collect();
    let reports = args.reports.usage_reports;
    let (work, bin) = tokio::try_join!(plan(context, &args, &chosen, reports), Bin::of(&targets))?;
    if args.dry_run {
        for (target, removals) in &work {
            for removal in removals {
                deregister::check(target, removal).await?;
            }
        }
        context.printer.show(overview(&work), DISPENSABLE);
        args.bin.announce(context, &bin, going(&work)).await?;
        context.printer.say("dry run: this would be deregistered and deleted");
        let all = work.iter().flat_map(|(_, removals)| removals);
        let would = all.map(|removal| Outcome::new(&removal.image, Verb::Deregister, false, Status::Done));
        let report = Report { results: would.collect(), errors: chosen.errors, ..Report::default() };
        return destroy::finish(context, &report, None);
    }
    if !args.yes {
        context.printer.show(overview(&work), DISPENSABLE);
    }
    args.bin.announce(context, &bin, going(&work)).await?;
    context.confirm(&question(&work), args.yes)?;
    let work = if args.yes { work } else { recheck(context, &args, &chosen, &work).await? };
    let journal = args.journal.open(context, work.iter().map(|(target, _)| target)).await?;
    let mut report = destroy::carry_out(context, work, &journal).await;
    let rest = Whole::of(&chosen).rest(&context.again, &report);
    report.errors = chosen.errors;
    output::report(&context.printer, &report)?;
    let hints: Vec<_> = rest.into_iter().chain(destroy::left_behind(&report)).collect();
    destroy::finish(context, &report, (!hints.is_empty()).then(|| hints.join("; ")))
}

/// What is to be removed, place by place.
type Work = Vec<(Target, Vec<Removal>)>;

fn going(work: &Work) -> Vec<(Target, Going)> {
    work.iter().map(|(target, removals)| (target.clone(), Going::of(removals))).collect()
}

/// Decides what goes with each image, or refuses all of it.
async fn plan(context: &Context, args: &Args, chosen: &Chosen, reports: bool) -> Result<Work> {
    let places = chosen.by_place();
    for (target, images) in &places {
        owned(target, images).await?;
        protected(images, context.now)?;
    }
    let scope = Scope::new(args.without_source.iter().copied().collect(), Vec::new());
    let mut used: Vec<Used> = Vec::new();
    if !args.allow_in_use {
        // EC2 takes its time to make reports, in which an image may come into use: that is looked at once more.
        let looks: &[bool] = if reports { &[true, false] } else { &[false] };
        for reports in looks {
            used = using::usage_of(context, chosen, &scope, *reports).await?;
            for place in &used {
                unused(&place.images, &place.usage)?;
            }
        }
    }
    let regions: BTreeSet<_> = places.iter().map(|(target, _)| target.region.clone()).collect();
    let (regions, naming) = (regions.iter().collect(), OnceCell::new());
    let mut work = Vec::new();
    for (target, images) in places {
        let leaving: BTreeSet<_> = images.iter().map(|image| image.id.clone()).collect();
        let needed = images::shared_snapshots(&images::find(&target, &Query::own()).await?, &leaving);
        let mut removals: Vec<_> =
            images.into_iter().map(|image| Removal::new(image, &needed, args.keep_snapshots)).collect();
        match used.iter().find(|place| place.target.is(&target)) {
            Some(place) => removals.iter_mut().for_each(|removal| removal.spare(|id| stays(&place.usage, id))),
            // That an image may go in spite of use does not say that of the snapshots which templates name.
            None => {
                let ids: Vec<_> = removals.iter().flat_map(|removal| removal.delete.iter().cloned()).collect();
                let naming = naming.get_or_init(|| snapshots_elsewhere::naming(chosen, &regions, &scope)).await;
                let named = match naming {
                    Ok(naming) => Ok(naming.of(&target, &ids).await),
                    Err(problem) => Err(problem.clone()),
                };
                let named = |id: &SnapshotId| named.as_ref().map_err(Clone::clone)?.of(id);
                removals.iter_mut().for_each(|removal| removal.spare(|id| stays_by(&named(id), id)));
            }
        }
        work.push((target, removals));
    }
    Ok(work)
}

async fn owned(target: &Target, chosen: &[Image]) -> Result<()> {
    let Some(foreign) = chosen.iter().find(|image| !image.own) else { return Ok(()) };
    let owner = foreign.owner.as_ref().map_or("another account", |owner| owner.as_str());
    let message = format!("{} belongs to {owner}, not to {}", foreign.label(), target.place().await);
    Err(Failure::new(Kind::Failed, "AuthFailure", message).hint("only its owner can deregister an image").into())
}

fn protected(chosen: &[Image], now: DateTime<Utc>) -> Result<()> {
    let on: Vec<_> = chosen.iter().filter(|image| image.protection.holds(now)).collect();
    let Some(first) = on.first() else { return Ok(()) };
    let list: Vec<_> = on.iter().map(|i| format!("{}: {}", i.label(), i.protection.word(now))).collect();
    let message = format!("protected from deregistration in {}: {}", first.region, list.join(", "));
    // What is lifted already cannot be lifted again.
    let hint = match first.protection.cooling(now) {
        None => format!("lift the protection with: amictl unprotect {} --region {}", first.id, first.region),
        Some(Cooling::Until(end)) => {
            format!("it is lifted, and EC2 lets the image go after {}", end.format("%Y-%m-%d %H:%M UTC"))
        }
        Some(Cooling::ForADay) => "it is lifted, and EC2 lets the image go within 24 hours of that".to_owned(),
    };
    Err(Failure::new(Kind::Refused, "Protected", message).hint(hint).into())
}

/// Refuses unless nobody uses the images, as far as every source tells.
pub fn unused<'a>(chosen: impl IntoIterator<Item = &'a Image>, used: &Usage) -> Result<()> {
    for image in chosen {
        match used.verdict(&image.id) {
            Verdict::Unused => {}
            Verdict::InUse(by) => {
                let message = format!("{} in {} is in use by {}", image.label(), image.region, named(by));
                let hint = "take it out of use first, or give --allow-in-use";
                return Err(Failure::new(Kind::Refused, "InUse", message).hint(hint).into());
            }
            Verdict::Unverified(failed) => {
                let why: Vec<_> = failed
                    .iter()
                    .filter_map(|state| match &state.status {
                        crate::domain::usage::source::SourceStatus::Failed(p) => {
                            Some(format!("{}: {} [{}]", state.source, p.message, p.code))
                        }
                        _ => None,
                    })
                    .collect();
                let message = format!(
                    "whether {} in {} is in use cannot be verified: {}",
                    image.label(),
                    image.region,
                    why.join("; ")
                );
                let hint = "make the source readable, or leave it out with --without-source NAME";
                return Err(Failure::new(Kind::Refused, "Unverified", message).hint(hint).into());
            }
        }
    }
    Ok(())
}

/// While a person was thinking, an image may have been put to use: looks at everything again, and goes on only
/// with what was shown. Reports, which are a day behind, would say the same once more.
async fn recheck(context: &Context, args: &Args, chosen: &Chosen, shown: &Work) -> Result<Work> {
    let mut now = Vec::new();
    for (target, removals) in shown {
        let ids: Vec<_> = removals.iter().map(|removal| removal.image.id.clone()).collect();
        now.extend(images::by_ids(target, &ids).await?.into_iter().map(|image| (target.clone(), image)));
    }
    let mut again = plan(context, args, &chosen.with(now), false).await?;
    for removal in again.iter_mut().flat_map(|(_, removals)| removals) {
        let before = shown.iter().flat_map(|(_, removals)| removals).find(|r| r.image.id == removal.image.id);
        removal.only(before.map_or(&[], |r| &r.delete));
    }
    Ok(again)
}

/// The columns that a narrow terminal goes without.
const DISPENSABLE: &[&str] = &["SIZE", "REGION", "ACCOUNT"];

fn overview(work: &Work) -> Sheet {
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
            let what = format!("  it is {}: EC2 may make snapshots that it does not tell of yet", removal.image.state);
            sheet.rows.push(vec!["".into(), "".into(), "look".into(), what.into(), "".into(), "".into()]);
        }
    }
    if work.len() > 1 { sheet } else { sheet.without(&["ACCOUNT", "REGION"]) }
}

fn question(work: &Work) -> String {
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
