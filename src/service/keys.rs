//! KMS keys, as far as sharing depends on them.

use aws_sdk_kms::types::KeyManagerType;

use super::error::{ApiError, api};
use super::target::Target;

/// Whether a key is one that AWS manages for the account, as `aws/ebs` is: what is encrypted with it cannot be shared.
pub async fn managed_by_aws(target: &Target, key: &str) -> Result<bool, ApiError> {
    let answer = target.kms().describe_key().key_id(key).send().await.map_err(api("DescribeKey", &target.region))?;
    let manager = answer.key_metadata().and_then(|data| data.key_manager());
    Ok(manager == Some(&KeyManagerType::Aws))
}
