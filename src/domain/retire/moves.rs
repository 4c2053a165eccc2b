//! The changes that make up a step of a retirement, in an order that survives failures.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::history::{Before, History, Unreadable};
use super::step::Step;
use crate::domain::change::{Change, whole_minute};
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{Record, RecordError, RecordedPermissions};
use crate::domain::problem::Problem;
use crate::domain::tags::{RETIRE, SHARES, Tags};

/// The changes to an image, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepChanges {
    /// The first changes.
    pub first: Vec<Change>,
    /// Then the launch permissions to restore, unless present.
    pub share: BTreeSet<Principal>,
    /// Set if the permissions to restore are unknown. The image then differs from before, and the last changes are left
    /// out.
    pub lacking: Option<Problem>,
    /// The last changes.
    pub last: Vec<Change>,
    /// The permissions to be restored later, for the journal; `None` if unchanged.
    pub due: Option<RecordedPermissions>,
    /// A detail for people.
    pub detail: Option<String>,
}

/// The launch permissions of an image, present and to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// The present ones, from EC2.
    pub present: Result<BTreeSet<Principal>, Problem>,
    /// The recorded ones to restore; `None` if none were recorded.
    pub due: Result<Option<BTreeSet<Principal>>, RecordError>,
}

impl Shares {
    fn present(&self, why: &str) -> Result<&BTreeSet<Principal>, Problem> {
        let said = |problem: &Problem| Problem { message: format!("{why}: {}", problem.message), ..problem.clone() };
        self.present.as_ref().map_err(said)
    }

    fn due(&self) -> Result<Option<&BTreeSet<Principal>>, Problem> {
        let said = |problem: Problem| Problem { message: format!("left as it is: {}", problem.message), ..problem };
        self.due.as_ref().map(Option::as_ref).map_err(|unknown| said(unknown.problem()))
    }
}

/// A step forward: the tag, then the change it records. `begun` is the start of the run, from which the stages count;
/// `now` is the earliest deprecation time that EC2 accepts.
pub fn advance(
    step: Step,
    image: &Image,
    shares: &Shares,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<StepChanges, Problem> {
    let history = History::of(image).map_err(unreadable)?.with(step, image, begun);
    let set = Tags::from([(RETIRE.to_owned(), history.to_string())]);
    let tag = |set| Change::Tag { set, remove: BTreeSet::new() };
    Ok(match step {
        Step::Deprecate | Step::Disable if step.holds(image, begun) => StepChanges {
            first: vec![tag(set)],
            detail: Some("it was so already".to_owned()),
            ..StepChanges::default()
        },
        Step::Deprecate => {
            StepChanges { first: vec![tag(set), Change::Deprecate(whole_minute(now))], ..StepChanges::default() }
        }
        Step::Disable => {
            let forgotten = "EC2 removes the launch permissions of a disabled image, and they could not be read";
            let (present, due) = (shares.present(forgotten)?, shares.due()?);
            // An empty list is recorded too: it says that there were no permissions.
            let kept = Record::of(image, present, due.unwrap_or(&BTreeSet::new()), &set);
            let first = vec![kept.place.change(image, set), Change::Disable];
            StepChanges { first, due: Some(kept.written()), detail: kept.notable(), ..StepChanges::default() }
        }
        Step::Deregister | Step::Revive => StepChanges { first: vec![tag(set)], ..StepChanges::default() },
    })
}

/// Reverts all steps that the retirement took; earlier states stay. The tags are removed last, so that the next run
/// goes on after an interruption.
pub fn revive(image: &Image, shares: &Shares, now: DateTime<Utc>) -> Result<StepChanges, Problem> {
    let history = History::of(image).map_err(unreadable)?;
    let did = |step| history.taken(step).filter(|taken| taken.before != Before::Already);
    let mut moves = StepChanges::default();
    let mut remove = BTreeSet::from([RETIRE.to_owned()]);
    match (did(Step::Disable), &image.state) {
        (Some(_), state) => {
            match shares.due()? {
                Some(due) => moves.share.clone_from(due),
                None => moves.lacking = Some(lacking()),
            }
            if !moves.share.is_empty() {
                shares.present("left as it is, as its launch permissions could not be read")?;
            }
            remove.extend(image.tags.contains_key(SHARES).then(|| SHARES.to_owned()));
            moves.first.extend((*state == State::Disabled).then_some(Change::Enable));
        }
        (None, State::Disabled) => {
            moves.detail = Some("it stays disabled, as retirement has not disabled it".to_owned());
        }
        (None, _) => {}
    }
    if let Some(deprecated) = did(Step::Deprecate) {
        // Any other time was set by someone else since.
        let own = image.deprecated_at.is_some_and(|at| deprecated.at <= at && at <= now + TimeDelta::minutes(1));
        match deprecated.before {
            Before::Planned(at) if own && at > now => moves.first.push(Change::Deprecate(at)),
            Before::Nothing if own => moves.first.push(Change::CancelDeprecation),
            Before::Planned(_) | Before::Nothing | Before::Already => {}
        }
    }
    moves.last.push(Change::Tag { set: Tags::new(), remove });
    Ok(moves)
}

/// An image disabled by a retirement has the tag `amictl:shares`, unless the permissions did not fit.
fn lacking() -> Problem {
    let message = format!(
        "its launch permissions are not restored: it has no tag {SHARES}, and this journal does not have them. Give \
         --journal with the journal of the machine that disabled it; or share it by hand, and remove its tag {RETIRE}"
    );
    Problem { code: "UnknownShares".to_owned(), message }
}

fn unreadable(error: Unreadable) -> Problem {
    Problem { code: "UnreadableTag".to_owned(), message: error.to_string() }
}
