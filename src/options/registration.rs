//! Options of an image that is made from snapshots.

use std::path::PathBuf;

use anyhow::Result;

use crate::domain::ids::SnapshotId;
use crate::domain::reference::ImageRef;
use crate::domain::registration::Wanted;
use crate::domain::volume::NamedVolume;
use crate::workflows::create::snapshot::read_uefi_data;

/// Options of an image that is made from snapshots.
#[derive(Debug, clap::Args)]
pub struct SnapshotArgs {
    /// The snapshot of a root volume to make it from
    #[arg(long, value_name = "ID", group = "origin")]
    snapshot: Option<SnapshotId>,

    /// With --snapshot: takes all of the following from another image; what is given beside it counts for more
    #[arg(long, value_name = "REF", conflicts_with = "instance")]
    pub like: Option<ImageRef>,

    /// Architecture of the system on the snapshot [default: x86_64]
    #[arg(long, value_name = "ARCH", conflicts_with = "instance",
        value_parser = ["x86_64", "arm64", "i386", "x86_64_mac", "arm64_mac"])]
    arch: Option<String>,

    /// Root device of an image made from a snapshot [default: /dev/xvda]
    #[arg(long, value_name = "DEVICE", conflicts_with = "instance")]
    root_device: Option<String>,

    /// What it boots with [default: what the instance type has]
    #[arg(long, value_name = "MODE", conflicts_with = "instance", value_parser = ["legacy-bios", "uefi", "uefi-preferred"])]
    boot_mode: Option<String>,

    /// v2.0 has its instances require IMDSv2, optional does not [default: v2.0]
    #[arg(long, value_name = "VERSION", conflicts_with = "instance", value_parser = ["v2.0", "optional"])]
    imds: Option<String>,

    /// Gives its instances a NitroTPM; needs --boot-mode uefi
    #[arg(long, value_name = "VERSION", conflicts_with = "instance", value_parser = ["v2.0"])]
    tpm: Option<String>,

    /// File with the UEFI variables, e.g. for Secure Boot, as base64; needs --boot-mode uefi
    #[arg(long, value_name = "FILE", conflicts_with = "instance")]
    uefi_data: Option<PathBuf>,

    /// Type of its volumes [default: EC2's]
    #[arg(long, value_name = "TYPE", conflicts_with = "instance", value_parser = ["gp3", "gp2", "standard"])]
    volume_type: Option<String>,

    /// Further volume, made from a snapshot, or empty and of so many GiB; with the root device, the size of its volume
    #[arg(long, value_name = "DEVICE=SNAP|SIZE", conflicts_with = "instance")]
    volume: Vec<NamedVolume>,
}

impl SnapshotArgs {
    /// The requested registration, if the command line names a snapshot.
    pub fn wanted(&self) -> Result<Option<Wanted>> {
        let Some(snapshot) = &self.snapshot else { return Ok(None) };
        Ok(Some(Wanted {
            snapshot: snapshot.clone(),
            architecture: self.arch.clone(),
            root_device: self.root_device.clone(),
            boot_mode: self.boot_mode.clone(),
            imds_v2: self.imds.as_deref().map(|version| version == "v2.0"),
            tpm: self.tpm.is_some(),
            uefi_data: self.uefi_data.as_deref().map(read_uefi_data).transpose()?,
            volume_type: self.volume_type.clone(),
            volumes: self.volume.clone(),
        }))
    }
}
