//! `amictl deregister`: an image and the snapshots that nothing else needs.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Context;
use super::bin::{self, BinArgs, Going};
use super::destroy::{self, JournalArgs};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::reason::named;
use crate::domain::reference::ImageRef;
use crate::domain::usage::{Source, Usage, Verdict};
use crate::output::{self, Cell, Sheet, Tone};
use crate::service::deregister;
use crate::service::images::{self, Query};
use crate::service::removal::Removal;
use crate::service::usage::{self, Scope};
use crate::service::{Target, resolve};

const EXAMPLES: &str = "\
Examples:
  amictl deregister web-v1-2024-12-18
  amictl deregister web:v1 web:v2 --yes -o json
  amictl deregister ami-0123456789abcdef0 --keep-snapshots";

/// Deregister images and delete the snapshots that nothing else needs
///
/// Refuses images that are in use or protected, and images whose use cannot be verified. Shows what goes and
/// asks first. Snapshots of other images, disabled ones too, are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The images: ids, names, web:v3 or web:prod
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    /// Deletes no snapshots
    #[arg(long)]
    keep_snapshots: bool,

    /// Also deregisters what is in use; protection still holds
    #[arg(long)]
    allow_in_use: bool,

    /// Does not look for use in this source; repeat it for several
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    without_source: Vec<Source>,

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
    let target = context.target().await?;
    let chosen = resolve::images(&target, &args.references, context.now).await?;
    let here = std::slice::from_ref(&target);
    let (removals, rules) = tokio::try_join!(plan(context, &target, &args, &chosen), bin::rules(here))?;
    let going = rules.into_iter().map(|rules| (target.clone(), rules, Going::of(&removals))).collect();
    if args.dry_run {
        for removal in &removals {
            deregister::check(&target, removal).await?;
        }
        context.printer.show(overview(&removals), &["SIZE"]);
        args.bin.announce(context, going).await?;
        context.printer.say("dry run: this would be deregistered and deleted");
        return Ok(());
    }
    if !args.yes {
        context.printer.show(overview(&removals), &["SIZE"]);
    }
    args.bin.announce(context, going).await?;
    context.confirm(&question(&removals), args.yes)?;
    let removals = if args.yes { removals } else { recheck(context, &target, &args, &removals).await? };
    let journal = args.journal.open(context, &target).await?;
    let report = destroy::carry_out(context, vec![(target, removals)], &journal).await;
    output::report(&context.printer, &report)?;
    destroy::finish(context, &report)
}

/// Decides what goes with each image, or refuses all of it.
async fn plan(context: &Context, target: &Target, args: &Args, chosen: &[Image]) -> Result<Vec<Removal>> {
    owned(target, chosen).await?;
    protected(chosen)?;
    let spinner = context.printer.bars().spinner("looking for use");
    let scope = Scope { without: args.without_source.iter().copied().collect(), ..Scope::default() };
    let all_own = Query::own();
    let leaving: BTreeSet<_> = chosen.iter().map(|image| image.id.clone()).collect();
    let (used, own) =
        tokio::join!(usage::find(target, async { leaving.clone() }, &scope, &|_| {}), images::find(target, &all_own));
    drop(spinner);
    if !args.allow_in_use {
        unused(chosen, &used)?;
    }
    let needed = images::shared_snapshots(&own?, &leaving);
    Ok(chosen.iter().map(|image| Removal::new(image.clone(), &needed, args.keep_snapshots)).collect())
}

async fn owned(target: &Target, chosen: &[Image]) -> Result<()> {
    let Some(foreign) = chosen.iter().find(|image| !image.own) else { return Ok(()) };
    let owner = foreign.owner.as_ref().map_or("another account", |owner| owner.as_str());
    let message = format!("{} belongs to {owner}, not to {}", foreign.label(), target.place().await);
    Err(Failure::new(Kind::Failed, "AuthFailure", message).hint("only its owner can deregister an image").into())
}

fn protected(chosen: &[Image]) -> Result<()> {
    let on: Vec<_> = chosen.iter().filter(|image| image.protection.is_on()).collect();
    let Some(first) = on.first() else { return Ok(()) };
    let list: Vec<_> = on.iter().map(|i| format!("{}: {}", i.label(), i.protection.as_str())).collect();
    let message = format!("protected from deregistration in {}: {}", first.region, list.join(", "));
    let hint =
        format!("aws ec2 disable-image-deregistration-protection --image-id {} --region {}", first.id, first.region);
    Err(Failure::new(Kind::Refused, "Protected", message).hint(format!("lift the protection with: {hint}")).into())
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
                        crate::domain::usage::SourceStatus::Failed(p) => {
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
/// with what was shown.
async fn recheck(context: &Context, target: &Target, args: &Args, shown: &[Removal]) -> Result<Vec<Removal>> {
    let ids: Vec<_> = shown.iter().map(|removal| removal.image.id.clone()).collect();
    let now = images::by_ids(target, &ids).await?;
    let mut again = plan(context, target, args, &now).await?;
    for removal in &mut again {
        let before = shown.iter().find(|r| r.image.id == removal.image.id);
        removal.only(before.map_or(&[], |r| &r.delete));
    }
    Ok(again)
}

fn overview(removals: &[Removal]) -> Sheet {
    let mut sheet = Sheet::new(["VERDICT", "WHAT", "ID", "SIZE"]);
    for removal in removals {
        let name = removal.image.name.clone().unwrap_or_default();
        let size = format!("{} GiB", removal.image.size_gib);
        let id = removal.image.id.as_str();
        sheet.rows.push(vec![Cell::toned("deregister", Tone::Bad), name.into(), id.into(), size.into()]);
        for snapshot in &removal.image.snapshots {
            let (verdict, tone, why) = match () {
                () if removal.delete.contains(&snapshot.id) => ("delete", Tone::Bad, ""),
                () if removal.shared.contains(&snapshot.id) => ("keep", Tone::Good, ", another image needs it"),
                () => ("keep", Tone::Good, ""),
            };
            let what = format!("  snapshot of {}{why}", snapshot.device);
            let size = format!("{} GiB", snapshot.size_gib);
            sheet.rows.push(vec![Cell::toned(verdict, tone), what.into(), snapshot.id.as_str().into(), size.into()]);
        }
    }
    sheet
}

fn question(removals: &[Removal]) -> String {
    let snapshots: usize = removals.iter().map(|r| r.delete.len()).sum();
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    format!("Deregister {} and delete {}?", plural(removals.len(), "image"), plural(snapshots, "snapshot"))
}
