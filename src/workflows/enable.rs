//! The enabling of images, which restores the launch permissions that disabling dropped.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::change::make;
use super::permissions::record::{self, GivenBack};
use super::run::context::Context;
use super::run::journal::{self, JournalFile};
use super::select::refusals;
use super::select::selection::Selection;
use crate::domain::change::Change;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::{Principal, counted};
use crate::domain::permissions::recorded::{self, JournalGap, Journaled, RecordError, tag_left};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status, Verb};
use crate::domain::tags::SHARES;
use crate::journal::{Beginning, Journal};
use crate::service::permissions::{self, Give, known_permissions};
use crate::service::{Target, lifecycle};

/// The launch permissions to be restored.
pub struct RecordedShares {
    pub due: BTreeMap<ImageId, BTreeSet<Principal>>,
    /// The journal's records of images, which are updated afterwards.
    pub written: BTreeMap<ImageId, Journaled>,
    /// Why the journal could not be read. Permissions recorded only there are then unknown.
    pub unread: Option<Problem>,
}

pub async fn remembered(context: &Context, journal: &JournalFile, chosen: &Selection) -> Result<RecordedShares> {
    let tagged = chosen.images.iter().all(|(_, image)| image.tags.contains_key(SHARES));
    let (written, unread) = match journal.due(context, chosen.images.iter().map(|(_, image)| image)).await {
        // The permissions in the tags are restored, and the tags stay, as there may be more.
        Err(error) if tagged => (BTreeMap::new(), Some(unread(&error))),
        written => (written?, None),
    };
    let (mut due, mut unknown) = (BTreeMap::new(), Vec::new());
    for (target, image) in &chosen.images {
        match recorded::due(image, written.get(&image.id)) {
            Ok(some) => due.extend(some.map(|some| (image.id.clone(), some))),
            Err(why) => unknown.push(damage(target, image, &why)),
        }
    }
    refusals::all_or_nothing(unknown)?;
    Ok(RecordedShares { due, written, unread })
}

pub fn unread(error: &anyhow::Error) -> Problem {
    let message = format!(
        "more launch permissions may have to be restored: the {error:#}; make the journal readable, or give another \
         with --journal; until then the tag {SHARES} stays"
    );
    Problem { code: "UnreadableJournal".to_owned(), message }
}

pub fn damage(target: &Target, image: &Image, why: &RecordError) -> Failure {
    let (label, place, id, options) = (image.label(), image.place(), &image.id, target.options());
    let rest = format!("enable it without --restore-shares: {}", amictl("enable").word(id).options(options));
    let (code, message, way_out) = match why {
        RecordError::Tag(error) => (
            "DamagedTag",
            format!("the tag {SHARES} of {label} in {place} is damaged: {error}"),
            "correct the tag, or ",
        ),
        RecordError::Journal(JournalGap::Principal(_)) => {
            ("UnreadableJournal", format!("{label} in {place}: {why}"), "")
        }
        RecordError::Journal(JournalGap::Elsewhere) => {
            let message = format!("which launch permissions to restore on {label} in {place} is unknown: {why}");
            return Failure::new(Kind::Refused, "UnknownShares", message).hint(rest);
        }
    };
    Failure::new(Kind::Failed, code, message).hint(format!("{way_out}{rest}"))
}

impl RecordedShares {
    /// Adds to the outcome of an image without a record that a journal elsewhere may have one.
    pub fn told(&self, image: &Image, outcome: Outcome) -> Outcome {
        match (&outcome.status, self.due.get(&image.id), self.written.get(&image.id)) {
            (Status::Done, None, Some(Err(JournalGap::Elsewhere))) => {
                outcome.detail(format!("it has no tag {SHARES}; the log of an earlier run may have launch permissions"))
            }
            _ => outcome,
        }
    }
}

/// Asks EC2 whether it would enable an image and restore permissions. For a disabled image it does not check
/// permissions.
pub async fn check(
    target: &Target,
    image: &Image,
    due: Option<&BTreeSet<Principal>>,
    unread: Option<&Problem>,
) -> Result<bool, Problem> {
    let mut changes = make::check(target, image, &Change::Enable).await?;
    if let (Some(due), State::Available) = (due, &image.state) {
        let missing = due - &known_permissions(target, &image.id).await?;
        if !missing.is_empty() {
            permissions::change_launch(target, &image.id, Give::Add, &missing, true).await?;
        }
        let tag = tag_left(image, &BTreeSet::new());
        changes |= make::check(target, image, &tag).await? || !missing.is_empty();
    }
    unread.map_or(Ok(changes), |problem| Err(problem.clone()))
}

/// Enables an image with a journal record, and journals the permissions left.
pub async fn written_down(
    context: &Context,
    journal: &Journal,
    target: &Target,
    image: &Image,
    (due, written): (Option<&BTreeSet<Principal>>, &Journaled),
) -> Outcome {
    let present = known_permissions(target, &image.id).await.ok();
    let begin = Beginning::new(Verb::Enable, image).shared(present.as_ref());
    if let Err(error) = journal.begin(begin, context.clock()).await {
        return Outcome::failed(image, Verb::Enable, journal::not_begun(&error));
    }
    let (outcome, left) = switched_on(context, target, image, due, None).await;
    let left = left.map(|left| recorded::left_of(written, &left));
    journal::end_with(context, journal, outcome, left.as_ref()).await
}

/// Enables an image, restores its launch permissions, then removes the tag with them. Returns the permissions left, if
/// known.
pub async fn switched_on(
    context: &Context,
    target: &Target,
    image: &Image,
    due: Option<&BTreeSet<Principal>>,
    unread: Option<&Problem>,
) -> (Outcome, Option<BTreeSet<Principal>>) {
    let outcome = make::made(context, target, image, &Change::Enable).await;
    if outcome.status != Status::Done {
        return (outcome, None);
    }
    let Some(due) = due else { return (outcome.detail("no launch permissions were recorded for it"), None) };
    let was = image.state.clone();
    let image = &Image { state: State::Available, ..image.clone() };
    let GivenBack { given, left, problem } = record::give_back(target, image, due).await;
    if let Some(problem) = problem.or_else(|| unread.cloned()) {
        return (half(outcome, given, &problem), Some(left));
    }
    let forget = tag_left(image, &left);
    let forgotten = !forget.holds(image);
    if forgotten && let Err(Problem { code, message }) = lifecycle::make(target, image, &forget).await {
        let message = format!("shared again, but the tag {SHARES} stays: {message}");
        return (half(outcome, given, &Problem { code, message }), Some(left));
    }
    let changed = outcome.changed || given > 0 || forgotten;
    let words = match (due.len(), given) {
        (0, _) if was == State::Disabled => "it was not shared".to_owned(),
        (0, _) => "no launch permissions are left to restore".to_owned(),
        (all, given) if all == given => format!("{} restored", counted(all)),
        (all, given) => format!("{given} of {} restored, the others were there", counted(all)),
    };
    (Outcome { changed, ..outcome }.detail(words), Some(left))
}

/// The outcome if the image is enabled but the rest failed. What is left stays recorded, so that another run finishes
/// it.
pub fn half(outcome: Outcome, given: usize, problem: &Problem) -> Outcome {
    let message = format!("it is enabled, but {}", problem.message);
    let outcome = Outcome { changed: outcome.changed || given > 0, ..outcome };
    let status = Status::Failed(Problem { code: problem.code.clone(), message });
    Outcome { status, ..outcome.detail(format!("{} restored", counted(given))) }
}
