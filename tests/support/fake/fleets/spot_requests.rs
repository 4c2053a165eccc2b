//! DescribeSpotInstanceRequests.

use super::super::errors::{Answer, refuse};
use super::super::filters::{Filters, tag_field};
use super::super::ids;
use super::super::launchers::SpotRequest;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::{Xml, stamp};
use super::write_volumes;

const FILTERS: &[&str] = &[
    "create-time",
    "instance-id",
    "launch.image-id",
    "launch.instance-type",
    "spot-instance-request-id",
    "state",
    "status-code",
    "tag:",
    "tag-key",
    "type",
];

pub fn describe(world: &mut World, request: &Request) -> Answer {
    let window = Window::read(world, request, (5, 1000), None)?;
    let filters = Filters::read(&request.params, FILTERS)?;
    let wanted = request.params.list("SpotInstanceRequestId");
    let region = world.region(&request.region);
    let is_own = |spot: &&SpotRequest| spot.owner == request.account;
    for id in &wanted {
        ids::check("sir", id)?;
        region.spot_requests.get(*id).filter(is_own).ok_or_else(|| {
            let message = format!("The spot instance request ID '{id}' does not exist");
            refuse("InvalidSpotInstanceRequestID.NotFound", message)
        })?;
    }
    request.dry_run()?;
    let own = region.spot_requests.values().filter(is_own);
    let listed = own
        .filter(|spot| wanted.is_empty() || wanted.contains(&spot.id.as_str()))
        .map(|spot| {
            let instance = spot.instance.as_ref().and_then(|id| region.instances.get(id));
            (spot, spot.state(instance, request.now))
        })
        .filter(|(spot, state)| filters.accept(|name, test| passes(spot, state, name, test)));
    let (page, next) = window.cut(listed.map(|row| (&row.0.id, row)));
    let mut x = Xml::new();
    x.list("spotInstanceRequestSet", page, |x, (spot, state)| write(x, spot, state));
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn passes(spot: &SpotRequest, state: &str, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    if let Some(passed) = tag_field(name, &spot.tags, test) {
        return passed;
    }
    match name {
        "create-time" => test(&stamp(spot.created)),
        "instance-id" => spot.instance.as_deref().is_some_and(test),
        "launch.image-id" => test(&spot.image),
        "launch.instance-type" => test(&spot.kind),
        "state" => test(state),
        "status-code" => test(status(state)),
        "type" => test(kind(spot)),
        _ => test(&spot.id),
    }
}

fn kind(spot: &SpotRequest) -> &'static str {
    if spot.persistent { "persistent" } else { "one-time" }
}

/// A status code that goes with a state.
fn status(state: &str) -> &'static str {
    match state {
        "active" => "fulfilled",
        "open" => "pending-fulfillment",
        "closed" => "instance-terminated-by-user",
        "cancelled" => "canceled-before-fulfillment",
        _ => "bad-parameters",
    }
}

fn write(x: &mut Xml, spot: &SpotRequest, state: &str) {
    x.leaf("spotInstanceRequestId", &spot.id).leaf("spotPrice", "0.010400");
    x.leaf("type", kind(spot)).leaf("state", state);
    x.node("status", |x| {
        x.leaf("code", status(state)).time("updateTime", spot.created);
        x.leaf("message", format_args!("The request is {state}."));
    });
    x.node("launchSpecification", |x| {
        x.leaf("imageId", &spot.image).leaf("instanceType", &spot.kind);
        write_volumes(x, &spot.snapshots);
        x.node("monitoring", |x| {
            x.leaf("enabled", false);
        });
    });
    x.maybe("instanceId", spot.instance.as_ref().filter(|_| state != "open"));
    x.time("createTime", spot.created).leaf("productDescription", "Linux/UNIX");
    x.leaf("instanceInterruptionBehavior", "terminate");
    x.tags(&spot.tags);
}
