//! `amictl stale`: running instances whose image is behind its family, or should not run.

use anyhow::Result;
use clap::ValueEnum;

use crate::domain::age::Age;
use crate::domain::alias::Alias;
use crate::domain::failure::{Failure, Kind};
use crate::domain::family::FamilyWord;
use crate::domain::stale::StaleRules;
use crate::output;
use crate::output::printer::Format;
use crate::workflows::conclude::survey;
use crate::workflows::run::context::{self, Context};
use crate::workflows::stale::{self, StaleSurvey};

const EXAMPLES: &str = "\
Examples:
  amictl stale
  amictl stale web --alias prod                     compared with what web:prod names
  amictl stale --older-than 30d --fail-on stale     for CI: exit 4 if anything has been behind for 30 days
  amictl stale --org-role ami --region all -o json";

/// Find running instances whose image is behind its family
///
/// Also those whose image is deregistered, revoked, disabled, deprecated, or not allowed by the Allowed AMIs of the
/// account. EC2 tells the image of an instance even when it is deregistered. Stopped instances do not count. The image
/// of an account outside the run is compared only with --alias. A FAMILY without any image or instance is an error.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Instances whose images are of these families [default: all]
    #[arg(value_name = "FAMILY")]
    family: Vec<FamilyWord>,

    /// Compare with the image that this alias names, e.g. prod [default: the newest version]
    #[arg(long, value_name = "ALIAS")]
    alias: Option<Alias>,

    /// Count an image as behind only from so many versions on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    min_versions: Option<u64>,

    /// Count an image as behind only if a newer version was made that long ago, e.g. 30d
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,

    /// Exit with 4 if an instance is stale
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Stale,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if context.families.is_empty() {
        for family in &args.family {
            family.check().map_err(|error| Failure::usage(error.to_string()))?;
        }
    }
    let rules = StaleRules { families: args.family, min_versions: args.min_versions, older_than: args.older_than };
    let StaleSurvey { report, errors } = Box::pin(stale::find(context, args.alias.as_ref(), &rules)).await?;
    output::stale(&context.printer, &report, &errors, context.now)?;
    if context.printer.format() == Format::Table {
        context.printer.say(output::stale_summary(&report));
    }
    if let Some(alias) = &args.alias {
        let lines = output::without_alias(alias, &report).into_iter().chain(output::revoked_goals(alias, &report));
        lines.for_each(|line| context.printer.tell(&line));
    }
    output::not_compared(&report).iter().for_each(|line| context.printer.say(line));
    context::tell_errors(context, &errors);
    match (args.fail_on, report.instances.len()) {
        (Some(FailOn::Stale), count) if count > 0 => {
            let message = match count {
                1 => "1 instance is stale".to_owned(),
                count => format!("{count} instances are stale"),
            };
            let hint = "roll out a newer image with 'amictl rollout GROUP --image FAMILY', or replace the instances";
            Err(Failure::new(Kind::Refused, "Stale", message).hint(hint).into())
        }
        _ => survey::whole(&errors),
    }
}
