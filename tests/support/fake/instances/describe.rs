//! DescribeInstances.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::super::compute::Instance;
use super::super::errors::Answer;
use super::super::filters::Filters;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::{check_ids, fields, forget_terminated, is_listed};

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (5, 1000), Some("InstanceId"))?;
    let filters = Filters::read(params, fields::FILTERS)?;
    let managed_too = params.flag("IncludeManagedResources")?.unwrap_or(false);
    let wanted = params.list("InstanceId");
    forget_terminated(world, &request.region, request.now);
    let region = world.region(&request.region);
    check_ids(region, request, &wanted)?;
    request.dry_run()?;

    let from = (Bound::Excluded(window.after()), Bound::Unbounded);
    let listed = region.instances.range::<str, _>(from).filter(|(_, instance)| {
        is_listed(instance, request, &wanted, managed_too)
            && filters.accept(|name, test| fields::passes(instance, request.now, name, test))
    });
    let (page, next) = window.cut(listed);
    let mut reservations: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
    for instance in page {
        reservations.entry(&instance.reservation).or_default().push(instance);
    }
    let mut x = Xml::new();
    x.list("reservationSet", reservations, |x, (id, instances)| {
        x.leaf("reservationId", id).leaf("ownerId", &request.account);
        x.list("instancesSet", instances, |x, instance| {
            fields::write(x, instance, instance.state(request.now));
        });
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}
