//! Seeding images.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::super::images::add;
use super::super::model::{Ebs, Image, Mapping, Phase, Principal, Snapshot, Tags};
use super::super::protection::Protection;
use super::super::world::World;
use super::When;

/// An image about to be put into the world.
pub struct ImageSeed<'w> {
    pub(super) world: &'w mut World,
    pub(super) image: Image,
    pub(super) size: i64,
    pub(super) count: usize,
    pub(super) existing: Vec<String>,
    pub(super) kms_key: Option<String>,
    pub(super) snapshot_tags: Tags,
    pub(super) snapshot_shares: BTreeSet<Principal>,
    pub(super) pending: Option<Duration>,
    pub(super) full_bytes: Option<i64>,
}

impl World {
    /// An available image with one snapshot of 8 GiB, made now.
    pub fn image(&mut self, account: &str, region: &str, name: &str) -> ImageSeed<'_> {
        let now = self.now();
        let image = Image {
            id: self.ids.next("ami"),
            owner: account.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            description: None,
            phase: Phase::settled("available", now),
            reason: None,
            created: now,
            visible_from: now,
            architecture: "x86_64".to_owned(),
            virtualization: "hvm".to_owned(),
            ena: true,
            boot_mode: None,
            imds: None,
            tpm: None,
            uefi_data: None,
            windows: false,
            root_type: "ebs".to_owned(),
            root_device: "/dev/xvda".to_owned(),
            mappings: Vec::new(),
            tags: Tags::new(),
            launch: BTreeSet::new(),
            alias: None,
            deprecated: None,
            last_launched: None,
            protection: Protection::Disabled,
            source_instance: None,
            source_ami: None,
            source_region: None,
            source_untold: false,
            watermarks: Vec::new(),
            scan: None,
        };
        ImageSeed {
            world: self,
            image,
            size: 8,
            count: 1,
            existing: Vec::new(),
            kms_key: None,
            snapshot_tags: Tags::new(),
            snapshot_shares: BTreeSet::new(),
            pending: None,
            full_bytes: Some(4 << 30),
        }
    }

    /// `count` versions of a family, one an hour, the newest made now: `<family>-v1-<date>` and on.
    /// Gives the ids, oldest first.
    pub fn bulk_images(&mut self, account: &str, region: &str, family: &str, count: usize) -> Vec<String> {
        let now = self.now();
        let make = |n: usize| {
            let hours = i64::try_from(count - n).unwrap_or(i64::MAX);
            let at = now - Duration::hours(hours);
            let name = format!("{family}-v{n}-{}", at.format("%Y-%m-%d"));
            self.image(account, region, &name).created(at).tag("Family", family).put()
        };
        (1..=count).map(make).collect()
    }
}

impl ImageSeed<'_> {
    /// Puts it into the world; gives its id. Its name must be free, as in EC2.
    pub fn put(mut self) -> String {
        let place = (self.image.owner.clone(), self.image.name.clone());
        let region = self.world.region(&self.image.region);
        let taken = region.names.get(&place).is_some_and(|(_, until)| until.is_none());
        assert!(!taken, "there is an image {} already", place.1);
        if let Some(pending) = self.pending {
            self.image.phase.turn = self.image.created + pending;
        } else if self.image.phase.after == "pending" {
            self.image.phase.turn = DateTime::<Utc>::MAX_UTC;
        }
        let mut fresh = Vec::new();
        let count = if self.existing.is_empty() { self.count } else { self.existing.len() };
        for index in 0..count {
            let snapshot = match self.existing.get(index) {
                Some(id) => self.world.find_snapshot(id).cloned().unwrap(),
                None => self.fresh_snapshot(),
            };
            let device = match index {
                0 => self.image.root_device.clone(),
                _ => format!("/dev/sd{}", char::from(b'a' + u8::try_from(index).unwrap())),
            };
            let ebs = Ebs {
                snapshot: Some(snapshot.id.clone()),
                size: snapshot.size,
                kind: "gp3".to_owned(),
                iops: None,
                throughput: None,
                encrypted: snapshot.kms_key.is_some(),
                delete_on_termination: true,
            };
            self.image.mappings.push(Mapping { device, ebs: Some(ebs), virtual_name: None });
            if self.existing.is_empty() {
                fresh.push(snapshot);
            }
        }
        let id = self.image.id.clone();
        let region = self.image.region.clone();
        add(self.world.region(&region), self.image, fresh);
        id
    }

    fn fresh_snapshot(&mut self) -> Snapshot {
        let source = self.image.source_instance.as_deref().unwrap_or("i-00000000000000000");
        Snapshot {
            id: self.world.ids.next("snap"),
            owner: self.image.owner.clone(),
            volume: self.world.ids.next("vol"),
            description: format!("Created by CreateImage({source}) for {}", self.image.id),
            phase: super::super::images::snapshot_phase(&self.image.phase),
            message: None,
            started: self.image.created,
            size: self.size,
            full_bytes: self.full_bytes,
            kms_key: self.kms_key.clone(),
            tier: "standard".to_owned(),
            tags: self.snapshot_tags.clone(),
            shared: self.snapshot_shares.clone(),
            users: BTreeSet::new(),
            busy: None,
        }
    }
}
