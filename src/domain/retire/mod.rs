//! Retirement in stages: an image is deprecated, later disabled, finally deregistered.
//!
//! All steps but the last can be reverted. The image's own tag records each step and its time, so that any machine can
//! go on. The tag is written before the step; the image's state then decides whether the step counts. A step that
//! failed, was interrupted or was reverted by someone else is due again.

mod history;
mod moves;
mod stages;
pub mod step;

use chrono::{DateTime, TimeDelta, Utc};

use super::age::ago;
use super::image::{Image, State};
use step::Step;

pub use history::{Before, History, Taken, Unreadable};
pub use moves::{Shares, StepChanges, advance, revive};
pub use stages::{Stage, Stages, StagesError};

/// The next step of an image that may be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This step is due.
    Due(Step),
    /// Nothing is due, for this reason.
    Stays(String),
}

/// The next step of an image that nothing keeps: at most one per run.
pub fn next(stages: &Stages, image: &Image, now: DateTime<Utc>) -> Next {
    match image.state {
        State::Available | State::Disabled => {}
        // Such an image never worked, so nothing can depend on it.
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

/// The time by which a step may be early. A daily job never runs at the same second, and summer time shifts it by an
/// hour: without this every stage would slip by a day.
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
