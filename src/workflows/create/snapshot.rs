//! `amictl create --snapshot`: what the image is to be, and what EC2 would refuse of it.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::{Image, State};
use crate::domain::reference::ImageRef;
use crate::domain::registration::{Impossible, Registration, Wanted};
use crate::domain::snapshot::Snapshot;
use crate::domain::uefi::{self, UefiData};
use crate::domain::volume::NamedVolume;
use crate::service::{Target, register, snapshots};
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

/// No file of UEFI data with line ends is larger, and no larger one is read.
const LARGEST_FILE: u64 = 2 * uefi::LONGEST as u64;

/// The options of an image that is made from snapshots.
#[derive(Debug, clap::Args)]
pub struct SnapshotArgs {
    /// Snapshot of a root volume to create it from
    #[arg(long, value_name = "ID", group = "origin")]
    snapshot: Option<SnapshotId>,

    /// Image to take the settings below from; options given here win
    #[arg(long, value_name = "REF", conflicts_with = "instance")]
    like: Option<ImageRef>,

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
    /// What the command line asks for, where it names a snapshot.
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

    /// What is asked for by itself, refused at once where it is impossible. Beside another image only that can tell.
    pub fn alone(&self, wanted: &Wanted) -> Result<Registration> {
        let bare = || Wanted { tpm: false, uefi_data: None, volumes: Vec::new(), ..wanted.clone() };
        let made = if self.like.is_some() { bare().registration(None) } else { wanted.registration(None) };
        made.map_err(impossible)
    }

    /// What EC2 is to be told: with what another image has, and with volumes that the snapshots fit on.
    pub async fn registration(&self, context: &Context, target: &Target, wanted: &Wanted) -> Result<Registration> {
        let like = match &self.like {
            None => None,
            Some(reference) => {
                let image = resolve::image(target, reference, context.now).await?;
                settled(target, &image)?;
                platform(context, &image);
                Some(register::like(target, &image, wanted.uefi_data.is_none()).await?)
            }
        };
        let made = wanted.registration(like.as_ref()).map_err(impossible)?;
        let (ids, named): (Vec<_>, _) = (made.snapshots().into_iter().collect(), made.named_snapshots());
        let found = snapshots::existing(target, &ids).await?;
        for id in &ids {
            usable(target, id, found.iter().find(|snapshot| snapshot.id == *id), named.contains(id)).await?;
        }
        let made = made.over(&found).map_err(impossible)?;
        if made.imds_v2 && wanted.imds_v2.is_none() {
            context
                .printer
                .say("its instances will require IMDSv2; --imds optional makes an image whose instances do not");
        }
        Ok(made)
    }
}

/// Of an image that is still being made, EC2 may not tell all of its volumes.
fn settled(target: &Target, image: &Image) -> Result<()> {
    if matches!(image.state, State::Available | State::Disabled) {
        return Ok(());
    }
    let message = format!("{} in {} is {}: nothing can be made like it", image.label(), image.region, image.state);
    let failure = Failure::new(Kind::Failed, "ImageNotAvailable", message);
    Err(match image.state.may_become_available() {
        true => failure.hint(format!("wait for it with: amictl wait {} {}", image.id, target.options())),
        false => failure.hint("name another image, or give its settings without --like"),
    }
    .into())
}

/// A snapshot says nothing of who is paid for the system on it.
fn platform(context: &Context, image: &Image) {
    if let Some(platform) = image.platform.as_deref().filter(|platform| *platform != "Linux/UNIX") {
        let said = format!(
            "{} is billed as {platform}; EC2 may not know that of an image made from a snapshot",
            image.label()
        );
        context.printer.tell(&format!("warning: {said}: see its platform before you launch it"));
    }
}

fn impossible(why: Impossible) -> anyhow::Error {
    Failure::usage(why.to_string()).hint(why.hint()).into()
}

/// Says early what EC2 would say late.
async fn usable(target: &Target, id: &SnapshotId, found: Option<&Snapshot>, named: bool) -> Result<()> {
    let place = target.place().await;
    let failure = |code: &'static str, message: String| Failure::new(Kind::Failed, code, message);
    match found {
        None => {
            let message = format!("there is no snapshot {id} in {place}");
            let hint = match named {
                true => {
                    "check the id, --region and --profile; a snapshot of another account must be shared with this one"
                }
                false => {
                    "it is gone, or of an account that does not share it: give --volume DEVICE=SNAPSHOT for its device"
                }
            };
            Err(failure("InvalidSnapshot.NotFound", message).hint(hint).into())
        }
        Some(snapshot) if snapshot.state != "completed" => {
            let message = format!("{id} in {} is {}, not completed", target.region, snapshot.state);
            let hint = match snapshot.state.as_str() {
                "error" => "EC2 could not create it: name another snapshot",
                _ => "run the command again when it is",
            };
            Err(failure("IncorrectState", message).hint(hint).into())
        }
        Some(snapshot) if snapshot.tier.as_deref() == Some("archive") => {
            let message = format!("{id} in {} is archived", target.region);
            let restore = format!(
                "aws ec2 restore-snapshot-tier --region {} --snapshot-id {id} --permanent-restore",
                target.region
            );
            Err(failure("IncorrectState", message).hint(format!("bring it back first: {restore}")).into())
        }
        Some(_) => Ok(()),
    }
}

/// No error quotes what is in the file.
fn read_uefi_data(path: &Path) -> Result<UefiData> {
    let wrong = |why: String| {
        let hint = "aws ec2 get-instance-uefi-data gives such data, in base64";
        Failure::usage(format!("--uefi-data {}: {why}", path.display())).hint(hint)
    };
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut text).map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(wrong(uefi::UefiError::TooLong.to_string()).into());
    }
    let text = String::from_utf8(text).map_err(|_| wrong(uefi::UefiError::NotBase64.to_string()))?;
    Ok(text.parse().map_err(|why: uefi::UefiError| wrong(why.to_string()))?)
}
