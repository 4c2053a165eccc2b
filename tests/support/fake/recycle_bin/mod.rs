//! The Recycle Bin: what was deleted under a rule stays there for some days and can be restored.

mod images;
mod snapshots;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::model::{Image, Snapshot};
use super::request::Request;
use super::services::Operation;
use super::world::World;

/// Recycle Bin operations.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "ListImagesInRecycleBin", params: &["ImageId", "MaxResults", "NextToken"], run: images::list },
    Operation { name: "RestoreImageFromRecycleBin", params: &["ImageId"], run: images::restore },
    Operation {
        name: "ListSnapshotsInRecycleBin",
        params: &["MaxResults", "NextToken", "SnapshotId"],
        run: snapshots::list,
    },
    Operation { name: "RestoreSnapshotFromRecycleBin", params: &["SnapshotId"], run: snapshots::restore },
];

/// Something that was deleted.
#[derive(Clone, Debug)]
pub struct Binned<T> {
    /// As it was.
    pub what: T,
    /// When it was deleted.
    pub entered: DateTime<Utc>,
    /// When it will be gone.
    pub exits: DateTime<Utc>,
}

/// What was deleted in a region, by id.
#[derive(Default)]
pub struct Bin {
    images: BTreeMap<String, Binned<Image>>,
    snapshots: BTreeMap<String, Binned<Snapshot>>,
}

/// How many days a deletion is kept, by kind; 0 is not at all.
#[derive(Clone, Copy)]
pub struct Rule {
    images: u32,
    snapshots: u32,
    now: DateTime<Utc>,
}

impl Rule {
    /// The rule where a request acts.
    pub fn of(world: &World, request: &Request) -> Rule {
        let place = (request.account.clone(), request.region.clone());
        let (images, snapshots) = world.recycle_bin.get(&place).copied().unwrap_or_default();
        Rule { images, snapshots, now: request.now }
    }
}

impl Bin {
    /// Takes a deregistered image in, if a rule says so and it stands on EBS.
    pub fn take_image(&mut self, image: Image, rule: Rule) {
        let days = if image.root_type == "ebs" { rule.images } else { 0 };
        if let Some(binned) = keep(image, days, rule.now) {
            self.images.insert(binned.what.id.clone(), binned);
        }
    }

    /// Takes a deleted snapshot in, if a rule says so.
    pub fn take_snapshot(&mut self, snapshot: Snapshot, rule: Rule) {
        if let Some(binned) = keep(snapshot, rule.snapshots, rule.now) {
            self.snapshots.insert(binned.what.id.clone(), binned);
        }
    }

    fn purge(&mut self, now: DateTime<Utc>) {
        self.images.retain(|_, binned| now < binned.exits);
        self.snapshots.retain(|_, binned| now < binned.exits);
    }
}

fn keep<T>(what: T, days: u32, now: DateTime<Utc>) -> Option<Binned<T>> {
    (days > 0).then(|| Binned { what, entered: now, exits: now + Duration::days(i64::from(days)) })
}

impl World {
    /// Whether an image or a snapshot is in the Recycle Bin of some region.
    pub fn is_in_recycle_bin(&self, id: &str) -> bool {
        let now = self.now();
        let holds = |bin: &Bin| {
            bin.images.get(id).is_some_and(|binned| now < binned.exits)
                || bin.snapshots.get(id).is_some_and(|binned| now < binned.exits)
        };
        self.regions.values().any(|region| holds(&region.bin))
    }
}
