//! Seeding retention rules of the Recycle Bin.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::super::recycle_bin::{BinRule, IMAGES, SNAPSHOTS, VOLUMES};
use super::super::world::{World, span};

/// A retention rule about to be put into the world.
pub struct BinRuleSeed<'w> {
    world: &'w mut World,
    region: String,
    rule: BinRule,
}

impl World {
    /// A rule that keeps all `EC2_IMAGE`s or `EBS_SNAPSHOT`s of a region for so many days; it acts at once.
    pub fn bin_rule(&mut self, account: &str, region: &str, kind: &str, days: u32) -> BinRuleSeed<'_> {
        assert!([IMAGES, SNAPSHOTS, VOLUMES].contains(&kind), "there are no rules about {kind}");
        let most = if kind == VOLUMES { 7 } else { 365 };
        assert!((1..=most).contains(&days), "a rule about {kind} keeps for 1 to {most} days, not {days}");
        let (id, now) = (self.ids.next_short(), self.now());
        BinRuleSeed { region: region.to_owned(), rule: BinRule::new(id, account, kind, days, now), world: self }
    }

    /// How many rules there are in a region, of all accounts.
    pub fn count_bin_rules(&self, region: &str) -> usize {
        self.regions.get(region).map_or(0, |region| region.bin_rules.len())
    }

    /// Takes a rule away again.
    pub fn remove_bin_rule(&mut self, id: &str) {
        let removed = self.regions.values_mut().find_map(|region| region.bin_rules.remove(id));
        assert!(removed.is_some(), "there is no rule {id}");
    }
}

impl BinRuleSeed<'_> {
    /// Only what carries this tag, or another one that is given so.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.rule.tags.push((key.to_owned(), Some(value.to_owned())));
        self
    }

    /// Only what carries a tag with this key, whatever its value.
    pub fn tag_key(mut self, key: &str) -> Self {
        self.rule.tags.push((key.to_owned(), None));
        self
    }

    /// All but what carries this tag.
    pub fn exclude(mut self, key: &str, value: &str) -> Self {
        self.rule.exclude.push((key.to_owned(), Some(value.to_owned())));
        self
    }

    /// Free text.
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.rule.description);
        self
    }

    /// Does not act yet, and will not.
    pub fn pending(mut self) -> Self {
        self.rule.phase.turn = DateTime::<Utc>::MAX_UTC;
        self
    }

    /// Does not act before this time has passed.
    pub fn pending_for(mut self, time: Duration) -> Self {
        self.rule.phase.turn += span(time);
        self
    }

    /// `locked`, `pending_unlock` or `unlocked`.
    pub fn lock(mut self, state: &str) -> Self {
        self.rule.lock = Some(state.to_owned());
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(self) -> String {
        let rule = self.rule;
        assert!(rule.tags.len() <= 50 && rule.exclude.len() <= 5, "too many tags in one rule");
        assert!(rule.tags.is_empty() || rule.exclude.is_empty(), "only a rule for the whole region leaves things out");
        let id = rule.id.clone();
        self.world.region(&self.region).bin_rules.insert(id.clone(), rule);
        id
    }
}
