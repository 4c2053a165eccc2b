//! The journal's record of an image before an action.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::count::listed;
use super::ids::SnapshotId;
use super::image::Image;
use super::permissions::principal::Principal;
use super::problem::Problem;
use super::report::Verb;
use super::snapshot::Snapshot;
use super::tags::{RETIRE, Tags};

/// The maximum time between a journal line and the arrival of its image in the Recycle Bin. An older line is about an
/// earlier action, since which tags and permissions may have been changed on purpose.
pub const WRITTEN_BEFORE: TimeDelta = TimeDelta::hours(1);

/// The journal's record of an image: the newest line written before an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournaledImage {
    /// The action, as [`Verb::as_str`] writes it.
    pub action: String,
    /// The time of the action.
    pub at: DateTime<Utc>,
    /// The name it had.
    pub name: Option<String>,
    /// The tags it carried.
    pub tags: Tags,
    /// Its snapshots. They never change.
    pub snapshots: Vec<SnapshotId>,
    /// The tags of the snapshots, if they could be read.
    pub snapshot_tags: Option<BTreeMap<SnapshotId, Tags>>,
    /// Its launch permissions, if they could be read.
    pub launch_permissions: Option<BTreeSet<Principal>>,
    /// Further launch permissions in the journal that amictl cannot parse.
    pub unreadable: Vec<String>,
    /// The permissions of each deleted snapshot, if they could be read.
    pub snapshot_permissions: BTreeMap<SnapshotId, BTreeSet<Principal>>,
    /// Whether EC2 refused the action, so that nothing was changed.
    pub in_vain: bool,
    /// The progress of amictl's restore since then.
    pub returning: Returning,
    /// Whether amictl has restored it since, with all tags and permissions.
    pub brought_back: bool,
}

/// The progress of a restore that is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returning {
    /// It has not begun.
    NotBegun,
    /// It has begun, and its end was not recorded.
    Begun,
    /// It ended before the image was restored; some snapshots may be.
    Unfinished,
    /// The image is restored, but lacks tags or permissions.
    Incomplete,
}

impl JournaledImage {
    /// Whether it describes the image at its last deregistration by amictl.
    pub fn is_of_deregistration(&self) -> bool {
        self.action == Verb::Deregister.as_str() && !self.brought_back && !self.in_vain
    }

    /// Whether a restore by amictl began and did not complete: tags and permissions are still to be put back, whatever
    /// other actions follow.
    pub fn is_unfinished_return(&self) -> bool {
        self.is_of_deregistration() && self.returning != Returning::NotBegun
    }

    /// The problem of launch permissions that amictl cannot parse, and so cannot restore.
    pub fn unreadable_shares(&self) -> Option<Problem> {
        let names = self.unreadable.join("', '");
        let message =
            format!("it is back, but the journal says that it was shared with '{names}', which cannot be read");
        (!self.unreadable.is_empty()).then(|| Problem { code: "UnreadableJournal".to_owned(), message })
    }

    /// Whether the image may exist because amictl restored it.
    pub fn came_back(&self) -> bool {
        match self.returning {
            Returning::Begun | Returning::Incomplete => true,
            Returning::NotBegun | Returning::Unfinished => false,
        }
    }

    /// The tags that the image and its snapshots lost, with the ids of those that lack them. A tag with another value
    /// keeps that value. The tag of a retirement is not restored: that retirement has ended.
    pub fn lacking_tags(&self, image: &Image, snapshots: &[Snapshot]) -> BTreeMap<Tags, Vec<String>> {
        let mut lacking: BTreeMap<Tags, Vec<String>> = BTreeMap::new();
        let of_snapshot = |id: &SnapshotId| self.snapshot_tags.as_ref()?.get(id);
        let each = snapshots.iter().filter_map(|s| Some((s.id.to_string(), &s.tags, of_snapshot(&s.id)?)));
        for (id, now, then) in each.chain([(image.id.to_string(), &image.tags, &self.tags)]) {
            // Only AWS can set its own tags.
            let ours = |key: &str| !key.starts_with("aws:") && key != RETIRE;
            let gone = then.iter().filter(|(key, _)| ours(key) && !now.contains_key(*key));
            let gone: Tags = gone.map(|(key, value)| (key.clone(), value.clone())).collect();
            if !gone.is_empty() {
                lacking.entry(gone).or_default().push(id);
            }
        }
        lacking
    }

    /// The launch permissions it had and lacks.
    pub fn lacking_shares(&self, now: &BTreeSet<Principal>) -> BTreeSet<Principal> {
        self.launch_permissions.as_ref().map(|then| then - now).unwrap_or_default()
    }

    /// The permissions of the snapshots that amictl restored: those of `restored`, and all if an earlier run had begun.
    /// For a snapshot that another tool restored, they may have been revoked on purpose since.
    pub fn copiers(&self, restored: &BTreeSet<SnapshotId>) -> BTreeMap<SnapshotId, BTreeSet<Principal>> {
        let ours = |id: &SnapshotId| restored.contains(id) || self.returning != Returning::NotBegun;
        let each = self.snapshot_permissions.iter().filter(|(id, who)| !who.is_empty() && ours(id));
        each.map(|(id, who)| (id.clone(), who.clone())).collect()
    }

    /// The tags and permissions an existing image lacks, for people who decide whether they were removed on purpose.
    pub fn told(&self, image: &Image, shared: &BTreeSet<Principal>) -> Option<String> {
        let tags: Vec<_> = self.lacking_tags(image, &[]).into_keys().flat_map(BTreeMap::into_keys).collect();
        let shares: Vec<_> = self.lacking_shares(shared).iter().map(ToString::to_string).collect();
        let each = [listed("more tag", &tags), listed("more launch permission", &shares)];
        let more: Vec<_> = each.into_iter().flatten().collect();
        let (day, more) = (self.at.format("%Y-%m-%d"), if more.is_empty() { None } else { Some(more.join(" and ")) });
        more.map(|more| format!("the journal of {day} has {more}; not restored: it may have been removed on purpose"))
    }
}
