//! DescribeInstanceStatus.

use super::super::compute::Instance;
use super::super::errors::{Answer, refuse};
use super::super::filters::Filters;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::{BadBoot, World, span};
use super::super::xml::Xml;
use super::fields::write_state;
use super::{check_ids, forget_terminated, is_listed, types};

/// Only running instances unless all are asked for; checks are `initializing` for a while.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (5, 1000), Some("InstanceId"))?;
    let known = ["instance-state-name", "instance-status.status", "system-status.status"];
    let filters = Filters::read(params, &known)?;
    let all = params.flag("IncludeAllInstances")?.unwrap_or(false);
    let managed_too = params.flag("IncludeManagedResources")?.unwrap_or(false);
    let wanted = params.list("InstanceId");
    if wanted.len() > 100 {
        return Err(refuse("InvalidParameterValue", "At most 100 instance ids at once."));
    }
    let now = request.now;
    let checks_for = span(world.checks_for);
    let (impaired, badly) = (world.impaired.clone(), world.bad_boots.clone());
    forget_terminated(world, &request.region, now);
    let region = world.region(&request.region);
    check_ids(region, request, &wanted)?;
    request.dry_run()?;

    let status = |instance: &Instance| match instance.state(now) {
        "running" if now < instance.phase.turn + checks_for => "initializing",
        "running" if impaired.contains(&instance.id) || badly.get(&instance.image) == Some(&BadBoot::Impaired) => {
            "impaired"
        }
        "running" => "ok",
        _ => "not-applicable",
    };
    let listed = region.instances.iter().filter(|(_, instance)| {
        is_listed(instance, request, &wanted, managed_too)
            && (all || instance.state(now) == "running")
            && filters.accept(|name, test| match name {
                "instance-state-name" => test(instance.state(now)),
                "system-status.status" => test(of_system(status(instance))),
                _ => test(status(instance)),
            })
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("instanceStatusSet", page, |x, instance| {
        x.leaf("instanceId", &instance.id).leaf("availabilityZone", &instance.zone);
        write_state(x, "instanceState", instance.state(now));
        let status = status(instance);
        // Instances on Xen have no check of their volumes.
        let volumes = types::nitro(&instance.kind).then_some("attachedEbsStatus");
        for kind in ["systemStatus", "instanceStatus"].into_iter().chain(volumes) {
            let status = if kind == "instanceStatus" { status } else { of_system(status) };
            x.node(kind, |x| {
                x.leaf("status", status);
                x.list("details", [status], |x, status| {
                    let detail = match status {
                        "ok" => "passed",
                        "impaired" => "failed",
                        other => other,
                    };
                    x.leaf("name", "reachability").leaf("status", detail);
                });
            });
        }
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

/// The system and the volumes are well where the instance is not.
fn of_system(status: &str) -> &str {
    if status == "impaired" { "ok" } else { status }
}
