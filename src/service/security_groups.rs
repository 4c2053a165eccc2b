//! The security group that allows HTTP and HTTPS.

use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, Ipv6Range, ResourceType};

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::{SecurityGroupId, SubnetId};
use crate::domain::tags::{CREATED_BY, Tags};

/// The name of the group; one in each VPC.
pub const HTTP_GROUP: &str = "amictl-allow-http";
const PORTS: [i32; 2] = [80, 443];

/// The state of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// It exists and allows both ports.
    Ready(SecurityGroupId),
    /// It must be created, if it has no id, and these ports must be opened.
    Missing(Option<SecurityGroupId>, Vec<i32>),
}

/// The VPC of the subnet, else the default VPC of the region; `None` without a default VPC.
pub async fn vpc(target: &Target, subnet: Option<&SubnetId>) -> Result<Option<String>, ApiError> {
    if let Some(subnet) = subnet {
        let answer = target.ec2.describe_subnets().subnet_ids(subnet.as_str()).send().await;
        let answer = answer.map_err(api("DescribeSubnets", &target.region))?;
        return Ok(answer.subnets().first().and_then(|s| s.vpc_id()).map(str::to_owned));
    }
    let filter = Filter::builder().name("is-default").values("true").build();
    let answer = target.ec2.describe_vpcs().filters(filter).send().await;
    let answer = answer.map_err(api("DescribeVpcs", &target.region))?;
    Ok(answer.vpcs().first().and_then(|v| v.vpc_id()).map(str::to_owned))
}

/// Searches for the group; changes nothing.
pub async fn find(target: &Target, vpc: &str) -> Result<Group, ApiError> {
    let (group, missing) = look(target, vpc).await?;
    Ok(match group {
        Some(id) if missing.is_empty() => Group::Ready(id),
        group => Group::Missing(group, missing),
    })
}

/// Creates the group unless `found`, and opens its `missing` ports to the internet.
pub async fn ensure(
    target: &Target,
    vpc: &str,
    (found, missing): (Option<SecurityGroupId>, Vec<i32>),
    made_by: &str,
) -> Result<SecurityGroupId, ApiError> {
    let (id, missing) = match found {
        Some(id) => (id, missing),
        None => match create(target, vpc, made_by).await {
            // Another run created it, or the answer to the first attempt was lost.
            Err(error) if error.is("InvalidGroup.Duplicate") => {
                let (found, missing) = look(target, vpc).await?;
                (found.ok_or(error)?, missing)
            }
            made => (made?, missing),
        },
    };
    for port in missing {
        let range = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(port)
            .to_port(port)
            .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build())
            .build();
        let answer =
            target.ec2.authorize_security_group_ingress().group_id(id.as_str()).ip_permissions(range).send().await;
        match answer.map_err(api("AuthorizeSecurityGroupIngress", &target.region)) {
            Err(error) if !error.is("InvalidPermission.Duplicate") => return Err(error),
            _ => {}
        }
    }
    Ok(id)
}

async fn look(target: &Target, vpc: &str) -> Result<(Option<SecurityGroupId>, Vec<i32>), ApiError> {
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let answer = target
        .ec2
        .describe_security_groups()
        .filters(filter("group-name", HTTP_GROUP))
        .filters(filter("vpc-id", vpc))
        .send()
        .await
        .map_err(api("DescribeSecurityGroups", &target.region))?;
    let Some(group) = answer.security_groups().first() else { return Ok((None, PORTS.to_vec())) };
    let open = |port: &i32| {
        group.ip_permissions().iter().any(|p| {
            p.from_port() <= Some(*port)
                && p.to_port() >= Some(*port)
                && p.ip_ranges().iter().any(|r| r.cidr_ip() == Some("0.0.0.0/0"))
        })
    };
    let id = group.group_id().and_then(|id| id.parse().ok());
    Ok((id, PORTS.into_iter().filter(|port| !open(port)).collect()))
}

async fn create(target: &Target, vpc: &str, made_by: &str) -> Result<SecurityGroupId, ApiError> {
    const CALL: &str = "CreateSecurityGroup";
    let tags: Tags = [(CREATED_BY.to_owned(), made_by.to_owned())].into();
    let answer = target
        .ec2
        .create_security_group()
        .group_name(HTTP_GROUP)
        .description("HTTP and HTTPS from everywhere, made by amictl launch --allow-http")
        .vpc_id(vpc)
        .tag_specifications(tag_specification(ResourceType::SecurityGroup, &tags))
        .send()
        .await
        .map_err(api(CALL, &target.region))?;
    answer.group_id().and_then(|id| id.parse().ok()).ok_or_else(|| ApiError::unreadable(CALL, &target.region))
}
