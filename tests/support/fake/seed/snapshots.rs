//! Seeding snapshots.

use std::collections::BTreeSet;

use super::super::model::{Phase, Principal, Snapshot, Tags};
use super::super::world::World;
use super::When;

/// A snapshot about to be put into the world.
pub struct SnapshotSeed<'w> {
    world: &'w mut World,
    region: String,
    snapshot: Snapshot,
}

impl World {
    /// A completed snapshot of 8 GiB, made now.
    pub fn snapshot(&mut self, account: &str, region: &str) -> SnapshotSeed<'_> {
        let now = self.now();
        let snapshot = Snapshot {
            id: self.ids.next("snap"),
            owner: account.to_owned(),
            volume: self.ids.next("vol"),
            description: String::new(),
            phase: Phase::settled("completed", now),
            message: None,
            started: now,
            size: 8,
            full_bytes: Some(4 << 30),
            kms_key: None,
            tier: "standard".to_owned(),
            tags: Tags::new(),
            shared: BTreeSet::new(),
            users: BTreeSet::new(),
            busy: None,
        };
        SnapshotSeed { world: self, region: region.to_owned(), snapshot }
    }
}

impl SnapshotSeed<'_> {
    /// StartTime.
    pub fn started(mut self, at: impl When) -> Self {
        self.snapshot.started = at.when();
        self.snapshot.phase.turn = self.snapshot.phase.turn.min(self.snapshot.started);
        self
    }

    /// GiB.
    pub fn size(mut self, gib: i64) -> Self {
        self.snapshot.size = gib;
        self
    }

    /// `completed`, `error` or, for good, `pending`.
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.snapshot.phase.after);
        self
    }

    /// A tag.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.snapshot.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Description, e.g. `Created by CreateImage(i-…) for ami-…`.
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.snapshot.description);
        self
    }

    /// The volume it was taken of.
    pub fn volume(mut self, id: &str) -> Self {
        id.clone_into(&mut self.snapshot.volume);
        self
    }

    /// Encrypted under a key, by ARN.
    pub fn encrypted(mut self, key_arn: &str) -> Self {
        self.snapshot.kms_key = Some(key_arn.to_owned());
        self
    }

    /// `standard` or `archive`.
    pub fn tier(mut self, tier: &str) -> Self {
        tier.clone_into(&mut self.snapshot.tier);
        self
    }

    /// An account that may use it.
    pub fn shared_with(mut self, account: &str) -> Self {
        self.snapshot.shared.insert(Principal::Account(account.to_owned()));
        self
    }

    /// FullSnapshotSizeInBytes; `None` for a snapshot of old.
    pub fn full_bytes(mut self, bytes: Option<i64>) -> Self {
        self.snapshot.full_bytes = bytes;
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(mut self) -> String {
        if self.snapshot.phase.after == "pending" {
            self.snapshot.phase.turn = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        }
        let id = self.snapshot.id.clone();
        self.world.region(&self.region).snapshots.insert(id.clone(), self.snapshot);
        id
    }
}
