//! Warnings about the contents of a version: EC2 refuses none, and tells of what is not there.

use super::super::errors::{Refusal, refuse};
use super::super::groups::own_group;
use super::super::images::{Viewer, seen};
use super::super::network::own_subnet;
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::resolve;

/// What a launch of these contents would be refused for.
pub fn of(world: &mut World, request: &Request, data: &Params) -> Vec<Refusal> {
    let mut found = Vec::new();
    if let Some(image) = data.get("ImageId") {
        let viewer = Viewer::new(world, request);
        let region = world.region(&request.region);
        let image = resolve(region, request, image).and_then(|id| seen(region, &viewer, &id).map(drop));
        found.extend(image.err());
    }
    if let Some(name) = data.get("KeyName") {
        let key = (request.account.clone(), request.region.clone(), name.to_owned());
        if !world.key_pairs.contains(&key) {
            found.push(refuse("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist")));
        }
    }
    let interfaces = data.structs("NetworkInterface");
    let region = world.networked(&request.account, &request.region);
    let mut groups = data.list("SecurityGroupId");
    for interface in &interfaces {
        groups.extend(interface.list("SecurityGroupId"));
        found.extend(interface.get("SubnetId").and_then(|id| own_subnet(region, &request.account, id).err()));
    }
    found.extend(groups.into_iter().filter_map(|id| own_group(region, &request.account, id).err()));
    found
}

/// `<warning>`, where there is something to warn of.
pub fn write(x: &mut Xml, found: &[Refusal]) {
    if found.is_empty() {
        return;
    }
    x.node("warning", |x| {
        x.list("errorSet", found, |x, one| {
            x.leaf("code", &one.code).leaf("message", &one.message);
        });
    });
}
