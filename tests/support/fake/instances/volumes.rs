//! DescribeVolumes: the volumes that instances have.

use super::super::compute::{Instance, Volume};
use super::super::errors::Answer;
use super::super::filters::{Filters, tag_field};
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::forget_terminated;

const FILTERS: &[&str] = &[
    "attachment.device",
    "attachment.instance-id",
    "encrypted",
    "size",
    "tag:",
    "tag-key",
    "volume-id",
    "volume-type",
];

/// There are no volumes but those of instances. Those of managed instances hide as the instances do.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (5, 1000), None)?;
    let filters = Filters::read(params, FILTERS)?;
    let managed_too = params.flag("IncludeManagedResources")?.unwrap_or(false);
    forget_terminated(world, &request.region, request.now);
    request.dry_run()?;
    let instances = world.region(&request.region).instances.values();
    let seen = instances.filter(|i| i.is_seen(&request.account, request.now) && (managed_too || i.managed.is_none()));
    let mut found: Vec<(&Instance, &Volume)> =
        seen.flat_map(|instance| instance.volumes.iter().map(move |volume| (instance, volume))).collect();
    found.retain(|(instance, volume)| filters.accept(|name, test| passes(instance, volume, name, test)));
    found.sort_unstable_by(|a, b| a.1.id.cmp(&b.1.id));
    let (page, next) = window.cut(found.into_iter().map(|pair| (pair.1.id.as_str(), pair)));
    let mut x = Xml::new();
    x.list("volumeSet", page, |x, (instance, volume)| write(x, instance, volume));
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn passes(instance: &Instance, volume: &Volume, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    if let Some(passed) = tag_field(name, &volume.tags, test) {
        return passed;
    }
    match name {
        "attachment.device" => test(&volume.device),
        "attachment.instance-id" => test(&instance.id),
        "encrypted" => test(if volume.kms_key.is_some() { "true" } else { "false" }),
        "size" => test(&volume.size.to_string()),
        "volume-id" => test(&volume.id),
        "volume-type" => test(&volume.kind),
        other => unreachable!("filter {other} is listed and not read"),
    }
}

fn write(x: &mut Xml, instance: &Instance, volume: &Volume) {
    x.leaf("volumeId", &volume.id).leaf("size", volume.size).leaf("volumeType", &volume.kind);
    x.leaf("availabilityZone", &instance.zone).leaf("status", "in-use").time("createTime", instance.launched);
    x.leaf("encrypted", volume.kms_key.is_some()).maybe("kmsKeyId", volume.kms_key.as_ref());
    x.list("attachmentSet", [volume], |x, volume| {
        x.leaf("volumeId", &volume.id).leaf("instanceId", &instance.id).leaf("device", &volume.device);
        x.leaf("status", "attached").leaf("deleteOnTermination", volume.delete_on_termination);
    });
    x.tags(&volume.tags);
}
