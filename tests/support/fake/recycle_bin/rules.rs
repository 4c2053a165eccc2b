//! Retention rules: what the bin keeps, and for how long.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::ids::derived_short;
use super::super::model::{Phase, Tags};
use super::super::request::Request;
use super::super::world::World;

/// Rules about images.
pub const IMAGES: &str = "EC2_IMAGE";
/// Rules about snapshots.
pub const SNAPSHOTS: &str = "EBS_SNAPSHOT";
/// Rules about volumes.
pub const VOLUMES: &str = "EBS_VOLUME";

/// A tag in a rule: its key and, unless any will do, its value. That a key alone stands for all values is unconfirmed.
pub type RuleTag = (String, Option<String>);

/// A retention rule.
#[derive(Clone, Debug)]
pub struct BinRule {
    /// 11 letters and digits.
    pub id: String,
    /// Account it belongs to.
    pub owner: String,
    /// `EC2_IMAGE`, `EBS_SNAPSHOT` or `EBS_VOLUME`.
    pub kind: String,
    /// How long it keeps things.
    pub days: u32,
    /// Free text.
    pub description: String,
    /// `pending`, then `available`; only then it keeps anything.
    pub phase: Phase,
    /// `locked`, `pending_unlock` or `unlocked`; none if it never was locked.
    pub lock: Option<String>,
    /// It is about what carries any of these; without any, about the whole region.
    pub tags: Vec<RuleTag>,
    /// A rule for the whole region leaves out what carries any of these.
    pub exclude: Vec<RuleTag>,
}

impl BinRule {
    /// A rule for a whole region.
    pub fn new(id: String, owner: &str, kind: &str, days: u32, since: DateTime<Utc>) -> BinRule {
        BinRule {
            id,
            owner: owner.to_owned(),
            kind: kind.to_owned(),
            days,
            description: String::new(),
            phase: Phase::settled("available", since),
            lock: None,
            tags: Vec::new(),
            exclude: Vec::new(),
        }
    }

    fn keeps(&self, kind: &str, tags: &Tags, now: DateTime<Utc>) -> bool {
        self.kind == kind
            && self.phase.at(now) == "available"
            && (self.tags.is_empty() || self.tags.iter().any(|tag| carries(tags, tag)))
            && !self.exclude.iter().any(|tag| carries(tags, tag))
    }
}

fn carries(tags: &Tags, (key, value): &RuleTag) -> bool {
    tags.get(key).is_some_and(|has| value.as_ref().is_none_or(|value| value == has))
}

/// The rules where a request acts.
pub struct Rules {
    rules: BTreeMap<String, BinRule>,
    /// When it acts.
    pub now: DateTime<Utc>,
}

impl Rules {
    /// The caller's rules in the region, by id.
    pub fn of(world: &mut World, request: &Request) -> Rules {
        let (account, region) = (request.account.as_str(), request.region.as_str());
        let all = world.region(region).bin_rules.iter();
        let mut rules: BTreeMap<String, BinRule> =
            all.filter(|(_, rule)| rule.owner == account).map(|(id, rule)| (id.clone(), rule.clone())).collect();
        let whole = world.recycle_bin.get(&(account.to_owned(), region.to_owned())).copied().unwrap_or_default();
        for (kind, days) in [(IMAGES, whole.0), (SNAPSHOTS, whole.1)].into_iter().filter(|(_, days)| *days > 0) {
            let id = derived_short(&[account, region, kind]);
            rules.insert(id.clone(), BinRule::new(id, account, kind, days, request.now));
        }
        Rules { rules, now: request.now }
    }

    /// For how many days something is kept: the longest of the rules that are about it decides.
    pub fn days(&self, kind: &str, tags: &Tags) -> Option<u32> {
        self.rules.values().filter(|rule| rule.keeps(kind, tags, self.now)).map(|rule| rule.days).max()
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &BinRule)> {
        self.rules.iter()
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&BinRule> {
        self.rules.get(id)
    }
}
