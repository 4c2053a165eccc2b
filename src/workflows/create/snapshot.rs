//! `amictl create --snapshot`: its options, the registration they describe, and early refusals.

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

/// The limit for a file of UEFI data, line ends included; no larger one is read.
const LARGEST_FILE: u64 = 2 * uefi::LONGEST as u64;

/// The options of an image that is made from snapshots.
#[derive(Debug, clap::Args)]
pub struct SnapshotArgs {
    /// The snapshot of a root volume to make it from
    #[arg(long, value_name = "ID", group = "origin")]
    snapshot: Option<SnapshotId>,

    /// With --snapshot: takes all of the following from another image; what is given beside it counts for more
    #[arg(long, value_name = "REF", conflicts_with = "instance")]
    like: Option<ImageRef>,

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

    /// The registration from the options alone, refused at once if impossible. With --like it also depends on the other
    /// image, so that less can be checked.
    pub fn alone(&self, wanted: &Wanted) -> Result<Registration> {
        let bare = || Wanted { tpm: false, uefi_data: None, volumes: Vec::new(), ..wanted.clone() };
        let made = if self.like.is_some() { bare().registration(None) } else { wanted.registration(None) };
        made.map_err(impossible)
    }

    /// The registration for EC2: completed from another image, with volumes that fit the snapshots.
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

/// EC2 may not list all volumes of an image that is still being made.
fn settled(target: &Target, image: &Image) -> Result<()> {
    if matches!(image.state, State::Available | State::Disabled) {
        return Ok(());
    }
    let message = format!("{} in {} is {}: nothing can be made like it", image.label(), image.region, image.state);
    let failure = Failure::new(Kind::Failed, "ImageNotAvailable", message);
    Err(match image.state.may_become_available() {
        true => failure.hint(format!("wait for it with: amictl wait {} {}", image.id, target.options())),
        false => failure.hint("name another image, or say without --like what it is to be"),
    }
    .into())
}

/// A snapshot does not carry the billing information of its system.
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

/// Refuses early what EC2 would refuse late.
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
                "error" => "EC2 could not make it, and never will: name another snapshot",
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

/// No error quotes the content of the file.
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
