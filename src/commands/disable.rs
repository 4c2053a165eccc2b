//! `amictl disable` and `amictl enable`: switches images off and on again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::changing::{self, Which};
use super::chosen::Chosen;
use super::destroy::JournalArgs;
use super::{Context, deregister, using};
use crate::domain::change::Change;
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::report::{Outcome, Problem, Status, Verb};
use crate::domain::sharing::{self, Principal, SHARES};
use crate::domain::tagging::Tags;
use crate::domain::usage::Source;
use crate::output::Journal;
use crate::service::permissions::{self, Give, launch_permissions};
use crate::service::usage::Scope;
use crate::service::{Target, lifecycle};

const EXAMPLES: &str = "\
Examples:
  amictl disable web:v3
  amictl disable web:v3 --copies --region all";

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
    changing::acceptable(context, &chosen, &Change::Disable)?;
    if !args.allow_in_use {
        unused(context, &chosen, &args.without_source).await?;
    }
    if args.which.how.dry_run {
        for (target, image) in &chosen.images {
            lifecycle::check(target, image, &Change::Disable).await?;
        }
        return changing::would(context, &chosen, Verb::Disable);
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

/// Disables an image, once who it is shared with is written down.
pub async fn switched_off(context: &Context, journal: &Journal, target: &Target, image: &Image) -> Outcome {
    if Change::Disable.holds(image) {
        return Outcome::new(image, Verb::Disable, false, Status::Done);
    }
    let failed = |code: &str, message: String| {
        let problem = Problem { code: code.to_owned(), message };
        Outcome::new(image, Verb::Disable, false, Status::Failed(problem))
    };
    let shares = match launch_permissions(target, &image.id).await {
        Ok(shares) => shares,
        Err(error) => return failed(&error.code, format!("left alone, as who it is shared with is unknown: {error}")),
    };
    let written = journal.begin(Verb::Disable, image, Some(&shares), Vec::new(), None, context.clock()).await;
    if let Err(error) = written {
        return failed("JournalError", format!("left alone, as the journal cannot be written: {error}"));
    }
    let kept = record(target, image, &shares).await;
    let outcome = match kept {
        Err(problem) => {
            failed(&problem.code, format!("left alone, as its tag {SHARES} cannot be written: {}", problem.message))
        }
        Ok(kept) => match changing::made(target, image, &Change::Disable).await {
            outcome if outcome.status == Status::Done => outcome.detail(kept),
            outcome => outcome,
        },
    };
    match journal.end(&outcome, context.clock()).await {
        Ok(()) => outcome,
        Err(error) => outcome.detail(format!("the journal cannot be completed: {error}")),
    }
}

/// Writes the launch permissions into the tag of the image, or removes what an earlier time left there.
async fn record(target: &Target, image: &Image, shares: &BTreeSet<Principal>) -> Result<String, Problem> {
    let text = sharing::to_tag(shares).filter(|_| !shares.is_empty());
    let change = match &text {
        Some(text) => Change::Tag { set: Tags::from([(SHARES.to_owned(), text.clone())]), remove: BTreeSet::new() },
        None => Change::Tag { set: Tags::new(), remove: BTreeSet::from([SHARES.to_owned()]) },
    };
    if !change.holds(image) {
        lifecycle::make(target, image, &change).await?;
    }
    let count = shares.len();
    Ok(match (count, text) {
        (0, _) => "it was not shared".to_owned(),
        (_, Some(_)) => format!("{count} launch permissions are kept in the tag {SHARES}"),
        (_, None) => format!("{count} launch permissions are kept in the journal; they do not fit a tag"),
    })
}

const ENABLE_EXAMPLES: &str = "\
Examples:
  amictl enable web:v3
  amictl enable web:v3 --restore-shares";

/// Enable images that were disabled
///
/// EC2 does not bring the launch permissions back: --restore-shares gives those that 'amictl disable' wrote into the
/// tag amictl:shares of the image, or else into the journal.
#[derive(Debug, clap::Args)]
#[command(after_help = ENABLE_EXAMPLES)]
pub struct EnableArgs {
    #[command(flatten)]
    which: Which,

    /// Gives the launch permissions back that the image had when it was disabled
    #[arg(long)]
    restore_shares: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn enable(context: &Context, args: EnableArgs) -> Result<()> {
    if !args.restore_shares {
        return changing::run(context, &args.which, &Change::Enable).await;
    }
    let chosen = changing::choose(context, &args.which.references, args.which.how.copies, false).await?;
    changing::acceptable(context, &chosen, &Change::Enable)?;
    let shares = remembered(context, &args.journal, chosen.images.iter().map(|(_, image)| image)).await?;
    if args.which.how.dry_run {
        for (target, image) in &chosen.images {
            lifecycle::check(target, image, &Change::Enable).await?;
        }
        return changing::would(context, &chosen, Verb::Enable);
    }
    changing::each(context, chosen, Verb::Enable, async |target, image| {
        switched_on(target, image, shares.get(&image.id)).await
    })
    .await
}

/// Who each image was shared with when it was disabled, where that was written down.
async fn remembered(
    context: &Context,
    journal: &JournalArgs,
    images: impl Iterator<Item = &Image>,
) -> Result<BTreeMap<ImageId, BTreeSet<Principal>>> {
    let (mut shares, mut without) = (BTreeMap::new(), BTreeSet::new());
    for image in images {
        match image.tags.get(SHARES) {
            Some(text) => drop(shares.insert(image.id.clone(), sharing::from_tag(text)?)),
            None => drop(without.insert(image.id.clone())),
        }
    }
    // A line about its deregistration, from which it has come back, would say that a disabled image was not shared.
    let written = journal.remembered(context, without, &[Verb::Disable]).await?;
    shares.extend(written.into_iter().filter_map(|(id, before)| Some((id, before.launch_permissions?))));
    Ok(shares)
}

/// Enables an image and gives its launch permissions back; then the tag that kept them goes.
pub async fn switched_on(target: &Target, image: &Image, shares: Option<&BTreeSet<Principal>>) -> Outcome {
    let outcome = changing::made(target, image, &Change::Enable).await;
    if outcome.status != Status::Done {
        return outcome;
    }
    let Some(shares) = shares else { return outcome.detail("no launch permissions were written down for it") };
    match give_back(target, image, shares).await {
        Ok(given) => Outcome { changed: outcome.changed || given > 0, ..outcome }
            .detail(format!("{} launch permissions, {given} given back", shares.len())),
        Err(problem) => {
            let message = format!("it is enabled, but its launch permissions are not given back: {}", problem.message);
            Outcome { status: Status::Failed(Problem { message, ..problem }), ..outcome }
        }
    }
}

async fn give_back(target: &Target, image: &Image, shares: &BTreeSet<Principal>) -> Result<usize, Problem> {
    let present = launch_permissions(target, &image.id).await.map_err(|error| error.problem())?;
    let missing: BTreeSet<_> = shares.difference(&present).cloned().collect();
    permissions::give(target, &image.id, Give::Add, &missing).await?;
    let tidy = Change::Tag { set: Tags::new(), remove: BTreeSet::from([SHARES.to_owned()]) };
    if !tidy.holds(image) {
        lifecycle::make(target, image, &tidy).await?;
    }
    Ok(missing.len())
}
