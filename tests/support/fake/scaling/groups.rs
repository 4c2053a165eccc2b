//! DescribeAutoScalingGroups.

use std::collections::BTreeMap;

use super::super::errors::Answer;
use super::super::filters::Filters;
use super::super::ids::derived;
use super::super::launchers::{Member, Override, ScalingGroup, TemplateRef};
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::refreshes;

/// Names that do not exist are passed over.
pub fn describe(world: &mut World, request: &Request) -> Answer {
    let window = super::window(world, request)?;
    let params = &request.params;
    let known = ["tag:", "tag-key", "tag-value"];
    let filters = Filters::read_from(params, ("Filters.member", "Values.member"), &known)?;
    params.flag("IncludeInstances")?;
    refreshes::go_on(world, request);
    let wanted = params.list("AutoScalingGroupNames.member");
    let region = world.region(&request.region);
    let listed = region.scaling_groups.iter().filter(|((owner, name), group)| {
        *owner == request.account
            && (wanted.is_empty() || wanted.contains(&name.as_str()))
            && filters.accept(|filter, test| match filter.strip_prefix("tag:") {
                Some(key) => group.tags.get(key).is_some_and(|value| test(value)),
                None if filter == "tag-key" => group.tags.keys().any(|key| test(key)),
                None => group.tags.values().any(|value| test(value)),
            })
    });
    let (page, next) = window.cut(listed.map(|((_, name), group)| (name, group)));
    let mut x = Xml::new();
    x.members("AutoScalingGroups", page, |x, group| write(x, group, &request.region));
    x.maybe("NextToken", next);
    Ok(x.done())
}

/// The ARN of a group.
pub fn arn(region: &str, owner: &str, name: &str) -> String {
    let id = &derived("asg", &[owner, region, name])["asg-".len()..];
    format!("arn:aws:autoscaling:{region}:{owner}:autoScalingGroup:{id}:autoScalingGroupName/{name}")
}

fn write(x: &mut Xml, group: &ScalingGroup, region: &str) {
    let (owner, name) = (&group.owner, &group.name);
    x.leaf("AutoScalingGroupName", name);
    x.leaf("AutoScalingGroupARN", arn(region, owner, name));
    x.maybe("LaunchConfigurationName", group.configuration.as_ref());
    if let Some(template) = &group.template {
        x.node("LaunchTemplate", |x| write_template(x, template));
    }
    if let Some(template) = &group.mixed {
        x.node("MixedInstancesPolicy", |x| write_policy(x, template, &group.overrides, &group.distribution));
    }
    let (least, most, desired) = group.sizes;
    x.leaf("MinSize", least).leaf("MaxSize", most).leaf("DesiredCapacity", desired);
    x.leaf("DefaultCooldown", 300);
    x.members("AvailabilityZones", ["a", "b"], |x, letter| {
        x.text(format_args!("{region}{letter}"));
    });
    x.leaf("HealthCheckType", "EC2").leaf("HealthCheckGracePeriod", 300);
    x.members("Instances", &group.members, |x, member| write_member(x, group, member, region));
    x.time("CreatedTime", group.created);
    x.members("Tags", &group.tags, |x, (key, value)| {
        x.leaf("ResourceId", name).leaf("ResourceType", "auto-scaling-group");
        x.leaf("Key", key).leaf("Value", value).leaf("PropagateAtLaunch", true);
    });
    x.leaf("NewInstancesProtectedFromScaleIn", false);
}

/// DescribeAutoScalingInstances: instances that are in no group are passed over.
pub fn describe_members(world: &mut World, request: &Request) -> Answer {
    let window = super::window(world, request)?;
    refreshes::go_on(world, request);
    let wanted = request.params.list("InstanceIds.member");
    let region = world.region(&request.region);
    let groups = region.scaling_groups.values().filter(|group| group.owner == request.account);
    let all = groups.flat_map(|group| group.members.iter().map(move |member| (&member.id, (group, member))));
    let listed: BTreeMap<_, _> = all.filter(|(id, _)| wanted.is_empty() || wanted.contains(&id.as_str())).collect();
    let (page, next) = window.cut(listed.into_iter());
    let mut x = Xml::new();
    x.members("AutoScalingInstances", page, |x, (group, member)| {
        x.leaf("AutoScalingGroupName", &group.name);
        write_member(x, group, member, &request.region);
    });
    x.maybe("NextToken", next);
    Ok(x.done())
}

fn write_member(x: &mut Xml, group: &ScalingGroup, member: &Member, region: &str) {
    x.leaf("InstanceId", &member.id).leaf("AvailabilityZone", format_args!("{region}a"));
    let state = if group.standby.contains(&member.id) { "Standby" } else { "InService" };
    x.leaf("LifecycleState", state).leaf("HealthStatus", "Healthy");
    x.node("LaunchTemplate", |x| write_template(x, &member.template));
    x.leaf("ProtectedFromScaleIn", false);
}

/// A policy, of a group or of a refresh.
pub fn write_policy(x: &mut Xml, template: &TemplateRef, overrides: &[Override], distribution: &Params) {
    x.node("LaunchTemplate", |x| {
        x.node("LaunchTemplateSpecification", |x| write_template(x, template));
        x.members("Overrides", overrides, |x, one| {
            x.maybe("InstanceType", one.kind.as_ref());
            if let Some(template) = &one.template {
                x.node("LaunchTemplateSpecification", |x| write_template(x, template));
            }
            x.maybe("WeightedCapacity", one.weight.as_ref());
            x.maybe("ImageId", one.image.as_ref());
        });
    });
    x.node("InstancesDistribution", |x| {
        for (name, value) in &distribution.0 {
            x.leaf(name, value);
        }
    });
}

/// A template by id and name, with the version as it was given.
pub fn write_template(x: &mut Xml, template: &TemplateRef) {
    x.maybe("LaunchTemplateId", template.id.as_ref()).maybe("LaunchTemplateName", template.name.as_ref());
    x.maybe("Version", template.version.as_ref());
}
