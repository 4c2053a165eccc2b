//! DescribeInstanceAttribute, for the protection from being stopped.

use super::super::errors::{Answer, invalid_value};
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::check_ids;

/// One attribute a call.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let (id, attribute) = (request.params.need("InstanceId")?, request.params.need("Attribute")?);
    if attribute != "disableApiStop" {
        return Err(invalid_value("attribute", attribute, "It is not known here."));
    }
    let region = world.region(&request.region);
    check_ids(region, request, &[id])?;
    request.dry_run()?;
    let protected = region.instances.get(id).is_some_and(|instance| instance.stop_protected);
    let mut x = Xml::new();
    x.leaf("instanceId", id).node("disableApiStop", |x| {
        x.leaf("value", protected);
    });
    Ok(x.done())
}
