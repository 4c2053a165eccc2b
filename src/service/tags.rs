//! CreateTags on any resources, and DeleteTags for one value.

use aws_sdk_ec2::types::Tag;

use super::client::convert;
use super::client::error::{ApiError, api, dry_run};
use super::client::target::Target;
use crate::domain::tags::Tags;

const CREATE: &str = "CreateTags";
const DELETE: &str = "DeleteTags";

/// Puts `tags` on the resources. Existing values are replaced; repeating it is harmless.
pub async fn add(target: &Target, resources: &[impl ToString], tags: &Tags) -> Result<(), ApiError> {
    match tags.is_empty() || resources.is_empty() {
        true => Ok(()),
        false => send(target, resources, tags, false).await,
    }
}

/// Asks EC2 whether [`add`] would be allowed.
pub async fn check(target: &Target, resources: &[impl ToString], tags: &Tags) -> Result<(), ApiError> {
    match tags.is_empty() || resources.is_empty() {
        true => Ok(()),
        false => dry_run(CREATE, &target.region, send(target, resources, tags, true).await),
    }
}

/// Puts `tags` on the resources, or makes a dry run.
pub(super) async fn send(
    target: &Target,
    resources: &[impl ToString],
    tags: &Tags,
    try_only: bool,
) -> Result<(), ApiError> {
    let resources = resources.iter().map(ToString::to_string).collect();
    let call = target.ec2.create_tags().set_resources(Some(resources)).set_tags(Some(convert::sdk_tags(tags)));
    call.dry_run(try_only).send().await.map(|_| ()).map_err(api(CREATE, &target.region))
}

/// Removes a tag as long as it has this value: one that somebody else wrote meanwhile stays.
pub async fn remove(target: &Target, resource: &impl ToString, key: &str, value: &str) -> Result<(), ApiError> {
    send_removal(target, resource, key, value, false).await
}

/// Asks EC2 whether [`remove`] would be allowed.
pub async fn check_removal(target: &Target, resource: &impl ToString, key: &str, value: &str) -> Result<(), ApiError> {
    dry_run(DELETE, &target.region, send_removal(target, resource, key, value, true).await)
}

async fn send_removal(
    target: &Target,
    resource: &impl ToString,
    key: &str,
    value: &str,
    try_only: bool,
) -> Result<(), ApiError> {
    let tag = Tag::builder().key(key).value(value).build();
    let call = target.ec2.delete_tags().resources(resource.to_string()).tags(tag).dry_run(try_only);
    call.send().await.map(drop).map_err(api(DELETE, &target.region))
}

/// The tags of `wanted` that `present` lacks or has with another value.
pub fn lacking(present: &Tags, wanted: &Tags) -> Tags {
    let differs = |(key, value): &(&String, &String)| present.get(*key) != Some(*value);
    wanted.iter().filter(differs).map(|(k, v)| (k.clone(), v.clone())).collect()
}
