//! VPCs and subnets; every account has a default network in every region unless it was removed.

use super::compute::{Group, Subnet, Vpc};
use super::errors::{Answer, Refusal, refuse};
use super::filters::Filters;
use super::ids::{self, derived};
use super::model::Tags;
use super::paging::Window;
use super::request::Request;
use super::services::Operation;
use super::world::{Region, World};
use super::xml::Xml;

/// Network operations.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "DescribeVpcs", params: &["Filter", "MaxResults", "NextToken", "VpcId"], run: describe_vpcs },
    Operation {
        name: "DescribeSubnets",
        params: &["Filter", "MaxResults", "NextToken", "SubnetId"],
        run: describe_subnets,
    },
];

impl World {
    /// A region whose default network exists for the account.
    pub(super) fn networked(&mut self, account: &str, region: &str) -> &mut Region {
        let state = self.region(region);
        if state.networked.insert(account.to_owned()) {
            build(state, account, region);
        }
        state
    }

    /// Takes the default VPC away, as some organizations do.
    pub fn remove_default_vpc(&mut self, account: &str, region: &str) {
        let state = self.networked(account, region);
        state.vpcs.retain(|_, vpc| vpc.owner != account);
        state.subnets.retain(|_, subnet| subnet.owner != account);
        state.groups.retain(|_, group| group.owner != account);
    }

    /// Ids of the account's subnets in a region, in no order that means anything.
    pub fn subnets(&mut self, account: &str, region: &str) -> Vec<String> {
        let subnets = self.networked(account, region).subnets.values();
        subnets.filter(|s| s.owner == account).map(|s| s.id.clone()).collect()
    }
}

fn build(state: &mut Region, account: &str, region: &str) {
    let vpc = derived("vpc", &[account, region]);
    for (index, letter) in ["a", "b", "c"].into_iter().enumerate() {
        let zone = format!("{region}{letter}");
        let subnet = Subnet {
            id: derived("subnet", &[account, &zone]),
            owner: account.to_owned(),
            vpc: vpc.clone(),
            cidr: format!("172.31.{}.0/20", index * 16),
            zone,
            default: true,
            public: true,
        };
        state.subnets.insert(subnet.id.clone(), subnet);
    }
    let group = Group {
        id: derived("sg", &[account, region]),
        owner: account.to_owned(),
        name: "default".to_owned(),
        description: "default VPC security group".to_owned(),
        vpc: vpc.clone(),
        rules: Vec::new(),
        tags: Tags::new(),
    };
    state.groups.insert(group.id.clone(), group);
    let cidr = "172.31.0.0/16".to_owned();
    state.vpcs.insert(vpc.clone(), Vpc { id: vpc, owner: account.to_owned(), default: true, cidr });
}

/// A VPC of the caller, by id.
pub fn own_vpc<'a>(region: &'a Region, account: &str, id: &str) -> Result<&'a Vpc, Refusal> {
    ids::check("vpc", id)?;
    let own = region.vpcs.get(id).filter(|vpc| vpc.owner == account);
    own.ok_or_else(|| refuse("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist")))
}

/// A subnet of the caller, by id.
pub fn own_subnet<'a>(region: &'a Region, account: &str, id: &str) -> Result<&'a Subnet, Refusal> {
    ids::check("subnet", id)?;
    let own = region.subnets.get(id).filter(|subnet| subnet.owner == account);
    own.ok_or_else(|| refuse("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist")))
}

fn describe_vpcs(world: &mut World, request: &Request) -> Answer {
    let window = Window::read(world, request, (5, 1000), Some("VpcId"))?;
    let known = ["cidr", "is-default", "owner-id", "state", "vpc-id"];
    let filters = Filters::read(&request.params, &known)?;
    let wanted = request.params.list("VpcId");
    let region = world.networked(&request.account, &request.region);
    for id in &wanted {
        own_vpc(region, &request.account, id)?;
    }
    request.dry_run()?;
    let listed = region.vpcs.iter().filter(|(id, vpc)| {
        vpc.owner == request.account
            && (wanted.is_empty() || wanted.contains(&id.as_str()))
            && filters.accept(|name, test| match name {
                "cidr" => test(&vpc.cidr),
                "is-default" => test(if vpc.default { "true" } else { "false" }),
                "owner-id" => test(&vpc.owner),
                "state" => test("available"),
                _ => test(id),
            })
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("vpcSet", page, |x, vpc| {
        x.leaf("vpcId", &vpc.id).leaf("ownerId", &vpc.owner).leaf("state", "available");
        x.leaf("cidrBlock", &vpc.cidr).leaf("isDefault", vpc.default);
        x.leaf("instanceTenancy", "default");
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn describe_subnets(world: &mut World, request: &Request) -> Answer {
    let window = Window::read(world, request, (5, 1000), Some("SubnetId"))?;
    let known =
        ["availability-zone", "default-for-az", "owner-id", "state", "subnet-id", "vpc-id", "map-public-ip-on-launch"];
    let filters = Filters::read(&request.params, &known)?;
    let wanted = request.params.list("SubnetId");
    let region = world.networked(&request.account, &request.region);
    for id in &wanted {
        own_subnet(region, &request.account, id)?;
    }
    request.dry_run()?;
    let flag = |value: bool| if value { "true" } else { "false" };
    let listed = region.subnets.iter().filter(|(id, subnet)| {
        subnet.owner == request.account
            && (wanted.is_empty() || wanted.contains(&id.as_str()))
            && filters.accept(|name, test| match name {
                "availability-zone" => test(&subnet.zone),
                "default-for-az" => test(flag(subnet.default)),
                "map-public-ip-on-launch" => test(flag(subnet.public)),
                "owner-id" => test(&subnet.owner),
                "state" => test("available"),
                "vpc-id" => test(&subnet.vpc),
                _ => test(id),
            })
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("subnetSet", page, |x, subnet| {
        x.leaf("subnetId", &subnet.id).leaf("vpcId", &subnet.vpc).leaf("ownerId", &subnet.owner);
        x.leaf("state", "available").leaf("availabilityZone", &subnet.zone);
        x.leaf("cidrBlock", &subnet.cidr).leaf("availableIpAddressCount", 4091);
        x.leaf("defaultForAz", subnet.default).leaf("mapPublicIpOnLaunch", subnet.public);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}
