//! `amictl unprotect`: disables deregistration protection on images.

use anyhow::Result;

use crate::domain::change::Change;
use crate::options::images::Which;
use crate::output;
use crate::workflows::change;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl unprotect web:v3
  amictl unprotect ami-0123456789abcdef0 --region eu-west-1";

/// Turn deregistration protection off
///
/// If an image was protected with a cooldown, EC2 refuses to deregister it for another 24 hours. The report says until
/// when, also if the command is run again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let changes = change::run(context, args.which.request(), &Change::Unprotect).await?;
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}
