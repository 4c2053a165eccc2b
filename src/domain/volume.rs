//! The volumes of an image that is made from snapshots.

use std::str::FromStr;

use thiserror::Error;

use super::ids::SnapshotId;
use super::snapshot::Snapshot;

/// The minimum and maximum size in GiB of volumes, by type.
const SIZES: [(&str, i32, i32); 7] = [
    ("gp2", 1, 16_384),
    ("gp3", 1, 65_536),
    ("io1", 4, 16_384),
    ("io2", 4, 65_536),
    ("sc1", 125, 16_384),
    ("st1", 125, 16_384),
    ("standard", 1, 1024),
];
/// The largest of them.
const LARGEST: i32 = 65_536;

/// The initial content of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// The content of a snapshot.
    Snapshot(SnapshotId),
    /// Nothing.
    Blank {
        /// Whether it is encrypted. A volume from an encrypted snapshot always is.
        encrypted: bool,
    },
    /// Nothing, on an instance store volume: `ephemeral0`.
    InstanceStore(String),
}

/// A volume of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The device it appears as, e.g. `/dev/sdb`.
    pub device: String,
    /// Its initial content.
    pub contents: Contents,
    /// Its size in GiB; that of the snapshot when `None`.
    pub size_gib: Option<i32>,
    /// `gp3`, …; EC2 chooses when `None`.
    pub kind: Option<String>,
    /// Provisioned operations per second.
    pub iops: Option<i32>,
    /// Provisioned throughput in MiB per second.
    pub throughput: Option<i32>,
    /// Whether it is deleted with its instance.
    pub delete_on_termination: bool,
    /// Whether the command line names its content; else it comes from another image.
    pub named: bool,
    /// Whether the command line names its size.
    pub sized: bool,
}

/// A volume as the command line names it: `/dev/sdb=snap-…` or `/dev/sdb=100`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedVolume {
    /// The device.
    pub device: String,
    /// Its snapshot or size.
    pub with: Filling,
}

/// The value after the device on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filling {
    /// Its initial content.
    Snapshot(SnapshotId),
    /// The size in GiB of a blank volume, or of the root volume.
    Size(i32),
}

impl NamedVolume {
    /// The volume, for devices other than the root device.
    pub fn volume(&self) -> Volume {
        match &self.with {
            Filling::Snapshot(id) => Volume::new(&self.device, Contents::Snapshot(id.clone())),
            Filling::Size(size) => Volume::new(&self.device, Contents::Blank { encrypted: false }).resized(*size),
        }
    }
}

/// A text that names no volume.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "'{0}' names no volume; give DEVICE=SNAPSHOT or DEVICE=SIZE in GiB, e.g. /dev/sdb=snap-0123456789abcdef0 or /dev/sdb=100"
)]
pub struct VolumeError(String);

impl FromStr for NamedVolume {
    type Err = VolumeError;

    fn from_str(text: &str) -> Result<Self, VolumeError> {
        let wrong = || VolumeError(text.to_owned());
        let (device, with) = text.split_once('=').ok_or_else(wrong)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
        if device.is_empty() || !device.chars().all(plain) {
            return Err(wrong());
        }
        let with = match with.parse::<i32>() {
            Ok(size) if (1..=LARGEST).contains(&size) => Filling::Size(size),
            Ok(_) => return Err(wrong()),
            Err(_) => Filling::Snapshot(with.parse().map_err(|_| wrong())?),
        };
        Ok(Self { device: device.to_owned(), with })
    }
}

impl Volume {
    /// A volume of EC2's default type that is deleted with its instance.
    pub fn new(device: &str, contents: Contents) -> Self {
        Self {
            device: device.to_owned(),
            contents,
            size_gib: None,
            kind: None,
            iops: None,
            throughput: None,
            delete_on_termination: true,
            named: true,
            sized: false,
        }
    }

    /// Sets the size given on the command line.
    #[must_use]
    pub fn resized(self, size: i32) -> Self {
        Self { size_gib: Some(size), sized: true, ..self }
    }

    /// Sets another type, which drops provisioned IOPS and throughput.
    #[must_use]
    pub fn retyped(self, kind: &str) -> Self {
        match &self.contents {
            Contents::InstanceStore(_) => self,
            _ if self.kind.as_deref() == Some(kind) => self,
            _ => Self { kind: Some(kind.to_owned()), iops: None, throughput: None, ..self },
        }
    }

    /// The snapshot it starts with.
    pub fn snapshot(&self) -> Option<&SnapshotId> {
        match &self.contents {
            Contents::Snapshot(id) => Some(id),
            Contents::Blank { .. } | Contents::InstanceStore(_) => None,
        }
    }

    /// Refuses a size that its snapshot or its type does not allow.
    pub fn fits(&self, snapshot: Option<&Snapshot>) -> Result<(), Impossible> {
        let least = snapshot.map_or(0, |snapshot| snapshot.size_gib);
        if let (Some(size), Some(snapshot)) = (self.size_gib, snapshot)
            && i64::from(size) < least
        {
            let (device, snapshot) = (self.device.clone(), snapshot.id.clone());
            return Err(Impossible::Small { device, size, snapshot, least });
        }
        let size = self.size_gib.map_or(least, i64::from);
        let of_kind = SIZES.iter().find(|(kind, ..)| self.kind.as_deref() == Some(*kind));
        match of_kind {
            Some((kind, least, most)) if size > 0 && !(i64::from(*least)..=i64::from(*most)).contains(&size) => {
                Err(Impossible::Size { device: self.device.clone(), size, kind, least: *least, most: *most })
            }
            _ => Ok(()),
        }
    }
}

/// The reason why EC2 would refuse the registration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Impossible {
    /// A TPM without UEFI.
    #[error("a TPM needs the boot mode uefi, and the boot mode is {0}")]
    Tpm(String),
    /// UEFI variables without UEFI.
    #[error("UEFI data need the boot mode uefi, and the boot mode is {0}")]
    UefiData(String),
    /// arm64 has no BIOS.
    #[error("{0} has no legacy-bios to boot with")]
    Bios(String),
    /// Two volumes for one device.
    #[error("two volumes are named for the device {0}")]
    Device(String),
    /// A volume smaller than its snapshot.
    #[error("the volume {device} of {size} GiB is smaller than {snapshot} of {least} GiB")]
    Small {
        /// The device.
        device: String,
        /// Its size.
        size: i32,
        /// The snapshot.
        snapshot: SnapshotId,
        /// The size of the snapshot.
        least: i64,
    },
    /// A size that the volume type does not allow.
    #[error("the volume {device} of {size} GiB cannot be of type {kind}, which has {least} to {most} GiB")]
    Size {
        /// The device.
        device: String,
        /// Its size.
        size: i64,
        /// Its type.
        kind: &'static str,
        /// The smallest of that type.
        least: i32,
        /// The largest.
        most: i32,
    },
}

impl Impossible {
    /// The options to give instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Tpm(_) | Self::UefiData(_) => "give --boot-mode uefi as well, or leave it out".to_owned(),
            Self::Bios(_) => "leave --boot-mode out, or give --boot-mode uefi".to_owned(),
            Self::Device(_) => "give each volume a device of its own; the root device has --snapshot".to_owned(),
            Self::Small { device, least, .. } => {
                format!("give --volume {device}={least} or more, or leave the size out")
            }
            Self::Size { .. } => "give another size, or another --volume-type".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_named_by_its_device_and_a_snapshot_or_a_size() {
        let snapshot: SnapshotId = "snap-0123456789abcdef0".parse().unwrap();
        let read = |text: &str| text.parse::<NamedVolume>().map(|named| (named.device, named.with));
        assert_eq!(read("/dev/sdb=100"), Ok(("/dev/sdb".to_owned(), Filling::Size(100))));
        assert_eq!(read("xvdf=snap-0123456789abcdef0"), Ok(("xvdf".to_owned(), Filling::Snapshot(snapshot))));
        for text in
            ["", "/dev/sdb", "=100", "/dev/sdb=", "/dev/sdb=0", "/dev/sdb=-1", "/dev/sdb=65537", "/dev/sdb=8GiB"]
        {
            assert_eq!(read(text), Err(VolumeError(text.to_owned())), "{text}");
        }
        for text in ["/dev sdb=8", "/dev/sdb=snap-1", "/dev/sdb=ami-01234567", "/dev/sdb=99999999999"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_type_has_nothing_of_what_was_bought_for_the_one_before() {
        let blank = Contents::Blank { encrypted: true };
        let dear = Volume { kind: Some("io2".to_owned()), iops: Some(9000), ..Volume::new("/dev/sdb", blank) };
        assert_eq!(dear.clone().retyped("io2"), dear);
        let plain = dear.retyped("gp3");
        assert_eq!((plain.kind.as_deref(), plain.iops), (Some("gp3"), None));
        let disk = Volume::new("/dev/sdc", Contents::InstanceStore("ephemeral0".to_owned()));
        assert_eq!(disk.clone().retyped("gp3"), disk);
    }

    #[test]
    fn each_type_has_its_sizes() {
        let fits = |kind: &str, size| {
            Volume::new("/dev/sdb", Contents::Blank { encrypted: false }).resized(size).retyped(kind).fits(None)
        };
        for (kind, least, most) in SIZES {
            assert!(fits(kind, least).is_ok() && fits(kind, most).is_ok(), "{kind}");
            assert!(fits(kind, least - 1).is_err() || least == 1, "{kind}");
            assert!(matches!(fits(kind, most + 1), Err(Impossible::Size { .. })), "{kind}");
        }
        assert!(fits("a type to come", 100_000).is_ok());
    }
}
