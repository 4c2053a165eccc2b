//! StopInstances and StartInstances.

use super::super::compute::Instance;
use super::super::errors::{Answer, Refusal, missing, refuse};
use super::super::model::Phase;
use super::super::request::Request;
use super::super::scaling;
use super::super::world::{Region, World, span};
use super::super::xml::Xml;
use super::fields::write_state;
use super::launch::addresses;
use super::{check_ids, forget_terminated};

/// What is asked for, of instances that the caller has. A dry run tells nothing of their state: no source says that
/// it does.
fn wanted<'a>(world: &mut World, request: &'a Request) -> Result<Vec<&'a str>, Refusal> {
    let wanted = request.params.list("InstanceId");
    if wanted.is_empty() {
        return Err(missing("InstanceId"));
    }
    forget_terminated(world, &request.region, request.now);
    check_ids(world.region(&request.region), request, &wanted)?;
    request.dry_run()?;
    Ok(wanted)
}

/// Those that do not run are left as they are. A group replaces a member that is stopped, unless it is in Standby.
pub fn stop(world: &mut World, request: &Request) -> Answer {
    let wanted = wanted(world, request)?;
    let (now, shown_at) = (request.now, request.now + span(world.stop_shows_after));
    let stopped_at = shown_at + span(world.stop_for);
    let region = world.region(&request.region);
    for id in &wanted {
        stoppable(region, id, request)?;
    }
    let mut x = Xml::new();
    x.list("instancesSet", &wanted, |x, id| {
        let Some(instance) = region.instances.get_mut(*id) else { return };
        let before = instance.state(now).to_owned();
        if before == "running" && instance.stale_until.is_none_or(|until| until <= now) {
            instance.phase = Phase { before: "stopping", turn: stopped_at, after: "stopped".to_owned() };
            instance.timer = None;
            instance.stale_until = Some(shown_at);
            let text = "Client.UserInitiatedShutdown: User initiated shutdown";
            instance.reason = Some(("Client.UserInitiatedShutdown".to_owned(), text.to_owned()));
        }
        x.leaf("instanceId", id);
        write_state(x, "currentState", if before == "stopped" { "stopped" } else { "stopping" });
        write_state(x, "previousState", &before);
    });
    for id in &wanted {
        scaling::replace_stopped(world, &request.account, &request.region, id);
    }
    Ok(x.done())
}

fn stoppable(region: &Region, id: &str, request: &Request) -> Result<(), Refusal> {
    let Some(instance) = region.instances.get(id) else { return Ok(()) };
    let unsupported = |message: String| Err(refuse("UnsupportedOperation", message));
    if instance.root_type != "ebs" {
        return unsupported(format!(
            "The instance '{id}' does not have an 'ebs' root device type and cannot be stopped"
        ));
    }
    let request_of = instance.spot.as_ref().and_then(|spot| region.spot_requests.get(spot));
    if instance.spot.is_some() && request_of.is_none_or(|spot| !spot.persistent) {
        return unsupported(format!(
            "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request. \
             You can only stop Spot Instances associated with persistent Spot Instance requests."
        ));
    }
    if instance.stop_protected || instance.managed.is_some() {
        return Err(refuse(
            "OperationNotPermitted",
            format!(
                "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
            ),
        ));
    }
    in_state(instance, request, &["running", "stopping", "stopped"], "stopped")
}

fn in_state(instance: &Instance, request: &Request, states: &[&str], what: &str) -> Result<(), Refusal> {
    if states.contains(&instance.state(request.now)) {
        return Ok(());
    }
    let message = format!("The instance '{}' is not in a state from which it can be {what}.", instance.id);
    Err(refuse("IncorrectInstanceState", message))
}

/// An instance gets another public address, unless that is an Elastic IP. An image of it whose snapshots are not begun
/// yet fails.
pub fn start(world: &mut World, request: &Request) -> Answer {
    let wanted = wanted(world, request)?;
    let (now, up_at) = (request.now, request.now + span(world.boot_for));
    let region = world.region(&request.region);
    for id in &wanted {
        let Some(instance) = region.instances.get(*id) else { continue };
        in_state(instance, request, &["running", "pending", "stopped"], "started")?;
    }
    let mut x = Xml::new();
    for id in &wanted {
        let (_, public_ip) = addresses(world);
        let fall = (!world.starts_fall.is_empty()).then(|| world.starts_fall.remove(0));
        let region = world.region(&request.region);
        let Some(instance) = region.instances.get_mut(*id).filter(|i| i.state(now) == "stopped") else { continue };
        let after = if fall.is_some() { "stopped" } else { "running" };
        instance.phase = Phase { before: "pending", turn: up_at, after: after.to_owned() };
        instance.reason = fall;
        instance.launched = now;
        if instance.public_ip.is_some() && !instance.elastic {
            instance.public_ip = Some(public_ip);
        }
        let late = |id: &str| region.snapshots.get(id).is_some_and(|snapshot| snapshot.started > now);
        let spoiled = region.images.values_mut().filter(|image| image.source_instance.as_deref() == Some(*id));
        for image in spoiled.filter(|image| image.snapshots().any(late)) {
            "failed".clone_into(&mut image.phase.after);
            image.reason = Some(("Client.InstanceStarted".to_owned(), "The instance started too early".to_owned()));
        }
    }
    let region = world.region(&request.region);
    x.list("instancesSet", &wanted, |x, id| {
        let Some(instance) = region.instances.get(*id) else { return };
        x.leaf("instanceId", id);
        write_state(x, "currentState", if instance.launched == now { "pending" } else { instance.state(now) });
        write_state(x, "previousState", if instance.launched == now { "stopped" } else { instance.state(now) });
    });
    Ok(x.done())
}
