//! Refuses, early, images that could not be shared because an AWS managed key would encrypt them.

use std::collections::BTreeSet;

use anyhow::Result;

use super::job::{self, CopyJob, Failed};
use super::keys;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::copy::Encryption;
use crate::service::{Target, kms_keys, snapshots};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// The encryption of the volumes of an image.
#[derive(Debug, Clone, Default)]
pub struct VolumeKeys {
    /// The keys of encrypted volumes.
    pub keys: BTreeSet<String>,
    /// Whether any is encrypted.
    pub encrypted: bool,
    /// Whether any is unencrypted.
    pub plain: bool,
}

impl VolumeKeys {
    /// From the key of each volume.
    pub fn new(keys: &[Option<String>]) -> Self {
        let known: BTreeSet<String> = keys.iter().flatten().cloned().collect();
        Self { encrypted: !known.is_empty(), plain: keys.iter().any(Option::is_none), keys: known }
    }

    /// From an image; without keys, which only a copy in the image's own region keeps.
    fn of(image: &Image) -> Self {
        let plain = image.snapshots.iter().any(|snapshot| !snapshot.encrypted);
        Self { keys: BTreeSet::new(), encrypted: image.encrypted(), plain }
    }
}

/// Refuses copies that could not be shared.
pub async fn copies(context: &Context, copies: &CopyJob) -> Result<()> {
    if !copies.steps.shares() {
        return Ok(());
    }
    let (source, target) = (&copies.source, &copies.target);
    let mut volumes = VolumeKeys::of(source);
    if source.own && copies.to.contains(&source.region) {
        let ids: Vec<SnapshotId> = source.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
        let found = snapshots::existing(target, &ids).await?;
        volumes.keys = found.into_iter().filter_map(|snapshot| snapshot.kms_key).collect();
    }
    let home = source.own.then_some(&source.region);
    let encryption = |region: &Region| copies.encryption(region);
    let Some((region, key)) = unshareable(context, target, &copies.to, home, &volumes, encryption).await else {
        return Ok(());
    };
    Err(refusal(&format!("the copy in {}", copies.at(&region)), &key)
        .hint(format!("encrypt it with a key of your own: --encrypt --kms-key {region}=KEY"))
        .into())
}

/// Refuses an image of these volumes, or copies of it, that could not be shared.
pub async fn image(
    context: &Context,
    target: &Target,
    to: &BTreeSet<Region>,
    family: &str,
    volumes: &VolumeKeys,
) -> Result<()> {
    let by_hand = |region: &Region, name: &str| {
        let options = format!("--to {region}{name} --encrypt --kms-key KEY --share-with …");
        amictl("copy").word(family).options(options).to_string()
    };
    if let Some(key) = of_aws(context, target, &volumes.keys).await {
        let copy = by_hand(&target.region, " --name NAME");
        let hint = format!("make it without --share-with, and share a copy under a key of your own: {copy}");
        return Err(refusal("the image", &key).hint(hint).into());
    }
    let as_source = |_: &Region| Encryption::AsSource;
    let Some((region, key)) = unshareable(context, target, to, Some(&target.region), volumes, as_source).await else {
        return Ok(());
    };
    let hint = format!("leave {region} out of --copy-to, and copy it there later: {}", by_hand(&region, ""));
    Err(refusal(&format!("the copy in {region}"), &key).hint(hint).into())
}

fn refusal(what: &str, key: &str) -> Failure {
    let key = if key == kms_keys::OF_AWS { "aws/ebs" } else { key };
    let message = format!("{what} would be encrypted with the AWS managed key {key}, and could not be shared");
    Failure::new(Kind::Refused, "DefaultKey", message)
}

/// The first region in which an AWS managed key would encrypt a copy, and that key. `home` is the region of an own
/// source.
async fn unshareable(
    context: &Context,
    target: &Target,
    to: &BTreeSet<Region>,
    home: Option<&Region>,
    source: &VolumeKeys,
    encryption: impl Fn(&Region) -> Encryption,
) -> Option<(Region, String)> {
    let each = concurrency::each(LOOKUPS, to, |region| {
        let (to, encryption, beside) = (target.in_region(region), encryption(region), home == Some(region));
        async move {
            let key = match keys_of_copy(&to, &encryption, source, beside).await {
                Ok(keys) => of_aws(context, &to, &keys).await,
                Err(error) => {
                    context.printer.say(format!("whether a copy in {region} can be shared is unknown: {error}"));
                    None
                }
            };
            key.map(|key| (region.clone(), key))
        }
    });
    each.await.into_iter().flatten().next()
}

/// The keys of a copy by EC2's rules; `beside` is a copy of an own image in its own region, which keeps its keys.
async fn keys_of_copy(
    to: &Target,
    encryption: &Encryption,
    source: &VolumeKeys,
    beside: bool,
) -> Result<BTreeSet<String>, ApiError> {
    let mut all = BTreeSet::new();
    let by_default = match encryption {
        Encryption::Key(key) => {
            all.insert(key.clone());
            false
        }
        Encryption::DefaultKey => true,
        Encryption::AsSource => {
            if beside {
                all.extend(source.keys.iter().cloned());
            }
            (source.encrypted && !beside) || (source.plain && kms_keys::ebs_encrypts(to).await?)
        }
    };
    if by_default {
        all.insert(kms_keys::default_of_ebs(to).await?);
    }
    Ok(all)
}

/// The first AWS managed key among these. A key that cannot be described does not count: EC2 decides.
async fn of_aws(context: &Context, at: &Target, keys: &BTreeSet<String>) -> Option<String> {
    for key in keys {
        match kms_keys::managed_by_aws(at, key).await {
            Ok(true) => return Some(key.clone()),
            Ok(false) => {}
            Err(error) => context.printer.say(format!("whether {key} can be shared is unknown: {error}")),
        }
    }
    None
}

/// Refuses accounts whose copies could not be shared.
pub async fn land(context: &Context, all: &[CopyJob], refused: &mut Vec<Failed>) -> Result<()> {
    let open = job::open(all, refused);
    let each = concurrency::each(LOOKUPS, open, |of| async move { (of, keys::copies(context, &all[of]).await) });
    for (of, landing) in each.await {
        match landing {
            Err(error) if all.len() > 1 => refused.push(Failed { of, region: None, error }),
            landing => landing?,
        }
    }
    Ok(())
}
