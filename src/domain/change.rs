//! Reversible changes to images, and the objections to them that need no call to EC2.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound, Months, TimeDelta, Utc};
use thiserror::Error;

use super::image::{Image, State};
use super::report::Verb;
use super::tags::{TagError, Tags};

/// EC2 accepts deprecation times up to this many years ahead.
const YEARS_AHEAD: u32 = 10;
/// For public images: years after their creation.
const YEARS_PUBLIC: u32 = 2;
/// EC2 allows 50 tags per resource; tags of AWS (`aws:…`) do not count.
const MOST_TAGS: usize = 50;

/// A change to one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Deprecates the image from this time on.
    Deprecate(DateTime<Utc>),
    /// Removes the deprecation time.
    CancelDeprecation,
    /// Disables the image: no launches, and EC2 drops its launch permissions.
    Disable,
    /// Enables the image again, without launch permissions.
    Enable,
    /// Enables deregistration protection.
    Protect {
        /// EC2 refuses for 24 hours more after the protection is disabled.
        cooldown: bool,
    },
    /// Disables deregistration protection; a cooldown may follow.
    Unprotect,
    /// Sets and removes tags.
    Tag {
        /// Tags to set.
        set: Tags,
        /// Keys to remove.
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
        /// The requested time.
        at: DateTime<Utc>,
        /// The latest time EC2 accepts.
        latest: DateTime<Utc>,
        /// Whether that is because the image is public.
        public: bool,
    },
    /// EC2 neither postpones nor cancels the deprecation of a public image.
    #[error(
        "it is public, and EC2 neither postpones nor cancels the deprecation of a public image: make it private first"
    )]
    Public,
    /// Too many tags.
    #[error(transparent)]
    Tags(#[from] TagError),
}

/// The first whole minute at or after `at`: EC2 stores deprecation times to the minute.
pub fn whole_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    let minute = TimeDelta::minutes(1);
    match at.duration_trunc(minute) {
        Ok(down) if down < at => down + minute,
        Ok(down) => down,
        Err(_) => at,
    }
}

impl Change {
    /// The verb for reports.
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

    /// Whether the image already is as the change would leave it.
    pub fn holds(&self, image: &Image) -> bool {
        match self {
            Self::Deprecate(at) => image.deprecated_at == Some(*at),
            Self::CancelDeprecation => image.deprecated_at.is_none(),
            Self::Disable => image.state == State::Disabled,
            Self::Enable => image.state == State::Available,
            // Protection with a cooldown satisfies a request without one; nothing is weakened.
            Self::Protect { cooldown } => image.protection.enabled().is_some_and(|has| has >= *cooldown),
            Self::Unprotect => image.protection.enabled().is_none(),
            Self::Tag { set, remove } => {
                set.iter().all(|(key, value)| image.tags.get(key) == Some(value))
                    && !remove.iter().any(|key| image.tags.contains_key(key))
            }
        }
    }

    /// The API calls it takes, in order: EC2 sets and removes tags in separate calls.
    pub fn calls(&self, image: &Image) -> Vec<Self> {
        let Self::Tag { set, remove } = self else { return vec![self.clone()] };
        let mut calls = Vec::new();
        if !set.is_empty() {
            calls.push(Self::Tag { set: set.clone(), remove: BTreeSet::new() });
        }
        if !remove.is_empty() {
            calls.push(Self::Tag { set: Tags::new(), remove: remove.clone() });
        }
        // Set first, so that the image never lacks both tags, unless that would exceed the limit.
        if tags_with(image, set, &BTreeSet::new()) > MOST_TAGS {
            calls.reverse();
        }
        calls
    }

    /// The objection to this change, found without asking EC2.
    pub fn objection(&self, image: &Image, now: DateTime<Utc>) -> Option<Objection> {
        if self.holds(image) {
            return None;
        }
        match self {
            Self::Deprecate(at) => unsettled(image).or_else(|| date_objection(*at, image, now)),
            Self::CancelDeprecation if image.public => Some(Objection::Public),
            Self::CancelDeprecation | Self::Protect { .. } => unsettled(image),
            // A protected image that failed can be deregistered in no other way: EC2 decides.
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

/// The objection to changing an image that is neither available nor disabled. AWS does not document that EC2 refuses
/// it; refusing it here leaves all other images unchanged too.
fn unsettled(image: &Image) -> Option<Objection> {
    let settled = matches!(image.state, State::Available | State::Disabled);
    (!settled).then(|| Objection::State(image.state.clone()))
}

/// The number of tags after a change; tags of AWS do not count.
fn tags_with(image: &Image, set: &Tags, remove: &BTreeSet<String>) -> usize {
    let left = image.tags.keys().filter(|key| !remove.contains(*key) && !key.starts_with("aws:"));
    left.chain(set.keys()).collect::<BTreeSet<_>>().len()
}

/// Whether the image has room for these tags.
pub fn has_room(image: &Image, set: &Tags) -> bool {
    tags_with(image, set, &BTreeSet::new()) <= MOST_TAGS
}

/// The latest deprecation time that EC2 accepts, in whole minutes.
pub fn latest_minute(now: DateTime<Utc>) -> DateTime<Utc> {
    let latest = now.checked_add_months(Months::new(12 * YEARS_AHEAD)).unwrap_or(now);
    latest.duration_trunc(TimeDelta::minutes(1)).unwrap_or(latest)
}

/// The objection to deprecating, from `at` on, an image that is still to be made.
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
