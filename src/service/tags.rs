//! CreateTags on any resources.

use super::client::convert;
use super::client::error::{ApiError, api, dry_run};
use super::client::target::Target;
use crate::domain::tags::Tags;

const CREATE: &str = "CreateTags";

/// Puts `tags` on the resources. Existing values are replaced; repeating it is harmless.
pub async fn add(target: &Target, resources: &[impl ToString], tags: &Tags) -> Result<(), ApiError> {
    match tags.is_empty() || resources.is_empty() {
        true => Ok(()),
        false => send(target, resources, tags, false).await,
    }
}

/// Asks EC2 whether [`add`] would be allowed.
pub(super) async fn check(target: &Target, resources: &[impl ToString], tags: &Tags) -> Result<(), ApiError> {
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

/// The tags of `wanted` that `present` lacks or has with another value.
pub fn lacking(present: &Tags, wanted: &Tags) -> Tags {
    let differs = |(key, value): &(&String, &String)| present.get(*key) != Some(*value);
    wanted.iter().filter(differs).map(|(k, v)| (k.clone(), v.clone())).collect()
}
