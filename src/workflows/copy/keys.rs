//! The keys under which images end up that are to be shared: nothing can be shared under a key of AWS, so that is found
//! out before anything is made.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::StreamExt;

use super::job::{self, Copies, Failed};
use super::keys;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::copy::Encryption;
use crate::service::{Target, kms_keys, snapshots};
use crate::workflows::run::context::Context;

/// How many regions are asked at a time.
const SIDE_BY_SIDE: usize = 32;

/// What an image is made of, as far as keys go.
#[derive(Debug, Clone, Default)]
pub struct Volumes {
    /// The keys of those that are encrypted.
    pub keys: BTreeSet<String>,
    /// Whether any is encrypted.
    pub encrypted: bool,
    /// Whether any is not.
    pub plain: bool,
}

impl Volumes {
    /// By the key of each volume.
    pub fn new(keys: &[Option<String>]) -> Self {
        let known: BTreeSet<String> = keys.iter().flatten().cloned().collect();
        Self { encrypted: !known.is_empty(), plain: keys.iter().any(Option::is_none), keys: known }
    }

    /// Those of an image; their keys, which only a copy beside the image takes over, are left out.
    fn of(image: &Image) -> Self {
        let plain = image.snapshots.iter().any(|snapshot| !snapshot.encrypted);
        Self { keys: BTreeSet::new(), encrypted: image.encrypted(), plain }
    }
}

/// Refuses to make copies that could not be shared.
pub async fn copies(context: &Context, copies: &Copies) -> Result<()> {
    if !copies.steps.shares() {
        return Ok(());
    }
    let (source, target) = (&copies.source, &copies.target);
    let mut volumes = Volumes::of(source);
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

/// Refuses to make an image of these volumes, or copies of it, that could not be shared.
pub async fn image(
    context: &Context,
    target: &Target,
    to: &BTreeSet<Region>,
    family: &str,
    volumes: &Volumes,
) -> Result<()> {
    let by_hand = |region: &Region, name: &str| {
        format!("amictl copy {family} --to {region}{name} --encrypt --kms-key KEY --share-with …")
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

/// The first region in which a copy would end up under a key of AWS, and that key. `home` is the region of a source of
/// our own.
async fn unshareable(
    context: &Context,
    target: &Target,
    to: &BTreeSet<Region>,
    home: Option<&Region>,
    source: &Volumes,
    encryption: impl Fn(&Region) -> Encryption,
) -> Option<(Region, String)> {
    let each = to.iter().map(|region| {
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
    let found: Vec<_> = futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
    found.into_iter().flatten().next()
}

/// The keys of a copy by EC2's rules; `beside` is a copy of an own image in its own region, which keeps its keys.
async fn keys_of_copy(
    to: &Target,
    encryption: &Encryption,
    source: &Volumes,
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

/// The first of these keys that AWS manages. One that cannot be looked at is not taken for such a key: EC2 will tell.
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
pub async fn land(context: &Context, all: &[Copies], refused: &mut Vec<Failed>) -> Result<()> {
    let open = job::open(all, refused);
    let each = open.map(|of| async move { (of, keys::copies(context, &all[of]).await) });
    let landed: Vec<_> = futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
    for (of, landing) in landed {
        match landing {
            Err(error) if all.len() > 1 => refused.push(Failed { of, region: None, error }),
            landing => landing?,
        }
    }
    Ok(())
}
