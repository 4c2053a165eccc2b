//! SendCommand and CancelCommand.

use serde_json::json;

use super::super::errors::{Answer, Refusal, refuse};
use super::super::ids;
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::model::SentCommand;
use super::read::command;
use super::{agents, read};

/// Most bytes of a script. AWS tells of such a limit for documents only.
const MOST_BYTES: usize = 64 * 1024;
/// Most seconds that a script may run.
const LONGEST: i64 = 172_800;

/// Takes a command for instances that are managed.
pub fn send(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let document = params.need("DocumentName")?;
    if !["AWS-RunShellScript", "AWS-RunPowerShellScript"].contains(&document) {
        return Err(refuse("InvalidDocument", format!("Document with name {document} does not exist.")));
    }
    let (lines, execution) = read_parameters(&params.sub("Parameters"))?;
    let delivery = params.number("TimeoutSeconds")?.unwrap_or(3600);
    let instances: Vec<String> = params.list("InstanceIds").into_iter().map(str::to_owned).collect();
    let undelivered = check_instances(world, request, document, &instances)?;
    let number = world.ids.number();
    let id = world.ids.next_uuid("").trim_start_matches('-').to_owned();
    let script = world.run_commands.outcome(&lines.join("\n"));
    let sent = SentCommand {
        id: id.clone(),
        number,
        place: (request.account.clone(), request.region.clone()),
        instances,
        document: document.to_owned(),
        lines,
        comment: params.get("Comment").unwrap_or_default().to_owned(),
        sent: request.now,
        timeouts: (delivery, execution),
        undelivered,
        script,
        cancelled: None,
    };
    let answer = json!({ "Command": read::shown(&sent, request) }).to_string();
    world.run_commands.commands.insert(id, sent);
    Ok(answer)
}

/// The script, and how long it may run.
fn read_parameters(given: &Params) -> Result<(Vec<String>, i64), Refusal> {
    let bad = |why: String| refuse("InvalidParameters", why);
    if let Some(unknown) =
        given.heads().find(|head| !["commands", "executionTimeout", "workingDirectory"].contains(head))
    {
        return Err(bad(format!("The parameter {unknown} is not a parameter of the document.")));
    }
    let lines: Vec<String> = given.list("commands").into_iter().map(str::to_owned).collect();
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Err(bad("The parameter commands is required.".to_owned()));
    }
    if lines.iter().map(|line| line.len() + 1).sum::<usize>() > MOST_BYTES + 1 {
        return Err(bad(format!("The parameter commands has more than {MOST_BYTES} bytes.")));
    }
    let timeout = match given.list("executionTimeout")[..] {
        [] => 3600,
        [text] if !text.starts_with(['0', '+', '-']) => text.parse().unwrap_or(0),
        _ => 0,
    };
    match (1..=LONGEST).contains(&timeout) {
        true => Ok((lines, timeout)),
        false => Err(bad("The parameter executionTimeout does not match its allowed pattern.".to_owned())),
    }
}

/// Refuses instances that are not managed, or that the document does not run on; whether an agent is silent.
fn check_instances(
    world: &mut World,
    request: &Request,
    document: &str,
    instances: &[String],
) -> Result<bool, Refusal> {
    if instances.is_empty() || instances.iter().any(|id| !ids::well_formed("i", id)) {
        return Err(refuse("ValidationException", "1 validation error detected: Value at 'instanceIds' failed"));
    }
    let invalid = |id: &String| {
        let message = format!("Instances [[{id}]] not in a valid state for account {}", request.account);
        refuse("InvalidInstanceId", message)
    };
    let mut silent = false;
    for id in instances {
        let region = world.regions.get(&request.region);
        let instance = region.and_then(|region| region.instances.get(id)).ok_or_else(|| invalid(id))?;
        let ping = agents::ping(&world.run_commands, instance, request).ok_or_else(|| invalid(id))?;
        if !agents::runs(document, instance) {
            let message = format!("The document {document} does not support the platform of {id}.");
            return Err(refuse("UnsupportedPlatformType", message));
        }
        silent |= ping != "Online" || instance.state(request.now) != "running";
    }
    Ok(silent)
}

/// Ends a command that has not ended; one that has stays as it is.
pub fn cancel(world: &mut World, request: &Request) -> Answer {
    let now = request.now;
    let found = command(world, request).ok_or_else(|| refuse("InvalidCommandId", ""))?;
    let ended = ["Success", "Failed", "TimedOut", "Cancelled"].contains(&found.at(now).0);
    if !ended && found.cancelled.is_none() {
        found.cancelled = Some(now);
    }
    Ok("{}".to_owned())
}
