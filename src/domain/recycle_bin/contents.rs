//! Images and snapshots in the Recycle Bin, and until when they can be restored.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::orphan::made_for;
use crate::domain::region::Region;

/// An image in the Recycle Bin. EC2 does not report its snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinnedImage {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// The description its creator gave.
    pub description: Option<String>,
    /// The time it was deregistered.
    pub entered_at: Option<DateTime<Utc>>,
    /// The time the Recycle Bin deletes it.
    pub exits_at: Option<DateTime<Utc>>,
}

/// An image in the Recycle Bin, with its snapshots and its deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binned {
    /// Its region.
    pub region: Region,
    /// Its account.
    pub account: Option<AccountId>,
    /// The image.
    pub image: BinnedImage,
    /// Its snapshots from the journal; else those in the bin that EC2 created for it; `None` if neither is known.
    pub snapshots: Option<Vec<SnapshotId>>,
    /// Snapshots that neither exist nor are in the bin: without them it cannot be restored. `None` if unknown.
    pub missing: Option<Vec<SnapshotId>>,
    /// The deadline for a restore: when the image or the first of its snapshots leaves the bin.
    pub until: Option<DateTime<Utc>>,
}

impl Binned {
    /// Combines the facts about an image in the bin: `known` are its snapshots from the journal, `there` the existing
    /// ones, if EC2 could be asked.
    pub fn new(
        image: BinnedImage,
        place: (Region, Option<AccountId>),
        known: Option<&[SnapshotId]>,
        bin: &[BinnedSnapshot],
        there: Option<&BTreeSet<SnapshotId>>,
    ) -> Self {
        let described: Vec<_> = bin.iter().filter(|s| made_for(&s.description).as_ref() == Some(&image.id)).collect();
        let snapshots = match known {
            Some(known) => Some(known.to_vec()),
            None if described.is_empty() => None,
            None => Some(described.iter().map(|snapshot| snapshot.id.clone()).collect()),
        };
        let own = bin.iter().filter(|snapshot| snapshots.iter().flatten().any(|id| *id == snapshot.id));
        let until = own.filter_map(|snapshot| snapshot.exits_at).chain(image.exits_at).min();
        let missing = known.zip(there).map(|(known, there)| {
            let held = |id: &SnapshotId| there.contains(id) || bin.iter().any(|snapshot| snapshot.id == *id);
            known.iter().filter(|id| !held(id)).cloned().collect()
        });
        let (region, account) = place;
        Self { region, account, image, snapshots, missing, until }
    }

    /// Whether it certainly cannot be restored, as snapshots are deleted.
    pub fn is_lost(&self) -> bool {
        self.missing.as_ref().is_some_and(|missing| !missing.is_empty())
    }

    /// The whole days left to restore it.
    pub fn days_left(&self, now: DateTime<Utc>) -> Option<i64> {
        if self.is_lost() {
            return Some(0);
        }
        self.until.map(|until| (until - now).num_days().max(0))
    }
}

/// A snapshot in the Recycle Bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinnedSnapshot {
    /// Its id.
    pub id: SnapshotId,
    /// The description its creator gave.
    pub description: String,
    /// The time the Recycle Bin deletes it.
    pub exits_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::testing::image;

    fn id(n: u32) -> SnapshotId {
        format!("snap-{n:017x}").parse().unwrap()
    }

    fn binned(known: Option<&[SnapshotId]>, bin: &[u32], there: Option<&BTreeSet<SnapshotId>>) -> Binned {
        let at = |day: u32| DateTime::parse_from_rfc3339(&format!("2026-01-{day:02}T00:00:00Z")).unwrap().to_utc();
        let web = image(1, "web-v1-2026-01-02");
        let one = |n: &u32| BinnedSnapshot { id: id(*n), description: String::new(), exits_at: Some(at(10 + n)) };
        let bin: Vec<_> = bin.iter().map(one).collect();
        let (entered_at, exits_at) = (Some(at(1)), Some(at(31)));
        let image = BinnedImage { id: web.id, name: web.name, description: None, entered_at, exits_at };
        Binned::new(image, ("us-east-1".parse().unwrap(), None), known, &bin, there)
    }

    #[test]
    fn what_lacks_a_snapshot_has_no_days_left() {
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").unwrap().to_utc();
        let known = [id(1), id(2), id(3)];
        let of = |bin: &[u32], there: Option<&BTreeSet<SnapshotId>>| {
            let found = binned(Some(&known), bin, there);
            (found.is_lost(), found.days_left(now), found.missing)
        };
        let there = BTreeSet::from([id(2)]);
        assert_eq!(of(&[1, 3], Some(&there)), (false, Some(10), Some(vec![])));
        assert_eq!(of(&[3], Some(&there)), (true, Some(0), Some(vec![id(1)])));
        assert_eq!(of(&[], Some(&BTreeSet::new())), (true, Some(0), Some(known.to_vec())));
        // Without knowledge of existing snapshots.
        assert_eq!(of(&[3], None), (false, Some(12), None));
        assert_eq!(binned(None, &[], Some(&there)).missing, None);
    }
}
