//! RunInstances for a boot test: one instance that ends with its shutdown and leaves nothing behind.

use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice, HttpTokensState, IamInstanceProfileSpecification,
    InstanceMetadataOptionsRequest, InstanceNetworkInterfaceSpecification, InstanceType, ResourceType,
    ShutdownBehavior,
};

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api, codes, dry_run};
use super::client::lost_answers::Attempts;
use super::client::retry::NO_CAPACITY;
use super::client::target::Target;
use super::instances;
use crate::domain::ids::{ImageId, SecurityGroupId, SubnetId};
use crate::domain::instance::Instance;
use crate::domain::tags::Tags;

const CALL: &str = "RunInstances";

/// The test instance to launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootLaunch {
    /// The image.
    pub image: ImageId,
    /// The type.
    pub instance_type: String,
    /// The subnet. Always named: EC2's choice of one beside a network interface is not documented.
    pub subnet: SubnetId,
    /// Security groups; the default one of the VPC when empty.
    pub security_groups: Vec<SecurityGroupId>,
    /// User data, base64.
    pub user_data: Option<String>,
    /// The name of an instance profile.
    pub instance_profile: Option<String>,
    /// Whether it gets a public address. Without it there is none, whatever the subnet says.
    pub public_ip: bool,
    /// Devices whose volumes would stay after the instance.
    pub kept_volumes: Vec<String>,
    /// Tags of the instance, its volumes and its network interface.
    pub tags: Tags,
    /// The client token, up to 64 characters: EC2 answers a known token with the instance launched for it.
    pub client_token: String,
}

/// Asks EC2 whether the launch would work; changes nothing.
pub async fn check(target: &Target, launch: &BootLaunch) -> Result<(), ApiError> {
    dry_run(CALL, &target.region, send(target, launch, true).await)
}

/// Launches the instance, or returns the one launched earlier with the same token.
pub async fn start(target: &Target, launch: &BootLaunch) -> Result<Instance, ApiError> {
    let started = send(target, launch, false).await?;
    started.ok_or_else(|| ApiError::unreadable(CALL, &target.region))
}

/// The instance that was launched with the token, if EC2 shows one.
pub async fn launched(target: &Target, launch: &BootLaunch) -> Result<Option<Instance>, ApiError> {
    let token = [("client-token", vec![launch.client_token.clone()])];
    Ok(instances::find(target, &token).await?.pop())
}

/// Whether an answer to the token of a lost launch says that nothing was launched for it: EC2 knows a token before it
/// checks parameters and limits. A call that is throttled or denied, or that EC2 has trouble with, gets no such answer.
pub fn refuses(error: &ApiError) -> bool {
    let code = error.code.as_str();
    let limit = code.ends_with("LimitExceeded") && code != codes::LIMIT;
    let parameters = code.starts_with("InvalidParameter") || code == "Unsupported";
    !error.answer_lost && (limit || parameters || NO_CAPACITY.contains(&code))
}

async fn send(target: &Target, launch: &BootLaunch, try_only: bool) -> Result<Option<Instance>, ApiError> {
    let groups: Vec<String> = launch.security_groups.iter().map(ToString::to_string).collect();
    let interface = InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .associate_public_ip_address(launch.public_ip)
        .delete_on_termination(true)
        .subnet_id(launch.subnet.as_str())
        .set_groups((!groups.is_empty()).then_some(groups))
        .build();
    let going = |device: &String| {
        let ebs = EbsBlockDevice::builder().delete_on_termination(true).build();
        BlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
    };
    let volumes: Vec<_> = launch.kept_volumes.iter().map(going).collect();
    let profile = |name: &String| IamInstanceProfileSpecification::builder().name(name).build();
    let kinds = [ResourceType::Instance, ResourceType::Volume, ResourceType::NetworkInterface];
    let tags = kinds.map(|kind| tag_specification(kind, &launch.tags));
    let metadata = InstanceMetadataOptionsRequest::builder().http_tokens(HttpTokensState::Required).build();
    let attempts = Attempts::default();
    let answer = target
        .ec2
        .run_instances()
        .image_id(launch.image.as_str())
        .instance_type(InstanceType::from(launch.instance_type.as_str()))
        .min_count(1)
        .max_count(1)
        .network_interfaces(interface)
        .set_block_device_mappings((!volumes.is_empty()).then_some(volumes))
        .set_user_data(launch.user_data.clone())
        .set_iam_instance_profile(launch.instance_profile.as_ref().map(profile))
        .instance_initiated_shutdown_behavior(ShutdownBehavior::Terminate)
        .metadata_options(metadata)
        .set_tag_specifications(Some(tags.to_vec()))
        .client_token(&launch.client_token)
        .dry_run(try_only)
        .customize()
        .interceptor(attempts.clone())
        .send()
        .await
        .map_err(api(CALL, &target.region))
        .map_err(|error| attempts.judged(error))?;
    Ok(answer.instances().first().and_then(|found| instances::instance(found, &target.region)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::region::Region;

    #[test]
    fn only_a_refusal_of_parameters_or_limits_says_that_nothing_was_launched() {
        let error = |code: &str, answer_lost| ApiError {
            code: code.to_owned(),
            answer_lost,
            ..ApiError::unreadable(CALL, &Region::first())
        };
        for code in ["VcpuLimitExceeded", "InvalidParameterValue", "InsufficientInstanceCapacity", "Unsupported"] {
            assert!(refuses(&error(code, false)), "{code}");
            assert!(!refuses(&error(code, true)), "an earlier try may have launched: {code}");
        }
        for code in [
            "RequestLimitExceeded",
            "UnauthorizedOperation",
            "InternalError",
            "ExpiredToken",
            "IdempotentParameterMismatch",
            codes::CONNECTION,
            codes::CREDENTIALS,
        ] {
            assert!(!refuses(&error(code, false)), "{code}");
        }
    }
}
