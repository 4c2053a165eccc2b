//! The extent to which the rules of a place hold what is deleted, and the rules that are missing.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::rules::{Resource, RetentionRule};
use crate::domain::age::Age;
use crate::domain::ids::AccountId;
use crate::domain::region::{Region, place};

/// The longest retention period of images and snapshots in days.
const LONGEST: u32 = 365;
/// The number of places that a sentence names.
const NAMED: usize = 3;

/// A retention period that a rule can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionDays(u32);

/// A text that is no retention period.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is no retention period; the Recycle Bin takes whole days from 1d to 365d, e.g. 14d")]
pub struct RetentionDaysError(String);

impl RetentionDays {
    /// The number of days.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for RetentionDays {
    type Err = RetentionDaysError;

    fn from_str(text: &str) -> Result<Self, RetentionDaysError> {
        let wrong = || RetentionDaysError(text.to_owned());
        let age: Age = text.parse().map_err(|_| wrong())?;
        let days = u32::try_from(age.duration().as_secs() / 86_400).map_err(|_| wrong())?;
        let whole = age == Age::days(u64::from(days));
        if whole && (1..=LONGEST).contains(&days) { Ok(Self(days)) } else { Err(wrong()) }
    }
}

impl fmt::Display for RetentionDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

/// How much of what is deleted the rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// Everything, for at least so many days.
    All(u32),
    /// What carries some tags, or does not carry some; that for at least so many days.
    Some(u32),
    /// Nothing.
    None,
}

impl Held {
    /// What these rules hold of a resource.
    fn by<'a>(rules: impl Iterator<Item = &'a RetentionRule> + Clone, resource: Resource) -> Self {
        let about = rules.filter(move |rule| rule.resource == resource);
        // The longest of those that match decides.
        let whole = about.clone().filter(|rule| rule.is_whole()).map(|rule| rule.days).max();
        match (whole, about.map(|rule| rule.days).min()) {
            (Some(days), _) => Self::All(days),
            (None, Some(days)) => Self::Some(days),
            (None, None) => Self::None,
        }
    }

    /// The days for which everything that is held is held at least.
    pub fn days(self) -> Option<u32> {
        match self {
            Self::All(days) | Self::Some(days) => Some(days),
            Self::None => None,
        }
    }
}

/// The rules of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRetention {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// All rules for images and snapshots.
    pub rules: Vec<RetentionRule>,
    /// The ids of those that this run made.
    pub made: BTreeSet<String>,
}

impl PlaceRetention {
    /// What the rules in force hold.
    pub fn held(&self, resource: Resource) -> Held {
        Held::by(self.rules.iter().filter(|rule| rule.in_force), resource)
    }

    /// Whether a rule is not in force yet.
    pub fn is_pending(&self) -> bool {
        self.rules.iter().any(|rule| !rule.in_force)
    }

    /// The resources without a rule that holds all of them for so many days. A pending rule counts: another would be
    /// one too many.
    pub fn missing(&self, days: RetentionDays) -> Vec<Resource> {
        let enough = |resource| {
            let long = |rule: &RetentionRule| rule.resource == resource && rule.is_whole() && rule.days >= days.get();
            self.rules.iter().any(long)
        };
        [Resource::Image, Resource::Snapshot].into_iter().filter(|resource| !enough(*resource)).collect()
    }

    /// What the rules will hold once none is pending.
    pub fn soon(&self, resource: Resource) -> Held {
        Held::by(self.rules.iter(), resource)
    }

    fn place(&self) -> String {
        place(self.account.as_ref(), &self.region)
    }
}

/// Whether images would be in the bin, and some of their snapshots would not, or not as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Missing,
    Partial,
    Shorter,
}

impl Flaw {
    fn of(place: &PlaceRetention) -> Option<Self> {
        let (images, snapshots) = (place.soon(Resource::Image), place.soon(Resource::Snapshot));
        match (images, snapshots) {
            (Held::None, _) => None,
            (_, Held::None) => Some(Self::Missing),
            (_, Held::Some(_)) => Some(Self::Partial),
            (_, Held::All(days)) => (images.days() > Some(days)).then_some(Self::Shorter),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Missing => "a rule holds images, but none holds snapshots: without them no image can be restored",
            Self::Partial => {
                "a rule holds images, but only some snapshots are held: without all of its own no image can be restored"
            }
            Self::Shorter => {
                "snapshots leave the bin before images: an image whose snapshots are gone cannot be restored"
            }
        }
    }
}

/// Warnings about rules that hold images which could not be restored, each told once for all its places.
pub fn warnings(all: &[PlaceRetention]) -> Vec<String> {
    let each = [Flaw::Missing, Flaw::Partial, Flaw::Shorter].into_iter().filter_map(|flaw| {
        let places: Vec<_> = all.iter().filter(|place| Flaw::of(place) == Some(flaw)).collect();
        (!places.is_empty()).then(|| format!("{}; in {}", flaw.words(), named(&places)))
    });
    each.collect()
}

/// The places with pending rules, for people.
pub fn pending(all: &[PlaceRetention]) -> Option<String> {
    let places: Vec<_> = all.iter().filter(|place| place.is_pending()).collect();
    let rules: usize = places.iter().map(|place| place.rules.iter().filter(|rule| !rule.in_force).count()).sum();
    let rules = if rules == 1 { "1 rule is".to_owned() } else { format!("{rules} rules are") };
    let what = "pending: nothing is held by a rule until AWS makes it available, which may take 30 minutes";
    (!places.is_empty()).then(|| format!("{rules} {what}; in {}", named(&places)))
}

/// The first places by name, and the number of the others.
pub fn named(places: &[&PlaceRetention]) -> String {
    let names: Vec<_> = places.iter().take(NAMED).map(|place| place.place()).collect();
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    format!("{}{more}", names.join("; "))
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
