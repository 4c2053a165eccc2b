//! Reads of the table, each made once and for real.

use aws_sdk_ec2::types::{
    Filter, ImageAttributeName, InstanceAttributeName, InstanceType, LocationType, SnapshotAttributeName,
};
use aws_sdk_rbin::types::ResourceType;
use aws_sdk_ssm::types::{InstanceInformationStringFilter, ParameterStringFilter};

use super::super::client::error::{ApiError, api, codes, is_denied};
use super::super::client::target::Target;
use super::specimens::{self, Specimens};

/// EC2's smallest page.
const FEW: i32 = 5;
/// The page of Auto Scaling and SSM.
const PAGE: i32 = 50;
/// Ids that nothing has, for reads that need one: what is not there is no error in a list of filters.
const NOBODY: &str = "i-00000000000000000";
/// A group that is not there.
const NO_GROUP: &str = "amictl-doctor-none";
/// A command that was never sent.
const NO_COMMAND: &str = "00000000-0000-4000-8000-000000000000";
/// A parameter that is not there.
const NO_ALIAS: &str = "/amictl/doctor/none";

/// Makes a read; `None` for what is none, or for which the account owns nothing to read.
pub(super) async fn read(target: &Target, action: &str, own: &Specimens) -> Option<Result<(), ApiError>> {
    let (service, name) = action.split_once(':')?;
    let answer = match service {
        "ec2" => match of_place(target, name).await {
            Some(answer) => answer,
            None => of_specimen(target, name, own).await?,
        },
        _ => elsewhere(target, name).await?,
    };
    Some(answer)
}

macro_rules! first_page {
    ($target:ident, $call:literal, $request:expr) => {
        Some($request.send().await.map(drop).map_err(api($call, &$target.region)))
    };
}

async fn of_place(target: &Target, name: &str) -> Option<Result<(), ApiError>> {
    match name {
        "DescribeImages" => Some(specimens::image(target).await.map(drop)),
        "DescribeInstances" => Some(specimens::instance(target).await.map(drop)),
        "DescribeSnapshots" => Some(specimens::snapshot(target).await.map(drop)),
        "DescribeRegions" => Some(target.enabled_regions().await.map(drop)),
        "DescribeFleets" => first_page!(target, "DescribeFleets", target.ec2.describe_fleets().max_results(FEW)),
        "DescribeInstanceImageMetadata" => {
            let request = target.ec2.describe_instance_image_metadata().max_results(FEW);
            first_page!(target, "DescribeInstanceImageMetadata", request)
        }
        "DescribeInstanceStatus" => {
            first_page!(target, "DescribeInstanceStatus", target.ec2.describe_instance_status().max_results(FEW))
        }
        "DescribeInstanceTypeOfferings" => {
            let request = target.ec2.describe_instance_type_offerings().location_type(LocationType::AvailabilityZone);
            let of = Filter::builder().name("instance-type").values(InstanceType::T3Micro.as_str()).build();
            first_page!(target, "DescribeInstanceTypeOfferings", request.filters(of).max_results(FEW))
        }
        "DescribeInstanceTypes" => {
            let request = target.ec2.describe_instance_types().instance_types(InstanceType::T3Micro);
            first_page!(target, "DescribeInstanceTypes", request)
        }
        "DescribeLaunchTemplates" => {
            let request = target.ec2.describe_launch_templates().include_managed_resources(true).max_results(FEW);
            first_page!(target, "DescribeLaunchTemplates", request)
        }
        "DescribeLaunchTemplateVersions" => {
            let request = target.ec2.describe_launch_template_versions().include_managed_resources(true);
            let request = request.versions("$Default").versions("$Latest").max_results(FEW);
            first_page!(target, "DescribeLaunchTemplateVersions", request)
        }
        "DescribeSecurityGroups" => {
            first_page!(target, "DescribeSecurityGroups", target.ec2.describe_security_groups().max_results(FEW))
        }
        "DescribeSpotFleetRequests" => {
            let request = target.ec2.describe_spot_fleet_requests().max_results(FEW);
            first_page!(target, "DescribeSpotFleetRequests", request)
        }
        "DescribeSpotInstanceRequests" => {
            let request = target.ec2.describe_spot_instance_requests().max_results(FEW);
            first_page!(target, "DescribeSpotInstanceRequests", request)
        }
        "DescribeSubnets" => first_page!(target, "DescribeSubnets", target.ec2.describe_subnets().max_results(FEW)),
        "DescribeVolumes" => {
            let of = Filter::builder().name("attachment.instance-id").values(NOBODY).build();
            let request = target.ec2.describe_volumes().filters(of).include_managed_resources(true).max_results(FEW);
            first_page!(target, "DescribeVolumes", request)
        }
        "DescribeVpcs" => {
            let default = Filter::builder().name("is-default").values("true").build();
            first_page!(target, "DescribeVpcs", target.ec2.describe_vpcs().filters(default))
        }
        "GetEbsDefaultKmsKeyId" => {
            first_page!(target, "GetEbsDefaultKmsKeyId", target.ec2.get_ebs_default_kms_key_id())
        }
        "GetEbsEncryptionByDefault" => {
            first_page!(target, "GetEbsEncryptionByDefault", target.ec2.get_ebs_encryption_by_default())
        }
        "GetImageBlockPublicAccessState" => {
            first_page!(target, "GetImageBlockPublicAccessState", target.ec2.get_image_block_public_access_state())
        }
        "GetSnapshotBlockPublicAccessState" => {
            let request = target.ec2.get_snapshot_block_public_access_state();
            first_page!(target, "GetSnapshotBlockPublicAccessState", request)
        }
        "ListImagesInRecycleBin" => {
            first_page!(target, "ListImagesInRecycleBin", target.ec2.list_images_in_recycle_bin().max_results(FEW))
        }
        "ListSnapshotsInRecycleBin" => {
            let request = target.ec2.list_snapshots_in_recycle_bin().max_results(FEW);
            first_page!(target, "ListSnapshotsInRecycleBin", request)
        }
        _ => None,
    }
}

async fn of_specimen(target: &Target, name: &str, own: &Specimens) -> Option<Result<(), ApiError>> {
    match name {
        "DescribeImageAttribute" => {
            let request = target.ec2.describe_image_attribute().image_id(own.image.as_ref()?);
            let request = request.attribute(ImageAttributeName::LaunchPermission);
            first_page!(target, "DescribeImageAttribute", request)
        }
        "DescribeImageReferences" => {
            let request = target.ec2.describe_image_references().image_ids(own.image.as_ref()?);
            let request = request.include_all_resource_types(true).max_results(FEW);
            first_page!(target, "DescribeImageReferences", request)
        }
        "DescribeImageUsageReports" => {
            let request = target.ec2.describe_image_usage_reports().image_ids(own.image.as_ref()?);
            first_page!(target, "DescribeImageUsageReports", request)
        }
        "GetImageAncestry" => {
            first_page!(target, "GetImageAncestry", target.ec2.get_image_ancestry().image_id(own.image.as_ref()?))
        }
        "DescribeInstanceAttribute" => {
            let request = target.ec2.describe_instance_attribute().instance_id(own.instance.as_ref()?);
            let request = request.attribute(InstanceAttributeName::DisableApiStop);
            first_page!(target, "DescribeInstanceAttribute", request)
        }
        "DescribeSnapshotAttribute" => {
            let request = target.ec2.describe_snapshot_attribute().snapshot_id(own.snapshot.as_ref()?);
            let request = request.attribute(SnapshotAttributeName::CreateVolumePermission);
            first_page!(target, "DescribeSnapshotAttribute", request)
        }
        _ => None,
    }
}

async fn elsewhere(target: &Target, name: &str) -> Option<Result<(), ApiError>> {
    match name {
        "DescribeInstanceInformation" => {
            let of = InstanceInformationStringFilter::builder().key("InstanceIds").values(NOBODY).build().ok()?;
            let request = target.ssm().describe_instance_information().filters(of).max_results(PAGE);
            first_page!(target, "DescribeInstanceInformation", request)
        }
        "GetCommandInvocation" => {
            let request = target.ssm().get_command_invocation().command_id(NO_COMMAND).instance_id(NOBODY);
            first_page!(target, "GetCommandInvocation", request).map(unless_missing)
        }
        "ListCommands" => {
            let request = target.ssm().list_commands().instance_id(NOBODY).max_results(PAGE);
            first_page!(target, "ListCommands", request).map(unless_missing)
        }
        "DescribeAutoScalingGroups" => {
            let request = target.autoscaling().describe_auto_scaling_groups().max_records(PAGE);
            first_page!(target, "DescribeAutoScalingGroups", request)
        }
        "DescribeAutoScalingInstances" => {
            let request = target.autoscaling().describe_auto_scaling_instances().instance_ids(NOBODY);
            first_page!(target, "DescribeAutoScalingInstances", request)
        }
        "DescribeInstanceRefreshes" => {
            let request = target.autoscaling().describe_instance_refreshes().auto_scaling_group_name(NO_GROUP);
            let answer = first_page!(target, "DescribeInstanceRefreshes", request.max_records(PAGE));
            // A group that is not there is an answer to one who may read it.
            answer.map(|answer| answer.or_else(|error| if error.is("ValidationError") { Ok(()) } else { Err(error) }))
        }
        "DescribeLaunchConfigurations" => {
            let request = target.autoscaling().describe_launch_configurations().max_records(PAGE);
            first_page!(target, "DescribeLaunchConfigurations", request)
        }
        "DescribeKey" => {
            let request = target.kms().describe_key().key_id(super::super::kms_keys::OF_AWS);
            let answer = request.send().await.map(drop).map_err(api("DescribeKey", &target.region));
            // A policy may allow the keys that are used, and not this one.
            let other = |error: ApiError| match is_denied(&error) {
                true => ApiError { code: codes::NO_CODE.to_owned(), ..error },
                false => error,
            };
            Some(answer.map_err(other))
        }
        "DescribeParameters" => {
            let text = ParameterStringFilter::builder().key("Type").values("String").values("StringList");
            let request = target.ssm().describe_parameters().max_results(PAGE);
            let request = request.set_parameter_filters(text.build().ok().map(|filter| vec![filter]));
            first_page!(target, "DescribeParameters", request)
        }
        "GetParameter" => {
            let request = target.ssm().get_parameter().name(NO_ALIAS);
            first_page!(target, "GetParameter", request).map(unless_missing)
        }
        "GetParameterHistory" => {
            let request = target.ssm().get_parameter_history().name(NO_ALIAS).max_results(PAGE);
            first_page!(target, "GetParameterHistory", request).map(unless_missing)
        }
        "GetParameters" => first_page!(target, "GetParameters", target.ssm().get_parameters().names(NO_ALIAS)),
        "ListRules" => {
            let request = target.rbin().list_rules().resource_type(ResourceType::Ec2Image).max_results(PAGE);
            first_page!(target, "ListRules", request)
        }
        _ => None,
    }
}

/// What is not there is an answer to one who may read it.
fn unless_missing(answer: Result<(), ApiError>) -> Result<(), ApiError> {
    const MISSING: [&str; 3] = ["ParameterNotFound", "InvocationDoesNotExist", "InvalidInstanceId"];
    match answer {
        Err(error) if MISSING.iter().any(|code| error.is(code)) => Ok(()),
        other => other,
    }
}
