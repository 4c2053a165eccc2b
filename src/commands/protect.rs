//! `amictl protect`: enables deregistration protection on images.

use anyhow::Result;

use crate::domain::change::Change;
use crate::options::images::Which;
use crate::output;
use crate::workflows::change;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl protect web:prod
  amictl protect web:v3 web:v4 --region us-east-1,eu-west-1
  amictl protect web:prod --cooldown --copies --region all";

/// Protect images from deregistration
///
/// EC2 then refuses to deregister them, and so do deregister and prune. An existing cooldown stays, even without
/// --cooldown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Keep the protection for 24 hours after it is turned off
    #[arg(long)]
    cooldown: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let changes = change::run(context, args.which.request(), &Change::Protect { cooldown: args.cooldown }).await?;
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}
