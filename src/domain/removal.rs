//! Removal of images: which snapshots are deleted with each, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::{ImageId, SnapshotId};
use super::image::{Image, State};
use super::report::SnapshotResult;
use super::tags::{KEEP, Tags};

/// An image to be deregistered, and the fate of its snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The image.
    pub image: Image,
    /// Snapshots deleted with it.
    pub delete: Vec<SnapshotId>,
    /// Snapshots that other images are made of.
    pub shared: Vec<SnapshotId>,
    /// Snapshots the user wants to keep.
    pub keep: Vec<SnapshotId>,
    /// Snapshots that something other than an image names, or may name, each with its result.
    pub spared: Vec<(SnapshotId, SnapshotResult)>,
    /// Whether the user wants every snapshot kept: each is tagged `amictl:keep` before the image is deregistered.
    pub keep_all: bool,
}

impl Removal {
    /// Decides for each snapshot of the image; `needed` are the snapshots of images that stay.
    pub fn new(image: Image, needed: &BTreeSet<SnapshotId>, keep_snapshots: bool) -> Self {
        let ids: BTreeSet<SnapshotId> = image.snapshots.iter().map(|s| s.id.clone()).collect();
        let (shared, free): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| needed.contains(id));
        let (delete, keep) = if keep_snapshots { (Vec::new(), free) } else { (free, Vec::new()) };
        Self { image, delete, shared, keep, spared: Vec::new(), keep_all: keep_snapshots }
    }

    /// Keeps the snapshots for which `stays` has a reason.
    pub fn spare(&mut self, stays: impl Fn(&SnapshotId) -> Option<SnapshotResult>) {
        for id in std::mem::take(&mut self.delete) {
            match stays(&id) {
                Some(result) => self.spared.push((id, result)),
                None => self.delete.push(id),
            }
        }
    }

    /// Keeps the snapshots that were kept on purpose when another image of theirs was deregistered: their tag names it.
    pub fn keep_tagged(&mut self, tags: &BTreeMap<SnapshotId, Tags>) {
        let of_another = |id: &SnapshotId| {
            let kept_of = tags.get(id).and_then(|tags| tags.get(KEEP)?.parse::<ImageId>().ok());
            kept_of.is_some_and(|image| image != self.image.id)
        };
        let (keep, delete): (Vec<_>, Vec<_>) = self.delete.iter().cloned().partition(of_another);
        self.delete = delete;
        self.keep.extend(keep);
    }

    /// Whether EC2 may create snapshots for the image that it does not report yet.
    pub fn is_unfinished(&self) -> bool {
        match self.image.state {
            State::Available | State::Disabled | State::Deregistered => false,
            State::Pending | State::Transient | State::Failed | State::Error | State::Invalid | State::Unknown(_) => {
                true
            }
        }
    }

    /// Limits the deletion to these snapshots, which were shown to the user.
    pub fn only(&mut self, shown: &[SnapshotId]) {
        let (delete, keep): (Vec<_>, _) =
            std::mem::take(&mut self.delete).into_iter().partition(|id| shown.contains(id));
        self.delete = delete;
        self.keep.extend(keep);
    }

    /// Whether every snapshot of the image is deleted with it.
    pub fn takes_all(&self) -> bool {
        !self.delete.is_empty() && self.shared.is_empty() && self.keep.is_empty() && self.spared.is_empty()
    }
}

/// Orders removals so that a shared snapshot is deleted with the last of its images. The removals of a batch run in
/// order; batches share no snapshots.
pub fn batches(removals: Vec<Removal>) -> Vec<Vec<Removal>> {
    let mut batch_of: BTreeMap<SnapshotId, usize> = BTreeMap::new();
    let mut batches: Vec<Vec<Removal>> = Vec::new();
    for removal in removals {
        let joined: BTreeSet<usize> = removal.delete.iter().filter_map(|id| batch_of.get(id).copied()).collect();
        let home = joined.first().copied().unwrap_or(batches.len());
        if home == batches.len() {
            batches.push(Vec::new());
        }
        for other in joined.into_iter().skip(1) {
            let moved = std::mem::take(&mut batches[other]);
            batches[home].extend(moved);
        }
        // Earlier removals leave shared snapshots to this one.
        for earlier in &mut batches[home] {
            let (later, own): (Vec<_>, _) =
                std::mem::take(&mut earlier.delete).into_iter().partition(|id| removal.delete.contains(id));
            earlier.delete = own;
            earlier.shared.extend(later);
        }
        batches[home].push(removal);
        for member in &batches[home] {
            batch_of.extend(member.delete.iter().chain(&member.shared).map(|id| (id.clone(), home)));
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::ImageSnapshot;
    use crate::domain::image::testing::image;

    fn snapshot(n: u32) -> SnapshotId {
        format!("snap-{n:017x}").parse().unwrap()
    }

    fn removal(id: u32, snapshots: &[u32]) -> Removal {
        let mut image = image(id, "web-v1-2026-01-02");
        let made_of =
            |n: &u32| ImageSnapshot { id: snapshot(*n), device: String::new(), size_gib: 8, encrypted: false };
        image.snapshots = snapshots.iter().map(made_of).collect();
        Removal::new(image, &BTreeSet::new(), false)
    }

    #[test]
    fn a_snapshot_in_common_goes_with_the_last_image() {
        let found = batches(vec![removal(1, &[1, 2]), removal(2, &[3]), removal(3, &[2, 4]), removal(4, &[4, 3])]);
        assert_eq!(found.len(), 1);
        let deletes: Vec<_> = found[0].iter().map(|r| r.delete.clone()).collect();
        let once: Vec<_> = deletes.iter().flatten().collect();
        assert_eq!(once.iter().collect::<BTreeSet<_>>().len(), once.len());
        assert_eq!(deletes.last(), Some(&vec![snapshot(3), snapshot(4)]));
    }

    #[test]
    fn images_with_nothing_in_common_are_worked_on_side_by_side() {
        let found = batches(vec![removal(1, &[1]), removal(2, &[2]), removal(3, &[])]);
        assert_eq!(found.len(), 3);
        assert!(found[0][0].takes_all() && !found[2][0].takes_all());
    }

    #[test]
    fn what_others_need_and_what_the_user_keeps_is_not_deleted() {
        let image = removal(1, &[1, 2]).image;
        let needed = BTreeSet::from([snapshot(2)]);
        let shared = Removal::new(image.clone(), &needed, false);
        assert_eq!((shared.delete.clone(), shared.shared.clone()), (vec![snapshot(1)], vec![snapshot(2)]));
        assert!(!shared.takes_all());
        let kept = Removal::new(image, &needed, true);
        assert_eq!((kept.delete.len(), kept.shared.len(), kept.keep), (0, 1, vec![snapshot(1)]));
    }

    #[test]
    fn what_is_spared_is_not_deleted_and_ec2_is_not_asked_for_all() {
        let mut going = removal(1, &[1, 2]);
        assert!(going.takes_all());
        going.spare(|id| (*id == snapshot(2)).then(|| SnapshotResult::KeptInUse("web:3".to_owned())));
        assert_eq!((going.delete.clone(), going.spared.len(), going.takes_all()), (vec![snapshot(1)], 1, false));
    }

    #[test]
    fn a_snapshot_kept_for_another_image_stays_and_one_with_another_word_goes() {
        let tag = |value: &str| Tags::from([(KEEP.to_owned(), value.to_owned())]);
        let mut going = removal(1, &[1, 2, 3]);
        let own = going.image.id.to_string();
        going.keep_tagged(&BTreeMap::from([
            (snapshot(1), tag("ami-0000000b")),
            (snapshot(2), tag("for the auditors")),
            (snapshot(3), tag(&own)),
        ]));
        assert_eq!((going.keep, going.delete), (vec![snapshot(1)], vec![snapshot(2), snapshot(3)]));
    }
}
