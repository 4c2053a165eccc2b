//! Agents: which instances Systems Manager manages, and DescribeInstanceInformation.

use serde_json::{Value, json};

use super::super::compute::Instance;
use super::super::errors::{Answer, Refusal, refuse};
use super::super::ids;
use super::super::paging::{Rules, Window};
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::{World, span};
use super::RunCommands;

/// `Online` or `ConnectionLost`; nothing for an instance that is not managed.
pub fn ping(agents: &RunCommands, instance: &Instance, request: &Request) -> Option<&'static str> {
    let admitted = instance.profile.is_some() || agents.host_management.contains(&instance.owner);
    let began = instance.phase.turn + span(agents.online_after) <= request.now;
    if !admitted || !began || agents.agentless.contains(&instance.id) || instance.owner != request.account {
        return None;
    }
    match instance.state(request.now) {
        "running" if agents.silent.contains(&instance.id) => Some("ConnectionLost"),
        "running" | "stopping" => Some("Online"),
        "stopped" if request.now < instance.phase.turn + span(agents.lost_after) => Some("Online"),
        "stopped" => Some("ConnectionLost"),
        _ => None,
    }
}

fn platform(instance: &Instance) -> &'static str {
    if instance.windows { "Windows" } else { "Linux" }
}

/// Whether a document runs on an instance.
pub fn runs(document: &str, instance: &Instance) -> bool {
    instance.windows == (document == "AWS-RunPowerShellScript")
}

/// The managed instances of the caller.
pub fn describe(world: &mut World, request: &Request) -> Answer {
    let rules = Rules { size: "MaxResults", bounds: (5, 50), default: Some(10), ids: None };
    let window = Window::by(world, request, &rules)?;
    let filters = request.params.structs("Filters");
    filters.iter().try_for_each(check)?;
    let agents = std::mem::take(&mut world.run_commands);
    let region = world.region(&request.region);
    let listed = region.instances.iter().filter_map(|(id, instance)| {
        let ping = ping(&agents, instance, request)?;
        let passes = |filter: &Params| {
            let values = filter.list("Values");
            match filter.get("Key") {
                Some("InstanceIds") => values.contains(&id.as_str()),
                Some("PingStatus") => values.contains(&ping),
                _ => values.contains(&platform(instance)),
            }
        };
        filters.iter().all(passes).then_some((id, (instance, ping)))
    });
    let (page, next) = window.cut(listed);
    let items: Vec<Value> = page.into_iter().map(|(instance, ping)| shown(request, instance, ping)).collect();
    world.run_commands = agents;
    let mut document = json!({ "InstanceInformationList": items });
    if let Some(next) = next {
        document["NextToken"] = json!(next);
    }
    Ok(document.to_string())
}

fn check(filter: &Params) -> Result<(), Refusal> {
    let key = filter.need("Key")?;
    let values = filter.list("Values");
    if !["InstanceIds", "PingStatus", "PlatformTypes"].contains(&key) {
        return Err(refuse("InvalidFilterKey", format!("The filter key {key} is not known here.")));
    }
    let wrong = values.is_empty() || (key == "InstanceIds" && !values.iter().all(|id| ids::well_formed("i", id)));
    match wrong {
        true => Err(refuse("InvalidInstanceInformationFilterValue", format!("A value of {key} is not valid."))),
        false => Ok(()),
    }
}

fn shown(request: &Request, instance: &Instance, ping: &str) -> Value {
    json!({
        "InstanceId": instance.id,
        "PingStatus": ping,
        "LastPingDateTime": request.now.timestamp(),
        "AgentVersion": "3.3.2299.0",
        "IsLatestVersion": true,
        "PlatformType": platform(instance),
        "PlatformName": if instance.windows { "Microsoft Windows Server 2022 Datacenter" } else { "Amazon Linux" },
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip,
        "ComputerName": format!("ip-{}.ec2.internal", instance.private_ip.replace('.', "-")),
    })
}
