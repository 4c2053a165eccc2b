//! `amictl disable`: switches images off.

use std::collections::BTreeSet;

use anyhow::Result;

use super::changing::{self, Which};
use super::chosen::Chosen;
use super::destroy::{self, JournalArgs};
use super::{Context, deregister, using};
use crate::domain::change::Change;
use crate::domain::image::{Image, State};
use crate::domain::report::{Outcome, Problem, Status, Verb};
use crate::domain::sharing::{self, Principal, SHARES, counted};
use crate::domain::tagging::Tags;
use crate::domain::usage::Source;
use crate::output::Journal;
use crate::service::error::ApiError;
use crate::service::permissions::launch_permissions;
use crate::service::usage::Scope;
use crate::service::{Target, lifecycle};

const EXAMPLES: &str = "\
Examples:
  amictl disable web:v3
  amictl disable web:v1 web:v2 --region us-east-1,eu-west-1
  amictl disable web:v3 --copies --region all --dry-run";

/// Disable images: nobody can launch them until they are enabled again
///
/// Refuses images that are in use, and images whose use cannot be verified. Running instances are not affected.
/// EC2 drops the launch permissions for good: they are written into the journal, and into the tag amictl:shares where
/// they fit, and 'amictl enable --restore-shares' puts them back. The snapshots stay, and are paid for.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Also disables what is in use
    #[arg(long)]
    allow_in_use: bool,

    /// Does not look for use in this source; repeat it for several
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    without_source: Vec<Source>,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let chosen = changing::choose(context, &args.which.references, args.which.how.copies, false).await?;
    changing::acceptable(context, &chosen, |_| Change::Disable)?;
    if !args.allow_in_use {
        let unused = unused(context, &chosen, &args.without_source).await;
        changing::unless(context, &chosen, unused)?;
    }
    if args.which.how.dry_run {
        return changing::tried(context, chosen, Verb::Disable, check).await;
    }
    let journal = args.journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?;
    changing::each(context, chosen, Verb::Disable, async |target, image| {
        switched_off(context, &journal, target, image).await
    })
    .await
}

async fn unused(context: &Context, chosen: &Chosen, without: &[Source]) -> Result<()> {
    // What is disabled already is not launched any more.
    let on = chosen.images.iter().filter(|(_, image)| image.state != State::Disabled).cloned();
    let on = chosen.with(on.collect());
    let scope = Scope { without: without.iter().copied().collect(), ..Scope::default() };
    for place in using::usage_of(context, &on, &scope, false).await? {
        deregister::unused(&place.images, &place.usage)?;
    }
    Ok(())
}

/// Asks EC2 whether it would disable an image, and take the tag that goes before; tells whether it is enabled still.
async fn check(target: &Target, image: &Image) -> Result<bool, ApiError> {
    if !Change::Disable.holds(image) {
        let (change, _) = memory(&launch_permissions(target, &image.id).await?);
        lifecycle::check(target, image, &change).await?;
    }
    changing::check(target, image, &Change::Disable).await
}

/// Disables an image, once who it is shared with is written down.
pub async fn switched_off(context: &Context, journal: &Journal, target: &Target, image: &Image) -> Outcome {
    if Change::Disable.holds(image) {
        return Outcome::new(image, Verb::Disable, false, Status::Done);
    }
    let failed =
        |code: &str, message: String| Outcome::failed(image, Verb::Disable, Problem { code: code.to_owned(), message });
    let shares = match launch_permissions(target, &image.id).await {
        Ok(shares) => shares,
        Err(error) => return failed(&error.code, format!("left alone, as who it is shared with is unknown: {error}")),
    };
    let written = journal.begin(Verb::Disable, image, Some(&shares), Vec::new(), None, context.clock()).await;
    if let Err(error) = written {
        return Outcome::failed(image, Verb::Disable, destroy::not_begun(&error));
    }
    let (change, kept) = memory(&shares);
    let remembered = match change.holds(image) {
        true => Ok(()),
        false => lifecycle::make(target, image, &change).await.map(drop),
    };
    let outcome = match remembered {
        Err(Problem { code, message }) => {
            failed(&code, format!("left alone, as its tag {SHARES} cannot be written: {message}"))
        }
        Ok(()) => match changing::made(target, image, &Change::Disable).await {
            outcome if outcome.status == Status::Done => outcome.detail(kept),
            outcome => outcome,
        },
    };
    destroy::end(context, journal, outcome).await
}

/// How the tag of the image remembers the launch permissions, and the words for it. What an earlier time left there
/// must go where there are none, or too many.
fn memory(shares: &BTreeSet<Principal>) -> (Change, String) {
    let text = sharing::to_tag(shares).filter(|_| !shares.is_empty());
    let count = counted(shares.len());
    let words = match (shares.len(), &text) {
        (0, _) => "it was not shared".to_owned(),
        (_, Some(_)) => format!("{count} kept in tag {SHARES}"),
        (_, None) => format!("{count} kept in the journal only, too many for a tag"),
    };
    let key = SHARES.to_owned();
    let change = match text {
        Some(text) => Change::Tag { set: Tags::from([(key, text)]), remove: BTreeSet::new() },
        None => Change::Tag { set: Tags::new(), remove: BTreeSet::from([key]) },
    };
    (change, words)
}
