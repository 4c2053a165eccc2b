//! The Recycle Bin: what was deleted under a rule stays there for some days and can be restored.

mod create;
mod images;
mod listing;
mod rules;
mod snapshots;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::model::{Image, Snapshot};
use super::services::Operation;
use super::world::World;

pub use rules::{BinRule, IMAGES, Rules, SNAPSHOTS, VOLUMES};

/// Operations of EC2 on what is in the bin.
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

/// Operations of the service that keeps the rules.
pub const RULE_OPERATIONS: &[Operation] = &[
    Operation {
        name: "ListRules",
        params: &["ExcludeResourceTags", "LockState", "MaxResults", "NextToken", "ResourceTags", "ResourceType"],
        run: listing::list,
    },
    Operation { name: "GetRule", params: &["Identifier"], run: listing::get },
    Operation {
        name: "CreateRule",
        params: &[
            "Description",
            "ExcludeResourceTags",
            "LockConfiguration",
            "ResourceTags",
            "ResourceType",
            "RetentionPeriod",
            "Tags",
        ],
        run: create::run,
    },
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
    /// Images.
    pub images: BTreeMap<String, Binned<Image>>,
    /// Snapshots.
    pub snapshots: BTreeMap<String, Binned<Snapshot>>,
}

impl Bin {
    /// Takes a deregistered image in, if a rule says so and it stands on EBS.
    pub fn take_image(&mut self, image: Image, rules: &Rules) {
        let days = rules.days(IMAGES, &image.tags).filter(|_| image.root_type == "ebs");
        if let Some(days) = days {
            self.images.insert(image.id.clone(), keep(image, days, rules.now));
        }
    }

    /// Takes a deleted snapshot in, if a rule says so.
    pub fn take_snapshot(&mut self, snapshot: Snapshot, rules: &Rules) {
        if let Some(days) = rules.days(SNAPSHOTS, &snapshot.tags) {
            self.snapshots.insert(snapshot.id.clone(), keep(snapshot, days, rules.now));
        }
    }

    fn purge(&mut self, now: DateTime<Utc>) {
        self.images.retain(|_, binned| now < binned.exits);
        self.snapshots.retain(|_, binned| now < binned.exits);
    }
}

fn keep<T>(what: T, days: u32, now: DateTime<Utc>) -> Binned<T> {
    Binned { what, entered: now, exits: now + Duration::days(i64::from(days)) }
}

impl World {
    /// Whether an image or a snapshot is in the Recycle Bin of some region.
    pub fn is_in_recycle_bin(&self, id: &str) -> bool {
        self.in_recycle_bin_until(id).is_some()
    }
}
