//! DescribeInstanceImageMetadata: running instances, each with the image that it was launched from.

use aws_sdk_ec2::types::{Filter, ImageMetadata, InstanceImageMetadata};

use super::client::convert::time;
use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::{AccountId, ImageId, InstanceId};
use crate::domain::image::State;
use crate::domain::instance_image::{RunningImage, RunningInstance};

const CALL: &str = "DescribeInstanceImageMetadata";
const PAGE: i32 = 1000;
/// A stopped instance runs nothing.
const STATES: [&str; 2] = ["pending", "running"];
/// The tag with which Auto Scaling names the group of an instance.
const GROUP: &str = "aws:autoscaling:groupName";

/// The instances of a place that run. While a zone is disturbed, EC2 refuses the whole call.
pub async fn running(target: &Target) -> Result<Vec<RunningInstance>, ApiError> {
    let states = Filter::builder().name("instance-state-name").set_values(Some(STATES.map(str::to_owned).to_vec()));
    let request = target.ec2.describe_instance_image_metadata().filters(states.build());
    let mut pages = request.into_paginator().page_size(PAGE).send();
    let account = target.account().await.ok();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(CALL, &target.region))?;
        for metadata in page.instance_image_metadata() {
            let unreadable = || ApiError::unreadable(CALL, &target.region);
            found.push(instance(target, account, metadata).ok_or_else(unreadable)?);
        }
    }
    Ok(found)
}

fn instance(target: &Target, account: Option<&AccountId>, found: &InstanceImageMetadata) -> Option<RunningInstance> {
    let id: InstanceId = found.instance_id()?.parse().ok()?;
    let group = found.tags().iter().find(|tag| tag.key() == Some(GROUP));
    Some(RunningInstance {
        account: account.cloned(),
        region: target.region.clone(),
        id,
        group: group.and_then(|tag| tag.value()).map(str::to_owned),
        image: image(found.image_metadata()?)?,
    })
}

fn image(found: &ImageMetadata) -> Option<RunningImage> {
    let id: ImageId = found.image_id()?.parse().ok()?;
    Some(RunningImage {
        id,
        name: found.name().filter(|name| !name.is_empty()).map(str::to_owned),
        owner: found.owner_id().and_then(|owner| owner.parse().ok()),
        state: found.state().map(|state| State::read(state.as_str())),
        created_at: found.creation_date().and_then(time),
        deprecated_at: found.deprecation_time().and_then(time),
        allowed: found.image_allowed(),
    })
}
