//! Explanations for copies of other accounts' images: missing tags, and why a copy fails.

use std::collections::BTreeSet;

use anyhow::Error;

use super::job::CopyJob;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::permissions::copy_access;
use crate::service::client::error::ApiError;
use crate::service::copy::Encryption;
use crate::service::{Target, images, kms_keys, snapshots};
use crate::workflows::run::context::Context;

/// Prints once, for all accounts, which tags the copies of another account's image will lack.
pub fn tell<'a>(context: &Context, all: impl IntoIterator<Item = &'a CopyJob>) {
    let lacks = |copies: &&CopyJob| !copies.source.own && copies.owner.is_none() && copies.tags;
    let Some(CopyJob { source, .. }) = all.into_iter().find(lacks) else { return };
    let owner = source.owner.as_ref().map_or("its owner".to_owned(), |owner| format!("account {owner}"));
    let carried = match source.parsed_name {
        Some(_) => "the copies get only those made from its name",
        None => "the copies get none",
    };
    context.printer.say(format!(
        "the tags that {owner} set on {} cannot be read: {carried}; --from-role-arn ROLE copies them",
        source.label()
    ));
}

/// Explains EC2's refusal to copy another account's image.
pub async fn explained(to: &Target, copies: &CopyJob, error: Error) -> Error {
    let Some(refusal) = error.downcast_ref::<ApiError>().filter(|_| !copies.source.own) else { return error };
    let source = &copies.source;
    let account = account(to).await;
    let options = copies.owner_options();
    if copy_access::is_about_snapshots(&refusal.message) {
        let said = format!("{} [{}]", refusal.message, refusal.code);
        return copy_access::snapshots_not_shared(source, &[], &account, &options, Some(&said)).into();
    }
    let share = |code: &'static str| {
        let share = copy_access::let_copy(source.id.as_str(), &account, &options);
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

/// Explains a copy that failed after EC2 started it: for a key, the keys involved and their problems.
pub async fn failed(to: &Target, copies: &CopyJob, id: &ImageId, error: Error) -> Error {
    let Some(failure) = error.downcast_ref::<Failure>() else { return error };
    if failure.code == "ImageNotAvailable" && !snapshots_say_key(to, id).await {
        return error;
    }
    if ![copy_access::KEY_NOT_USABLE, "ImageNotAvailable"].contains(&&*failure.code) {
        return error;
    }
    let mut keys = source_keys(to, copies).await;
    keys.extend(target_key(to, copies).await);
    let (mut known, mut trouble) = (Vec::new(), Vec::new());
    for (place, key, whose) in keys {
        match kms_keys::trouble(&place, &key).await {
            Some(what) => trouble.push(format!("the key {key} of {whose} {what}")),
            None => known.push(format!("{key} of {whose}")),
        }
    }
    let found = match (trouble.is_empty(), known.is_empty()) {
        (false, _) => trouble.join("; "),
        (true, false) => format!("the keys are {}", known.join(" and ")),
        (true, true) => "which key is not known".to_owned(),
    };
    let remove = amictl("deregister").word(id).options(to.options()).to_string();
    Failure::new(failure.kind, copy_access::KEY_NOT_USABLE, format!("{}; {found}", failure.message))
        .hint(copy_access::key_hint(&account(to).await, &remove))
        .first(remove)
        .into()
}

async fn snapshots_say_key(to: &Target, id: &ImageId) -> bool {
    let Ok(found) = images::by_ids(to, std::slice::from_ref(id)).await else { return false };
    let ids: Vec<_> = found.iter().flat_map(|image| image.snapshots.iter().map(|s| s.id.clone())).collect();
    let said = if ids.is_empty() { Ok(Vec::new()) } else { snapshots::messages(to, &ids).await };
    said.is_ok_and(|said| said.iter().any(|message| copy_access::is_about_keys(message)))
}

/// A key, its place, and its role in this copy.
type Key = (Target, String, &'static str);

/// The keys of the source, as seen by its owner, if entered, else by the copying account.
async fn source_keys(to: &Target, copies: &CopyJob) -> Vec<Key> {
    let encrypted = copies.source.snapshots.iter().filter(|snapshot| snapshot.encrypted);
    let ids: Vec<_> = encrypted.map(|snapshot| snapshot.id.clone()).collect();
    let place = to.in_region(&copies.source.region);
    let seen_by = copies.owner.as_ref().unwrap_or(&place);
    let found = if ids.is_empty() { Vec::new() } else { snapshots::existing(seen_by, &ids).await.unwrap_or_default() };
    let keys: BTreeSet<String> = found.into_iter().filter_map(|snapshot| snapshot.kms_key).collect();
    keys.into_iter().map(|key| (place.clone(), key, "the source")).collect()
}

/// The requested key of the copy, or the default one.
async fn target_key(to: &Target, copies: &CopyJob) -> Option<Key> {
    let key = match copies.encryption(&to.region) {
        Encryption::Key(key) => key,
        Encryption::AsSource if !copies.source.encrypted() => return None,
        Encryption::AsSource | Encryption::DefaultKey => kms_keys::default_of_ebs(to).await.ok()?,
    };
    Some((to.clone(), key, "the copy"))
}
