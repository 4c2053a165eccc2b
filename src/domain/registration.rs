//! The fields of a RegisterImage call: the machine and the volumes of an image made from snapshots.

use std::collections::BTreeSet;

use super::ids::SnapshotId;
use super::snapshot::Snapshot;
use super::uefi::UefiData;
use super::volume::{Contents, Filling, Impossible, NamedVolume, Volume};

/// The default architecture. EC2's own default is `i386`.
const ARCHITECTURE: &str = "x86_64";
/// The default root device.
const ROOT_DEVICE: &str = "/dev/xvda";
/// The boot mode required for a TPM and for UEFI data; `uefi-preferred` is not enough for a TPM.
pub const UEFI: &str = "uefi";

/// The machine and the volumes of an image to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// `x86_64`, `arm64`, …
    pub architecture: String,
    /// `legacy-bios`, `uefi` or `uefi-preferred`; the instance type's default when `None`.
    pub boot_mode: Option<String>,
    /// Whether its instances must use version 2 of the instance metadata service.
    pub imds_v2: bool,
    /// Whether it has a NitroTPM.
    pub tpm: bool,
    /// Its UEFI variables.
    pub uefi_data: Option<UefiData>,
    /// Whether it supports enhanced networking with ENA.
    pub ena: bool,
    /// Enhanced networking of older instance types (SR-IOV): `simple`.
    pub sriov: Option<String>,
    /// The root device, e.g. `/dev/xvda`.
    pub root_device: String,
    /// The root volume first.
    pub volumes: Vec<Volume>,
}

/// The options of the command line.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The snapshot of the root volume.
    pub snapshot: SnapshotId,
    /// As in [`Registration`], if given.
    pub architecture: Option<String>,
    /// As in [`Registration`], if given.
    pub root_device: Option<String>,
    /// As in [`Registration`], if given.
    pub boot_mode: Option<String>,
    /// As in [`Registration`], if given.
    pub imds_v2: Option<bool>,
    /// Whether a TPM is requested.
    pub tpm: bool,
    /// As in [`Registration`], if given.
    pub uefi_data: Option<UefiData>,
    /// The type of all volumes, if given.
    pub volume_type: Option<String>,
    /// Volumes other than the root volume, and the size of the root volume.
    pub volumes: Vec<NamedVolume>,
}

impl Wanted {
    /// The registration: the options given, else the values of another image.
    pub fn registration(&self, like: Option<&Registration>) -> Result<Registration, Impossible> {
        let base = like.cloned().unwrap_or_else(Registration::plain);
        let boot_mode = self.boot_mode.clone().or_else(|| base.boot_mode.clone());
        // The other image's TPM and UEFI data belong to its boot mode; another boot mode given drops them.
        let as_before = boot_mode == base.boot_mode || boot_mode.as_deref() == Some(UEFI);
        let made = Registration {
            architecture: self.architecture.clone().unwrap_or_else(|| base.architecture.clone()),
            imds_v2: self.imds_v2.unwrap_or(base.imds_v2),
            tpm: self.tpm || (base.tpm && as_before),
            uefi_data: self.uefi_data.clone().or_else(|| base.uefi_data.clone().filter(|_| as_before)),
            root_device: self.root_device.clone().unwrap_or_else(|| base.root_device.clone()),
            volumes: self.volumes(&base)?,
            boot_mode,
            ..base
        };
        let boot_mode = made.boot_mode.clone().unwrap_or_else(|| "not given".to_owned());
        match made.boot_mode.as_deref() {
            mode if self.tpm && mode != Some(UEFI) => Err(Impossible::Tpm(boot_mode)),
            mode if self.uefi_data.is_some() && mode != Some(UEFI) => Err(Impossible::UefiData(boot_mode)),
            Some("legacy-bios") if made.architecture.starts_with("arm64") => Err(Impossible::Bios(made.architecture)),
            _ => Ok(made),
        }
    }

    /// The snapshots that it names.
    pub fn named_snapshots(&self) -> BTreeSet<SnapshotId> {
        let more = self.volumes.iter().filter_map(|volume| match &volume.with {
            Filling::Snapshot(id) => Some(id),
            Filling::Size(_) => None,
        });
        std::iter::once(&self.snapshot).chain(more).cloned().collect()
    }

    fn volumes(&self, base: &Registration) -> Result<Vec<Volume>, Impossible> {
        let device = self.root_device.as_ref().unwrap_or(&base.root_device);
        let contents = Contents::Snapshot(self.snapshot.clone());
        let (root, mut others): (Vec<_>, Vec<_>) =
            base.volumes.iter().cloned().partition(|volume| volume.device == base.root_device);
        let mut root = match root.into_iter().next() {
            Some(like) => Volume { device: device.clone(), contents, named: true, ..like },
            None => Volume::new(device, contents),
        };
        if others.iter().any(|volume| volume.device == *device) {
            return Err(Impossible::Device(device.clone()));
        }
        let mut seen = BTreeSet::new();
        for named in &self.volumes {
            let twice = !seen.insert(&named.device);
            match &named.with {
                _ if twice => return Err(Impossible::Device(named.device.clone())),
                Filling::Size(size) if named.device == *device => root = root.resized(*size),
                Filling::Snapshot(_) if named.device == *device => return Err(Impossible::Device(device.clone())),
                Filling::Size(_) | Filling::Snapshot(_) => {
                    others.retain(|volume| volume.device != named.device);
                    others.push(named.volume());
                }
            }
        }
        let all = std::iter::once(root).chain(others);
        let typed = |volume: Volume| match &self.volume_type {
            Some(kind) => volume.retyped(kind),
            None => volume,
        };
        let all: Vec<_> = all.map(typed).collect();
        all.iter().try_for_each(|volume| volume.fits(None))?;
        Ok(all)
    }
}

impl Registration {
    /// The defaults.
    pub fn plain() -> Self {
        Self {
            architecture: ARCHITECTURE.to_owned(),
            boot_mode: None,
            imds_v2: true,
            tpm: false,
            uefi_data: None,
            ena: true,
            sriov: None,
            root_device: ROOT_DEVICE.to_owned(),
            volumes: Vec::new(),
        }
    }

    /// The snapshots, each once.
    pub fn snapshots(&self) -> BTreeSet<SnapshotId> {
        self.volumes.iter().filter_map(Volume::snapshot).cloned().collect()
    }

    /// The snapshots that the command line names; the others belong to another image.
    pub fn named_snapshots(&self) -> BTreeSet<SnapshotId> {
        self.volumes.iter().filter(|volume| volume.named).filter_map(Volume::snapshot).cloned().collect()
    }

    /// Enlarges the volumes to fit the snapshots as EC2 describes them.
    pub fn over(mut self, found: &[Snapshot]) -> Result<Self, Impossible> {
        for volume in &mut self.volumes {
            let snapshot = found.iter().find(|snapshot| Some(&snapshot.id) == volume.snapshot());
            let least = snapshot.map_or(0, |snapshot| snapshot.size_gib);
            // The size of another image's volume is not binding if the command line names a larger snapshot.
            if !volume.sized && volume.size_gib.is_some_and(|size| i64::from(size) < least) {
                volume.size_gib = None;
            }
            volume.fits(snapshot)?;
        }
        Ok(self)
    }
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
