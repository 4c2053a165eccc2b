//! Changes to images that can be taken back: what they ask for, whether they hold already, and what speaks against
//! them before EC2 is asked.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound, Months, TimeDelta, Utc};
use thiserror::Error;

use super::image::{Image, State};
use super::report::Verb;
use super::tags::{TagError, Tags};

/// EC2 takes deprecations up to this long ahead.
const YEARS_AHEAD: u32 = 10;
/// Of public images, counted from their creation.
const YEARS_PUBLIC: u32 = 2;
/// EC2 takes 50 tags on a resource, those of AWS not counted.
const MOST_TAGS: usize = 50;

/// A change to one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Counts as deprecated from then on.
    Deprecate(DateTime<Utc>),
    /// Is not deprecated, and will not be.
    CancelDeprecation,
    /// Switched off: no launches, no launch permissions.
    Disable,
    /// Switched on again, without launch permissions.
    Enable,
    /// EC2 refuses to deregister it.
    Protect {
        /// Keeps refusing for 24 hours after the protection is taken away.
        cooldown: bool,
    },
    /// EC2 does not refuse any more, after the cooldown where there is one.
    Unprotect,
    /// Carries these tags and not those.
    Tag {
        /// To be set.
        set: Tags,
        /// Keys to be removed.
        remove: BTreeSet<String>,
    },
}

/// Why EC2 would refuse a change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Objection {
    /// Its state does not allow it.
    #[error("it is {0}")]
    State(State),
    /// The date has passed.
    #[error("{0} is in the past; the earliest time that EC2 takes is now")]
    Past(DateTime<Utc>),
    /// The date is too far ahead.
    #[error("{at} is too far ahead: EC2 takes {latest} at the latest{}", if *public { ", as the image is public" } else { "" })]
    TooLate {
        /// What was asked for.
        at: DateTime<Utc>,
        /// The latest EC2 takes.
        latest: DateTime<Utc>,
        /// Whether that is because the image is public.
        public: bool,
    },
    /// The deprecation of a public image cannot be put off.
    #[error(
        "it is public, and EC2 neither postpones nor cancels the deprecation of a public image: make it private first"
    )]
    Public,
    /// Too many tags.
    #[error(transparent)]
    Tags(#[from] TagError),
}

/// The first whole minute at or after `at`: EC2 knows deprecations to the minute.
pub fn whole_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    let minute = TimeDelta::minutes(1);
    match at.duration_trunc(minute) {
        Ok(down) if down < at => down + minute,
        Ok(down) => down,
        Err(_) => at,
    }
}

impl Change {
    /// The word for it.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Deprecate(_) => Verb::Deprecate,
            Self::CancelDeprecation => Verb::CancelDeprecation,
            Self::Disable => Verb::Disable,
            Self::Enable => Verb::Enable,
            Self::Protect { .. } => Verb::Protect,
            Self::Unprotect => Verb::Unprotect,
            Self::Tag { .. } => Verb::Tag,
        }
    }

    /// Whether the image is as the change would leave it.
    pub fn holds(&self, image: &Image) -> bool {
        match self {
            Self::Deprecate(at) => image.deprecated_at == Some(*at),
            Self::CancelDeprecation => image.deprecated_at.is_none(),
            Self::Disable => image.state == State::Disabled,
            Self::Enable => image.state == State::Available,
            // A protection with a cooldown is more than what is asked for without: nothing is to be weakened.
            Self::Protect { cooldown } => image.protection.enabled().is_some_and(|has| has >= *cooldown),
            Self::Unprotect => image.protection.enabled().is_none(),
            Self::Tag { set, remove } => {
                set.iter().all(|(key, value)| image.tags.get(key) == Some(value))
                    && !remove.iter().any(|key| image.tags.contains_key(key))
            }
        }
    }

    /// The calls it takes, in this order: EC2 sets and removes tags in two.
    pub fn calls(&self, image: &Image) -> Vec<Self> {
        let Self::Tag { set, remove } = self else { return vec![self.clone()] };
        let mut calls = Vec::new();
        if !set.is_empty() {
            calls.push(Self::Tag { set: set.clone(), remove: BTreeSet::new() });
        }
        if !remove.is_empty() {
            calls.push(Self::Tag { set: Tags::new(), remove: remove.clone() });
        }
        // Setting first leaves no moment without both tags; it takes room that there must be.
        if tags_with(image, set, &BTreeSet::new()) > MOST_TAGS {
            calls.reverse();
        }
        calls
    }

    /// What speaks against the change to this image, before EC2 is asked.
    pub fn objection(&self, image: &Image, now: DateTime<Utc>) -> Option<Objection> {
        if self.holds(image) {
            return None;
        }
        match self {
            Self::Deprecate(at) => unsettled(image).or_else(|| date_objection(*at, image, now)),
            Self::CancelDeprecation if image.public => Some(Objection::Public),
            Self::CancelDeprecation | Self::Protect { .. } => unsettled(image),
            // A protected image that has failed since can be deregistered in no other way: EC2 decides.
            Self::Unprotect => unsettled(image).filter(|_| image.state.may_become_available()),
            Self::Disable => (image.state != State::Available).then(|| Objection::State(image.state.clone())),
            Self::Enable => (image.state != State::Disabled).then(|| Objection::State(image.state.clone())),
            Self::Tag { set, remove } => match tags_with(image, set, remove) {
                count if count > MOST_TAGS => Some(TagError::TooMany(count).into()),
                _ => None,
            },
        }
    }
}

/// What speaks against changing an image that is not there yet, or never will be. That EC2 refuses it is not documented;
/// what is refused here is refused before another image is changed.
fn unsettled(image: &Image) -> Option<Objection> {
    let settled = matches!(image.state, State::Available | State::Disabled);
    (!settled).then(|| Objection::State(image.state.clone()))
}

/// How many tags the image has after a change; those of AWS do not count.
fn tags_with(image: &Image, set: &Tags, remove: &BTreeSet<String>) -> usize {
    let left = image.tags.keys().filter(|key| !remove.contains(*key) && !key.starts_with("aws:"));
    left.chain(set.keys()).collect::<BTreeSet<_>>().len()
}

/// Whether an image can take these tags beside those it has.
pub fn has_room(image: &Image, set: &Tags) -> bool {
    tags_with(image, set, &BTreeSet::new()) <= MOST_TAGS
}

/// The latest minute from which on EC2 lets an image be deprecated.
pub fn latest_minute(now: DateTime<Utc>) -> DateTime<Utc> {
    let latest = now.checked_add_months(Months::new(12 * YEARS_AHEAD)).unwrap_or(now);
    latest.duration_trunc(TimeDelta::minutes(1)).unwrap_or(latest)
}

/// What speaks against deprecating an image from `at` on that is yet to be made.
pub fn objection_to_date(at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Objection> {
    let latest = now.checked_add_months(Months::new(12 * YEARS_AHEAD)).unwrap_or(now);
    (at > latest).then_some(Objection::TooLate { at, latest, public: false })
}

fn date_objection(at: DateTime<Utc>, image: &Image, now: DateTime<Utc>) -> Option<Objection> {
    if at < now - TimeDelta::minutes(1) {
        return Some(Objection::Past(at));
    }
    let years = |years: u32, from: DateTime<Utc>| from.checked_add_months(Months::new(12 * years)).unwrap_or(from);
    let public = image.public;
    if public && image.deprecated_at.is_some_and(|before| at > before) {
        return Some(Objection::Public);
    }
    let latest = match image.created_at {
        Some(created) if public => years(YEARS_PUBLIC, created),
        _ => years(YEARS_AHEAD, now),
    };
    (at > latest).then_some(Objection::TooLate { at, latest, public })
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
