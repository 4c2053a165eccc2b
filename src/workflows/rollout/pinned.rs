//! The pins of all groups, before any version with the new image is made.

use anyhow::{Error, Result};

use super::begin::version;
use super::plan::{GroupPlan, Pin, PlannedVersion};
use super::words::{LATEST, follow_again};
use super::written::{PinnedGroup, Written};
use crate::domain::failure::{Failure, Kind};
use crate::service::client::error::ApiError;
use crate::service::{Target, auto_scaling_groups};
use crate::workflows::run::context::{Context, stopped};

/// Pins all groups that need it, up to the first error, which comes with the place of its group. A wish to stop ends it
/// between two groups. What was written is noted in `written`, one for each plan, also before an error.
pub(super) async fn pin_all(
    context: &Context,
    target: &Target,
    plans: &[GroupPlan],
    written: &mut [Written],
) -> Result<(), (usize, Error)> {
    // To the numbers in force first: then no version that is made, be it for a pin, is launched by a group on $Latest.
    for (at, plan, pin) in pins(plans) {
        if stopped(context).is_some() {
            return Ok(());
        }
        announce_pin(context, plan, pin);
        let used = plan.group.template.as_ref().map_or("", |template| template.version());
        let number = match &pin.version {
            PlannedVersion::New(_) if used != LATEST => continue,
            PlannedVersion::New(_) => plan.in_force,
            PlannedVersion::Existing(number) => *number,
        };
        let step = pin_to(context, target, plan, (number, used), &mut written[at]).await;
        step.map_err(|error| (at, error))?;
    }
    for (at, plan, pin) in pins(plans) {
        if stopped(context).is_some() {
            return Ok(());
        }
        match &pin.version {
            PlannedVersion::Existing(_) => continue,
            PlannedVersion::New(_) => {}
        }
        let step = async {
            let (number, made) = version(context, target, plan, &pin.version).await?;
            written[at].changed |= made;
            pin_to(context, target, plan, (number, &pin.follows), &mut written[at]).await
        };
        step.await.map_err(|error| (at, error))?;
    }
    Ok(())
}

fn pins(plans: &[GroupPlan]) -> impl Iterator<Item = (usize, &GroupPlan, &Pin)> {
    plans.iter().enumerate().filter_map(|(at, plan)| Some((at, plan, plan.pinned_first()?)))
}

/// Says that a group will be pinned.
pub(super) fn announce_pin(context: &Context, plan: &GroupPlan, pin: &Pin) {
    context.printer.say(format!(
        "{}: it follows {}, and AWS could not roll back: it is pinned first, and no longer follows afterwards",
        plan.group.name, pin.follows
    ));
}

async fn pin_to(
    context: &Context,
    target: &Target,
    plan: &GroupPlan,
    (number, follows): (i64, &str),
    written: &mut Written,
) -> Result<()> {
    match auto_scaling_groups::pin(target, &plan.group, number).await {
        Ok(()) => {}
        Err(error) if error.answer_lost => after_lost_answer(target, plan, number, &error, written).await?,
        Err(error) => return Err(error.into()),
    }
    written.changed = true;
    written.pinned = Some(PinnedGroup { number, follows: follows.to_owned() });
    context.printer.say(format!("{}: pinned to version {number}", plan.group.name));
    Ok(())
}

/// Reads the group again: it may be pinned all the same.
async fn after_lost_answer(
    target: &Target,
    plan: &GroupPlan,
    number: i64,
    error: &ApiError,
    written: &mut Written,
) -> Result<()> {
    let name = &plan.group.name;
    let found = auto_scaling_groups::by_names(target, std::slice::from_ref(name)).await;
    let shown = found.ok().and_then(|mut found| found.pop()?.template);
    let now = match &shown {
        Some(template) if template.number() == Some(number) => return Ok(()),
        Some(template) => format!("it does not show version {number}, but {}", template.version()),
        None => {
            // It may be.
            written.changed = true;
            format!("whether it is pinned to version {number} is unknown")
        }
    };
    let failure = Failure::new(Kind::Failed, "AnswerLost", format!("group {name}: {error}; {now}"));
    let again = "run the command again: it pins the group where that is still needed".to_owned();
    let follow = follow_again(target, &plan.group).map(|follow| format!("; if it is pinned, {follow}"));
    Err(failure.hint(again + &follow.unwrap_or_default()).into())
}
