//! Obstacles to stopping an instance: its protection, its instance store, its Spot request.

use aws_sdk_ec2::types::{InstanceAttributeName, InstanceType, SpotInstanceType};

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

/// Whether instances of a type have disks of the host, whose data a stop erases. `None` if EC2 does not describe it.
pub async fn instance_store(target: &Target, kind: &str) -> Result<Option<bool>, ApiError> {
    let request = target.ec2.describe_instance_types().instance_types(InstanceType::from(kind));
    let answer = request.send().await.map_err(api("DescribeInstanceTypes", &target.region))?;
    let found = answer.instance_types().iter().find(|one| one.instance_type().is_some_and(|t| t.as_str() == kind));
    Ok(found.and_then(aws_sdk_ec2::types::InstanceTypeInfo::instance_storage_supported))
}

/// Whether a Spot request is persistent: only such an instance can be stopped. `None` if EC2 does not show it.
pub async fn persistent_spot(target: &Target, request: &str) -> Result<Option<bool>, ApiError> {
    let call = target.ec2.describe_spot_instance_requests().spot_instance_request_ids(request);
    let answer = call.send().await.map_err(api("DescribeSpotInstanceRequests", &target.region))?;
    let found = answer.spot_instance_requests().first().and_then(|found| found.r#type());
    Ok(found.map(|kind| *kind == SpotInstanceType::Persistent))
}
