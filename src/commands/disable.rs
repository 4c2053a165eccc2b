//! `amictl disable`: disables images, and records their launch permissions.

use anyhow::Result;

use crate::domain::change::Change;
use crate::domain::image::Image;
use crate::domain::report::Verb;
use crate::options::images::Which;
use crate::options::journal::JournalArgs;
use crate::options::usage::SourceArgs;
use crate::output;
use crate::service::Target;
use crate::workflows::change::{self, each, objections};
use crate::workflows::disable::{check, switched_off};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;
use crate::workflows::select::refusals;
use crate::workflows::usage::refuse::refuse_used_images;

const EXAMPLES: &str = "\
Examples:
  amictl disable web:v3
  amictl disable web:v1 web:v2 --region us-east-1,eu-west-1
  amictl disable web:v3 --copies --region all --dry-run";

/// Disable images: no launches until they are enabled again
///
/// Refuses images that are in use, and images whose use cannot be verified. Running instances are not affected.
/// EC2 removes the launch permissions for good. amictl records them first, in the journal and (if they fit) in the tag
/// amictl:shares, with any recorded earlier and not restored since; 'amictl enable --restore-shares' restores them.
/// The snapshots stay, and are billed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Disable images even if in use
    #[arg(long)]
    pub allow_in_use: bool,

    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let chosen = change::choose(context, &args.which.references, args.which.how.copies, false).await?;
    objections::acceptable(context, &chosen, |_| Change::Disable)?;
    if !args.allow_in_use {
        let unused = refuse_used_images(context, &chosen, &args.sources.without_source).await;
        refusals::unless(context, &chosen, unused)?;
    }
    let known = args.journal.file().due(context, chosen.images.iter().map(|(_, image)| image)).await;
    let known = refusals::unless(context, &chosen, known)?;
    let changes = if args.which.how.dry_run {
        let ask = async |target: &Target, image: &Image| check(target, image, known.get(&image.id)).await;
        each::tried(context, chosen, Verb::Disable, ask).await?
    } else {
        let journal = args.journal.file().open(context, chosen.images.iter().map(|(target, _)| target)).await?;
        each::each(context, chosen, Verb::Disable, async |target, image| {
            switched_off(context, &journal, target, image, known.get(&image.id)).await
        })
        .await
    };
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}
