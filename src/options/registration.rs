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
    /// Snapshot of a root volume to create it from
    #[arg(long, value_name = "ID", group = "origin")]
    snapshot: Option<SnapshotId>,

    /// Image to take the settings below from; options given here win
    #[arg(long, value_name = "REF", conflicts_with = "instance")]
    pub like: Option<ImageRef>,

    /// x86_64, arm64, i386, x86_64_mac or arm64_mac [default: x86_64]
    #[arg(long, hide_possible_values = true, value_name = "ARCH", conflicts_with = "instance",
        value_parser = ["x86_64", "arm64", "i386", "x86_64_mac", "arm64_mac"])]
    arch: Option<String>,

    /// Root device name [default: /dev/xvda]
    #[arg(long, value_name = "DEVICE", conflicts_with = "instance")]
    root_device: Option<String>,

    /// legacy-bios, uefi or uefi-preferred [default: instance type's]
    #[arg(long, hide_possible_values = true, value_name = "MODE", conflicts_with = "instance", value_parser = ["legacy-bios", "uefi", "uefi-preferred"])]
    boot_mode: Option<String>,

    /// v2.0 (instances require IMDSv2) or optional [default: v2.0]
    #[arg(long, hide_possible_values = true, value_name = "VERSION", conflicts_with = "instance", value_parser = ["v2.0", "optional"])]
    imds: Option<String>,

    /// Give its instances a NitroTPM; needs --boot-mode uefi
    #[arg(long, hide_possible_values = true, value_name = "v2.0", conflicts_with = "instance", value_parser = ["v2.0"])]
    tpm: Option<String>,

    /// File with UEFI variables in base64; needs --boot-mode uefi
    #[arg(long, value_name = "FILE", conflicts_with = "instance")]
    uefi_data: Option<PathBuf>,

    /// Volume type: gp3, gp2 or standard [default: EC2's]
    #[arg(long, hide_possible_values = true, value_name = "TYPE", conflicts_with = "instance", value_parser = ["gp3", "gp2", "standard"])]
    volume_type: Option<String>,

    /// Additional volume: a snapshot, or a size in GiB; repeatable
    ///
    /// With the root device: the size of its volume.
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
