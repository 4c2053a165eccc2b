//! The beginning of a roll-out of one group that is pinned: its version made, then its refresh begun.

use anyhow::{Error, Result};

use super::check::under_way;
use super::plan::{GroupPlan, PlannedVersion, RolloutRequest};
use super::words::refused;
use super::written::Written;
use crate::domain::failure::{Failure, Kind};
use crate::service::instance_refreshes::{self, UNDER_WAY};
use crate::service::launch_templates::{self, MadeVersion, NewVersion};
use crate::service::{Target, client::error::ApiError};
use crate::workflows::run::context::Context;

/// A refresh that was begun.
pub(super) struct Begun {
    /// Its id.
    pub refresh: String,
    /// The version that it goes to.
    pub number: i64,
}

/// Says what will be done with a group.
pub(super) fn announce(context: &Context, plan: &GroupPlan) {
    let (group, template) = (&plan.group.name, plan.template_name());
    context.printer.say(format!(
        "{group}: from version {} of template {template} to {}",
        plan.in_force,
        plan.towards()
    ));
}

/// Makes the version, and begins the refresh. The group is pinned: nothing new launches before the refresh begins. What
/// was written is noted in `written`, also before an error.
pub(super) async fn begin(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    plan: &GroupPlan,
    written: &mut Written,
) -> Result<Begun> {
    let (number, made) = version(context, target, plan, &plan.goal).await?;
    written.changed |= made;
    written.version = Some(number);
    let started = instance_refreshes::start(target, &plan.group, number, &request.preferences, &plan.before).await;
    let refresh = match started {
        Ok(id) => id,
        Err(error) if error.is(UNDER_WAY) => join(target, plan, number, error).await?,
        Err(error) if error.answer_lost => return Err(lost(plan, &error).into()),
        Err(error) => return Err(error.into()),
    };
    written.changed = true;
    Ok(Begun { refresh, number })
}

/// The number of a planned version, and whether it was made now.
pub(super) async fn version(
    context: &Context,
    target: &Target,
    plan: &GroupPlan,
    planned: &PlannedVersion,
) -> Result<(i64, bool)> {
    let new = match planned {
        PlannedVersion::Existing(number) => return Ok((*number, false)),
        PlannedVersion::New(new) => new,
    };
    let (group, template) = (&plan.group.name, plan.template_name());
    let made = match launch_templates::add(target, &plan.template, new, false).await {
        Ok(Some(made)) => made,
        Ok(None) => {
            return Err(Failure::new(Kind::Failed, "NotMade", format!("group {group}: no version was made")).into());
        }
        Err(error) if error.answer_lost => MadeVersion {
            template: plan.template.id.clone(),
            number: after_lost_answer(target, plan, new, &error).await?,
            warnings: Vec::new(),
            as_asked: true,
        },
        Err(error) => return Err(error.into()),
    };
    for warning in &made.warnings {
        context.printer.tell(&format!("warning: {template}:{}: {warning}", made.number));
    }
    if !made.as_asked {
        let message = format!(
            "group {group}: version {} of template {template} was made, but EC2 shows another image or other snapshots in \
             it; the group was not refreshed",
            made.number
        );
        return Err(Failure::new(Kind::Failed, "NotSeen", message).into());
    }
    context.printer.say(format!("{group}: made version {} of template {template}", made.number));
    Ok((made.number, true))
}

/// The version with the same contents, which was not there before.
async fn after_lost_answer(target: &Target, plan: &GroupPlan, new: &NewVersion, error: &ApiError) -> Result<i64> {
    let found = launch_templates::find(target, &plan.template_name().parse()?).await;
    match found.ok().flatten().and_then(|found| found.same(new)) {
        Some(number) => Ok(number),
        None => {
            let message = format!("group {}: {error}; whether a version was made is unknown", plan.group.name);
            let failure = Failure::new(Kind::Failed, "AnswerLost", message);
            Err(failure.hint("run the command again: it takes the version if it is there").into())
        }
    }
}

/// Another run was faster: its refresh is joined if it goes to the same version.
async fn join(target: &Target, plan: &GroupPlan, number: i64, error: ApiError) -> Result<String> {
    let refreshes = instance_refreshes::all(target, &plan.group.name).await?;
    let Some(active) = refreshes.iter().find(|refresh| refresh.status.active()) else { return Err(error.into()) };
    let same = plan.group.template.as_ref().is_some_and(|template| active.goes_to(template, number));
    match same && active.status.goes_forth() {
        true => Ok(active.id.clone()),
        false => Err(under_way(target, &plan.group.name, active).into()),
    }
}

fn lost(plan: &GroupPlan, error: &ApiError) -> Failure {
    let message = format!("group {}: {error}; whether a refresh began is unknown", plan.group.name);
    Failure::new(Kind::Failed, "AnswerLost", message)
        .hint("run the command again: it joins a refresh to the same version, or begins one")
}

/// Asks EC2 whether the versions could be made.
pub(super) async fn try_versions(target: &Target, plan: &GroupPlan) -> Result<()> {
    let pin = plan.pin.as_ref().map(|pin| &pin.version);
    for planned in pin.into_iter().chain([&plan.goal]) {
        match planned {
            PlannedVersion::Existing(_) => {}
            PlannedVersion::New(new) => {
                let tried = launch_templates::add(target, &plan.template, new, true).await;
                tried.map_err(|error| match error.is("UnauthorizedOperation") {
                    true => Error::from(error),
                    false => refused(&plan.group.name, "TemplateNotChangeable", error.to_string()).into(),
                })?;
            }
        }
    }
    Ok(())
}
