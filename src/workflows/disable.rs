//! The disabling of images, after their launch permissions are recorded, as EC2 drops them.

use std::collections::BTreeSet;

use anyhow::Result;

use super::change::make;
use super::permissions::record::{self, NotDisabled};
use super::run::context::Context;
use super::run::journal;
use crate::domain::change::Change;
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{self, Journaled, Record, before};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status, Verb};
use crate::domain::tags::{SHARES, Tags};
use crate::journal::{Beginning, Journal};
use crate::service::permissions::launch_permissions;
use crate::service::{Target, lifecycle};

/// Asks EC2 whether it would accept the disabling of an image, and the tag before it; returns whether the image is
/// still enabled.
pub async fn check(target: &Target, image: &Image, known: Option<&Journaled>) -> Result<bool, Problem> {
    if !Change::Disable.holds(image) {
        let shares = launch_permissions(target, &image.id).await?;
        let kept = kept(image, &shares, known)?;
        let tag = lifecycle::check(target, image, &tag_of(image, &kept)).await;
        if !kept.who.is_empty() {
            tag?;
        }
    }
    make::check(target, image, &Change::Disable).await
}

pub fn kept(image: &Image, shares: &BTreeSet<Principal>, known: Option<&Journaled>) -> Result<Record, Problem> {
    let due = recorded::due(image, known).map_err(|unknown| unknown.problem())?;
    Ok(Record::of(image, shares, &due.unwrap_or_default(), &Tags::new()))
}

/// The tag set before. It also records an empty list: without a tag, the journal of another machine would count, with
/// older permissions.
pub fn tag_of(image: &Image, kept: &Record) -> Change {
    kept.place.change(image, Tags::new())
}

/// Disables an image after its launch permissions, present and to be restored, are recorded.
pub async fn switched_off(
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
            return left_alone(code, "which launch permissions to restore is unknown", message);
        }
    };
    let begin = Beginning { due: Some(kept.written()), ..Beginning::new(Verb::Disable, image).shared(Some(&shares)) };
    if let Err(error) = journal.begin(begin, context.clock()).await {
        return Outcome::failed(image, Verb::Disable, journal::not_begun(&error));
    }
    let mut words = kept.words();
    let mut disabled = record::disable(target, image, &tag_of(image, &kept), &shares).await;
    // With no permissions to record, nothing is lost without the tag.
    if let Err(NotDisabled { untagged: Some(why), .. }) = &disabled
        && kept.who.is_empty()
    {
        words = format!("{words}; the tag {SHARES} cannot be written: {why}");
        let no_tag = Change::Tag { set: Tags::new(), remove: BTreeSet::new() };
        disabled = record::disable(target, image, &no_tag, &shares).await;
    }
    match disabled {
        Ok(()) => {
            let done = Outcome::new(image, Verb::Disable, true, Status::Done).detail(words);
            journal::end(context, journal, done).await
        }
        Err(failed) => {
            let before = failed.undone.then(|| before(known));
            let outcome = Outcome::failed(image, Verb::Disable, failed.problem);
            journal::end_with(context, journal, outcome, before.as_ref()).await
        }
    }
}
