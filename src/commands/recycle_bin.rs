//! `amictl recycle-bin`: shows what the Recycle Bin would hold, and makes the rules that are missing.

use anyhow::Result;

use crate::domain::recycle_bin::retention::{self as held, RetentionDays};
use crate::output;
use crate::workflows::conclude::survey;
use crate::workflows::recycle_bin::retention::{self, RuleSurvey};
use crate::workflows::run::context::{self, Context};

const EXAMPLES: &str = "\
Examples:
  amictl recycle-bin
  amictl recycle-bin --region all --org-role ami -o json
  amictl recycle-bin --region us-east-1,eu-west-1 --retain 14d --dry-run
  amictl recycle-bin --region us-east-1,eu-west-1 --retain 14d --yes";

/// Show the rules of the Recycle Bin; --retain makes them
///
/// For each account and region: whether retention rules would hold the images that are deregistered and the snapshots
/// that are deleted, and for how long. An image can be restored only while its snapshots are held, too. --retain makes a
/// rule for images and one for snapshots where none without tags holds all of them that long; running it again makes
/// nothing. Such a rule holds, and bills, every snapshot that is deleted there, by anybody. If an account or region
/// fails, the others go on.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Make the missing rules, of 1d to 365d, in every account and region of the run
    #[arg(long, value_name = "DAYS")]
    retain: Option<RetentionDays>,

    /// Skip the confirmation prompt
    #[arg(short, long, requires = "retain")]
    yes: bool,

    /// Only show what would be made; the Recycle Bin has no DryRun, so the permission is not tried
    #[arg(long, requires = "retain")]
    dry_run: bool,
}

impl Args {
    /// Whether it only shows the rules.
    pub fn only_reads(&self) -> bool {
        self.retain.is_none()
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let survey = context.unless_stopped(retention::survey(context)).await?;
    let Some(days) = args.retain else {
        show(context, &survey)?;
        return survey::whole(&survey.errors);
    };
    if survey.missing(days) == (0, 0) {
        show(context, &survey)?;
        context.printer.say(format!("nothing to make: rules hold images and snapshots for at least {days}"));
        return survey::whole(&survey.errors);
    }
    if args.dry_run {
        show(context, &survey)?;
        survey.announce(context, days);
        context
            .printer
            .say("dry run: nothing was made; the Recycle Bin has no DryRun, so the permission was not tried");
        return survey::whole(&survey.errors);
    }
    if !args.yes {
        context.printer.show(output::retention_overview(&survey.places), &[]);
    }
    survey.announce(context, days);
    context.confirm("Make these rules?", args.yes, "--yes")?;
    // A person takes time to answer, and others may have made rules.
    let mut survey = match args.yes {
        true => survey,
        false => context.unless_stopped(retention::survey(context)).await?,
    };
    survey.make(context, days).await;
    show(context, &survey)?;
    survey.tell_undo(context);
    survey.conclude(context, days)
}

/// Shows the rules, and what is wrong with them.
fn show(context: &Context, survey: &RuleSurvey) -> Result<()> {
    output::retention(&context.printer, &survey.places, &survey.errors)?;
    for warning in held::warnings(&survey.places) {
        context.printer.tell(&format!("warning: {warning}"));
    }
    if let Some(pending) = held::pending(&survey.places) {
        context.printer.say(pending);
    }
    context::tell_errors(context, &survey.errors);
    Ok(())
}
