//! `amictl protect` and `amictl unprotect`: has EC2 refuse to deregister images, and takes that back.

use anyhow::Result;

use super::Context;
use super::changing::{self, Which};
use crate::domain::change::Change;

const EXAMPLES: &str = "\
Examples:
  amictl protect web:prod
  amictl protect web:v3 web:v4 --region us-east-1,eu-west-1
  amictl protect web:prod --cooldown --copies --region all";

/// Protect images from being deregistered, whoever asks
///
/// EC2 then refuses to deregister them, and so do deregister and prune. A protection that has a cooldown keeps it, with
/// or without --cooldown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Keeps the protection for another 24 hours once it is taken away
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
/// Where an image was protected with a cooldown, EC2 goes on refusing for 24 hours. The report says until when, also
/// when it is asked for again.
#[derive(Debug, clap::Args)]
#[command(after_help = UNPROTECT_EXAMPLES)]
pub struct UnprotectArgs {
    #[command(flatten)]
    which: Which,
}

pub async fn unprotect(context: &Context, args: UnprotectArgs) -> Result<()> {
    changing::run(context, &args.which, &Change::Unprotect).await
}
