//! `amictl apply`: carries out a plan that was saved, as far as it still holds.

use std::path::PathBuf;

use anyhow::Result;

use super::Context;
use super::bin::BinArgs;
use super::destroy::JournalArgs;
use super::{planning, prune};
use crate::domain::age::Age;
use crate::domain::failure::{Failure, Kind};
use crate::domain::plan::Plan;
use crate::domain::region::RegionChoice;
use crate::domain::report::Report;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  amictl prune --policy prod.toml --plan-out plan.json
  amictl apply plan.json
  amictl apply plan.json --yes --max-plan-age 2h -o json";

/// Carry out a saved plan
///
/// Reads everything again first, and skips, with the reason, every image that is now in use, protected, changed or
/// gone. Refuses a plan that is too old, was made in another account, or was edited.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The plan, as saved by prune --plan-out
    #[arg(value_name = "PLAN.json")]
    plan: PathBuf,

    /// The oldest plan that is carried out
    #[arg(long, value_name = "AGE", default_value = "24h")]
    max_plan_age: Age,

    /// Does not ask
    #[arg(short, long)]
    yes: bool,

    /// Asks EC2 whether it would work; changes nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let file = args.plan.display().to_string();
    let text = std::fs::read_to_string(&args.plan).map_err(|error| Failure::usage(format!("plan {file}: {error}")))?;
    let refuse = |why: crate::domain::plan::Unusable| {
        Failure::new(Kind::Refused, "UnusablePlan", format!("plan {file}: {why}"))
            .hint("make a new one with: amictl prune --plan-out FILE")
    };
    let plan = Plan::parse(&text).map_err(refuse)?;
    let mut regions: Vec<_> = plan.sources.iter().map(|row| row.region.clone()).collect();
    regions.extend(plan.actions.iter().map(|row| row.region.clone()));
    regions.sort();
    regions.dedup();
    if plan.actions.is_empty() {
        context.printer.say("the plan has no actions: nothing to do");
        return output::report(&context.printer, &Report::default());
    }
    let choices: Vec<_> = regions.into_iter().map(RegionChoice::One).collect();
    let targets = context.session_only_in(choices).await?.one_account().await?;
    let here = match targets.first() {
        Some(target) => target.account().await.ok().cloned(),
        None => None,
    };
    plan.check(here.as_ref(), args.max_plan_age, context.now).map_err(refuse)?;
    prune::within_limit(&plan)?;
    let survey = || planning::survey(context, targets.clone(), &plan.policy);
    let surveys = if args.yes || args.dry_run {
        tokio::try_join!(survey(), args.bin.announce_plan(context, &targets, &plan))?.0
    } else {
        context.printer.show(output::overview(&plan), output::DISPENSABLE);
        context.unless_stopped(args.bin.announce_plan(context, &targets, &plan)).await?;
        let question = format!("Deregister {} images and delete their snapshots?", plan.summary.actions);
        context.confirm(&question, args.yes)?;
        survey().await?
    };
    if args.dry_run {
        return prune::dry_run(context, &surveys, &plan).await;
    }
    let now = planning::plan(context, &surveys, &plan.policy, crate::domain::cost::Prices::default()).await;
    prune::carry_out(context, &surveys, &plan, &args.journal).await?;
    prune::verified(&now)
}
