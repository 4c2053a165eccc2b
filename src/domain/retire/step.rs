//! Steps of a retirement: deprecate, disable, deregister, or revive.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::image::{Image, State};
use crate::domain::report::Verb;
use crate::domain::tags::RETIRE;

/// The step taken on one image in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Deprecates it.
    Deprecate,
    /// Disables it.
    Disable,
    /// Deregisters it.
    Deregister,
    /// Reverts the steps of its retirement.
    Revive,
}

impl Step {
    /// All steps, in the order in which summaries count them.
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

    /// Whether the image already is as the step would leave it.
    pub fn holds(self, image: &Image, now: DateTime<Utc>) -> bool {
        match self {
            // A disabled image cannot be launched, which is more than being deprecated. The minute covers EC2's
            // rounding, so that a run right after the deprecation sees it.
            Self::Deprecate => image.state == State::Disabled || image.deprecated(now + TimeDelta::minutes(1)),
            Self::Disable => image.state == State::Disabled,
            Self::Deregister => image.state == State::Deregistered,
            Self::Revive => !image.tags.contains_key(RETIRE),
        }
    }
}

/// A time as the tag writes it: RFC 3339 in whole seconds.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
