//! The launch of instances from an image, with a security group for HTTP if requested.

use anyhow::{Error, Result};

use super::run::context::Context;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{SecurityGroupId, SubnetId};
use crate::domain::image::{Image, State};
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::launch::Request;
use crate::service::security_groups::{self, Group};

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
    if !request.security_groups.contains(&group) {
        request.security_groups.push(group);
    }
    Ok(changed)
}

/// Tells a user who stops the run before the launch about the group created for it.
pub fn not_launched(error: Error, group: Option<SecurityGroupId>) -> Error {
    match (error.downcast_ref::<Failure>(), group) {
        (Some(failure), Some(group)) if failure.kind == Kind::Interrupted => {
            let name = security_groups::HTTP_GROUP;
            let message = format!("interrupted; group {group} ({name}) admits ports 80 and 443, nothing was launched");
            let failure = Failure::new(Kind::Interrupted, "Interrupted", message);
            failure.hint("run the command again: it takes the same group").into()
        }
        _ => error,
    }
}
