//! Retirement in stages: an image is deprecated, later disabled, and later still deregistered. Everything but the last
//! step can be taken back.
//!
//! What was done and when is written on the image itself, so that any machine can go on. It is written before the
//! step it speaks of; what the image is then decides whether the step counts. One that failed, was cut off, or was
//! taken back by somebody is due again.

mod history;
mod moves;
mod stages;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::age::ago;
use super::image::{Image, State};
use super::report::Verb;

pub use history::{Before, History, RETIRE, Taken, Unreadable};
pub use moves::{Moves, Shares, advance, revive};
pub use stages::{Stage, Stages, StagesError};

/// What is done to one image in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Hides it from the listings of others.
    Deprecate,
    /// Switches it off.
    Disable,
    /// Removes it.
    Deregister,
    /// Takes back what its retirement has done so far.
    Revive,
}

impl Step {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 4] = [Self::Deregister, Self::Disable, Self::Deprecate, Self::Revive];

    /// The word for it in reports.
    pub fn verb(self) -> Verb {
        match self {
            Self::Deprecate => Verb::Deprecate,
            Self::Disable => Verb::Disable,
            Self::Deregister => Verb::Deregister,
            Self::Revive => Verb::Revive,
        }
    }

    /// The word for it in policies, plans and tags.
    pub fn as_str(self) -> &'static str {
        self.verb().as_str()
    }

    /// Whether the image is as the step would leave it.
    pub fn holds(self, image: &Image, now: DateTime<Utc>) -> bool {
        match self {
            // Nobody can launch a disabled image: that is more than being deprecated. The minute is the one that EC2
            // rounds to, so that a run which follows at once sees what the one before has done.
            Self::Deprecate => image.state == State::Disabled || image.deprecated(now + TimeDelta::minutes(1)),
            Self::Disable => image.state == State::Disabled,
            Self::Deregister => image.state == State::Deregistered,
            Self::Revive => !image.tags.contains_key(RETIRE),
        }
    }
}

/// Where an image that may go stands in its retirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This step is due.
    Due(Step),
    /// Nothing is due, for this reason.
    Stays(String),
}

/// What is to be done next to an image that nothing keeps: one step at most.
pub fn next(stages: &Stages, image: &Image, now: DateTime<Utc>) -> Next {
    match image.state {
        State::Available | State::Disabled => {}
        // Such an image never worked, so there is nobody who could miss it.
        State::Pending
        | State::Invalid
        | State::Deregistered
        | State::Transient
        | State::Failed
        | State::Error
        | State::Unknown(_) => {
            return match stages.end_with_deregister() {
                true => Next::Due(Step::Deregister),
                false => Next::Stays(format!("it is {}, and no stage of the policy deregisters", image.state)),
            };
        }
    }
    let history = match History::of(image) {
        Ok(history) => history,
        Err(unreadable) => return Next::Stays(unreadable.to_string()),
    };
    let Some(last) = history.held(image, now).last() else { return Next::Due(stages.first()) };
    let so_far = last.so_far(now);
    let Some(stage) = stages.after(last.step) else { return Next::Stays(format!("{so_far}; no stage is left")) };
    let due = last.at + stage.wait();
    match now + slack(stage.wait()) >= due {
        true => Next::Due(stage.step),
        false => Next::Stays(format!("{so_far}; {} is due {}", stage.step.as_str(), due.format("%Y-%m-%d"))),
    }
}

/// How much too early a step may be. A job that runs daily never runs at the same second, and twice a year an hour
/// earlier: without this every stage would slip by a day.
fn slack(wait: TimeDelta) -> TimeDelta {
    (wait / 12).min(TimeDelta::hours(2))
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Taken {
    /// The step and its age, in words.
    pub fn so_far(&self, now: DateTime<Utc>) -> String {
        format!("{} {} ago", self.step.verb().done(), ago(self.at, now))
    }
}

#[cfg(test)]
mod tests;
