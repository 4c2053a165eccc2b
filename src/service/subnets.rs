//! DescribeSubnets: whether a subnet is there, and the default subnets of the region.

use aws_sdk_ec2::types::Filter;

use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::SubnetId;

const CALL: &str = "DescribeSubnets";
const PAGE: i32 = 1000;

/// A subnet of the default VPC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefaultSubnet {
    /// Its Availability Zone.
    pub zone: String,
    /// Its id.
    pub id: SubnetId,
}

/// Looks at a subnet. EC2 refuses an id that it does not know.
pub async fn look(target: &Target, id: &SubnetId) -> Result<(), ApiError> {
    let answer = target.ec2.describe_subnets().subnet_ids(id.as_str()).send().await;
    answer.map(drop).map_err(api(CALL, &target.region))
}

/// The default subnets, one in each zone, by zone; none without a default VPC.
pub async fn defaults(target: &Target) -> Result<Vec<DefaultSubnet>, ApiError> {
    let filter = Filter::builder().name("default-for-az").values("true").build();
    let mut pages = target.ec2.describe_subnets().filters(filter).into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(CALL, &target.region))?;
        found.extend(page.subnets().iter().filter_map(|subnet| {
            Some(DefaultSubnet { zone: subnet.availability_zone()?.to_owned(), id: subnet.subnet_id()?.parse().ok()? })
        }));
    }
    found.sort();
    Ok(found)
}
