//! DescribeInstanceTypes, and DescribeInstanceTypeOfferings by zone.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, InstanceType, InstanceTypeHypervisor, InstanceTypeInfo, LocationType};

use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::boot_type::BootType;

const TYPES: &str = "DescribeInstanceTypes";
const OFFERINGS: &str = "DescribeInstanceTypeOfferings";
/// EC2's limit for types in a call.
const TYPES_A_CALL: usize = 100;
const PAGE: i32 = 1000;

/// The types of these names. EC2 refuses names that it does not know in the region.
pub async fn describe(target: &Target, names: &[String]) -> Result<Vec<BootType>, ApiError> {
    let described = infos(target, names).await?;
    let boot_type = |one: &InstanceTypeInfo| {
        let processor = one.processor_info();
        let architectures = processor.map(|info| info.supported_architectures()).unwrap_or_default();
        Some(BootType {
            name: one.instance_type()?.as_str().to_owned(),
            architectures: architectures.iter().map(|one| one.as_str().to_owned()).collect(),
            nitro: one.hypervisor() == Some(&InstanceTypeHypervisor::Nitro),
        })
    };
    Ok(described.iter().filter_map(boot_type).collect())
}

/// Whether instances of a type have disks of the host, whose data a stop erases. `None` if EC2 does not describe it.
pub async fn instance_store(target: &Target, kind: &str) -> Result<Option<bool>, ApiError> {
    let described = infos(target, &[kind.to_owned()]).await?;
    let found = described.iter().find(|one| one.instance_type().is_some_and(|t| t.as_str() == kind));
    Ok(found.and_then(InstanceTypeInfo::instance_storage_supported))
}

async fn infos(target: &Target, names: &[String]) -> Result<Vec<InstanceTypeInfo>, ApiError> {
    let mut found = Vec::new();
    for chunk in names.chunks(TYPES_A_CALL) {
        let types = chunk.iter().map(|name| InstanceType::from(name.as_str())).collect();
        let call = target.ec2.describe_instance_types().set_instance_types(Some(types));
        let answer = call.send().await.map_err(api(TYPES, &target.region))?;
        found.extend_from_slice(answer.instance_types());
    }
    Ok(found)
}

/// The Availability Zones of the region in which each of these types is offered.
pub async fn zones(target: &Target, names: &[String]) -> Result<BTreeMap<String, BTreeSet<String>>, ApiError> {
    let mut zones: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for chunk in names.chunks(TYPES_A_CALL) {
        let filter = Filter::builder().name("instance-type").set_values(Some(chunk.to_vec())).build();
        let call = target.ec2.describe_instance_type_offerings().location_type(LocationType::AvailabilityZone);
        let mut pages = call.filters(filter).into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            for offering in page.map_err(api(OFFERINGS, &target.region))?.instance_type_offerings() {
                if let (Some(kind), Some(zone)) = (offering.instance_type(), offering.location()) {
                    zones.entry(kind.as_str().to_owned()).or_default().insert(zone.to_owned());
                }
            }
        }
    }
    Ok(zones)
}
