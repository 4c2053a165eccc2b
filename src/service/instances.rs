//! DescribeInstances by ids.

use aws_sdk_ec2::types;

use super::client::convert;
use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::InstanceId;
use crate::domain::instance::Instance;
use crate::domain::region::Region;

const CALL: &str = "DescribeInstances";
/// Ids per call: as many as values in a filter, as AWS does not document the limit for ids.
const IDS_A_CALL: usize = 200;

/// The instances with these ids. EC2 refuses ids it does not know.
pub async fn by_ids(target: &Target, ids: &[InstanceId]) -> Result<Vec<Instance>, ApiError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(IDS_A_CALL) {
        let ids = chunk.iter().map(ToString::to_string).collect();
        let call = target.ec2.describe_instances().set_instance_ids(Some(ids)).include_managed_resources(true);
        let answer = call.send().await.map_err(api(CALL, &target.region))?;
        let all = answer.reservations().iter().flat_map(types::Reservation::instances);
        found.extend(all.filter_map(|one| instance(one, &target.region)));
    }
    Ok(found)
}

pub(super) fn instance(found: &types::Instance, region: &Region) -> Option<Instance> {
    let some = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
    Some(Instance {
        id: found.instance_id()?.parse().ok()?,
        image_id: found.image_id().and_then(|id| id.parse().ok()),
        region: region.clone(),
        state: found.state().and_then(|s| s.name()).map_or("unknown", |n| n.as_str()).to_owned(),
        state_reason: found.state_reason().and_then(|reason| convert::reason(reason.code(), reason.message())),
        instance_type: found.instance_type().map(|t| t.as_str().to_owned()),
        private_ip: some(found.private_ip_address()),
        public_ip: some(found.public_ip_address()),
        public_dns: some(found.public_dns_name()),
    })
}
