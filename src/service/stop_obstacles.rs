//! Obstacles to stopping an instance: its protection, its Spot request.

use aws_sdk_ec2::types::{InstanceAttributeName, SpotInstanceType};

use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::InstanceId;

/// Whether an instance is protected from being stopped.
pub async fn stop_protected(target: &Target, id: &InstanceId) -> Result<bool, ApiError> {
    let call = "DescribeInstanceAttribute";
    let request = target.ec2.describe_instance_attribute().instance_id(id.as_str());
    let answer = request.attribute(InstanceAttributeName::DisableApiStop).send().await;
    let answer = answer.map_err(api(call, &target.region))?;
    let protected = answer.disable_api_stop().and_then(|attribute| attribute.value());
    protected.ok_or_else(|| ApiError::unreadable(call, &target.region))
}

/// Whether a Spot request is persistent: only such an instance can be stopped. `None` if EC2 does not show it.
pub async fn persistent_spot(target: &Target, request: &str) -> Result<Option<bool>, ApiError> {
    let call = target.ec2.describe_spot_instance_requests().spot_instance_request_ids(request);
    let answer = call.send().await.map_err(api("DescribeSpotInstanceRequests", &target.region))?;
    let found = answer.spot_instance_requests().first().and_then(|found| found.r#type());
    Ok(found.map(|kind| *kind == SpotInstanceType::Persistent))
}
