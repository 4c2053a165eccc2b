//! KMS keys: their ARN, manager, state, and the default key of EBS.

use aws_sdk_kms::types::{KeyManagerType, KeyState};

use super::client::error::{ApiError, api};
use super::client::target::Target;

/// The alias of the AWS managed key, with which EBS encrypts unless the account sets another default key.
pub const OF_AWS: &str = "alias/aws/ebs";

/// Whether a key is an AWS managed key such as `aws/ebs`: what it encrypts cannot be shared.
pub async fn managed_by_aws(target: &Target, key: &str) -> Result<bool, ApiError> {
    if key == OF_AWS {
        return Ok(true);
    }
    let answer = target.kms().describe_key().key_id(key).send().await.map_err(api("DescribeKey", &target.region))?;
    let manager = answer.key_metadata().and_then(|data| data.key_manager());
    Ok(manager == Some(&KeyManagerType::Aws))
}

/// The ARN of a key given by id, alias or ARN; snapshots name their key by ARN.
pub async fn arn(target: &Target, key: &str) -> Result<String, ApiError> {
    if key.starts_with("arn:") && key.contains(":key/") {
        return Ok(key.to_owned());
    }
    let call = "DescribeKey";
    let answer = target.kms().describe_key().key_id(key).send().await.map_err(api(call, &target.region))?;
    let arn = answer.key_metadata.and_then(|data| data.arn);
    arn.ok_or_else(|| ApiError::unreadable(call, &target.region))
}

/// The default key of EBS in this region: an alias or an ARN.
pub async fn default_of_ebs(target: &Target) -> Result<String, ApiError> {
    let call = "GetEbsDefaultKmsKeyId";
    let answer = target.ec2.get_ebs_default_kms_key_id().send().await.map_err(api(call, &target.region))?;
    Ok(answer.kms_key_id.unwrap_or_else(|| OF_AWS.to_owned()))
}

/// Whether EBS encryption by default is on in this region.
pub async fn ebs_encrypts(target: &Target) -> Result<bool, ApiError> {
    let call = "GetEbsEncryptionByDefault";
    let answer = target.ec2.get_ebs_encryption_by_default().send().await.map_err(api(call, &target.region))?;
    Ok(answer.ebs_encryption_by_default.unwrap_or(false))
}

/// The visible reason why the account cannot use a key; `None` if the key looks usable.
pub async fn trouble(target: &Target, key: &str) -> Option<String> {
    let answer = target.kms().describe_key().key_id(key).send().await.map_err(api("DescribeKey", &target.region));
    match answer {
        Ok(found) => match found.key_metadata().and_then(|data| data.key_state()) {
            None | Some(KeyState::Enabled) => None,
            Some(state) => Some(format!("is {}", state.as_str())),
        },
        Err(error) if error.is("NotFoundException") => Some("does not exist".to_owned()),
        Err(error) if error.is("AccessDeniedException") => Some("may not be used by the account".to_owned()),
        Err(error) => Some(format!("could not be read: {} [{}]", error.message, error.code)),
    }
}
