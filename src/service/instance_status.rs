//! DescribeInstanceStatus and GetConsoleOutput: how an instance boots.

use aws_sdk_ec2::types::{EbsStatusSummary, InstanceStatusSummary, StatusType};

use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::InstanceId;
use crate::domain::status_checks::{CheckStatus, InstanceHealth};

const STATUS: &str = "DescribeInstanceStatus";
const CONSOLE: &str = "GetConsoleOutput";

/// The state of an instance with its status checks; `None` if EC2 does not show it.
pub async fn health(target: &Target, id: &InstanceId) -> Result<Option<InstanceHealth>, ApiError> {
    // Without this, EC2 shows running instances only.
    let call = target.ec2.describe_instance_status().instance_ids(id.as_str()).include_all_instances(true);
    let answer = call.send().await.map_err(api(STATUS, &target.region))?;
    Ok(answer.instance_statuses().first().map(|found| InstanceHealth {
        state: found.instance_state().and_then(|s| s.name()).map_or("unknown", |name| name.as_str()).to_owned(),
        system: found.system_status().map(check),
        instance: found.instance_status().map(check),
        ebs: found.attached_ebs_status().map(volumes),
    }))
}

fn check(summary: &InstanceStatusSummary) -> CheckStatus {
    let failing = summary.details().iter().filter(|detail| detail.status() == Some(&StatusType::Failed));
    CheckStatus {
        status: summary.status().map_or("unknown", |status| status.as_str()).to_owned(),
        failing: failing.filter_map(|detail| Some(detail.name()?.as_str().to_owned())).collect(),
    }
}

fn volumes(summary: &EbsStatusSummary) -> CheckStatus {
    let failing = summary.details().iter().filter(|detail| detail.status() == Some(&StatusType::Failed));
    CheckStatus {
        status: summary.status().map_or("unknown", |status| status.as_str()).to_owned(),
        failing: failing.filter_map(|detail| Some(detail.name()?.as_str().to_owned())).collect(),
    }
}

/// The console output of an instance; empty if there is none yet.
///
/// The latest one only for instances on the Nitro System; of the others EC2 keeps what it read some time after the boot.
pub async fn console(target: &Target, id: &InstanceId, latest: bool) -> Result<String, ApiError> {
    let call = target.ec2.get_console_output().instance_id(id.as_str()).set_latest(latest.then_some(true));
    let answer = call.send().await.map_err(api(CONSOLE, &target.region))?;
    let Some(output) = answer.output() else { return Ok(String::new()) };
    let bytes = aws_smithy_types::base64::decode(output.trim());
    let bytes = bytes.map_err(|_| ApiError::unreadable(CONSOLE, &target.region))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
