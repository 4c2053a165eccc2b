//! The beginning of a roll-out of one group: pinned, then its version made, then its refresh begun.

use anyhow::{Error, Result};

use super::check::under_way;
use super::plan::{GroupPlan, Pin, PlannedVersion, RolloutRequest};
use super::words::{follow_line, refused};
use crate::domain::failure::{Failure, Kind};
use crate::service::auto_scaling_groups;
use crate::service::instance_refreshes::{self, UNDER_WAY};
use crate::service::launch_templates;
use crate::service::{Target, client::error::ApiError};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::diagnose;

/// A refresh that was begun.
pub(super) struct Begun {
    /// Its id.
    pub refresh: String,
    /// The version that it goes to.
    pub number: i64,
}

/// What was written before an error.
#[derive(Default)]
pub(super) struct Written {
    /// The version that the group was pinned to.
    pub pinned: Option<i64>,
    /// The version that was made, or found, for the refresh.
    pub version: Option<i64>,
    /// Whether anything was changed.
    pub changed: bool,
}

/// Says what will be done with a group.
pub(super) fn announce(context: &Context, plan: &GroupPlan) {
    let (group, template) = (&plan.group.name, plan.template_name());
    context.printer.say(format!(
        "{group}: from version {} of template {template} to {}",
        plan.in_force,
        plan.towards()
    ));
    if let Some(pin) = &plan.pin {
        context.printer.say(format!(
            "{group}: it follows {}, and AWS could not roll back: it is pinned first, and no longer follows afterwards",
            pin.follows
        ));
    }
}

/// Pins the group where that is needed, makes the version, and begins the refresh. Nothing new launches before the
/// refresh begins. What was written is noted in `written`, also before an error.
pub(super) async fn begin(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    plan: &GroupPlan,
    written: &mut Written,
) -> Result<Begun> {
    if let Some(pin) = &plan.pin {
        let (number, made) = version(context, target, plan, &pin.version).await?;
        written.changed |= made;
        auto_scaling_groups::pin(target, &plan.group, number).await?;
        written.changed = true;
        written.pinned = Some(number);
        context.printer.say(format!("{}: pinned to version {number}", plan.group.name));
    }
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
async fn version(
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
    let Some(made) = launch_templates::add(target, &plan.template, new, false).await? else {
        return Err(Failure::new(Kind::Failed, "NotMade", format!("group {group}: no version was made")).into());
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

/// An error with what was written before it, and how to take that back.
pub(super) fn with_written(target: &Target, plan: &GroupPlan, written: &Written, error: Error) -> Error {
    let (Some(number), Some(pin)) = (written.pinned, &plan.pin) else { return error };
    let diagnosis = diagnose(&error);
    let Pin { follows, .. } = pin;
    let message = format!(
        "{}; the group {} is pinned to version {number} already and no longer follows {follows}",
        diagnosis.message, plan.group.name
    );
    let mut hints: Vec<String> = diagnosis.hint.into_iter().collect();
    let used = plan.group.template.as_ref();
    let line = used.filter(|_| !plan.group.mixed()).and_then(|used| follow_line(target, &plan.group.name, used));
    hints.extend(line.map(|line| format!("to let it follow again: {line}")));
    // A refusal says that nothing was changed, and the group was.
    let kind = match diagnosis.kind {
        Kind::Refused | Kind::Usage => Kind::Failed,
        kind @ (Kind::Failed | Kind::Partial | Kind::TimedOut | Kind::OutOfSight | Kind::Interrupted) => kind,
    };
    let failure = Failure::new(kind, diagnosis.code, message);
    if hints.is_empty() { failure.into() } else { failure.hint(hints.join("; ")).into() }
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
