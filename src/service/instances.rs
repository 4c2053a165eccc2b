//! DescribeInstances by ids and by filters.

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
const PAGE: i32 = 1000;
/// The owner of a public address that is no Elastic IP.
const AMAZON: &str = "amazon";

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

/// The instances that pass all filters; any value of a filter may match.
pub async fn find(target: &Target, filters: &[(impl AsRef<str>, Vec<String>)]) -> Result<Vec<Instance>, ApiError> {
    let filters = filters
        .iter()
        .map(|(name, values)| types::Filter::builder().name(name.as_ref()).set_values(Some(values.clone())).build());
    let call = target.ec2.describe_instances().set_filters(Some(filters.collect()));
    let mut pages = call.include_managed_resources(true).into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(CALL, &target.region))?;
        let all = page.reservations().iter().flat_map(types::Reservation::instances);
        found.extend(all.filter_map(|one| instance(one, &target.region)));
    }
    Ok(found)
}

pub(super) fn instance(found: &types::Instance, region: &Region) -> Option<Instance> {
    let some = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
    let volumes = found.block_device_mappings().iter().filter_map(|mapping| some(mapping.ebs()?.volume_id()));
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
        elastic_ip: elastic(found),
        tags: convert::tags(found.tags()),
        launched_at: found.launch_time().and_then(convert::timestamp),
        root_type: found.root_device_type().map(|kind| kind.as_str().to_owned()),
        volumes: volumes.collect(),
        spot: found.instance_lifecycle() == Some(&types::InstanceLifecycleType::Spot),
        spot_request: some(found.spot_instance_request_id()),
        client_token: some(found.client_token()),
    })
}

/// Whether its public address belongs to an account, as Elastic IPs do.
fn elastic(found: &types::Instance) -> bool {
    let associations = found.network_interfaces().iter().filter_map(|interface| interface.association());
    let mut public = associations.filter(|a| a.public_ip().is_some() && a.public_ip() == found.public_ip_address());
    public.any(|association| association.ip_owner_id().is_some_and(|owner| !owner.is_empty() && owner != AMAZON))
}
