//! The value of the tag `amictl:retire`: the steps taken on an image so far.
//!
//! Example: `deprecate@2026-01-02T04:30:00Z disable@2026-01-16T04:30:00Z`. A suffix records an earlier state:
//! `deprecate@…/already` changed nothing, and `deprecate@…/2027-01-01T00:00:00Z` replaced a deprecation planned for
//! then. So a revival reverts only what the retirement did.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use super::step::{Step, stamp};
use crate::domain::image::Image;
use crate::domain::tags::RETIRE;

const ALREADY: &str = "already";

/// The state of the image before a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Neither done nor planned.
    Nothing,
    /// Already done: the step changed nothing.
    Already,
    /// A deprecation was planned for this time.
    Planned(DateTime<Utc>),
}

/// One step that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The step: deprecate or disable; after the others no tag is left.
    pub step: Step,
    /// When, in whole seconds.
    pub at: DateTime<Utc>,
    /// The state before.
    pub before: Before,
}

/// The steps that were taken, the latest last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History(Vec<Taken>);

/// A tag that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("its tag {RETIRE} cannot be read: '{0}'")]
pub struct Unreadable(String);

impl History {
    /// Reads the tag of an image; empty without it.
    pub fn of(image: &Image) -> Result<Self, Unreadable> {
        image.tags.get(RETIRE).map_or(Ok(Self::default()), |text| text.parse())
    }

    /// The steps that still hold: the latest may have failed, or have been reverted by someone else.
    pub fn held(&self, image: &Image, now: DateTime<Utc>) -> &[Taken] {
        let held = self.0.iter().rposition(|taken| taken.step.holds(image, now));
        &self.0[..held.map_or(0, |last| last + 1)]
    }

    /// The record of a step, if taken.
    pub fn taken(&self, step: Step) -> Option<&Taken> {
        self.0.iter().find(|taken| taken.step == step)
    }

    /// Adds a step that is about to be taken.
    #[must_use]
    pub fn with(&self, step: Step, image: &Image, now: DateTime<Utc>) -> Self {
        let before = match (step, image.deprecated_at) {
            _ if step.holds(image, now) => Before::Already,
            (Step::Deprecate, Some(planned)) => Before::Planned(whole_second(planned)),
            _ => Before::Nothing,
        };
        let mut steps = self.held(image, now).to_vec();
        steps.push(Taken { step, at: whole_second(now), before });
        Self(steps)
    }
}

fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos()))
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

fn taken(text: &str) -> Option<Taken> {
    let (step, rest) = text.split_once('@')?;
    let step = [Step::Deprecate, Step::Disable].into_iter().find(|known| known.as_str() == step)?;
    let (at, before) = match rest.split_once('/') {
        None => (rest, Before::Nothing),
        Some((at, ALREADY)) => (at, Before::Already),
        Some((at, planned)) if step == Step::Deprecate => (at, Before::Planned(time(planned)?)),
        Some(_) => return None,
    };
    Some(Taken { step, at: time(at)?, before })
}

impl FromStr for History {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable(text.to_owned());
        let steps: Vec<Taken> = text.split(' ').map(taken).collect::<Option<_>>().ok_or_else(unreadable)?;
        let ordered = steps.windows(2).all(|pair| pair[0].step < pair[1].step && pair[0].at <= pair[1].at);
        let history = Self(steps);
        // A text that amictl would write differently was not written by amictl.
        if ordered && history.to_string() == text { Ok(history) } else { Err(unreadable()) }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, taken) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { " " };
            write!(f, "{gap}{}@{}", taken.step.as_str(), stamp(taken.at))?;
            match taken.before {
                Before::Nothing => {}
                Before::Already => write!(f, "/{ALREADY}")?,
                Before::Planned(at) => write!(f, "/{}", stamp(at))?,
            }
        }
        Ok(())
    }
}
