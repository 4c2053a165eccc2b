//! Images that come back: what is known of each before, and what it lacks once it is there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::ids::{ImageId, SnapshotId};
use super::image::Image;
use super::orphan::made_for;
use super::recycle_bin::{BinnedImage, BinnedSnapshot};
use super::report::{Problem, Verb};
use super::sharing::Principal;
use super::snapshot::Snapshot;
use super::tagging::Tags;

/// How long before an image enters the bin its line in the journal is written, at most. An older one is about an
/// earlier time, since which tags and permissions may have been changed on purpose.
const WRITTEN_BEFORE: TimeDelta = TimeDelta::hours(1);

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
    /// Whether amictl has brought it back since, with everything it had.
    pub brought_back: bool,
}

impl Remembered {
    /// Whether it tells what the image was when it was deregistered, which was at `entered` if it is in the bin.
    fn is_of_deregistration(&self, entered: Option<DateTime<Utc>>) -> bool {
        self.action == Verb::Deregister.as_str()
            && !self.brought_back
            && entered.is_none_or(|entered| entered - self.at <= WRITTEN_BEFORE)
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
        let before = remembered.filter(|before| before.is_of_deregistration(image.entered_at));
        let (id, name) = (image.id.clone(), image.name.clone());
        Self { id, name, in_bin: true, restore, there, missing, certain, before }
    }

    /// One that is there already: tags and permissions may still be lacking.
    pub fn of_present(image: &Image, remembered: Option<Remembered>) -> Self {
        Self {
            id: image.id.clone(),
            name: image.name.clone(),
            in_bin: false,
            restore: Vec::new(),
            there: image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect(),
            missing: Vec::new(),
            certain: true,
            before: remembered.filter(|before| before.is_of_deregistration(None)),
        }
    }

    /// The tags that the image and its snapshots had and do not have, with the ids of those that lack them. A tag
    /// that has another value by now keeps it.
    pub fn lacking_tags(&self, image: &Image, snapshots: &[Snapshot]) -> BTreeMap<Tags, Vec<String>> {
        let mut lacking: BTreeMap<Tags, Vec<String>> = BTreeMap::new();
        let Some(before) = &self.before else { return lacking };
        let of_snapshot = |id: &SnapshotId| before.snapshot_tags.as_ref()?.get(id);
        let each = snapshots.iter().filter_map(|s| Some((s.id.to_string(), &s.tags, of_snapshot(&s.id)?)));
        for (id, now, then) in each.chain([(image.id.to_string(), &image.tags, &before.tags)]) {
            // Those of AWS are its own to set.
            let gone = then.iter().filter(|(key, _)| !key.starts_with("aws:") && !now.contains_key(*key));
            let gone: Tags = gone.map(|(key, value)| (key.clone(), value.clone())).collect();
            if !gone.is_empty() {
                lacking.entry(gone).or_default().push(id);
            }
        }
        lacking
    }

    /// Who it was shared with and is not.
    pub fn lacking_shares(&self, now: &BTreeSet<Principal>) -> BTreeSet<Principal> {
        let then = self.before.as_ref().and_then(|before| before.launch_permissions.as_ref());
        then.map(|then| then - now).unwrap_or_default()
    }

    /// Those among them whom amictl cannot read, and so cannot share it with.
    pub fn unreadable_shares(&self) -> Option<Problem> {
        let unreadable = &self.before.as_ref()?.unreadable;
        let names = unreadable.join("', '");
        let message =
            format!("it is back, but the journal says that it was shared with '{names}', which cannot be read");
        (!unreadable.is_empty()).then(|| Problem { code: "UnreadableJournal".to_owned(), message })
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
mod tests {
    use super::super::image::testing::image;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn id(n: u32) -> SnapshotId {
        format!("snap-{n:017x}").parse().unwrap()
    }

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn binned() -> BinnedImage {
        let web = image(1, "web-v1-2026-01-02");
        let entered_at = Some(at("2026-01-31T10:00:00Z"));
        BinnedImage { id: web.id, name: web.name, description: None, entered_at, exits_at: None }
    }

    fn in_bin(n: u32, description: &str) -> BinnedSnapshot {
        BinnedSnapshot { id: id(n), description: description.to_owned(), exits_at: None }
    }

    fn remembered(snapshots: &[u32]) -> Remembered {
        Remembered {
            action: "deregister".to_owned(),
            at: at("2026-01-31T09:59:59Z"),
            name: None,
            tags: tags(&[("Team", "web"), ("aws:x", "y")]),
            snapshots: snapshots.iter().map(|n| id(*n)).collect(),
            snapshot_tags: Some(snapshots.iter().map(|n| (id(*n), tags(&[("Team", "web")]))).collect()),
            launch_permissions: Some(["111111111111", "222222222222"].iter().map(|a| a.parse().unwrap()).collect()),
            unreadable: Vec::new(),
            brought_back: false,
        }
    }

    #[test]
    fn the_journal_tells_which_snapshots_there_are_to_be() {
        let bin = [in_bin(1, ""), in_bin(9, "Created by CreateImage(i-0123456789abcdef0) for ami-00000000000000001")];
        let back = Comeback::of_binned(&binned(), &bin, &[id(2)].into(), Some(remembered(&[3, 2, 1, 1])));
        assert_eq!((back.restore, back.there, back.missing), (vec![id(1)], vec![id(2)], vec![id(3)]));
        assert!(back.in_bin && back.certain);
    }

    #[test]
    fn without_it_what_ec2_wrote_into_descriptions_does() {
        let (own, other) = ("ami-00000000000000001", "ami-00000000000000002");
        let bin = [
            in_bin(1, &format!("Created by CreateImage(i-0123456789abcdef0) for {own}")),
            in_bin(2, &format!("Copied for DestinationAmi {own} from SourceAmi {other} for SourceSnapshot snap-1.")),
            in_bin(3, &format!("Created by CreateImage(i-0123456789abcdef0) for {other}")),
            in_bin(4, own),
        ];
        let back = Comeback::of_binned(&binned(), &bin, &BTreeSet::new(), None);
        assert_eq!((back.restore, back.certain, back.before), (vec![id(1), id(2)], false, None));
    }

    #[test]
    fn a_line_about_an_earlier_time_tells_the_snapshots_but_no_tags_and_permissions() {
        let earlier = Remembered { at: at("2026-01-31T08:59:59Z"), ..remembered(&[1]) };
        let other = Remembered { action: "disable".to_owned(), ..remembered(&[1]) };
        let done = Remembered { brought_back: true, ..remembered(&[1]) };
        for stale in [earlier, other, done] {
            let back = Comeback::of_binned(&binned(), &[in_bin(1, "")], &BTreeSet::new(), Some(stale));
            assert_eq!((back.restore.clone(), back.certain, back.before.clone()), (vec![id(1)], true, None));
            assert!(back.lacking_tags(&image(1, "web"), &[]).is_empty() && back.lacking_shares(&[].into()).is_empty());
        }
        let fresh = Comeback::of_binned(&binned(), &[], &BTreeSet::new(), Some(remembered(&[1])));
        assert_eq!(fresh.before, Some(remembered(&[1])));
        let present = |r: Remembered| Comeback::of_present(&image(1, "web"), Some(r)).before.is_some();
        assert!(present(remembered(&[])) && !present(Remembered { brought_back: true, ..remembered(&[]) }));
    }

    #[test]
    fn one_whom_nobody_can_read_is_told_of_as_lacking() {
        let before = Remembered { unreadable: vec!["who?".to_owned()], ..remembered(&[1]) };
        let back = Comeback::of_present(&image(1, "web-v1-2026-01-02"), Some(before));
        assert!(back.unreadable_shares().unwrap().message.contains("shared with 'who?'"));
        let whole = Comeback::of_present(&image(1, "web-v1-2026-01-02"), Some(remembered(&[1])));
        assert_eq!(whole.unreadable_shares(), None);
    }

    #[test]
    fn what_is_lacking_is_put_together_and_what_was_changed_is_left_alone() {
        let back = Comeback::of_binned(&binned(), &[], &BTreeSet::new(), Some(remembered(&[1, 2, 3])));
        let snapshot = |n: u32, tags: Tags| Snapshot {
            id: id(n),
            state: "completed".into(),
            percent: 100,
            size_gib: 8,
            full_bytes: None,
            kms_key: None,
            tier: None,
            started_at: None,
            description: String::new(),
            tags,
        };
        let now = [
            snapshot(1, Tags::new()),
            snapshot(2, tags(&[("Team", "api")])),
            snapshot(3, tags(&[("team", "web")])),
            snapshot(4, Tags::new()),
        ];
        let mut web = image(1, "web-v1-2026-01-02");
        let lacking = back.lacking_tags(&web, &now);
        let ids = vec![id(1).to_string(), id(3).to_string(), web.id.to_string()];
        assert_eq!(lacking, BTreeMap::from([(tags(&[("Team", "web")]), ids)]));
        web.tags = tags(&[("Team", "api")]);
        assert!(back.lacking_tags(&web, &now[1..2]).is_empty());
        let shares = back.lacking_shares(&["111111111111".parse().unwrap()].into());
        assert_eq!(shares, BTreeSet::from(["222222222222".parse().unwrap()]));
    }
}
