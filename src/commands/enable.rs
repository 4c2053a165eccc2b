//! `amictl enable`: switches images on again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Context;
use super::changing::{self, Which};
use super::chosen::Chosen;
use super::destroy::{self, JournalArgs};
use crate::domain::change::Change;
use crate::domain::comeback::Remembered;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::report::{Outcome, Problem, Status, Verb};
use crate::domain::sharing::{self, Principal, PrincipalError, SHARES, counted};
use crate::domain::tagging::Tags;
use crate::output::Journal;
use crate::service::error::ApiError;
use crate::service::permissions::{self, Give, launch_permissions};
use crate::service::{Target, lifecycle};

const EXAMPLES: &str = "\
Examples:
  amictl enable web:v3
  amictl enable web:v3 web:v4 --restore-shares
  amictl enable web:v3 --restore-shares --copies --region all";

/// Enable images that were disabled
///
/// EC2 does not bring the launch permissions back: --restore-shares gives those that 'amictl disable' wrote into the
/// tag amictl:shares of the image, or else into the journal. It can be given later as well, on the enabled image.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Gives the launch permissions back that the image had when it was disabled
    #[arg(long)]
    restore_shares: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if !args.restore_shares {
        return changing::run(context, &args.which, &Change::Enable).await;
    }
    let chosen = changing::choose(context, &args.which.references, args.which.how.copies, false).await?;
    changing::acceptable(context, &chosen, |_| Change::Enable)?;
    let known = remembered(context, &args.journal, &chosen).await;
    let Known { shares, from_journal } = changing::unless(context, &chosen, known)?;
    let of = |image: &Image| shares.get(&image.id);
    if args.which.how.dry_run {
        let ask = async |target: &Target, image: &Image| check(target, image, of(image)).await;
        return changing::tried(context, chosen, Verb::Enable, ask).await;
    }
    let journal = match from_journal.is_empty() {
        true => None,
        false => Some(args.journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?),
    };
    changing::each(context, chosen, Verb::Enable, async |target, image| match &journal {
        Some(journal) if from_journal.contains(&image.id) => {
            written_down(context, journal, target, image, of(image)).await
        }
        _ => switched_on(target, image, of(image)).await,
    })
    .await
}

/// Who images were shared with when they were disabled.
struct Known {
    shares: BTreeMap<ImageId, BTreeSet<Principal>>,
    /// Images of which only the journal tells.
    from_journal: BTreeSet<ImageId>,
}

async fn remembered(context: &Context, journal: &JournalArgs, chosen: &Chosen) -> Result<Known> {
    let (mut shares, mut without, mut damaged) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (target, image) in &chosen.images {
        match image.tags.get(SHARES).map(|text| sharing::from_tag(text)) {
            None => drop(without.insert(image.id.clone(), image)),
            Some(Ok(some)) => drop(shares.insert(image.id.clone(), some)),
            Some(Err(error)) => damaged.push(damage(target, image, &error)),
        }
    }
    changing::all_or_nothing(damaged)?;
    // A line about its deregistration, from which it has come back, would say that a disabled image was not shared.
    let written = journal.remembered(context, without.keys().cloned().collect(), &[Verb::Disable]).await?;
    let mut from_journal = BTreeSet::new();
    for (id, before) in written {
        let Some(image) = without.get(&id) else { continue };
        if let Some(some) = still_due(image, before) {
            from_journal.insert(id.clone());
            shares.insert(id, some);
        }
    }
    Ok(Known { shares, from_journal })
}

/// What the journal says an image was shared with, unless that has been given back since. What fits a tag was in one:
/// an enabled image has lost its tag when it was given back, here or elsewhere.
fn still_due(image: &Image, before: Remembered) -> Option<BTreeSet<Principal>> {
    let shares = before.launch_permissions?;
    let given_back = image.state == State::Available && sharing::to_tag(&shares).is_some();
    (!before.brought_back && !given_back).then_some(shares)
}

fn damage(target: &Target, image: &Image, error: &PrincipalError) -> Failure {
    let message = format!("the tag {SHARES} of {} in {} is damaged: {error}", image.label(), image.place());
    let (id, options) = (&image.id, target.options());
    let way_out = format!("correct the tag, or enable it without --restore-shares: amictl enable {id} {options}");
    Failure::new(Kind::Failed, "DamagedTag", message).hint(way_out)
}

/// Asks EC2 whether it would enable an image and give permissions back, as far as it tells: it says nothing of
/// permissions of an image that is disabled.
async fn check(target: &Target, image: &Image, shares: Option<&BTreeSet<Principal>>) -> Result<bool, ApiError> {
    let mut changes = changing::check(target, image, &Change::Enable).await?;
    if let (Some(shares), State::Available) = (shares, &image.state) {
        let missing = missing(target, image, shares).await?;
        if !missing.is_empty() {
            permissions::change_launch(target, &image.id, Give::Add, &missing, true).await?;
        }
        changes |= changing::check(target, image, &forget()).await? || !missing.is_empty();
    }
    Ok(changes)
}

/// Enables an image whose launch permissions only the journal remembers, and has it remember that they are given back.
async fn written_down(
    context: &Context,
    journal: &Journal,
    target: &Target,
    image: &Image,
    shares: Option<&BTreeSet<Principal>>,
) -> Outcome {
    let present = launch_permissions(target, &image.id).await.ok();
    let begun = journal.begin(Verb::Enable, image, present.as_ref(), Vec::new(), None, context.clock()).await;
    if let Err(error) = begun {
        return Outcome::failed(image, Verb::Enable, destroy::not_begun(&error));
    }
    destroy::end(context, journal, switched_on(target, image, shares).await).await
}

/// Enables an image and gives its launch permissions back; then the tag that kept them goes.
pub async fn switched_on(target: &Target, image: &Image, shares: Option<&BTreeSet<Principal>>) -> Outcome {
    let outcome = changing::made(target, image, &Change::Enable).await;
    if outcome.status != Status::Done {
        return outcome;
    }
    let Some(shares) = shares else { return outcome.detail("no launch permissions were written down for it") };
    let missing = match missing(target, image, shares).await {
        Ok(missing) => missing,
        Err(error) => return half(outcome, 0, "who it is shared with is unknown", &error.problem()),
    };
    let (given, refused) = permissions::give_each(target, &image.id, &missing).await;
    if let Some((_, problem)) = refused.first() {
        let not: Vec<_> = refused.iter().flat_map(|(who, _)| who).take(3).map(Principal::short).collect();
        let count = missing.len() - given;
        let more = if count > not.len() { format!(" and {} more", count - not.len()) } else { String::new() };
        return half(outcome, given, &format!("it is not shared again with {}{more}", not.join(", ")), problem);
    }
    let forget = forget();
    if !forget.holds(image)
        && let Err(problem) = lifecycle::make(target, image, &forget).await
    {
        return half(outcome, given, &format!("shared again, but the tag {SHARES} stays"), &problem);
    }
    let changed = outcome.changed || given > 0 || !forget.holds(image);
    let words = match (shares.len(), given) {
        (0, _) => "it was not shared".to_owned(),
        (all, given) if all == given => format!("{} given back", counted(all)),
        (all, given) => format!("{given} of {} given back, the others were there", counted(all)),
    };
    Outcome { changed, ..outcome }.detail(words)
}

/// Enabled, and not all of the rest is done. The tag stays, so that another run finishes it.
fn half(outcome: Outcome, given: usize, what: &str, problem: &Problem) -> Outcome {
    let message = format!("it is enabled, but {what}: {}", problem.message);
    let outcome = Outcome { changed: outcome.changed || given > 0, ..outcome };
    let status = Status::Failed(Problem { code: problem.code.clone(), message });
    Outcome { status, ..outcome.detail(format!("{} given back", counted(given))) }
}

/// Those who are to get their permissions back.
async fn missing(
    target: &Target,
    image: &Image,
    shares: &BTreeSet<Principal>,
) -> Result<BTreeSet<Principal>, ApiError> {
    let present = launch_permissions(target, &image.id).await?;
    Ok(shares.difference(&present).cloned().collect())
}

fn forget() -> Change {
    Change::Tag { set: Tags::new(), remove: BTreeSet::from([SHARES.to_owned()]) }
}
