//! Images, with all optional fields of EC2's answers resolved.

use std::fmt;

use chrono::{DateTime, Utc};

use super::family::{FamilyGroup, FamilyPatterns, ImageFamily};
use super::ids::{AccountId, ImageId, InstanceId, SnapshotId};
use super::naming::ImageName;
use super::region::{Region, place};
use super::scan::Scan;
use super::tags::{REVOKED, Tags};

pub use super::protection::{Cooling, Protection};

/// The state of an image, as EC2 names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Being created, copied or restored; can be neither launched nor copied yet.
    Pending,
    /// Ready for use.
    Available,
    /// Never usable.
    Invalid,
    /// Deregistered, or about to be.
    Deregistered,
    /// Between two states; treated as pending.
    Transient,
    /// Its creation or copy failed; it still occupies its name.
    Failed,
    /// In error; treated as failed.
    Error,
    /// Disabled by its owner; keeps its snapshots and can be enabled again.
    Disabled,
    /// A state that this version of amictl does not know.
    Unknown(String),
}

impl State {
    /// The state as EC2 writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Invalid => "invalid",
            Self::Deregistered => "deregistered",
            Self::Transient => "transient",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Disabled => "disabled",
            Self::Unknown(other) => other,
        }
    }

    /// Reads EC2's word; never fails, as EC2 may add states.
    pub fn read(text: &str) -> Self {
        match text {
            "pending" => Self::Pending,
            "available" => Self::Available,
            "invalid" => Self::Invalid,
            "deregistered" => Self::Deregistered,
            "transient" => Self::Transient,
            "failed" => Self::Failed,
            "error" => Self::Error,
            "disabled" => Self::Disabled,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether an image in this state can still become available by itself.
    pub fn may_become_available(&self) -> bool {
        match self {
            Self::Pending | Self::Transient | Self::Unknown(_) => true,
            Self::Available | Self::Invalid | Self::Deregistered | Self::Failed | Self::Error | Self::Disabled => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A snapshot behind one of the volumes of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSnapshot {
    /// The snapshot.
    pub id: SnapshotId,
    /// The device the volume appears as, e.g. `/dev/xvda`.
    pub device: String,
    /// The size of the volume in GiB: the most the snapshot can hold.
    pub size_gib: i64,
    /// Whether the snapshot is encrypted.
    pub encrypted: bool,
}

/// A volume of an image that starts empty, and so has no snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankVolume {
    /// The device it appears as, e.g. `/dev/sdb`.
    pub device: String,
    /// Its size in GiB.
    pub size_gib: i64,
    /// Whether it will be encrypted.
    pub encrypted: bool,
}

/// The source of an image, if EC2 records it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceImage {
    /// The instance, for images made by CreateImage.
    pub instance_id: Option<InstanceId>,
    /// The image it was copied from, or the image the instance was launched from.
    pub image_id: Option<ImageId>,
    /// The region of that image.
    pub region: Option<Region>,
}

/// One image in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id, unique across regions and accounts.
    pub id: ImageId,
    /// Its name; images of other accounts may have none.
    pub name: Option<String>,
    /// The parsed name, if it follows amictl's pattern.
    pub parsed_name: Option<ImageName>,
    /// Its family by a pattern, if amictl did not name it.
    pub group: Option<Box<FamilyGroup>>,
    /// Whether the calling account owns it.
    pub own: bool,
    /// Its region.
    pub region: Region,
    /// The account that owns it.
    pub owner: Option<AccountId>,
    /// Its state.
    pub state: State,
    /// EC2's reason for the state, verbatim.
    pub state_reason: Option<String>,
    /// The creation time of this image, not of its source.
    pub created_at: Option<DateTime<Utc>>,
    /// Its deprecation time, past or future.
    pub deprecated_at: Option<DateTime<Utc>>,
    /// The last launch that EC2 reports: up to 24 hours late, and to the owner only.
    pub last_launched_at: Option<DateTime<Utc>>,
    /// `x86_64`, `arm64`, …
    pub architecture: Option<String>,
    /// `Linux/UNIX`, `Windows`, …
    pub platform: Option<String>,
    /// `ebs` or `instance-store`.
    pub root_device_type: Option<String>,
    /// Whether it is public.
    pub public: bool,
    /// Whether its instances require IMDSv2, unless a launch says otherwise.
    pub imds_v2: bool,
    /// Its deregistration protection.
    pub protection: Protection,
    /// The snapshots behind its volumes; none for instance-store images.
    pub snapshots: Vec<ImageSnapshot>,
    /// Its volumes without a snapshot. While EC2 creates an image, it may omit snapshots still to come.
    pub blank_volumes: Vec<BlankVolume>,
    /// Devices whose volumes stay when an instance of it ends.
    pub kept_volumes: Vec<String>,
    /// The total size of its volumes, blank ones included, in GiB.
    pub size_gib: i64,
    /// Its source.
    pub source: SourceImage,
    /// The description its creator gave.
    pub description: Option<String>,
    /// Its tags; EC2 does not show those of another account's image.
    pub tags: Tags,
    /// Its last scan; `None` if it was never scanned. Boxed, as few images have one.
    pub scan: Option<Box<Scan>>,
    /// The keys of its watermarks, `account:name`. EC2 makes no image with one public.
    pub watermarks: Vec<String>,
    /// Whether the account's Allowed AMIs admit it; `None` where EC2 does not say, as the setting is off.
    pub allowed: Option<bool>,
}

impl Image {
    /// Whether amictl manages it: an own image whose name follows the pattern.
    pub fn managed(&self) -> bool {
        self.own && self.parsed_name.is_some()
    }

    /// Puts it into a family if amictl did not name it and a pattern matches.
    pub fn group_by(&mut self, patterns: &FamilyPatterns) {
        let name = self.name.as_deref().filter(|_| self.own && self.parsed_name.is_none());
        self.group = name.and_then(|name| patterns.group(name)).map(Box::new);
    }

    /// Its family: by amictl's rule for names, else by a pattern.
    pub fn family(&self) -> Option<ImageFamily<'_>> {
        let grouped = || self.group.as_ref().map(|group| group.family());
        let named = self.parsed_name.as_ref().map(|name| ImageFamily { word: name.family().as_str(), pattern: None });
        named.or_else(grouped)
    }

    /// Whether it was revoked: never the newest of its family, whatever its version. EC2 shows tags to the owner only.
    pub fn revoked(&self) -> bool {
        self.tags.contains_key(REVOKED)
    }

    /// Whether it can be the newest of its family at `now`: available, neither deprecated nor revoked.
    pub fn usable(&self, now: DateTime<Utc>) -> bool {
        self.state == State::Available && !self.deprecated(now) && !self.revoked()
    }

    /// Whether any of its snapshots is encrypted.
    pub fn encrypted(&self) -> bool {
        self.snapshots.iter().any(|s| s.encrypted)
    }

    /// Whether it is deprecated at `now`. A future time is a plan, not a state.
    pub fn deprecated(&self, now: DateTime<Utc>) -> bool {
        self.deprecated_at.is_some_and(|at| at <= now)
    }

    /// Account and region, for messages.
    pub fn place(&self) -> String {
        place(self.owner.as_ref(), &self.region)
    }

    /// Its label in messages: its name with the id, or the id alone.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.id),
            None => self.id.to_string(),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// An available, own image for tests of the domain.
    pub fn image(id: u32, name: &str) -> Image {
        Image {
            id: format!("ami-{id:017x}").parse().unwrap(),
            name: Some(name.to_owned()),
            parsed_name: name.parse().ok(),
            group: None,
            own: true,
            region: "us-east-1".parse().unwrap(),
            owner: "111111111111".parse().ok(),
            state: State::Available,
            state_reason: None,
            created_at: None,
            deprecated_at: None,
            last_launched_at: None,
            architecture: Some("x86_64".to_owned()),
            platform: None,
            root_device_type: Some("ebs".to_owned()),
            public: false,
            imds_v2: true,
            protection: Protection::read(None),
            snapshots: Vec::new(),
            blank_volumes: Vec::new(),
            kept_volumes: Vec::new(),
            size_gib: 8,
            source: SourceImage::default(),
            description: None,
            tags: Tags::new(),
            scan: None,
            watermarks: Vec::new(),
            allowed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_as_written() {
        for text in
            ["pending", "available", "invalid", "deregistered", "transient", "failed", "error", "disabled", "new"]
        {
            assert_eq!(State::read(text).as_str(), text);
        }
    }

    #[test]
    fn a_deprecation_in_the_future_is_not_one_yet() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc();
        let mut image = testing::image(1, "web-v1-2026-01-01");
        assert!(!image.deprecated(now));
        image.deprecated_at = Some(now + chrono::TimeDelta::seconds(1));
        assert!(!image.deprecated(now));
        image.deprecated_at = Some(now);
        assert!(image.deprecated(now));
    }
}
