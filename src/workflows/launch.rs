//! The launch of instances from an image, with a security group for HTTP if requested.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Error, Result};

use super::run::context::Context;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{SecurityGroupId, SubnetId};
use crate::domain::image::{Image, State};
use crate::domain::instance::Instance;
use crate::domain::tags::REVOKED;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::launch::{self, Request};
use crate::service::security_groups::{self, Group};
use crate::workflows::run::unreadable::unreadable;

/// EC2's limit for user data before it is encoded.
const LONGEST_USER_DATA: usize = 16 * 1024;

/// The user data in a file, in base64.
pub fn read_user_data(path: &Path) -> Result<String> {
    let wrong = |why: String| Failure::usage(format!("--user-data {}: {why}", path.display()));
    let mut data = Vec::new();
    // A device or a disk image by mistake is not read whole.
    let most = LONGEST_USER_DATA as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut data));
    read.map_err(|error| unreadable(format!("--user-data {}", path.display()), &error))?;
    match data.len() {
        0 => Err(wrong("it is empty".to_owned()).into()),
        length if length > LONGEST_USER_DATA => {
            Err(wrong(format!("it has more than {LONGEST_USER_DATA} bytes, the most that EC2 takes")).into())
        }
        _ => Ok(launch::encode(&data)),
    }
}

/// What was launched, and from which image: a template may have got another one since it was looked at.
pub fn launched(started: &[Instance], image: &Image) -> String {
    let ids = started.iter().map(|instance| instance.id.to_string()).collect::<Vec<_>>().join(" ");
    let other = started.iter().find_map(|instance| instance.image_id.as_ref()).filter(|id| **id != image.id);
    let from = other.map_or_else(|| image.label(), ToString::to_string);
    format!("launched {ids} from {from} in {}", image.region)
}

/// The error after a lost answer, when instances may run all the same, with the way to find them.
pub fn lost(error: ApiError, request: &Request) -> Error {
    if !error.answer_lost {
        return error.into();
    }
    let message = format!("{error}; whether instances were launched is unknown");
    let again =
        format!("run the same command with --client-token {}: it gives those, or launches them", request.client_token);
    Failure::new(Kind::Failed, "AnswerLost", message).hint(again).into()
}

/// Refuses what was revoked, which EC2 would launch, unless that is allowed.
pub fn not_revoked(context: &Context, image: &Image, allowed: bool) -> Result<()> {
    let Some(mark) = image.tags.get(REVOKED) else { return Ok(()) };
    let why = if mark.is_empty() { String::new() } else { format!(": {mark}") };
    let message = format!("{} in {} was revoked{why}", image.label(), image.region);
    if allowed {
        context.printer.say(format!("warning: {message}"));
        return Ok(());
    }
    let hint = match ["launch", "copy"].contains(&context.invocation.name.as_str()) {
        true => "name an image that is not, or give --allow-revoked; the tag amictl:revoked is the mark",
        false => "name an image that is not; the tag amictl:revoked is the mark",
    };
    Err(Failure::new(Kind::Refused, "Revoked", message).hint(hint).into())
}

/// Refuses early what EC2 would refuse late.
pub fn check(image: &Image) -> Result<()> {
    if image.state == State::Available {
        return Ok(());
    }
    let message = format!("{} in {} is {} and cannot be launched", image.label(), image.region, image.state);
    let failure = Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", message);
    match image.state.may_become_available() {
        true => Err(failure
            .hint(format!(
                "wait for it with: {}",
                amictl("wait").word(&image.id).options(format!("--region {}", image.region))
            ))
            .into()),
        false => Err(failure.into()),
    }
}

/// The VPC of the instances, and the state of its HTTP security group.
pub async fn web_group(target: &Target, subnet: Option<&SubnetId>) -> Result<(String, Group)> {
    let Some(vpc) = security_groups::vpc(target, subnet).await? else {
        let failure = Failure::usage(format!("{} has no default VPC for --allow-http", target.place().await));
        return Err(failure.hint("give --subnet").into());
    };
    let group = security_groups::find(target, &vpc).await?;
    Ok((vpc, group))
}

/// Adds the HTTP security group to the request; creates or opens it if necessary, and then returns it.
pub async fn allow_http(
    context: &Context,
    target: &Target,
    (vpc, group): (&str, Group),
    dry_run: bool,
    request: &mut Request,
) -> Result<Option<SecurityGroupId>> {
    let (group, changed) = match group {
        Group::Ready(id) => (id, None),
        Group::Missing(..) if dry_run => {
            context.printer.say(format!("dry run: group {} would be made in {vpc}", security_groups::HTTP_GROUP));
            return Ok(None);
        }
        Group::Missing(found, ports) => {
            let made_by = &context.maker.program;
            let ensure = async { Ok(security_groups::ensure(target, vpc, (found, ports), made_by).await?) };
            let id = context.begin(ensure).await?;
            context.printer.say(format!("group {id} ({}) admits ports 80 and 443", security_groups::HTTP_GROUP));
            (id.clone(), Some(id))
        }
    };
    if !request.options.security_groups.contains(&group) {
        request.options.security_groups.push(group);
    }
    Ok(changed)
}

/// Tells a user who stops the run before the launch about the group created for it.
pub fn not_launched(error: Error, group: Option<SecurityGroupId>) -> Error {
    match (error.downcast_ref::<Failure>(), group) {
        (Some(failure), Some(group)) if failure.kind == Kind::Interrupted => {
            let name = security_groups::HTTP_GROUP;
            let message = format!("group {group} ({name}) admits ports 80 and 443, nothing was launched");
            Failure::interrupted(message).hint("run the command again: it takes the same group").into()
        }
        _ => error,
    }
}
