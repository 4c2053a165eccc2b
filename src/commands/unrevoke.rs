//! `amictl unrevoke`: takes the mark of revoked images away.

use anyhow::Result;

use crate::domain::reference::ImageRef;
use crate::options::journal::JournalArgs;
use crate::output;
use crate::workflows::revoke::mark::Mark;
use crate::workflows::revoke::{self, Request};
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl unrevoke web:v3
  amictl unrevoke base:v7 --descendants --region all --org-role ami";

/// Take the mark of revoked images away
///
/// They can be launched and promoted again, and be the newest of their families. 'web' stands for the newest version,
/// revoked or not. A disabled image stays disabled.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images: ids, names, web or web:v3; searched for in every region and account given
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    /// Also their copies and what was made from instances of them, and so on, in the places given
    #[arg(long)]
    descendants: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let request = Request {
        references: args.references,
        mark: Mark::Remove,
        descendants: args.descendants,
        disable: false,
        yes: false,
        dry_run: args.dry_run,
        journal: args.journal.file(),
    };
    let unrevoked = Box::pin(revoke::run(context, request)).await?;
    output::changes(&context.printer, unrevoked.report().as_ref())?;
    unrevoked.conclude(context)
}
