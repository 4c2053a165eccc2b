//! Retirement in stages: an image is deprecated, later disabled, and later still deregistered. Everything but the last
//! step can be taken back.
//!
//! What was done and when is written on the image itself, so that any machine can go on. It is written before the
//! step it speaks of; what the image is then decides whether the step counts. One that failed, was cut off, or was
//! taken back by somebody is due again.

mod history;
mod moves;
mod stages;
pub mod step;

use chrono::{DateTime, TimeDelta, Utc};

use super::age::ago;
use super::image::{Image, State};
use step::Step;

pub use history::{Before, History, Taken, Unreadable};
pub use moves::{Moves, Shares, advance, revive};
pub use stages::{Stage, Stages, StagesError};

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

impl Taken {
    /// The step and its age, in words.
    pub fn so_far(&self, now: DateTime<Utc>) -> String {
        format!("{} {} ago", self.step.verb().done(), ago(self.at, now))
    }
}

#[cfg(test)]
mod tests;
