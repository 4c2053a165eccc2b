//! Properties of an image before it is put into the world.

use chrono::{DateTime, Utc};

use super::super::kms::default_key;
use super::super::model::{Ebs, Mapping, Principal, ScanResults, Watermark};
use super::super::protection::Protection;
use super::super::world::span;
use super::When;
use super::images::ImageSeed;

impl ImageSeed<'_> {
    /// When it was made.
    pub fn created(mut self, at: impl When) -> Self {
        self.image.created = at.when();
        self.image.phase.turn = self.image.phase.turn.min(self.image.created);
        self.image.visible_from = self.image.visible_from.min(self.image.created);
        self
    }

    /// GiB of each volume.
    pub fn size(mut self, gib: i64) -> Self {
        self.size = gib;
        self
    }

    /// How many volumes, each with a snapshot of its own.
    pub fn snapshots(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Stands on snapshots that are there already, instead of new ones.
    pub fn on_snapshots(mut self, ids: &[&str]) -> Self {
        self.existing = ids.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// A tag of the image.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.image.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// A tag of its snapshots.
    pub fn snapshot_tag(mut self, key: &str, value: &str) -> Self {
        self.snapshot_tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// `available`, `disabled`, `failed`, `error`, `invalid`, `transient` or, for good, `pending`.
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.image.phase.after);
        self
    }

    /// Pending from its creation for this long, then available.
    pub fn pending_for(mut self, time: std::time::Duration) -> Self {
        self.pending = Some(span(time));
        self
    }

    /// StateReason.
    pub fn reason(mut self, code: &str, message: &str) -> Self {
        self.image.reason = Some((code.to_owned(), message.to_owned()));
        self
    }

    /// Deregistration protection without cooldown.
    pub fn protected(self) -> Self {
        self.protection(Protection::Enabled { cooldown: false })
    }

    /// Deregistration protection.
    pub fn protection(mut self, protection: Protection) -> Self {
        self.image.protection = protection;
        self
    }

    /// An account that may launch it.
    pub fn shared_with(mut self, account: &str) -> Self {
        self.image.launch.insert(Principal::Account(account.to_owned()));
        self
    }

    /// An organization or unit, by ARN, that may launch it.
    pub fn shared_with_arn(mut self, arn: &str) -> Self {
        let unit = arn.contains(":ou/");
        let make = if unit { Principal::Unit } else { Principal::Organization };
        self.image.launch.insert(make(arn.to_owned()));
        self
    }

    /// Everybody may launch it.
    pub fn public(mut self) -> Self {
        self.image.launch.insert(Principal::All);
        self
    }

    /// An account that may use its snapshots, and so copy it if it is shared as well.
    pub fn copyable_by(mut self, account: &str) -> Self {
        self.snapshot_shares.insert(Principal::Account(account.to_owned()));
        self
    }

    /// Everybody may use its snapshots.
    pub fn copyable_by_all(mut self) -> Self {
        self.snapshot_shares.insert(Principal::All);
        self
    }

    /// LastLaunchedTime.
    pub fn last_launched(mut self, at: impl When) -> Self {
        self.image.last_launched = Some(at.when());
        self
    }

    /// DeprecationTime.
    pub fn deprecated_at(mut self, at: impl When) -> Self {
        self.image.deprecated = Some(at.when());
        self
    }

    /// Description.
    pub fn description(mut self, text: &str) -> Self {
        self.image.description = Some(text.to_owned());
        self
    }

    /// `x86_64`, `arm64`, …
    pub fn architecture(mut self, name: &str) -> Self {
        name.clone_into(&mut self.image.architecture);
        self
    }

    /// A NitroTPM, with all that it needs and these variables of the firmware.
    pub fn tpm(mut self, uefi_data: &str) -> Self {
        self.image.boot_mode = Some("uefi".to_owned());
        self.image.tpm = Some("v2.0".to_owned());
        self.image.uefi_data = Some(uefi_data.to_owned());
        self
    }

    /// Its instances must use IMDSv2.
    pub fn imds_v2(mut self) -> Self {
        self.image.imds = Some("v2.0".to_owned());
        self
    }

    /// A volume more, which starts empty: it has no snapshot.
    pub fn blank(mut self, device: &str, gib: i64) -> Self {
        let ebs = Ebs {
            snapshot: None,
            size: gib,
            kind: "gp3".to_owned(),
            iops: None,
            throughput: None,
            encrypted: false,
            delete_on_termination: true,
        };
        self.image.mappings.push(Mapping { device: device.to_owned(), ebs: Some(ebs), virtual_name: None });
        self
    }

    /// A Windows image.
    pub fn windows(mut self) -> Self {
        self.image.windows = true;
        self
    }

    /// An image without EBS volumes.
    pub fn instance_store(mut self) -> Self {
        "instance-store".clone_into(&mut self.image.root_type);
        self.count = 0;
        self
    }

    /// ImageOwnerAlias: `amazon`, `aws-marketplace`, `aws-backup-vault`.
    pub fn alias(mut self, alias: &str) -> Self {
        self.image.alias = Some(alias.to_owned());
        self
    }

    /// SourceInstanceId.
    pub fn of_instance(mut self, id: &str) -> Self {
        self.image.source_instance = Some(id.to_owned());
        self
    }

    /// SourceImageId and SourceImageRegion.
    pub fn copied_from(mut self, id: &str, region: &str) -> Self {
        self.image.source_ami = Some(id.to_owned());
        self.image.source_region = Some(region.to_owned());
        self
    }

    /// Neither SourceImageId nor SourceImageRegion is told, as of some old images.
    pub fn untold_source(mut self) -> Self {
        self.image.source_untold = true;
        self
    }

    /// A watermark of its owner, attached when it was made. Give it after the time.
    pub fn watermark(mut self, name: &str) -> Self {
        let image = &self.image;
        let source = (image.id.clone(), image.region.clone(), image.created);
        let watermark = Watermark { key: format!("{}:{name}", image.owner), source, attached: image.created };
        self.image.watermarks.push(watermark);
        self
    }

    /// Scanned now: the severity of the gravest finding, and since when it can be fixed. No severity: no finding.
    pub fn scanned(mut self, severity: Option<&str>, fix_since: Option<DateTime<Utc>>) -> Self {
        let fixes = severity.zip(fix_since).map(|(severity, since)| (severity.to_owned(), since));
        let at = self.world.now();
        let fixes = fixes.into_iter().collect();
        self.image.scan = Some(ScanResults { severity: severity.map(str::to_owned), at, fixes });
        self
    }

    /// Encrypted under a key, by ARN.
    pub fn encrypted(mut self, key_arn: &str) -> Self {
        self.kms_key = Some(key_arn.to_owned());
        self
    }

    /// Encrypted under the account's `aws/ebs` key.
    pub fn encrypted_by_default(self) -> Self {
        let key = default_key(&self.image.owner, &self.image.region);
        self.encrypted(&key)
    }

    /// FullSnapshotSizeInBytes of each snapshot; `None` for snapshots of old.
    pub fn full_bytes(mut self, bytes: Option<i64>) -> Self {
        self.full_bytes = bytes;
        self
    }
}
