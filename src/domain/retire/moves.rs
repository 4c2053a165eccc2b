//! The changes that make up a step, in an order in which each may fail and the next run goes on.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::history::{Before, History, RETIRE};
use super::{Step, Unreadable};
use crate::domain::change::{Change, whole_minute};
use crate::domain::image::{Image, State};
use crate::domain::report::Problem;
use crate::domain::sharing::{Principal, SHARES, from_tag, to_tag};
use crate::domain::tagging::Tags;

/// What is to be done to an image, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moves {
    /// First these changes.
    pub first: Vec<Change>,
    /// Then it is shared with these again.
    pub share: BTreeSet<Principal>,
    /// Then these.
    pub last: Vec<Change>,
    /// What people should know about it.
    pub detail: Option<String>,
}

/// A step forward: the tag, then the step it speaks of. `begun` is when the run began, and counts for the stages;
/// `now` is the earliest deprecation that EC2 takes.
pub fn advance(
    step: Step,
    image: &Image,
    shares: Result<&BTreeSet<Principal>, Problem>,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Moves, Problem> {
    let history = History::of(image).map_err(unreadable)?.with(step, image, begun);
    let mut set = Tags::from([(RETIRE.to_owned(), history.to_string())]);
    let (mut remove, mut detail) = (BTreeSet::new(), None);
    let change = match step {
        Step::Deprecate | Step::Disable if step.holds(image, begun) => {
            detail = Some("it was so already".to_owned());
            None
        }
        Step::Deprecate => Some(Change::Deprecate(whole_minute(now))),
        Step::Disable => {
            let shares = shares.map_err(|problem| Problem {
                message: format!(
                    "EC2 forgets who a disabled image is shared with, and that could not be read: {}",
                    problem.message
                ),
                ..problem
            })?;
            match to_tag(shares) {
                // Nobody is written down too: then it is known that nobody was forgotten.
                Some(text) => drop(set.insert(SHARES.to_owned(), text)),
                None => {
                    remove.extend(image.tags.contains_key(SHARES).then(|| SHARES.to_owned()));
                    detail = Some(format!("{} launch permissions fit no tag: the journal has them", shares.len()));
                }
            }
            Some(Change::Disable)
        }
        Step::Deregister | Step::Revive => None,
    };
    let first = [Change::Tag { set, remove }].into_iter().chain(change).collect();
    Ok(Moves { first, detail, ..Moves::default() })
}

/// All steps back, as far as retirement has taken them: what was so before stays so. The tags go last, so that a run
/// that is cut off is taken up by the next. `shares` is who it is shared with at present, where that is known.
pub fn revive(image: &Image, shares: Option<&BTreeSet<Principal>>, now: DateTime<Utc>) -> Result<Moves, Problem> {
    let history = History::of(image).map_err(unreadable)?;
    let did = |step| history.taken(step).filter(|taken| taken.before != Before::Already);
    let mut moves = Moves::default();
    let mut remove = BTreeSet::from([RETIRE.to_owned()]);
    let disabled = image.state == State::Disabled;
    if disabled {
        match did(Step::Disable) {
            Some(_) => moves.first.push(Change::Enable),
            None => moves.detail = Some("it stays disabled, as retirement has not disabled it".to_owned()),
        }
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
    if did(Step::Disable).is_some() {
        match image.tags.get(SHARES).map(|text| from_tag(text)) {
            None if disabled => moves.detail = Some("the journal has who it was shared with: no tag could".to_owned()),
            None => {}
            Some(Err(error)) => moves.detail = Some(format!("its tag {SHARES} cannot be read: {error}")),
            Some(Ok(before)) => {
                remove.insert(SHARES.to_owned());
                // Permissions that an image has when it is not disabled were not lost, or given anew since.
                if disabled || shares.is_some_and(BTreeSet::is_empty) {
                    moves.share = before;
                }
            }
        }
    }
    moves.last.push(Change::Tag { set: Tags::new(), remove });
    Ok(moves)
}

fn unreadable(error: Unreadable) -> Problem {
    Problem { code: "UnreadableTag".to_owned(), message: error.to_string() }
}
