//! `amictl doctor`: tries what commands may do, and names the permissions that are missing.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use crate::domain::failure::{Failure, Kind};
use crate::domain::permissions_table::{self, Needs};
use crate::output;
use crate::workflows::doctor::{Examination, examine};
use crate::workflows::run::context::{self, Context};

const EXAMPLES: &str = "\
Examples:
  amictl doctor prune                                 may this role prune here?
  amictl doctor prune create --region all --org-role ops/ami
  amictl doctor prune -o json | jq '.missing[0].policy'";

/// Check what commands may do, and print what is missing
///
/// Reads are tried for real, changes by EC2's DryRun on an image, instance or snapshot of the account: nothing changes.
/// Where neither is possible, the status is unknown. Without COMMAND, all commands are checked. Exit code 0 if nothing is
/// denied, else 4.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Commands that are to run [default: all]
    #[arg(value_name = "COMMAND", value_parser = commands(), hide_possible_values = true)]
    commands: Vec<String>,
}

fn commands() -> PossibleValuesParser {
    PossibleValuesParser::new(permissions_table::all().iter().map(|needs| needs.command))
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let wanted = |needs: &&Needs| args.commands.is_empty() || args.commands.iter().any(|name| name == needs.command);
    let commands: Vec<_> = permissions_table::all().iter().filter(wanted).collect();
    let found = examine(context, &commands).await?;
    output::doctor(&context.printer, &found.checks, &found.missing, found.places)?;
    context::tell_errors(context, &found.inactive);
    conclude(&found)
}

fn conclude(found: &Examination) -> Result<()> {
    let denied = found.denied();
    if denied.is_empty() {
        return Ok(());
    }
    let actions = denied.iter().map(|check| check.action).collect::<BTreeSet<_>>();
    let places = denied.iter().map(|check| (&check.account, &check.region)).collect::<BTreeSet<_>>();
    let first = denied.first().map(|check| check.message.as_str()).unwrap_or_default();
    let message =
        format!("denied: {} in {} of {} places; the first: {first}", named(&actions), places.len(), found.places);
    let hint = "attach the policy above; service control policies and boundaries of the organization may deny as well";
    Err(Failure::new(Kind::Refused, "MissingPermissions", message).hint(hint).into())
}

fn named(actions: &BTreeSet<&str>) -> String {
    match actions.len() {
        1..=3 => actions.iter().copied().collect::<Vec<_>>().join(", "),
        many => format!("{many} actions"),
    }
}
