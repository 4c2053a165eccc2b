//! `amictl revoke`: marks images as bad, with all that came of them.

use anyhow::Result;

use crate::domain::plan::document::ErrorRow;
use crate::domain::reference::ImageRef;
use crate::domain::revocation::RevokeReason;
use crate::options::journal::JournalArgs;
use crate::output;
use crate::workflows::revoke::mark::Mark;
use crate::workflows::revoke::{self, Request};
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl revoke web:v3 --reason CVE-2026-1234
  amictl revoke base:v7 --reason 'leaked key' --descendants --region all --org-role ami
  amictl revoke base:v7 --reason 'leaked key' --descendants --disable --dry-run";

/// Mark images as bad: no promote, no rollback, no launch
///
/// The mark is the tag amictl:revoked with the date and the reason; 'amictl unrevoke' takes it away. Running instances
/// are not affected. amictl says who uses the images, and which aliases name them, with the command lines that take
/// those back. An image that is revoked already keeps its date and gets the new reason: 'web' stands for the newest
/// version, revoked or not. With --descendants you may name an image that is already deregistered. Only the owner can
/// revoke an image.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images: ids, names, web, web:v3 or web:prod; searched for in every region and account given
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    /// What is wrong with them, up to 200 characters
    #[arg(long, value_name = "TEXT")]
    reason: RevokeReason,

    /// Also their copies and what was made from instances of them, and so on, in the places given
    #[arg(long)]
    descendants: bool,

    /// Also disable them, except those in use or whose use cannot be verified
    #[arg(long)]
    disable: bool,

    /// With --disable: do not ask
    #[arg(short, long, requires = "disable")]
    yes: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let request = Request {
        references: args.references,
        mark: Mark::Set(args.reason),
        descendants: args.descendants,
        disable: args.disable,
        yes: args.yes,
        dry_run: args.dry_run,
        journal: args.journal.file(),
    };
    let revoked = Box::pin(revoke::run(context, request)).await?;
    output::changes(&context.printer, revoked.report().as_ref())?;
    let warnings: Vec<_> = revoked.warnings().iter().map(ErrorRow::new).collect();
    output::warnings(&warnings).iter().for_each(|line| context.printer.tell(line));
    if !revoked.rollbacks().is_empty() {
        context.printer.tell("take the aliases back with:");
        revoked.rollbacks().iter().for_each(|line| context.printer.tell(&format!("  {line}")));
    }
    revoked.conclude(context)
}
