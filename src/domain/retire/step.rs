//! One step of a retirement: deprecate, disable, deregister, or take all of it back.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::image::{Image, State};
use crate::domain::report::Verb;
use crate::domain::tags::RETIRE;

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

/// A moment as the tag writes it: RFC 3339 in whole seconds.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
