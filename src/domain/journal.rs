//! What the journal knows of an image before something was done to it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::ids::SnapshotId;
use super::image::Image;
use super::permissions::principal::Principal;
use super::problem::Problem;
use super::recycle_bin::restoration::listed;
use super::report::Verb;
use super::snapshot::Snapshot;
use super::tags::{RETIRE, Tags};

/// How long before an image enters the bin its line in the journal is written, at most. An older one is about an
/// earlier time, since which tags and permissions may have been changed on purpose.
pub const WRITTEN_BEFORE: TimeDelta = TimeDelta::hours(1);

/// What the journal remembers of an image: the newest line that was written before something was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// What was done, as [`Verb::as_str`] has it.
    pub action: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The name it had.
    pub name: Option<String>,
    /// The tags it carried.
    pub tags: Tags,
    /// The snapshots it is made of. Those of an image never change.
    pub snapshots: Vec<SnapshotId>,
    /// The tags they carried, where that could be found out.
    pub snapshot_tags: Option<BTreeMap<SnapshotId, Tags>>,
    /// Who it was shared with, where that could be found out.
    pub launch_permissions: Option<BTreeSet<Principal>>,
    /// Others it was shared with, whom amictl cannot read.
    pub unreadable: Vec<String>,
    /// Who each of the snapshots that went with it was shared with, as far as that could be found out.
    pub snapshot_permissions: BTreeMap<SnapshotId, BTreeSet<Principal>>,
    /// Whether nothing was done then after all: EC2 refused.
    pub in_vain: bool,
    /// How far amictl has got with bringing it back since.
    pub returning: Returning,
    /// Whether amictl has brought it back since, with everything it had.
    pub brought_back: bool,
}

/// How far amictl has got with bringing an image back, before it is there with everything it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returning {
    /// It has not begun.
    NotBegun,
    /// It has begun, and nobody has seen how it ended.
    Begun,
    /// It ended before the image was there; snapshots of it may be.
    Unfinished,
    /// The image is there, but not all that it had.
    Incomplete,
}

impl Remembered {
    /// Whether it tells what the image was when it was deregistered the last time amictl did that.
    pub fn is_of_deregistration(&self) -> bool {
        self.action == Verb::Deregister.as_str() && !self.brought_back && !self.in_vain
    }

    /// Whether amictl has begun to bring the image back, and has not got to the end: what it lacks is still to be put
    /// back, whatever else is done to it meanwhile.
    pub fn is_unfinished_return(&self) -> bool {
        self.is_of_deregistration() && self.returning != Returning::NotBegun
    }

    /// Those it was shared with whom amictl cannot read, and so cannot share it with.
    pub fn unreadable_shares(&self) -> Option<Problem> {
        let names = self.unreadable.join("', '");
        let message =
            format!("it is back, but the journal says that it was shared with '{names}', which cannot be read");
        (!self.unreadable.is_empty()).then(|| Problem { code: "UnreadableJournal".to_owned(), message })
    }

    /// Whether the image may be there because amictl has brought it back.
    pub fn came_back(&self) -> bool {
        match self.returning {
            Returning::Begun | Returning::Incomplete => true,
            Returning::NotBegun | Returning::Unfinished => false,
        }
    }

    /// The tags that the image and its snapshots had and do not have, with the ids of those that lack them. A tag
    /// that has another value by now keeps it. That of a retirement is none of them: the retirement has come to its end.
    pub fn lacking_tags(&self, image: &Image, snapshots: &[Snapshot]) -> BTreeMap<Tags, Vec<String>> {
        let mut lacking: BTreeMap<Tags, Vec<String>> = BTreeMap::new();
        let of_snapshot = |id: &SnapshotId| self.snapshot_tags.as_ref()?.get(id);
        let each = snapshots.iter().filter_map(|s| Some((s.id.to_string(), &s.tags, of_snapshot(&s.id)?)));
        for (id, now, then) in each.chain([(image.id.to_string(), &image.tags, &self.tags)]) {
            // Those of AWS are its own to set.
            let ours = |key: &str| !key.starts_with("aws:") && key != RETIRE;
            let gone = then.iter().filter(|(key, _)| ours(key) && !now.contains_key(*key));
            let gone: Tags = gone.map(|(key, value)| (key.clone(), value.clone())).collect();
            if !gone.is_empty() {
                lacking.entry(gone).or_default().push(id);
            }
        }
        lacking
    }

    /// Who it was shared with and is not.
    pub fn lacking_shares(&self, now: &BTreeSet<Principal>) -> BTreeSet<Principal> {
        self.launch_permissions.as_ref().map(|then| then - now).unwrap_or_default()
    }

    /// Who each of those snapshots was shared with that amictl has brought back: those of `restored`, and all where an
    /// earlier run had begun. What somebody else has brought back may have been withdrawn on purpose since.
    pub fn copiers(&self, restored: &BTreeSet<SnapshotId>) -> BTreeMap<SnapshotId, BTreeSet<Principal>> {
        let ours = |id: &SnapshotId| restored.contains(id) || self.returning != Returning::NotBegun;
        let each = self.snapshot_permissions.iter().filter(|(id, who)| !who.is_empty() && ours(id));
        each.map(|(id, who)| (id.clone(), who.clone())).collect()
    }

    /// What an image that is there lacks of what it had, for people who judge for themselves whether that was taken on
    /// purpose.
    pub fn told(&self, image: &Image, shared: &BTreeSet<Principal>) -> Option<String> {
        let tags: Vec<_> = self.lacking_tags(image, &[]).into_keys().flat_map(BTreeMap::into_keys).collect();
        let shares: Vec<_> = self.lacking_shares(shared).iter().map(ToString::to_string).collect();
        let each = [listed("more tag", &tags), listed("more launch permission", &shares)];
        let more: Vec<_> = each.into_iter().flatten().collect();
        let (day, more) = (self.at.format("%Y-%m-%d"), if more.is_empty() { None } else { Some(more.join(" and ")) });
        more.map(|more| format!("the journal of {day} has {more}; not restored: it may have been removed on purpose"))
    }
}
