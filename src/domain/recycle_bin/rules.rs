//! Retention rules of the Recycle Bin, and the fate of what a run is about to delete.

use std::collections::BTreeMap;

use crate::domain::ids::SnapshotId;
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::tags::Tags;

/// The resource type of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// EBS-backed images; no others enter the bin.
    Image,
    /// Snapshots.
    Snapshot,
}

/// A retention rule of the Recycle Bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// Its id.
    pub id: String,
    /// Its resource type.
    pub resource: Resource,
    /// Its retention period in days.
    pub days: u32,
    /// Whether it applies: a pending rule retains nothing.
    pub in_force: bool,
    /// Its resource tags, any of which suffices; without any it applies to the whole region.
    pub tags: Vec<RuleTag>,
    /// The exclusion tags of a rule for the whole region, any of which suffices.
    pub exclude: Vec<RuleTag>,
}

/// A tag of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTag {
    /// Its key.
    pub key: String,
    /// Its value. AWS does not say whether a key alone stands for every value or for the empty one.
    pub value: Option<String>,
}

impl RetentionRule {
    /// Whether it is for everything in the region, without tags and exclusions.
    pub fn is_whole(&self) -> bool {
        self.tags.is_empty() && self.exclude.is_empty()
    }

    fn holds(&self, resource: Resource, tags: &Tags) -> bool {
        // A key without a value is read in the way that retains less, so that no restore is promised wrongly.
        let named = |tag: &RuleTag| tags.get(&tag.key).is_some_and(|v| v == tag.value.as_deref().unwrap_or_default());
        let left_out = |tag: &RuleTag| {
            tags.get(&tag.key).is_some_and(|value| tag.value.as_ref().is_none_or(|wanted| wanted == value))
        };
        self.in_force
            && self.resource == resource
            && (self.tags.is_empty() || self.tags.iter().any(named))
            && !self.exclude.iter().any(left_out)
    }
}

/// The days for which the rules retain a deleted resource: the longest matching rule decides.
pub fn held(rules: &[RetentionRule], resource: Resource, tags: &Tags) -> Option<u32> {
    rules.iter().filter(|rule| rule.holds(resource, tags)).map(|rule| rule.days).max()
}

/// Whether any of the rules depends on tags.
pub fn asks_tags(rules: &[RetentionRule], resource: Resource) -> bool {
    rules.iter().any(|rule| rule.resource == resource && !rule.is_whole())
}

/// The facts about an image to be deregistered that decide its fate in the bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    on_ebs: bool,
    tags: Tags,
    /// The snapshots deleted with it.
    pub snapshots: Vec<SnapshotId>,
}

impl Leaving {
    /// The image, and those of its snapshots that are deleted with it.
    pub fn new(image: &Image, snapshots: &[SnapshotId]) -> Self {
        let on_ebs = image.root_device_type.as_deref() != Some("instance-store");
        Self { on_ebs, tags: image.tags.clone(), snapshots: snapshots.to_vec() }
    }
}

/// The fate of a deleted resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It can be restored.
    Held {
        /// For this many days, with its snapshots.
        days: u32,
        /// The days it is in the bin itself.
        in_bin: u32,
    },
    /// The image is in the bin, but cannot be restored, as its snapshots are not.
    Stranded,
    /// Deleted permanently.
    Lost,
}

/// The fate of an image; `tags` are those of its snapshots, if rules depend on them.
pub fn fate_of_image(rules: &[RetentionRule], image: &Leaving, tags: &BTreeMap<SnapshotId, Tags>) -> Fate {
    let own = if image.on_ebs { held(rules, Resource::Image, &image.tags) } else { None };
    let Some(in_bin) = own else { return Fate::Lost };
    let none = Tags::new();
    let each = image.snapshots.iter().map(|id| held(rules, Resource::Snapshot, tags.get(id).unwrap_or(&none)));
    match each.collect::<Option<Vec<u32>>>() {
        None => Fate::Stranded,
        Some(days) => Fate::Held { days: days.into_iter().min().unwrap_or(in_bin).min(in_bin), in_bin },
    }
}

/// The fate of a snapshot that is deleted on its own.
pub fn fate_of_snapshot(rules: &[RetentionRule], tags: &Tags) -> Fate {
    held(rules, Resource::Snapshot, tags).map_or(Fate::Lost, |days| Fate::Held { days, in_bin: days })
}

/// The fates of everything that a run deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The resource type counted.
    pub resource: Resource,
    /// The known fates.
    pub fates: Vec<Fate>,
    /// Places with unknown fates, and why.
    pub unknown: Vec<(String, Problem)>,
}

/// A sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Whether it is printed even with `--quiet`.
    pub warning: bool,
    /// The sentence.
    pub text: String,
}

impl Outlook {
    /// Whether everything can certainly be restored.
    pub fn safe(&self) -> bool {
        self.unknown.is_empty() && self.fates.iter().all(|fate| matches!(fate, Fate::Held { .. }))
    }

    /// The sentences for people.
    pub fn sentences(&self) -> Vec<Sentence> {
        let mut all = Vec::new();
        let mut say = |warning, text: String| all.push(Sentence { warning, text: format!("Recycle Bin: {text}") });
        let held = self.fates.iter().filter_map(|fate| match fate {
            Fate::Held { days, in_bin } => Some((*days, *in_bin)),
            Fate::Stranded | Fate::Lost => None,
        });
        let held: Vec<(u32, u32)> = held.collect();
        let least = held.iter().map(|(days, _)| *days).min();
        if let Some(least) = least {
            let at_least = if held.iter().any(|(days, _)| *days != least) { "at least " } else { "" };
            say(false, format!("{} can be restored for {at_least}{}", self.subject(held.len()), days(least)));
        }
        let stranded = self.count(Fate::Stranded);
        if stranded > 0 {
            let whose = if stranded == 1 { "its" } else { "their" };
            let why = format!("a rule holds images, but none holds {whose} snapshots");
            say(true, format!("{} cannot be restored once deleted: {why}", self.subject(stranded)));
        }
        let lost = self.count(Fate::Lost);
        if lost > 0 {
            let what = if lost == 1 { "it" } else { "them" };
            say(false, format!("{} cannot be restored once deleted: no active rule holds {what}", self.subject(lost)));
        }
        if let Some((short, long)) = held.iter().find(|(days, in_bin)| days < in_bin) {
            let (short, long) = (days(*short), days(*long));
            let what = format!("snapshots leave it after {short}, images after {long}");
            say(true, format!("{what}: an image whose snapshots are gone cannot be restored"));
        }
        if let Some((place, why)) = self.unknown.first() {
            let more = match self.unknown.len() - 1 {
                0 => String::new(),
                1 => " and 1 more place".to_owned(),
                n => format!(" and {n} more places"),
            };
            say(false, format!("unknown in {place}{more}: {} [{}]", why.message, why.code));
        }
        all
    }

    fn count(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|one| **one == fate).count()
    }

    /// `the image`, `the 3 images`, `2 of 3 images`.
    fn subject(&self, number: usize) -> String {
        let (total, one, many) = match self.resource {
            Resource::Image => (self.fates.len(), "image", "images"),
            Resource::Snapshot => (self.fates.len(), "snapshot", "snapshots"),
        };
        match (number, total) {
            (1, 1) => format!("the {one}"),
            (n, total) if n == total => format!("the {total} {many}"),
            (n, total) => format!("{n} of {total} {many}"),
        }
    }
}

fn days(number: u32) -> String {
    if number == 1 { "1 day".to_owned() } else { format!("{number} days") }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
