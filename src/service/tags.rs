//! Writing tags.

use super::convert;
use super::error::{ApiError, api, dry_run};
use super::target::Target;
use crate::domain::tagging::Tags;

const CREATE: &str = "CreateTags";

/// Puts `tags` on the resources. Values of keys that are there already are replaced; repeating it is harmless.
pub async fn add(target: &Target, resources: &[String], tags: &Tags) -> Result<(), ApiError> {
    if tags.is_empty() || resources.is_empty() {
        return Ok(());
    }
    let answer = target
        .ec2
        .create_tags()
        .set_resources(Some(resources.to_vec()))
        .set_tags(Some(convert::sdk_tags(tags)))
        .send()
        .await;
    answer.map(|_| ()).map_err(api(CREATE, &target.region))
}

/// Asks whether [`add`] would be allowed.
pub(super) async fn check(target: &Target, resources: &[String], tags: &Tags) -> Result<(), ApiError> {
    if tags.is_empty() || resources.is_empty() {
        return Ok(());
    }
    let call = target.ec2.create_tags().set_resources(Some(resources.to_vec()));
    let answer = call.set_tags(Some(convert::sdk_tags(tags))).dry_run(true).send().await;
    dry_run(CREATE, &target.region, answer.map_err(api(CREATE, &target.region)))
}

/// Puts `tags` on one resource, or asks whether that is allowed.
pub(super) async fn send(target: &Target, resource: &str, tags: &Tags, try_only: bool) -> Result<(), ApiError> {
    let call = target.ec2.create_tags().resources(resource).set_tags(Some(convert::sdk_tags(tags)));
    call.dry_run(try_only).send().await.map(|_| ()).map_err(api(CREATE, &target.region))
}

/// Those of `wanted` that `present` lacks or has with another value.
pub fn lacking(present: &Tags, wanted: &Tags) -> Tags {
    let differs = |(key, value): &(&String, &String)| present.get(*key) != Some(*value);
    wanted.iter().filter(differs).map(|(k, v)| (k.clone(), v.clone())).collect()
}
