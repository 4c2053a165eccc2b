//! Images of other accounts: how they are found, what they carry, and what keeps them from being copied.

use std::collections::BTreeSet;

use anyhow::{Error, Result};
use futures::StreamExt;

use super::Context;
use super::copying::Copies;
use crate::domain::access::{self, Access, access};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::reference::ImageRef;
use crate::domain::tagging::name_tags;
use crate::service::copy::Encryption;
use crate::service::error::{ApiError, codes};
use crate::service::permissions::{launch_permissions, volume_permissions};
use crate::service::{Target, images, keys, resolve, snapshots};

/// How many snapshots are looked at at a time.
const SIDE_BY_SIDE: usize = 10;

/// The account that owns an image, where a role leads to it.
#[derive(Clone)]
pub struct Owner {
    /// The role.
    pub role: String,
    /// Where the image is, as its owner.
    pub target: Target,
}

/// An image that may be copied, as far as can be known before EC2 is asked.
pub struct Found {
    /// The image; it is `own` where it belongs to the account that copies.
    pub image: Image,
    /// Its owner, where a role leads there and it is another account.
    pub owner: Option<Owner>,
}

/// Finds the image to copy: in the account that copies, or with `role` in the account that owns it.
pub async fn find(context: &Context, target: &Target, reference: &ImageRef, role: Option<&str>) -> Result<Found> {
    match role {
        Some(role) => as_owner(context, target, reference, role).await,
        None => as_anybody(context, target, reference).await,
    }
}

/// Without the owner's role an image of others is found by its id, and its tags are not seen.
async fn as_anybody(context: &Context, target: &Target, reference: &ImageRef) -> Result<Found> {
    let mut image = match resolve::image(target, reference, context.now).await {
        Ok(image) => image,
        Err(error) => return Err(perhaps_not_shared(target, reference, error).await),
    };
    if !image.own
        && let Some(name) = &image.parsed_name
    {
        let seen = std::mem::take(&mut image.tags);
        image.tags = name_tags(name);
        image.tags.extend(seen);
    }
    Ok(Found { image, owner: None })
}

/// What cannot be seen may belong to somebody who did not share it: EC2 does not tell one from the other.
async fn perhaps_not_shared(target: &Target, reference: &ImageRef, error: Error) -> Error {
    match (reference, error.downcast_ref::<Failure>(), target.account().await) {
        (ImageRef::Id(id), Some(failure), Ok(account)) if resolve::is_missing(&error) => {
            let share = access::let_copy(id.as_str(), account.as_str(), &format!("--region {}", target.region));
            let hint = format!(
                "if it belongs to another account, its owner shares it with: {share}; else it is deregistered, or in \
                 another region (--region)"
            );
            failure.clone().hint(hint).into()
        }
        _ => error,
    }
}

async fn as_owner(context: &Context, target: &Target, reference: &ImageRef, role: &str) -> Result<Found> {
    let owner = context.target_as(role).await?;
    let theirs = match owner.account().await {
        Ok(account) => account.clone(),
        Err(error) => return Err(not_assumed(role, error)),
    };
    let ours = target.account().await?;
    let mut image = resolve::image(&owner, reference, context.now).await?;
    if !image.own {
        let to = image.owner.as_ref().map_or("another account".to_owned(), |owner| format!("account {owner}"));
        let message = format!("{} belongs to {to}, and the role {role} leads to account {theirs}", image.label());
        return Err(Failure::new(Kind::Failed, "AuthFailure", message)
            .hint("give a role in the account that owns the image, or leave --from-role-arn out")
            .into());
    }
    image.own = theirs == *ours;
    if image.own {
        return Ok(Found { image, owner: None });
    }
    allowed(context, &owner, &image, ours).await?;
    Ok(Found { image, owner: Some(Owner { role: role.to_owned(), target: owner }) })
}

fn not_assumed(role: &str, error: ApiError) -> Error {
    let message = format!("the role {role} of --from-role-arn cannot be assumed");
    if !error.is(codes::CREDENTIALS) {
        return Error::from(error).context(message);
    }
    Failure::new(Kind::Failed, codes::CREDENTIALS, format!("{message}: {}", error.message))
        .hint("the role must exist, its trust policy must admit you, and you need sts:AssumeRole on it")
        .into()
}

/// Refuses what EC2 would refuse: an image or a snapshot that its owner has not shared with the account.
async fn allowed(context: &Context, owner: &Target, image: &Image, account: &AccountId) -> Result<()> {
    let options = owner.options();
    match launch_permissions(owner, &image.id).await {
        Ok(permissions) => {
            if access(&permissions, account) == Access::Withheld {
                return Err(access::image_not_shared(image, account, &options).into());
            }
        }
        Err(error) => unknown(context, image.label(), account, &error),
    }
    let ids: BTreeSet<&SnapshotId> = image.snapshots.iter().map(|snapshot| &snapshot.id).collect();
    let each = ids.into_iter().map(|id| async move { (id, volume_permissions(owner, id).await) });
    let read: Vec<_> = futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
    let mut withheld = Vec::new();
    for (id, permissions) in read {
        match permissions {
            Ok(permissions) if access(&permissions, account) == Access::Given => {}
            Ok(_) => withheld.push(id.clone()),
            Err(error) => unknown(context, id, account, &error),
        }
    }
    if withheld.is_empty() {
        return Ok(());
    }
    Err(access::snapshots_not_shared(image, &withheld, account.as_str(), &options, None).into())
}

fn unknown(context: &Context, what: impl std::fmt::Display, account: &AccountId, error: &ApiError) {
    context.printer.say(format!("whether {what} is shared with account {account} is unknown: {error}"));
}

/// Says what the copies of an image of others will lack.
pub fn tell(context: &Context, copies: &Copies) {
    let source = &copies.source;
    if source.own || copies.owner.is_some() || !copies.tags {
        return;
    }
    let owner = source.owner.as_ref().map_or("its owner".to_owned(), |owner| format!("account {owner}"));
    let carried = match source.parsed_name {
        Some(_) => "the copies get those that follow from its name",
        None => "the copies go without them",
    };
    context.printer.say(format!(
        "the tags that {owner} gave {} cannot be seen: {carried}; --from-role-arn ROLE carries them over",
        source.label()
    ));
}

/// What EC2 means when it refuses to copy an image of others.
pub async fn explained(to: &Target, copies: &Copies, error: Error) -> Error {
    let Some(refusal) = error.downcast_ref::<ApiError>().filter(|_| !copies.source.own) else { return error };
    let source = &copies.source;
    let account = account(to).await;
    let options = copies.owner_options();
    if access::is_about_snapshots(&refusal.message) {
        let said = format!("{} [{}]", refusal.message, refusal.code);
        return access::snapshots_not_shared(source, &[], &account, &options, Some(&said)).into();
    }
    let share = |code: &'static str| {
        let share = access::let_copy(source.id.as_str(), &account, &options);
        Failure::new(Kind::Failed, code, refusal.to_string())
            .hint(format!("it may not be shared any more; its owner shares it with: {share}"))
            .into()
    };
    match refusal.code.as_str() {
        "InvalidAMIID.NotFound" => share("InvalidAMIID.NotFound"),
        "InvalidAMIID.Unavailable" => share("InvalidAMIID.Unavailable"),
        _ => error,
    }
}

async fn account(target: &Target) -> String {
    target.account().await.map_or_else(|_| "ACCOUNT".to_owned(), ToString::to_string)
}

/// What a copy failed for that EC2 began: where it was a key, which keys there are and what is wrong with them.
pub async fn failed(to: &Target, copies: &Copies, id: &ImageId, error: Error) -> Error {
    let Some(failure) = error.downcast_ref::<Failure>() else { return error };
    if failure.code == "ImageNotAvailable" && !snapshots_say_key(to, id).await {
        return error;
    }
    if ![access::KEY_NOT_USABLE, "ImageNotAvailable"].contains(&&*failure.code) {
        return error;
    }
    let mut keys = source_keys(to, copies).await;
    keys.extend(target_key(to, copies).await);
    let (mut known, mut trouble) = (Vec::new(), Vec::new());
    for (place, key, whose) in keys {
        match keys::trouble(&place, &key).await {
            Some(what) => trouble.push(format!("the key {key} of {whose} {what}")),
            None => known.push(format!("{key} of {whose}")),
        }
    }
    let found = match (trouble.is_empty(), known.is_empty()) {
        (false, _) => trouble.join("; "),
        (true, false) => format!("the keys are {}", known.join(" and ")),
        (true, true) => "which key is not known".to_owned(),
    };
    let remove = format!("amictl deregister {id} {}", to.options());
    Failure::new(failure.kind, access::KEY_NOT_USABLE, format!("{}; {found}", failure.message))
        .hint(access::key_hint(&account(to).await, &remove))
        .into()
}

async fn snapshots_say_key(to: &Target, id: &ImageId) -> bool {
    let Ok(found) = images::by_ids(to, std::slice::from_ref(id)).await else { return false };
    let ids: Vec<_> = found.iter().flat_map(|image| image.snapshots.iter().map(|s| s.id.clone())).collect();
    let said = if ids.is_empty() { Ok(Vec::new()) } else { snapshots::messages(to, &ids).await };
    said.is_ok_and(|said| said.iter().any(|message| access::is_about_keys(message)))
}

/// A key, where it is, and whose it is in this copy.
type Key = (Target, String, &'static str);

/// The keys of the source, as its owner sees them or as whoever it is shared with.
async fn source_keys(to: &Target, copies: &Copies) -> Vec<Key> {
    let encrypted = copies.source.snapshots.iter().filter(|snapshot| snapshot.encrypted);
    let ids: Vec<_> = encrypted.map(|snapshot| snapshot.id.clone()).collect();
    let place = to.in_region(&copies.source.region);
    let seen_by = copies.owner.as_ref().map_or(&place, |owner| &owner.target);
    let found = if ids.is_empty() { Vec::new() } else { snapshots::existing(seen_by, &ids).await.unwrap_or_default() };
    let keys: BTreeSet<String> = found.into_iter().filter_map(|snapshot| snapshot.kms_key).collect();
    keys.into_iter().map(|key| (place.clone(), key, "the source")).collect()
}

/// The key that the copy asks for, or the default one where it does not say.
async fn target_key(to: &Target, copies: &Copies) -> Option<Key> {
    let key = match copies.encryption(&to.region) {
        Encryption::Key(key) => key,
        Encryption::AsSource if !copies.source.encrypted() => return None,
        Encryption::AsSource | Encryption::DefaultKey => keys::default_of_ebs(to).await.ok()?,
    };
    Some((to.clone(), key, "the copy"))
}
