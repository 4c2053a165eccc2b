//! `amictl apply`: executes a saved plan, except rows that no longer hold.

use std::path::PathBuf;

use anyhow::Result;

use crate::domain::age::Age;
use crate::domain::bare_error;
use crate::domain::failure::{Failure, Kind};
use crate::domain::plan::Unusable;
use crate::domain::plan::document::Plan;
use crate::domain::policy::Policy;
use crate::domain::region::RegionChoice;
use crate::domain::report::Report;
use crate::domain::text::BYTE_ORDER_MARK;
use crate::options::journal::JournalArgs;
use crate::options::recycle_bin::BinArgs;
use crate::options::usage::ReportArgs;
use crate::output;
use crate::workflows::prune::policy::bounded;
use crate::workflows::prune::{apply, conclude, survey};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;
use crate::workflows::run::unreadable::unreadable;

const EXAMPLES: &str = "\
Examples:
  amictl prune --policy prod.toml --plan-out plan.json
  amictl apply plan.json
  amictl apply plan.json --yes --max-plan-age 2h -o json";

/// Carry out a saved plan
///
/// Checks every image again first, and skips, with a reason, those that are now in use, protected, changed or gone.
/// Refuses a plan that is too old, was made in another account, or was edited.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Plan saved by prune --plan-out
    #[arg(value_name = "PLAN.json")]
    plan: PathBuf,

    /// Refuse a plan older than this
    #[arg(long, value_name = "AGE", default_value = "24h")]
    max_plan_age: Age,

    /// Skip the confirmation prompt
    #[arg(short, long)]
    yes: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    reports: ReportArgs,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let file = args.plan.display().to_string();
    let text = std::fs::read_to_string(&args.plan).map_err(|error| unreadable(format!("plan {file}"), &error))?;
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    let refuse = |why: Unusable| {
        Failure::new(Kind::Refused, "UnusablePlan", format!("plan {file}: {why}"))
            .hint("make a new one with: amictl prune --plan-out FILE")
    };
    let plan = Plan::parse(text).map_err(|why| match why {
        Unusable::NotAPlan(_) if context.contained => refuse(Unusable::NotAPlan(bare_error::of_json::<Plan>(text))),
        why => refuse(why),
    })?;
    let mut regions: Vec<_> = plan.sources.iter().map(|row| row.region.clone()).collect();
    regions.extend(plan.actions.iter().map(|row| row.region.clone()));
    regions.sort();
    regions.dedup();
    if plan.actions.is_empty() {
        context.printer.say("the plan has no actions: nothing to do");
        return output::report(&context.printer, &Report::default());
    }
    let choices: Vec<_> = regions.into_iter().map(RegionChoice::One).collect();
    let session = context.session_only_in(choices, &plan.policy).await?;
    let mut places = context.unless_stopped(async { Ok(session.places().await.some()?) }).await?;
    plan.check(&places.accounts().await, args.max_plan_age, context.now).map_err(refuse)?;
    places.keep(|account, region| plan.covers(account, region)).await;
    apply::within_limit(&plan)?;
    let usage_reports = plan.policy.usage_reports || args.reports.usage_reports;
    let policy = Policy { usage_reports, ..plan.policy.clone() };
    bounded(context, &policy)?;
    let demand = args.bin.demand();
    let announced = demand.announce_plan(context, &places.targets, &plan);
    let mut surveys = if args.yes || args.dry_run {
        tokio::try_join!(survey::survey(context, &places, &policy, None), announced)?.0
    } else {
        context.printer.show(output::overview(&plan), output::dispensable(&plan));
        context.unless_stopped(announced).await?;
        context.confirm(&output::plan_question(&plan), args.yes, "--yes")?;
        survey::survey(context, &places, &policy, None).await?
    };
    if args.dry_run {
        apply::dry_run(context, &surveys, &plan, &args.journal.file()).await?;
        let now = survey::plan(context, &surveys, &policy, crate::domain::cost::Prices::default());
        return conclude::complete(context, &now, &surveys).map_err(of_a_plan);
    }
    if usage_reports {
        // EC2 needs time for reports, in which an image may come into use.
        surveys = survey::survey(context, &places, &policy, Some(&surveys)).await?;
    }
    let now = survey::plan(context, &surveys, &policy, crate::domain::cost::Prices::default());
    let carried = apply::carry_out(context, &surveys, &plan, &args.journal.file()).await.and_then(|report| {
        let written = output::report(&context.printer, &report);
        reported(context, written, apply::end(context, report))
    });
    conclude::after(context, carried, &now, &surveys).map_err(of_a_plan)
}

/// A saved plan contains its options: to leave something out, the user must make another plan.
fn of_a_plan(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) if failure.code == "Unverified" => failure
            .hint("make the source readable, or leave it out of a new plan: amictl prune --without-source NAME")
            .into(),
        Ok(failure) => failure.into(),
        Err(error) => error,
    }
}
