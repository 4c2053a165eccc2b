//! Filters of instances, and instances as XML.

use chrono::{DateTime, Utc};

use super::super::compute::Instance;
use super::super::filters::tag_field;
use super::super::xml::{Xml, stamp};
use super::state_code;

/// Filters of DescribeInstances.
pub const FILTERS: &[&str] = &[
    "architecture",
    "availability-zone",
    "client-token",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "instance.group-id",
    "instance.group-name",
    "ip-address",
    "key-name",
    "launch-time",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "private-ip-address",
    "reservation-id",
    "root-device-name",
    "root-device-type",
    "subnet-id",
    "tag:",
    "tag-key",
    "vpc-id",
];

/// Whether any value of a field passes the test of a filter.
pub fn passes(i: &Instance, now: DateTime<Utc>, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    if let Some(passed) = tag_field(name, &i.tags, test) {
        return passed;
    }
    let maybe = |value: &Option<String>| value.as_deref().is_some_and(test);
    let addressed = has_addresses(i.state(now));
    match name {
        "architecture" => test(&i.architecture),
        "availability-zone" => test(&i.zone),
        "client-token" => maybe(&i.client_token),
        "image-id" => test(&i.image),
        "instance-id" => test(&i.id),
        "instance-lifecycle" => i.spot.is_some() && test("spot"),
        "instance-state-code" => test(&state_code(i.state(now)).to_string()),
        "instance-state-name" => test(i.state(now)),
        "instance-type" => test(&i.kind),
        "instance.group-id" => i.groups.iter().any(|(id, _)| test(id)),
        "instance.group-name" => i.groups.iter().any(|(_, name)| test(name)),
        "ip-address" => addressed && maybe(&i.public_ip),
        "key-name" => maybe(&i.key_name),
        "launch-time" => test(&stamp(i.launched)),
        "operator.managed" => test(if i.managed.is_some() { "true" } else { "false" }),
        "operator.principal" => maybe(&i.managed),
        "owner-id" => test(&i.owner),
        "private-ip-address" => addressed && test(&i.private_ip),
        "reservation-id" => test(&i.reservation),
        "root-device-name" => i.volumes.first().is_some_and(|v| test(&v.device)),
        "root-device-type" => test(&i.root_type),
        "subnet-id" => test(&i.subnet),
        "vpc-id" => test(&i.vpc),
        other => unreachable!("filter {other} is listed and not read"),
    }
}

fn has_addresses(state: &str) -> bool {
    matches!(state, "running" | "stopping" | "shutting-down")
}

/// One `<item>` of an `instancesSet`.
pub fn write(x: &mut Xml, i: &Instance, state: &str) {
    x.leaf("instanceId", &i.id).leaf("imageId", &i.image);
    write_state(x, "instanceState", state);
    let addressed = has_addresses(state);
    let private = Some(&i.private_ip).filter(|_| addressed);
    let public = i.public_ip.as_ref().filter(|_| addressed);
    let host = |ip: &String| ip.replace('.', "-");
    let region = i.zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
    x.maybe("privateDnsName", private.map(|ip| format!("ip-{}.{region}.compute.internal", host(ip))));
    x.maybe("dnsName", public.map(|ip| format!("ec2-{}.{region}.compute.amazonaws.com", host(ip))));
    x.maybe("privateIpAddress", private).maybe("ipAddress", public);
    x.maybe("keyName", i.key_name.as_ref());
    x.leaf("amiLaunchIndex", i.index).leaf("instanceType", &i.kind).time("launchTime", i.launched);
    x.node("placement", |x| {
        x.leaf("availabilityZone", &i.zone).leaf("tenancy", "default");
    });
    x.maybe("platform", i.windows.then_some("windows"));
    x.leaf("subnetId", &i.subnet).leaf("vpcId", &i.vpc).leaf("architecture", &i.architecture);
    x.leaf("rootDeviceType", &i.root_type);
    x.maybe("rootDeviceName", i.volumes.first().map(|volume| &volume.device));
    x.list("blockDeviceMapping", &i.volumes, |x, volume| {
        x.leaf("deviceName", &volume.device).node("ebs", |x| {
            x.leaf("volumeId", &volume.id).leaf("status", "attached");
            x.leaf("deleteOnTermination", volume.delete_on_termination);
        });
    });
    if let Some(public) = public {
        x.list("networkInterfaceSet", [public], |x, public| {
            x.leaf("networkInterfaceId", format_args!("eni-{}", i.id.trim_start_matches("i-")));
            x.node("association", |x| {
                let owner = if i.elastic { i.owner.as_str() } else { "amazon" };
                x.leaf("ipOwnerId", owner).leaf("publicIp", public);
            });
        });
    }
    x.leaf("virtualizationType", "hvm").leaf("hypervisor", "xen");
    x.maybe("clientToken", i.client_token.as_ref());
    if let Some((code, message)) = i.reason.as_ref().filter(|_| state != "pending") {
        x.node("stateReason", |x| {
            x.leaf("code", code).leaf("message", message);
        });
    }
    // Nobody else ends an instance without a reason.
    if i.reason.is_none() && i.timer.is_some() && ["stopped", "terminated"].contains(&state) {
        x.node("stateReason", |x| {
            let code = "Client.InstanceInitiatedShutdown";
            x.leaf("code", code).leaf("message", format!("{code}: Instance initiated shutdown"));
        });
    }
    x.maybe("instanceLifecycle", i.spot.as_ref().map(|_| "spot"));
    x.maybe("spotInstanceRequestId", i.spot.as_ref());
    x.list("groupSet", &i.groups, |x, (id, name)| {
        x.leaf("groupId", id).leaf("groupName", name);
    });
    if let Some(arn) = &i.profile {
        x.node("iamInstanceProfile", |x| {
            x.leaf("arn", arn).leaf("id", "AIPAFAKE");
        });
    }
    x.node("operator", |x| {
        x.leaf("managed", i.managed.is_some()).maybe("principal", i.managed.as_ref());
    });
    x.tags(&i.tags);
}

/// A state with its number.
pub fn write_state(x: &mut Xml, name: &str, state: &str) {
    x.node(name, |x| {
        x.leaf("code", state_code(state)).leaf("name", state);
    });
}
