//! DescribeFleets.

use super::super::errors::{Answer, refuse};
use super::super::filters::Filters;
use super::super::launchers::Fleet;
use super::super::paging::{Rules, Window};
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::write_template;

/// Fleets of type `instant` show only when asked for by id. A page has at most a thousand.
pub fn describe(world: &mut World, request: &Request) -> Answer {
    let rules = Rules { size: "MaxResults", bounds: (1, 1000), default: Some(1000), ids: None };
    let window = Window::by(world, request, &rules)?;
    let filters = Filters::read(&request.params, &["fleet-state", "type"])?;
    let wanted = request.params.list("FleetId");
    let region = world.region(&request.region);
    let is_own = |fleet: &&Fleet| fleet.owner == request.account;
    for id in &wanted {
        if !id.starts_with("fleet-") {
            return Err(refuse("InvalidFleetId.Malformed", format!("The fleet ID '{id}' is malformed")));
        }
        let known = region.fleets.get(*id).filter(is_own);
        known.ok_or_else(|| refuse("InvalidFleetId.NotFound", format!("The fleet ID '{id}' does not exist")))?;
    }
    request.dry_run()?;
    let own = region.fleets.values().filter(is_own);
    let listed = own.filter(|fleet| {
        let named = wanted.contains(&fleet.id.as_str());
        (named || (wanted.is_empty() && fleet.kind != "instant"))
            && filters.accept(|name, test| match name {
                // The filter spells states with hyphens, the answer with underscores.
                "fleet-state" => test(&fleet.state.replace('_', "-")),
                _ => test(&fleet.kind),
            })
    });
    let (page, next) = window.cut(listed.map(|fleet| (&fleet.id, fleet)));
    let mut x = Xml::new();
    x.list("fleetSet", page, write);
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn write(x: &mut Xml, fleet: &Fleet) {
    x.leaf("fleetId", &fleet.id).leaf("fleetState", &fleet.state);
    x.leaf("type", &fleet.kind).time("createTime", fleet.created);
    x.leaf("fulfilledCapacity", fleet.capacity).leaf("fulfilledOnDemandCapacity", fleet.capacity);
    x.list("launchTemplateConfigs", &fleet.configs, |x, (template, overrides)| {
        write_template(x, template);
        x.list("overrides", overrides, |x, one| {
            x.maybe("instanceType", one.kind.as_ref()).maybe("imageId", one.image.as_ref());
        });
    });
    x.node("targetCapacitySpecification", |x| {
        x.leaf("totalTargetCapacity", fleet.capacity).leaf("onDemandTargetCapacity", fleet.capacity);
        x.leaf("spotTargetCapacity", 0).leaf("defaultTargetCapacityType", "on-demand");
    });
}
