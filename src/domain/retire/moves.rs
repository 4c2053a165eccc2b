//! The changes that make up a step, in an order in which each may fail and the next run goes on.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Unreadable;
use super::history::{Before, History};
use super::step::Step;
use crate::domain::change::{Change, whole_minute};
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{Kept, Unknown, Written};
use crate::domain::problem::Problem;
use crate::domain::tags::{RETIRE, SHARES, Tags};

/// What is to be done to an image, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moves {
    /// First these changes.
    pub first: Vec<Change>,
    /// Then it is shared with those of these again who have no permission.
    pub share: BTreeSet<Principal>,
    /// What it does not get back, as nobody knows it. It is not as it was then, and the rest is left.
    pub lacking: Option<Problem>,
    /// Then these.
    pub last: Vec<Change>,
    /// Who is to get a launch permission back then, for the journal; `None` where that does not change.
    pub due: Option<Written>,
    /// What people should know about it.
    pub detail: Option<String>,
}

/// Who an image is shared with, and who is to get a permission back beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// At present, by EC2.
    pub present: Result<BTreeSet<Principal>, Problem>,
    /// By the memory; `None` where nothing is written down.
    pub due: Result<Option<BTreeSet<Principal>>, Unknown>,
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

/// A step forward: the tag, then the step it speaks of. `begun` is when the run began, and counts for the stages;
/// `now` is the earliest deprecation that EC2 takes.
pub fn advance(
    step: Step,
    image: &Image,
    shares: &Shares,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Moves, Problem> {
    let history = History::of(image).map_err(unreadable)?.with(step, image, begun);
    let set = Tags::from([(RETIRE.to_owned(), history.to_string())]);
    let tag = |set| Change::Tag { set, remove: BTreeSet::new() };
    Ok(match step {
        Step::Deprecate | Step::Disable if step.holds(image, begun) => {
            Moves { first: vec![tag(set)], detail: Some("it was so already".to_owned()), ..Moves::default() }
        }
        Step::Deprecate => Moves { first: vec![tag(set), Change::Deprecate(whole_minute(now))], ..Moves::default() },
        Step::Disable => {
            let forgotten = "EC2 removes the launch permissions of a disabled image, and they could not be read";
            let (present, due) = (shares.present(forgotten)?, shares.due()?);
            // Nobody is written down too: then it is known that nobody was forgotten.
            let kept = Kept::of(image, present, due.unwrap_or(&BTreeSet::new()), &set);
            let first = vec![kept.place.change(image, set), Change::Disable];
            Moves { first, due: Some(kept.written()), detail: kept.notable(), ..Moves::default() }
        }
        Step::Deregister | Step::Revive => Moves { first: vec![tag(set)], ..Moves::default() },
    })
}

/// All steps back, as far as retirement has taken them: what was so before stays so. The tags go last, so that a run
/// that is cut off is taken up by the next.
pub fn revive(image: &Image, shares: &Shares, now: DateTime<Utc>) -> Result<Moves, Problem> {
    let history = History::of(image).map_err(unreadable)?;
    let did = |step| history.taken(step).filter(|taken| taken.before != Before::Already);
    let mut moves = Moves::default();
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
        // Another date was set by somebody else since.
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

/// An image that retirement has disabled has a tag that says with whom it was shared, unless it did not fit.
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
