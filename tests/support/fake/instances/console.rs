//! GetConsoleOutput.

use super::super::errors::{Answer, missing, refuse};
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::{check_ids, forget_terminated, types};

/// What an instance writes that boots as it should.
const USUAL: &str = "[    0.000000] Linux version 6.12.0\n[    4.210000] cloud-init: finished\nlogin: ";

/// Nothing before the instance runs; the latest output of types on Nitro only.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let id = request.params.get("InstanceId").ok_or_else(|| missing("InstanceId"))?;
    let latest = request.params.flag("Latest")?.unwrap_or(false);
    forget_terminated(world, &request.region, request.now);
    let consoles = world.consoles.clone();
    let region = world.region(&request.region);
    check_ids(region, request, &[id])?;
    let instance = &region.instances[id];
    if latest && !types::nitro(&instance.kind) {
        let message = "This instance type does not support retrieving the latest console logs.";
        return Err(refuse("UnsupportedOperation", message));
    }
    request.dry_run()?;
    let text = consoles.get(&instance.image).map_or(USUAL, String::as_str);
    let written = instance.state(request.now) != "pending";
    let mut x = Xml::new();
    x.leaf("instanceId", id).time("timestamp", request.now);
    x.maybe("output", written.then(|| aws_smithy_types::base64::encode(text)));
    Ok(x.done())
}
