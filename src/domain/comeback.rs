//! Images that come back: what is known of each before, and what it lacks once it is there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::binned::{BinnedImage, BinnedSnapshot};
use super::ids::{ImageId, SnapshotId};
use super::image::Image;
use super::orphan::made_for;
use super::report::{Problem, Verb};
use super::sharing::Principal;
use super::snapshot::Snapshot;
use super::tags::{RETIRE, Tags};

/// How long before an image enters the bin its line in the journal is written, at most. An older one is about an
/// earlier time, since which tags and permissions may have been changed on purpose.
const WRITTEN_BEFORE: TimeDelta = TimeDelta::hours(1);
/// How many tags, or permissions, are named before the others are left out.
const NAMED: usize = 5;

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
    fn is_of_deregistration(&self) -> bool {
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
    fn came_back(&self) -> bool {
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
        more.map(|more| format!("the journal of {day} has {more}; not put back, it may have been taken on purpose"))
    }
}

/// How many there are, and the first of them.
fn listed(what: &str, those: &[String]) -> Option<String> {
    let named = those[..those.len().min(NAMED)].join(", ");
    let others = if those.len() > NAMED { ", …" } else { "" };
    counted(those.len(), what).map(|count| format!("{count} ({named}{others})"))
}

/// `1 tag`, `2 tags`; nothing where there are none.
pub fn counted(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    }
}

/// An image that is to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comeback {
    /// The image.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is in the bin; it is there already otherwise.
    pub in_bin: bool,
    /// Snapshots of it that are in the bin, as far as they are known.
    pub restore: Vec<SnapshotId>,
    /// Snapshots of it that are there.
    pub there: Vec<SnapshotId>,
    /// Snapshots of it that are neither there nor in the bin.
    pub missing: Vec<SnapshotId>,
    /// Whether all its snapshots are known.
    pub certain: bool,
    /// What it was when it was deregistered.
    pub before: Option<Remembered>,
    /// The same where what it lacks may have been taken on purpose since: nothing of it is put back.
    pub doubtful: Option<Remembered>,
}

impl Comeback {
    /// One that is in the bin; `there` are those of the remembered snapshots that exist.
    ///
    /// Without the journal, its snapshots are those of which EC2 wrote down that they were made for it.
    pub fn of_binned(
        image: &BinnedImage,
        bin: &[BinnedSnapshot],
        there: &BTreeSet<SnapshotId>,
        remembered: Option<Remembered>,
    ) -> Self {
        let known = remembered.as_ref().map(|before| before.snapshots.iter().cloned().collect());
        let certain = known.is_some();
        let ids: BTreeSet<SnapshotId> = known.unwrap_or_else(|| in_bin_for(&image.id, bin).into_iter().collect());
        let is_binned = |id: &SnapshotId| bin.iter().any(|snapshot| snapshot.id == *id);
        let (restore, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_binned);
        let (there, missing) = others.into_iter().partition(|id| there.contains(id));
        let of_then = remembered.filter(Remembered::is_of_deregistration);
        let before = of_then.filter(|then| image.entered_at.is_some_and(|entered| entered - then.at <= WRITTEN_BEFORE));
        let (id, name) = (image.id.clone(), image.name.clone());
        Self { id, name, in_bin: true, restore, there, missing, certain, before, doubtful: None }
    }

    /// One that is there already: tags and permissions may still be lacking. They are put back only where amictl has
    /// brought it back: it may never have gone, or somebody else may have restored it and changed it since.
    pub fn of_present(image: &Image, remembered: Option<Remembered>) -> Self {
        let of_then = remembered.filter(Remembered::is_of_deregistration);
        let ours = of_then.as_ref().is_some_and(Remembered::came_back);
        let (before, doubtful) = if ours { (of_then, None) } else { (None, of_then) };
        Self {
            id: image.id.clone(),
            name: image.name.clone(),
            in_bin: false,
            restore: Vec::new(),
            there: image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect(),
            missing: Vec::new(),
            certain: true,
            before,
            doubtful,
        }
    }

    /// Whether the image, which is back, carries the tag of the retirement that has taken it: the stages in there have
    /// had their time, and the next run would take it again. A later retirement goes on.
    pub fn retires_still(&self, image: &Image) -> bool {
        let then = self.before.as_ref().and_then(|before| before.tags.get(RETIRE));
        image.tags.get(RETIRE).is_some_and(|now| self.in_bin || then == Some(now))
    }

    /// What to call it in a message: its name with the id, or the id alone.
    pub fn label(&self) -> String {
        self.name.as_ref().map_or_else(|| self.id.to_string(), |name| format!("{name} ({})", self.id))
    }
}

/// Snapshots in the bin of which EC2 wrote down that they were made for this image.
pub fn in_bin_for(image: &ImageId, bin: &[BinnedSnapshot]) -> Vec<SnapshotId> {
    let own = bin.iter().filter(|snapshot| made_for(&snapshot.description).as_ref() == Some(image));
    own.map(|snapshot| snapshot.id.clone()).collect()
}

#[cfg(test)]
#[path = "comeback_tests.rs"]
mod tests;
