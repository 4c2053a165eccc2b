//! DescribeVolumes of an instance: the keys of its volumes.

use aws_sdk_ec2::types::Filter;

use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::InstanceId;

const CALL: &str = "DescribeVolumes";
const PAGE: i32 = 500;

/// The key of each volume of an instance; `None` for one that is not encrypted.
pub async fn keys_of(target: &Target, instance: &InstanceId) -> Result<Vec<Option<String>>, ApiError> {
    let filter = Filter::builder().name("attachment.instance-id").values(instance.as_str()).build();
    let call = target.ec2.describe_volumes().filters(filter).include_managed_resources(true);
    let mut pages = call.into_paginator().page_size(PAGE).send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(CALL, &target.region))?;
        keys.extend(page.volumes().iter().map(|volume| volume.kms_key_id().map(str::to_owned)));
    }
    Ok(keys)
}
