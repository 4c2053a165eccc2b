//! TerminateInstances.

use super::super::errors::{Answer, missing};
use super::super::model::Phase;
use super::super::request::Request;
use super::super::world::{World, span};
use super::super::xml::Xml;
use super::fields::write_state;
use super::{check_ids, forget_terminated};

/// Images still being made of a terminated instance fail.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let wanted = request.params.list("InstanceId");
    if wanted.is_empty() {
        return Err(missing("InstanceId"));
    }
    let now = request.now;
    let gone_at = now + span(world.shutdown_for);
    forget_terminated(world, &request.region, now);
    let region = world.region(&request.region);
    check_ids(region, request, &wanted)?;
    request.dry_run()?;

    let mut x = Xml::new();
    x.list("instancesSet", &wanted, |x, id| {
        let Some(instance) = region.instances.get_mut(*id) else { return };
        let before = instance.state(now).to_owned();
        if instance.phase.after != "terminated" {
            instance.phase = Phase { before: "shutting-down", turn: gone_at, after: "terminated".to_owned() };
            let text = "Client.UserInitiatedShutdown: User initiated shutdown";
            instance.reason = Some(("Client.UserInitiatedShutdown".to_owned(), text.to_owned()));
        }
        x.leaf("instanceId", id);
        let current = if before == "terminated" { "terminated" } else { "shutting-down" };
        write_state(x, "currentState", current);
        write_state(x, "previousState", &before);
    });
    for image in region.images.values_mut() {
        let from_these = image.source_instance.as_deref().is_some_and(|id| wanted.contains(&id));
        if from_these && image.state(now) == "pending" {
            "failed".clone_into(&mut image.phase.after);
            let text = "Instance was terminated or rebooted during AMI creation";
            image.reason = Some(("Client.InstanceTerminated".to_owned(), text.to_owned()));
        }
    }
    Ok(x.done())
}
