//! `amictl create --snapshot`: its options, the registration they describe, and early refusals.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;

use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::{Image, State};
use crate::domain::reference::ImageRef;
use crate::domain::registration::{Registration, Wanted};
use crate::domain::snapshot::Snapshot;
use crate::domain::uefi::{self, UefiData};
use crate::domain::volume::Impossible;
use crate::service::{Target, register, snapshots};
use crate::workflows::run::context::Context;
use crate::workflows::run::unreadable::unreadable;
use crate::workflows::select::resolve;

/// The limit for a file of UEFI data, line ends included; no larger one is read.
const LARGEST_FILE: u64 = 2 * uefi::LONGEST as u64;

/// The registration from the options alone, refused at once if impossible. With --like it also depends on the other
/// image, so that less can be checked.
pub fn alone(like: Option<&ImageRef>, wanted: &Wanted) -> Result<Registration> {
    let bare = || Wanted { tpm: false, uefi_data: None, volumes: Vec::new(), ..wanted.clone() };
    let made = if like.is_some() { bare().registration(None) } else { wanted.registration(None) };
    made.map_err(impossible)
}

/// The registration for EC2: completed from another image, with volumes that fit the snapshots.
pub async fn registration(
    context: &Context,
    target: &Target,
    like: Option<&ImageRef>,
    wanted: &Wanted,
) -> Result<Registration> {
    let like = match like {
        None => None,
        Some(reference) => {
            let image = resolve::image(context, target, reference).await?;
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
        context.printer.say("its instances will require IMDSv2; --imds optional makes an image whose instances do not");
    }
    Ok(made)
}

/// EC2 may not list all volumes of an image that is still being made.
fn settled(target: &Target, image: &Image) -> Result<()> {
    if matches!(image.state, State::Available | State::Disabled) {
        return Ok(());
    }
    let message = format!("{} in {} is {}: nothing can be made like it", image.label(), image.region, image.state);
    let failure = Failure::new(Kind::Failed, "ImageNotAvailable", message);
    Err(match image.state.may_become_available() {
        true => failure.hint(format!("wait for it with: {}", amictl("wait").word(&image.id).options(target.options()))),
        false => failure.hint("name another image, or give its settings without --like"),
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

/// No error quotes the content of the file.
pub fn read_uefi_data(path: &Path) -> Result<UefiData> {
    let wrong = |why: String| {
        let hint = "aws ec2 get-instance-uefi-data gives such data, in base64";
        Failure::usage(format!("--uefi-data {}: {why}", path.display())).hint(hint)
    };
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut text));
    read.map_err(|error| unreadable(format!("--uefi-data {}", path.display()), &error))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(wrong(uefi::UefiError::TooLong.to_string()).into());
    }
    let text = String::from_utf8(text).map_err(|_| wrong(uefi::UefiError::NotBase64.to_string()))?;
    Ok(text.parse().map_err(|why: uefi::UefiError| wrong(why.to_string()))?)
}
