//! GetCommandInvocation and ListCommands.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::errors::{Answer, Refusal, refuse};
use super::super::paging::{Rules, Window};
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::{World, span};
use super::model::SentCommand;

/// The characters of output and errors that are kept.
const KEPT: (usize, usize) = (24_000, 8_000);

/// The command of the caller that CommandId names.
pub fn command<'w>(world: &'w mut World, request: &Request) -> Option<&'w mut SentCommand> {
    let id = request.params.get("CommandId")?;
    let found = world.run_commands.commands.get_mut(id)?;
    (found.place == (request.account.clone(), request.region.clone())).then_some(found)
}

/// How it is with a command on one instance; a new one is not known at first.
pub fn invocation(world: &mut World, request: &Request) -> Answer {
    let shown_after = span(world.run_commands.shown_after);
    let instance = request.params.need("InstanceId")?;
    let unknown = || refuse("InvocationDoesNotExist", "");
    let found = command(world, request).ok_or_else(unknown)?;
    if found.sent + shown_after > request.now || !found.instances.iter().any(|id| id == instance) {
        return Err(unknown());
    }
    let (status, details, code) = found.at(request.now);
    let ended = matches!(status, "Success" | "Failed");
    let kept = |text: &str, most: usize| text.chars().take(if ended { most } else { 0 }).collect::<String>();
    Ok(json!({
        "CommandId": found.id,
        "InstanceId": instance,
        "Comment": found.comment,
        "DocumentName": found.document,
        "PluginName": if found.document == "AWS-RunShellScript" { "aws:runShellScript" } else { "aws:runPowerShellScript" },
        "ResponseCode": code,
        "Status": status,
        "StatusDetails": details,
        "StandardOutputContent": kept(&found.script.stdout, KEPT.0),
        "StandardErrorContent": kept(&found.script.stderr, KEPT.1),
        "StandardOutputUrl": "",
        "StandardErrorUrl": "",
    })
    .to_string())
}

/// A command as SendCommand and ListCommands give it.
pub fn shown(command: &SentCommand, request: &Request) -> Value {
    json!({
        "CommandId": command.id,
        "DocumentName": command.document,
        "Comment": command.comment,
        "InstanceIds": command.instances,
        "Parameters": { "commands": command.lines },
        "RequestedDateTime": command.sent.timestamp(),
        "Status": "Pending",
        "StatusDetails": if command.sent == request.now { "Pending" } else { command.at(request.now).1 },
        "TargetCount": command.instances.len(),
    })
}

/// The time of the filter `InvokedAfter`, the only one that is known here.
fn invoked_after(filters: &[Params]) -> Result<Option<DateTime<Utc>>, Refusal> {
    let mut after = None;
    for filter in filters {
        let (key, value) = (filter.need("key")?, filter.need("value")?);
        if key != "InvokedAfter" || after.is_some() {
            return Err(refuse("InvalidFilterKey", format!("The filter key {key} is not known here.")));
        }
        let time = value.ends_with('Z').then(|| DateTime::parse_from_rfc3339(value).ok()).flatten();
        let time = time.ok_or_else(|| refuse("ValidationException", format!("{value} is no timestamp.")))?;
        after = Some(time.to_utc());
    }
    Ok(after)
}

/// The commands of the caller, the newest first.
pub fn list(world: &mut World, request: &Request) -> Answer {
    let rules = Rules { size: "MaxResults", bounds: (1, 50), default: Some(50), ids: None };
    let window = Window::by(world, request, &rules)?;
    let (id, instance) = (request.params.get("CommandId"), request.params.get("InstanceId"));
    let after = invoked_after(&request.params.structs("Filters"))?;
    let since = span(world.run_commands.listed_after);
    let place = (request.account.clone(), request.region.clone());
    let mut all = world.run_commands.sent();
    all.reverse();
    let listed = all.into_iter().filter(|command| {
        command.place == place
            && command.sent + since <= request.now
            && after.is_none_or(|after| after <= command.sent)
            && id.is_none_or(|id| id == command.id)
            && instance.is_none_or(|instance| command.instances.iter().any(|one| one == instance))
    });
    let (page, next) = window.cut(listed.map(|command| (format!("{:020}", u64::MAX - command.number), command)));
    let items: Vec<Value> = page.iter().map(|command| shown(command, request)).collect();
    let mut document = json!({ "Commands": items });
    if let Some(next) = next {
        document["NextToken"] = json!(next);
    }
    Ok(document.to_string())
}
