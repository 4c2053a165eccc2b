//! Security groups.

use super::compute::{Group, Rule};
use super::errors::{Answer, Refusal, combination, missing, refuse};
use super::filters::{Filters, tag_field};
use super::ids;
use super::network::own_vpc;
use super::paging::Window;
use super::params::Params;
use super::request::Request;
use super::services::Operation;
use super::tags;
use super::world::{Region, World};
use super::xml::Xml;

/// Security group operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeSecurityGroups",
        params: &["Filter", "GroupId", "GroupName", "MaxResults", "NextToken"],
        run: describe,
    },
    Operation {
        name: "CreateSecurityGroup",
        params: &["GroupDescription", "GroupName", "TagSpecification", "VpcId"],
        run: create,
    },
    Operation { name: "AuthorizeSecurityGroupIngress", params: &["GroupId", "IpPermissions"], run: authorize },
];

/// No such group, or none of the caller's.
pub fn no_group(id: &str) -> Refusal {
    refuse("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))
}

/// A group of the caller, by id.
pub fn own_group<'a>(region: &'a Region, account: &str, id: &str) -> Result<&'a Group, Refusal> {
    ids::check("sg", id)?;
    region.groups.get(id).filter(|group| group.owner == account).ok_or_else(|| no_group(id))
}

/// Names stand for groups of the default VPC only.
fn describe(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (5, 1000), Some("GroupId"))?;
    let known = ["description", "group-id", "group-name", "owner-id", "tag:", "tag-key", "vpc-id"];
    let filters = Filters::read(params, &known)?;
    let (ids, names) = (params.list("GroupId"), params.list("GroupName"));
    let region = world.networked(&request.account, &request.region);
    for id in &ids {
        own_group(region, &request.account, id)?;
    }
    let default = default_vpc(region, &request.account);
    for name in &names {
        let mut groups = region.groups.values();
        if !groups.any(|group| group.name == *name && Some(&group.vpc) == default.as_ref()) {
            return Err(no_group(name));
        }
    }
    request.dry_run()?;
    let listed = region.groups.iter().filter(|(id, group)| {
        let by_id = ids.contains(&id.as_str());
        let by_name = names.contains(&group.name.as_str()) && Some(&group.vpc) == default.as_ref();
        group.owner == request.account
            && ((ids.is_empty() && names.is_empty()) || by_id || by_name)
            && filters.accept(|name, test| passes(group, name, test))
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("securityGroupInfo", page, write);
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn default_vpc(region: &Region, account: &str) -> Option<String> {
    let mut vpcs = region.vpcs.values();
    vpcs.find(|vpc| vpc.owner == account && vpc.default).map(|vpc| vpc.id.clone())
}

fn passes(group: &Group, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    tag_field(name, &group.tags, test).unwrap_or_else(|| match name {
        "description" => test(&group.description),
        "group-id" => test(&group.id),
        "group-name" => test(&group.name),
        "owner-id" => test(&group.owner),
        _ => test(&group.vpc),
    })
}

fn write(x: &mut Xml, group: &Group) {
    x.leaf("groupId", &group.id).leaf("groupName", &group.name).leaf("ownerId", &group.owner);
    x.leaf("groupDescription", &group.description).leaf("vpcId", &group.vpc);
    x.list("ipPermissions", &group.rules, |x, rule| {
        x.leaf("ipProtocol", &rule.protocol);
        x.maybe("fromPort", rule.from).maybe("toPort", rule.to);
        let (list, leaf) = match &rule.peer {
            peer if peer.starts_with("sg-") => ("groups", "groupId"),
            peer if peer.contains(':') => ("ipv6Ranges", "cidrIpv6"),
            _ => ("ipRanges", "cidrIp"),
        };
        x.list(list, [&rule.peer], |x, peer| {
            x.leaf(leaf, peer);
        });
    });
    x.tags(&group.tags);
}

fn create(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let name = params.need("GroupName")?;
    let description = params.need("GroupDescription")?;
    let mut tags = tags::specified(params, &["security-group"])?;
    if name.len() > 255 || name.starts_with("sg-") || name == "default" {
        let message = format!("Invalid group name: {name}");
        return Err(refuse("InvalidParameterValue", message));
    }
    let region = world.networked(&request.account, &request.region);
    let vpc = match params.get("VpcId") {
        Some(id) => own_vpc(region, &request.account, id)?.id.clone(),
        None => default_vpc(region, &request.account)
            .ok_or_else(|| refuse("VPCIdNotSpecified", "No default VPC for this user"))?,
    };
    if region.groups.values().any(|group| group.vpc == vpc && group.name == name) {
        return Err(refuse(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{vpc}'"),
        ));
    }
    request.dry_run()?;
    let group = Group {
        id: world.ids.next("sg"),
        owner: request.account.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc,
        rules: Vec::new(),
        tags: tags.remove("security-group").unwrap_or_default(),
    };
    let mut x = Xml::new();
    x.leaf("return", true).leaf("groupId", &group.id).tags(&group.tags);
    world.region(&request.region).groups.insert(group.id.clone(), group);
    Ok(x.done())
}

/// All or nothing: a rule that is there already spoils the call.
fn authorize(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("GroupId")?;
    let added = rules(&request.params)?;
    let region = world.networked(&request.account, &request.region);
    let group = own_group(region, &request.account, id)?;
    for (at, rule) in added.iter().enumerate() {
        if group.rules.contains(rule) {
            let Rule { protocol, from, to, peer } = rule;
            let (from, to) = (from.unwrap_or(-1), to.unwrap_or(-1));
            return Err(refuse(
                "InvalidPermission.Duplicate",
                format!(
                    "the specified rule \"peer: {peer}, {}, from port: {from}, to port: {to}, ALLOW\" already exists",
                    protocol.to_uppercase()
                ),
            ));
        }
        if added[..at].contains(rule) {
            return Err(refuse("InvalidParameterValue", "The same permission must not appear multiple times"));
        }
    }
    request.dry_run()?;
    if let Some(group) = region.groups.get_mut(id) {
        group.rules.extend(added);
    }
    Ok("<return>true</return>".to_owned())
}

fn rules(params: &Params) -> Result<Vec<Rule>, Refusal> {
    let mut rules = Vec::new();
    for given in params.structs("IpPermissions") {
        let protocol = given.need("IpProtocol")?;
        let (from, to) = (given.number("FromPort")?, given.number("ToPort")?);
        let numbered = matches!(protocol, "tcp" | "udp" | "6" | "17");
        if numbered && (from.is_none() || to.is_none() || from > to) {
            return Err(combination("Invalid port range for a TCP or UDP rule"));
        }
        let lists = [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("Groups", "GroupId")];
        let before = rules.len();
        for (list, field) in lists {
            for peer in given.structs(list) {
                let peer = peer.need(field)?;
                if list != "Groups" && !peer.contains('/') {
                    let message = format!("CIDR block {peer} is malformed");
                    return Err(refuse("InvalidParameterValue", message));
                }
                let (protocol, peer) = (protocol.to_owned(), peer.to_owned());
                rules.push(Rule { protocol, from, to, peer });
            }
        }
        if rules.len() == before {
            return Err(missing("IpRanges"));
        }
    }
    if rules.is_empty() { Err(missing("IpPermissions")) } else { Ok(rules) }
}
