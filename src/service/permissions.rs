//! Launch permissions: who may launch an image.

use aws_sdk_ec2::types::{ImageAttributeName, LaunchPermission};

use super::error::{ApiError, api};
use super::target::Target;
use crate::domain::ids::ImageId;

/// Everybody an image is shared with: `all`, account ids, ARNs of organisations and their units.
pub async fn launch_permissions(target: &Target, image: &ImageId) -> Result<Vec<String>, ApiError> {
    let answer = target
        .ec2
        .describe_image_attribute()
        .image_id(image.as_str())
        .attribute(ImageAttributeName::LaunchPermission)
        .send()
        .await
        .map_err(api("DescribeImageAttribute", &target.region))?;
    Ok(answer.launch_permissions().iter().filter_map(principal).collect())
}

fn principal(permission: &LaunchPermission) -> Option<String> {
    let group = permission.group().map(|group| group.as_str());
    let arn = permission.organization_arn().or(permission.organizational_unit_arn());
    permission.user_id().or(group).or(arn).map(str::to_owned)
}
