//! `amictl disable`: switches images off.

use std::collections::BTreeSet;

use anyhow::Result;

use super::changing::{self, Which};
use super::chosen::Chosen;
use super::destroy::{self, JournalArgs};
use super::remembering::{self, NotDisabled};
use super::{Context, deregister, using};
use crate::domain::change::Change;
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{self, Journaled, Kept, Written};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status, Verb};
use crate::domain::tags::{SHARES, Tags};
use crate::domain::usage::source::Source;
use crate::journal::{Beginning, Journal};
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
/// they fit, and 'amictl enable --restore-shares' puts them back. Those of an earlier time that were not given back are
/// kept with them. The snapshots stay, and are paid for.
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
    let known = args.journal.due(context, chosen.images.iter().map(|(_, image)| image)).await;
    let known = changing::unless(context, &chosen, known)?;
    if args.which.how.dry_run {
        let ask = async |target: &Target, image: &Image| check(target, image, known.get(&image.id)).await;
        return changing::tried(context, chosen, Verb::Disable, ask).await;
    }
    let journal = args.journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?;
    changing::each(context, chosen, Verb::Disable, async |target, image| {
        switched_off(context, &journal, target, image, known.get(&image.id)).await
    })
    .await
}

async fn unused(context: &Context, chosen: &Chosen, without: &[Source]) -> Result<()> {
    // What is disabled already is not launched any more.
    let on = chosen.images.iter().filter(|(_, image)| image.state != State::Disabled).cloned();
    let on = chosen.with(on.collect());
    let scope = Scope::new(without.iter().copied().collect(), Vec::new());
    for place in using::usage_of(context, &on, &scope, false).await? {
        deregister::unused(&place.images, &place.usage)?;
    }
    Ok(())
}

/// Asks EC2 whether it would disable an image, and take the tag that goes before; tells whether it is enabled still.
async fn check(target: &Target, image: &Image, known: Option<&Journaled>) -> Result<bool, Problem> {
    if !Change::Disable.holds(image) {
        let shares = launch_permissions(target, &image.id).await?;
        let kept = kept(image, &shares, known)?;
        let tag = lifecycle::check(target, image, &tag_of(image, &kept)).await;
        if !kept.who.is_empty() {
            tag?;
        }
    }
    changing::check(target, image, &Change::Disable).await
}

fn kept(image: &Image, shares: &BTreeSet<Principal>, known: Option<&Journaled>) -> Result<Kept, Problem> {
    let due = recorded::due(image, known).map_err(|unknown| unknown.problem())?;
    Ok(Kept::of(image, shares, &due.unwrap_or_default(), &Tags::new()))
}

/// The tag that goes before. That there is nobody to remember is written down too: a missing tag would have the journal
/// of another machine tell of an earlier time.
fn tag_of(image: &Image, kept: &Kept) -> Change {
    kept.place.change(image, Tags::new())
}

/// Disables an image, once it is written down who it is shared with, and who is to get a permission back still.
async fn switched_off(
    context: &Context,
    journal: &Journal,
    target: &Target,
    image: &Image,
    known: Option<&Journaled>,
) -> Outcome {
    if Change::Disable.holds(image) {
        return Outcome::new(image, Verb::Disable, false, Status::Done);
    }
    let left_alone = |code: String, what: &str, why: String| {
        Outcome::failed(image, Verb::Disable, Problem { code, message: format!("left alone, as {what}: {why}") })
    };
    let shares = match launch_permissions(target, &image.id).await {
        Ok(shares) => shares,
        Err(error) => return left_alone(error.code.clone(), "who it is shared with is unknown", error.to_string()),
    };
    let kept = match kept(image, &shares, known) {
        Ok(kept) => kept,
        Err(Problem { code, message }) => {
            return left_alone(code, "who is to get a launch permission back is unknown", message);
        }
    };
    let begin = Beginning { due: Some(kept.written()), ..Beginning::new(Verb::Disable, image).shared(Some(&shares)) };
    if let Err(error) = journal.begin(begin, context.clock()).await {
        return Outcome::failed(image, Verb::Disable, destroy::not_begun(&error));
    }
    let mut words = kept.words();
    let mut disabled = remembering::disable(target, image, &tag_of(image, &kept), &shares).await;
    // Without anybody to remember nothing is lost with the tag.
    if let Err(NotDisabled { untagged: Some(why), .. }) = &disabled
        && kept.who.is_empty()
    {
        words = format!("{words}; the tag {SHARES}, which would say so, cannot be written: {why}");
        let no_tag = Change::Tag { set: Tags::new(), remove: BTreeSet::new() };
        disabled = remembering::disable(target, image, &no_tag, &shares).await;
    }
    match disabled {
        Ok(()) => {
            let done = Outcome::new(image, Verb::Disable, true, Status::Done).detail(words);
            destroy::end(context, journal, done).await
        }
        Err(failed) => {
            let before = failed.undone.then(|| before(known));
            let outcome = Outcome::failed(image, Verb::Disable, failed.problem);
            destroy::end_with(context, journal, outcome, before.as_ref()).await
        }
    }
}

/// What the journal said before, for a disabling that was refused.
pub fn before(known: Option<&Journaled>) -> Written {
    known.and_then(|known| known.clone().ok()).unwrap_or_default()
}
