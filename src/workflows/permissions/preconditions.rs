//! Refusals of images that EC2 would refuse to share, before anything is shared.

use std::collections::BTreeSet;

use anyhow::Result;

use super::grant::PermissionChange;
use crate::domain::command_line::{amictl, quoted};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::Principal;
use crate::domain::scan::watermark_name;
use crate::service::images::{self, FILTER_VALUES, Query};
use crate::service::snapshots::{self, Block};
use crate::service::{Target, kms_keys, permissions};
use crate::workflows::run::context::Context;
use crate::workflows::select::refusals;
use crate::workflows::select::selection::Selection;

/// Refuses what EC2 would refuse.
pub async fn acceptable(context: &Context, chosen: &Selection, sharing: &PermissionChange) -> Result<()> {
    let everybody = sharing.who.contains(&Principal::Everybody);
    let mut refused: Vec<Failure> = chosen.images.iter().filter_map(|(target, image)| unready(target, image)).collect();
    for (target, images) in chosen.by_place() {
        let encrypted: Vec<&Image> = images.iter().filter(|image| image.encrypted()).collect();
        if everybody {
            refused.extend(encrypted.iter().map(|image| never_public(image)));
            refused.extend(images.iter().filter_map(|image| watermarked(&target, image)));
        } else if !encrypted.is_empty() {
            refused.extend(under_default_key(context, &target, &encrypted).await?);
        }
        // A public image stays public.
        if let Some(image) = images.iter().find(|image| everybody && !image.public) {
            refused.extend(blocked(context, &target, image).await);
        }
        if everybody && sharing.snapshots {
            refused.extend(snapshots_blocked(context, &target, &images).await?);
        }
    }
    refusals::all_or_nothing(refused)
}

fn unready(target: &Target, image: &Image) -> Option<Failure> {
    if image.state == State::Available {
        return None;
    }
    let (label, place, state) = (image.label(), image.place(), &image.state);
    let message = format!("{label} in {place} is {state}: only available images can be shared");
    let failure = Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", message);
    let (id, options) = (&image.id, target.options());
    Some(match image.state.may_become_available() {
        true => failure.hint(format!("wait for it with: {}", amictl("wait").word(id).options(options))),
        false if image.state == State::Disabled => {
            failure.hint(format!("switch it on with: {}", amictl("enable").word(id).options(options)))
        }
        false => failure,
    })
}

fn never_public(image: &Image) -> Failure {
    let message =
        format!("{} in {} is encrypted, and EC2 makes no encrypted image public", image.label(), image.place());
    Failure::new(Kind::Refused, "Encrypted", message)
        .hint("share it with accounts, or make a public image of an unencrypted volume")
}

fn watermarked(target: &Target, image: &Image) -> Option<Failure> {
    let key = image.watermarks.first()?;
    let names: Vec<&str> = image.watermarks.iter().map(|key| watermark_name(key)).collect();
    let (label, place, names) = (image.label(), image.place(), names.join(", "));
    let message = format!("{label} in {place} has a watermark ({names}), and EC2 makes no such image public");
    let detach = format!(
        "share it with accounts, or detach each watermark first: aws ec2 detach-image-watermark --region {} --image-id \
         {} --watermark-key {}",
        target.region,
        image.id,
        quoted(key)
    );
    Some(Failure::new(Kind::Refused, "Watermark", message).hint(detach))
}

/// EC2 shares nothing encrypted with an AWS managed key, as no other account can be allowed to use that key. If a key
/// cannot be described, EC2 decides.
async fn under_default_key(context: &Context, target: &Target, images: &[&Image]) -> Result<Vec<Failure>> {
    let ids = |image: &Image| image.snapshots.iter().filter(|s| s.encrypted).map(|s| s.id.clone()).collect::<Vec<_>>();
    let all: Vec<SnapshotId> = images.iter().flat_map(|image| ids(image)).collect();
    let found = snapshots::existing(target, &all).await?;
    let key_of = |id: &SnapshotId| found.iter().find(|snapshot| snapshot.id == *id)?.kms_key.as_deref();
    let keys: BTreeSet<&str> = all.iter().filter_map(key_of).collect();
    let mut of_aws = BTreeSet::new();
    for key in keys {
        match kms_keys::managed_by_aws(target, key).await {
            Ok(true) => drop(of_aws.insert(key)),
            Ok(false) => context.printer.say(format!("to launch it, they also need to use its KMS key: {key}")),
            Err(error) => {
                context.printer.say(format!("whether anything under {key} can be shared is unknown: {error}"));
            }
        }
    }
    let shut = |image: &Image| ids(image).iter().filter_map(key_of).any(|key| of_aws.contains(key));
    Ok(images.iter().filter(|image| shut(image)).map(|image| default_key(target, image)).collect())
}

fn default_key(target: &Target, image: &Image) -> Failure {
    let (label, place) = (image.label(), image.place());
    let message = format!("{label} in {place} is encrypted with the AWS managed key aws/ebs, and cannot be shared");
    let again = format!(
        "make a copy under a key of your own and share that: amictl copy {} --to {} --encrypt --kms-key KEY --name NAME {}",
        image.id,
        image.region,
        target.options()
    );
    Failure::new(Kind::Refused, "DefaultKey", message).hint(again)
}

/// Accounts and declarative policies may block public sharing of images.
async fn blocked(context: &Context, target: &Target, image: &Image) -> Option<Failure> {
    let by = match permissions::public_sharing_blocked(target).await {
        Ok(by) => by?,
        Err(error) => {
            context.printer.say(format!("whether images may be made public in {} is unknown: {error}", image.place()));
            return None;
        }
    };
    let message =
        format!("{} cannot be made public: block public access for AMIs is on in {}", image.label(), image.place());
    let off = format!(
        "where images are meant to be public: aws ec2 disable-image-block-public-access --region {}; it takes up to \
         10 minutes",
        image.region
    );
    Some(Failure::new(Kind::Refused, "BlockPublicAccess", message).hint(unblocked(&by, off)))
}

fn unblocked(by: &str, off: String) -> String {
    match by {
        "declarative-policy" => {
            "a declarative policy of the organization sets it: ask those who manage the organization".to_owned()
        }
        _ => off,
    }
}

/// As [`blocked`], for snapshots, which have their own setting. If it treats public ones as private, sharing those
/// again would change nothing.
async fn snapshots_blocked(context: &Context, target: &Target, images: &[Image]) -> Result<Option<Failure>> {
    let mut some = images.iter().filter(|image| !image.snapshots.is_empty()).peekable();
    let Some(first) = some.peek() else { return Ok(None) };
    let block = match snapshots::public_sharing_blocked(target).await {
        Ok(Some(block)) => block,
        Ok(None) => return Ok(None),
        Err(error) => {
            let place = first.place();
            context.printer.say(format!("whether snapshots may be made public in {place} is unknown: {error}"));
            return Ok(None);
        }
    };
    for image in some {
        let mut going = block.all;
        for snapshot in image.snapshots.iter().filter(|_| !block.all) {
            going |= !permissions::volume_permissions(target, &snapshot.id).await?.contains(&Principal::Everybody);
        }
        if going {
            return Ok(Some(not_copyable(image, &block)));
        }
    }
    Ok(None)
}

fn not_copyable(image: &Image, block: &Block) -> Failure {
    let (label, place) = (image.label(), image.place());
    let public = if block.all { ", and those that are public count as private" } else { "" };
    let message = format!(
        "the snapshots of {label} cannot be made public: block public access for snapshots is on in {place}{public}"
    );
    let off = format!(
        "without --copyable everybody may launch it; where snapshots are meant to be public: aws ec2 \
         disable-snapshot-block-public-access --region {}",
        image.region
    );
    Failure::new(Kind::Refused, "BlockPublicAccess", message).hint(unblocked(&block.by, off))
}

/// Prints which other images use the same snapshots: they cannot be copied any more either.
pub async fn neighbours(context: &Context, chosen: &Selection) {
    let going: BTreeSet<_> = chosen.images.iter().map(|(_, image)| &image.id).collect();
    for (target, these) in chosen.by_place() {
        let all: BTreeSet<String> = these.iter().flat_map(|i| &i.snapshots).map(|s| s.id.to_string()).collect();
        let all: Vec<String> = all.into_iter().collect();
        for some in all.chunks(FILTER_VALUES) {
            let query = Query::own().filter("block-device-mapping.snapshot-id", some.to_vec());
            // Only this message depends on it.
            let others = images::find(&target, &query).await.unwrap_or_default();
            for other in others.iter().filter(|other| !going.contains(&other.id)) {
                let (label, place) = (other.label(), other.place());
                context.printer.say(format!("{label} in {place} has the same snapshots: this is for its copies too"));
            }
        }
    }
}
