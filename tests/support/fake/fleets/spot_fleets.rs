//! DescribeSpotFleetRequests.

use super::super::errors::{Answer, refuse};
use super::super::launchers::SpotFleet;
use super::super::paging::{Rules, Window};
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::{write_template, write_volumes};

/// A page has at most a thousand, asked for or not.
pub fn describe(world: &mut World, request: &Request) -> Answer {
    let rules = Rules { size: "MaxResults", bounds: (1, 1000), default: Some(1000), ids: None };
    let window = Window::by(world, request, &rules)?;
    let wanted = request.params.list("SpotFleetRequestId");
    let region = world.region(&request.region);
    let is_own = |fleet: &&SpotFleet| fleet.owner == request.account;
    for id in &wanted {
        if !id.starts_with("sfr-") {
            let message = format!("The spot fleet request ID '{id}' is malformed");
            return Err(refuse("InvalidSpotFleetRequestId.Malformed", message));
        }
        region.spot_fleets.get(*id).filter(is_own).ok_or_else(|| {
            let message = format!("The spot fleet request ID '{id}' does not exist");
            refuse("InvalidSpotFleetRequestId.NotFound", message)
        })?;
    }
    request.dry_run()?;
    let own = region.spot_fleets.values().filter(is_own);
    let listed = own.filter(|fleet| wanted.is_empty() || wanted.contains(&fleet.id.as_str()));
    let (page, next) = window.cut(listed.map(|fleet| (&fleet.id, fleet)));
    let mut x = Xml::new();
    x.list("spotFleetRequestConfigSet", page, write);
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn write(x: &mut Xml, fleet: &SpotFleet) {
    x.leaf("spotFleetRequestId", &fleet.id).leaf("spotFleetRequestState", &fleet.state);
    x.time("createTime", fleet.created);
    x.node("spotFleetRequestConfig", |x| {
        x.leaf("allocationStrategy", "lowestPrice").leaf("type", "maintain");
        x.leaf("iamFleetRole", format_args!("arn:aws:iam::{}:role/fleet", fleet.owner));
        x.leaf("targetCapacity", fleet.capacity).leaf("fulfilledCapacity", fleet.capacity);
        if !fleet.images.is_empty() {
            x.list("launchSpecifications", &fleet.images, |x, (image, snapshots)| {
                x.leaf("imageId", image).leaf("instanceType", "t3.micro");
                write_volumes(x, snapshots);
            });
        }
        if !fleet.templates.is_empty() {
            x.list("launchTemplateConfigs", &fleet.templates, write_template);
        }
    });
}
