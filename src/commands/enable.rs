//! `amictl enable`: enables images again, and restores their launch permissions.

use anyhow::Result;

use crate::domain::change::Change;
use crate::domain::image::Image;
use crate::domain::report::Verb;
use crate::options::images::Which;
use crate::options::journal::JournalArgs;
use crate::output;
use crate::service::Target;
use crate::workflows::change::{self, Changes, each, objections};
use crate::workflows::enable::{check, remembered, switched_on, written_down};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;
use crate::workflows::select::refusals;

const EXAMPLES: &str = "\
Examples:
  amictl enable web:v3
  amictl enable web:v3 web:v4 --restore-shares
  amictl enable web:v3 --restore-shares --copies --region all";

/// Enable disabled images
///
/// EC2 does not restore the launch permissions. --restore-shares restores those that 'amictl disable' recorded in the
/// image's tag amictl:shares or in the journal. It also works later, on an enabled image.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Restore the launch permissions that the image had when it was disabled
    #[arg(long)]
    restore_shares: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let changes = match args.restore_shares {
        false => change::run(context, args.which.request(), &Change::Enable).await?,
        true => with_shares(context, &args).await?,
    };
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}

/// Enables the images and restores the launch permissions that disabling dropped.
async fn with_shares(context: &Context, args: &Args) -> Result<Changes> {
    let journal = args.journal.file();
    let chosen = change::choose(context, &args.which.references, args.which.how.copies, false).await?;
    objections::acceptable(context, &chosen, |_| Change::Enable)?;
    let known = remembered(context, &journal, &chosen).await;
    let known = refusals::unless(context, &chosen, known)?;
    let of = |image: &Image| known.due.get(&image.id);
    let unread = known.unread.as_ref();
    if args.which.how.dry_run {
        let ask = async |target: &Target, image: &Image| check(target, image, of(image), unread).await;
        return each::tried(context, chosen, Verb::Enable, ask).await;
    }
    let journal = match known.written.is_empty() {
        true => None,
        false => Some(journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?),
    };
    let work = async |target: &Target, image: &Image| match (&journal, known.written.get(&image.id)) {
        (Some(journal), Some(written)) if of(image).is_some() => {
            written_down(context, journal, target, image, (of(image), written)).await
        }
        _ => known.told(image, switched_on(context, target, image, of(image), unread).await.0),
    };
    Ok(each::each(context, chosen, Verb::Enable, work).await)
}
