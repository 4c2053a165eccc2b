//! `amictl protect` and `amictl unprotect`: has EC2 refuse to deregister images, and takes that back.

use anyhow::Result;

use super::Context;
use super::changing::{self, Which};
use crate::domain::change::Change;

const EXAMPLES: &str = "\
Examples:
  amictl protect web:prod
  amictl protect web:prod --cooldown --copies --region all";

/// Protect images from being deregistered, whoever asks
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Keeps the protection for another 24 hours after it is taken away
    #[arg(long)]
    cooldown: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    changing::run(context, &args.which, &Change::Protect { cooldown: args.cooldown }).await
}

const UNPROTECT_EXAMPLES: &str = "\
Examples:
  amictl unprotect web:v3
  amictl unprotect ami-0123456789abcdef0 --region eu-west-1";

/// Take the protection from deregistering away
///
/// Where the image was protected with a cooldown, EC2 goes on refusing for 24 hours; the report says until when.
#[derive(Debug, clap::Args)]
#[command(after_help = UNPROTECT_EXAMPLES)]
pub struct UnprotectArgs {
    #[command(flatten)]
    which: Which,
}

pub async fn unprotect(context: &Context, args: UnprotectArgs) -> Result<()> {
    changing::run(context, &args.which, &Change::Unprotect).await
}
