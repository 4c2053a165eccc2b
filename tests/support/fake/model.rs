//! Images, snapshots and what hangs on them, as the endpoint keeps them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::protection::Protection;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Code and message of why a resource is in its state.
pub type Reason = (String, String);

/// A state that turns into another one at a set time.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Until the turn.
    pub before: &'static str,
    /// When it turns.
    pub turn: DateTime<Utc>,
    /// From the turn on.
    pub after: String,
}

impl Phase {
    /// A state that stays.
    pub fn settled(state: &str, since: DateTime<Utc>) -> Phase {
        Phase { before: "pending", turn: since, after: state.to_owned() }
    }

    /// The state at a time.
    pub fn at(&self, now: DateTime<Utc>) -> &str {
        if now < self.turn { self.before } else { &self.after }
    }
}

/// An image.
#[derive(Clone, Debug)]
pub struct Image {
    /// `ami-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Where it lives.
    pub region: String,
    /// Name, unique in account and region.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// `pending`, then what it became.
    pub phase: Phase,
    /// Why it is in its state; shown once the state has settled.
    pub reason: Option<Reason>,
    /// CreationDate.
    pub created: DateTime<Utc>,
    /// Before this time nobody finds it (eventual consistency).
    pub visible_from: DateTime<Utc>,
    /// `x86_64`, `arm64`, …
    pub architecture: String,
    /// `hvm` or `paravirtual`.
    pub virtualization: String,
    /// Enhanced networking.
    pub ena: bool,
    /// `uefi`, …
    pub boot_mode: Option<String>,
    /// `v2.0` when instances must use IMDSv2.
    pub imds: Option<String>,
    /// `v2.0` when it has a TPM.
    pub tpm: Option<String>,
    /// The variables of its firmware, base64.
    pub uefi_data: Option<String>,
    /// Whether it is a Windows image.
    pub windows: bool,
    /// `ebs` or `instance-store`.
    pub root_type: String,
    /// Device name of the root volume.
    pub root_device: String,
    /// Its volumes.
    pub mappings: Vec<Mapping>,
    /// The owner's tags.
    pub tags: Tags,
    /// Who else may launch it.
    pub launch: BTreeSet<Principal>,
    /// `amazon`, `aws-marketplace`, `aws-backup-vault`.
    pub alias: Option<String>,
    /// DeprecationTime.
    pub deprecated: Option<DateTime<Utc>>,
    /// LastLaunchedTime.
    pub last_launched: Option<DateTime<Utc>>,
    /// DeregistrationProtection.
    pub protection: Protection,
    /// SourceInstanceId.
    pub source_instance: Option<String>,
    /// SourceImageId.
    pub source_ami: Option<String>,
    /// SourceImageRegion.
    pub source_region: Option<String>,
    /// Whether descriptions leave out both, as those of some old images do. Its ancestry still knows.
    pub source_untold: bool,
    /// Its watermarks.
    pub watermarks: Vec<Watermark>,
    /// The results of its last scan.
    pub scan: Option<ScanResults>,
}

/// A watermark of an image.
#[derive(Clone, Debug)]
pub struct Watermark {
    /// `account:name`.
    pub key: String,
    /// The image that it was attached to, and its region and creation time.
    pub source: (String, String, DateTime<Utc>),
    /// When it was attached.
    pub attached: DateTime<Utc>,
}

/// What Amazon Inspector found in an image.
#[derive(Clone, Debug)]
pub struct ScanResults {
    /// `critical`, …, or nothing where there is no finding.
    pub severity: Option<String>,
    /// When it was scanned.
    pub at: DateTime<Utc>,
    /// Since when fixes exist, by severity.
    pub fixes: BTreeMap<String, DateTime<Utc>>,
}

impl Image {
    /// The state at a time.
    pub fn state(&self, now: DateTime<Utc>) -> &str {
        self.phase.at(now)
    }

    /// Ids of the snapshots behind it, in the order of its devices.
    pub fn snapshots(&self) -> impl Iterator<Item = &str> {
        let ebs = self.mappings.iter().filter_map(|m| m.ebs.as_ref());
        ebs.filter_map(|ebs| ebs.snapshot.as_deref())
    }

    /// Whether everybody may launch it.
    pub fn is_public(&self) -> bool {
        self.launch.contains(&Principal::All)
    }
}

/// One device of an image.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// `/dev/xvda`, …
    pub device: String,
    /// The EBS volume, if it is one.
    pub ebs: Option<Ebs>,
    /// `ephemeral0`, …
    pub virtual_name: Option<String>,
}

/// The EBS half of a device.
#[derive(Clone, Debug)]
pub struct Ebs {
    /// `snap-…`; none for an empty volume.
    pub snapshot: Option<String>,
    /// Size in GiB.
    pub size: i64,
    /// `gp3`, …
    pub kind: String,
    /// Operations a second, where they were named.
    pub iops: Option<i64>,
    /// MiB a second, where they were named.
    pub throughput: Option<i64>,
    /// Whether the volume is encrypted.
    pub encrypted: bool,
    /// Whether the volume goes with its instance.
    pub delete_on_termination: bool,
}

/// Somebody who may launch an image or use a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// Everybody.
    All,
    /// An account.
    Account(String),
    /// An organization's ARN.
    Organization(String),
    /// An organizational unit's ARN.
    Unit(String),
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// `snap-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Volume it was taken of; `vol-ffffffff` for copies.
    pub volume: String,
    /// Free text.
    pub description: String,
    /// `pending`, then `completed` or `error`.
    pub phase: Phase,
    /// StateMessage.
    pub message: Option<String>,
    /// StartTime.
    pub started: DateTime<Utc>,
    /// Volume size in GiB.
    pub size: i64,
    /// FullSnapshotSizeInBytes; old snapshots have none.
    pub full_bytes: Option<i64>,
    /// KMS key ARN when encrypted.
    pub kms_key: Option<String>,
    /// `standard` or `archive`.
    pub tier: String,
    /// Tags.
    pub tags: Tags,
    /// Who else may make volumes of it, and copy images that stand on it.
    pub shared: BTreeSet<Principal>,
    /// Images that stand on it, disabled ones too.
    pub users: BTreeSet<String>,
    /// After a deregistration: still "in use" by that image until then.
    pub busy: Option<(String, DateTime<Utc>)>,
}

impl Snapshot {
    /// Percentage done at a time.
    pub fn progress(&self, now: DateTime<Utc>) -> i64 {
        let whole = (self.phase.turn - self.started).num_milliseconds();
        let gone = (now - self.started).num_milliseconds();
        if now >= self.phase.turn || whole <= 0 { 100 } else { (gone * 100 / whole).clamp(0, 99) }
    }

    /// Whether an account may read its blocks.
    pub fn usable_by(&self, account: &str) -> bool {
        self.owner == account
            || self.shared.contains(&Principal::All)
            || self.shared.contains(&Principal::Account(account.to_owned()))
    }
}

/// What is left of a deregistered image.
#[derive(Clone, Debug)]
pub struct Grave {
    /// Who owned it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// When it was deregistered.
    pub at: DateTime<Utc>,
    /// What EC2's ancestry still tells of it.
    pub was: Descent,
}

/// What an ancestry tells of an image.
#[derive(Clone, Debug)]
pub struct Descent {
    /// CreationDate.
    pub created: DateTime<Utc>,
    /// ImageOwnerAlias.
    pub alias: Option<String>,
    /// Whether it is a public image of a verified provider, at which an ancestry ends.
    pub ends: bool,
    /// SourceImageId and SourceImageRegion.
    pub source: Option<(String, String)>,
}

impl Descent {
    /// The entry of an image. One that was registered has no source.
    pub fn of(image: &Image) -> Descent {
        let region = image.source_region.clone().unwrap_or_else(|| image.region.clone());
        Descent {
            created: image.created,
            alias: image.alias.clone(),
            ends: image.alias.is_some() && image.is_public(),
            source: image.source_ami.clone().map(|id| (id, region)),
        }
    }
}

/// Hides other accounts' tags, but for those meant to be seen.
pub fn visible_tags<'a>(
    tags: &'a Tags,
    owner: &str,
    viewer: &str,
) -> impl Iterator<Item = (&'a String, &'a String)> + use<'a> {
    let own = owner == viewer;
    tags.iter().filter(move |(key, _)| own || key.starts_with("ec2:SharedTag/"))
}
