//! A roll-out over its groups: all are pinned, then one after another is refreshed.

use anyhow::{Error, Result};

use super::begin::{Begun, announce, begin, try_versions};
use super::check::{again, plans};
use super::pinned::{announce_pin, pin_all};
use super::plan::{GroupPlan, GroupWork, PlannedVersion, RolloutRequest};
use super::watch::{failure, verify, watch};
use super::words::wait_line;
use super::written::{Written, left_pinned, with_written};
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::rollout::{GroupName, Refresh};
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};
use crate::service::Target;
use crate::service::auto_scaling_groups::ScalingGroup;
use crate::workflows::run::context::{Context, stopped};
use crate::workflows::run::diagnostics::{diagnose, problem};

/// Checks all groups, pins them, then rolls out to one after another. The first that fails ends the run; those after it
/// are skipped.
pub async fn run(context: &Context, target: &Target, request: &RolloutRequest) -> Result<(RolloutReport, Result<()>)> {
    let plans = context.unless_stopped(plans(context, target, request)).await?;
    if request.dry_run {
        let tried = context.unless_stopped(dry_run(context, target, &plans)).await;
        return tried.map(|()| (RolloutReport::default(), Ok(())));
    }
    let account = target.account().await.ok().cloned();
    let mut written: Vec<Written> = plans.iter().map(|_| Written::default()).collect();
    let unpinned = pin_all(context, target, &plans, &mut written).await.err();
    let failed_at = unpinned.as_ref().map(|(at, _)| *at);
    let mut ended = unpinned.map(|(at, error)| {
        let group = &plans[at].group;
        (group.name.clone(), with_written(target, group, &written[at], named(&group.name, error)))
    });
    let mut report = RolloutReport::default();
    for (at, (plan, mut written)) in plans.into_iter().zip(written).enumerate() {
        let name = plan.group.name.clone();
        let mut row = row(target, &plan, account.clone());
        row.changed = written.changed;
        if let Some((_, error)) = ended.as_ref().filter(|_| failed_at == Some(at)) {
            row.status = Status::Failed(problem(error));
            report.results.push(row);
            continue;
        }
        let skipped = match (&ended, stopped(context)) {
            (Some((failed, _)), _) => Some(Problem {
                code: "NotBegun".to_owned(),
                message: format!("not begun, as {failed} did not end well"),
            }),
            (None, stopped) => stopped,
        };
        if let Some(problem) = skipped {
            if ended.is_none() {
                ended = Some((name.clone(), interrupted(&report)));
            }
            left_pinned(target, &plan, &written).iter().for_each(|line| context.printer.tell(line));
            let skipped = RolloutOutcome::skipped(name, target.region.clone(), account.clone(), problem);
            let detail = written.pinned.map(|pinned| pinned.words());
            report.results.push(RolloutOutcome { changed: row.changed, detail, ..skipped });
            continue;
        }
        let before = plan.group.clone();
        let work = async {
            let plan = match at {
                0 => plan,
                _ => {
                    let again = context.unless_stopped(again(context, target, request, &plan, &mut written)).await;
                    again.map_err(|error| {
                        stopped(context).map_or(error, |problem| Error::new(not_begun(&name, problem)))
                    })?
                }
            };
            one(context, target, request, &plan, &mut written, &mut row).await
        };
        let worked = work.await;
        if let Err(error) = worked {
            let error = if row.refresh_id.is_none() { with_written(target, &before, &written, error) } else { error };
            row.status = Status::Failed(problem(&error));
            ended = Some((name, error));
        }
        report.results.push(row);
    }
    let end = match ended {
        None => Ok(()),
        Some((_, error)) => Err(conclude(&report, error)),
    };
    Ok((report, end))
}

/// The error of a run that was stopped between two groups.
fn interrupted(report: &RolloutReport) -> Error {
    let (done, ..) = report.counts();
    Failure::interrupted(format!("{done} groups are done, the others were not begun")).into()
}

/// The error of a group that was being checked again when the user asked to stop.
fn not_begun(group: &GroupName, problem: Problem) -> Failure {
    Failure::new(Kind::Interrupted, problem.code, format!("group {group}: {}", problem.message))
}

/// The error of the whole run.
fn conclude(report: &RolloutReport, error: Error) -> Error {
    let diagnosis = diagnose(&error);
    let kind = report.end(diagnosis.kind);
    let (_, _, skipped) = report.counts();
    if skipped == 0 && kind == diagnosis.kind {
        return error;
    }
    let rest = match skipped {
        0 => String::new(),
        1 => "; 1 group was not begun".to_owned(),
        many => format!("; {many} groups were not begun"),
    };
    let failure = Failure::new(kind, diagnosis.code, format!("{}{rest}", diagnosis.message));
    let again = (skipped > 0).then(|| "then run the command again: it leaves alone what is done".to_owned());
    let hints: Vec<String> = diagnosis.hint.into_iter().chain(again).collect();
    if hints.is_empty() { failure.into() } else { failure.hint(hints.join("; ")).into() }
}

async fn dry_run(context: &Context, target: &Target, plans: &[GroupPlan]) -> Result<()> {
    for plan in plans {
        let group = &plan.group.name;
        match &plan.work {
            GroupWork::Nothing => context.printer.say(format!("{group}: nothing to do: {}", there(plan))),
            GroupWork::Join(refresh) => {
                context.printer.say(format!("{group}: {} is under way already ({})", refresh.doing(), refresh.id));
            }
            GroupWork::Refresh => {
                try_versions(target, plan).await?;
                announce(context, plan);
                plan.pinned_first().iter().for_each(|pin| announce_pin(context, plan, pin));
            }
        }
    }
    context.printer.say("dry run: nothing was changed; Auto Scaling has no DryRun, so its permissions were not tried");
    Ok(())
}

fn there(plan: &GroupPlan) -> String {
    format!("all its instances run {}", plan.towards())
}

fn row(target: &Target, plan: &GroupPlan, account: Option<crate::domain::ids::AccountId>) -> RolloutOutcome {
    let number = match plan.goal {
        PlannedVersion::Existing(number) => Some(number),
        PlannedVersion::New(_) => None,
    };
    RolloutOutcome {
        account,
        region: target.region.clone(),
        group: plan.group.name.clone(),
        image: Some(Box::new(plan.image.clone())),
        template: Some(plan.template_name().to_owned()),
        template_version: number,
        refresh_id: None,
        changed: false,
        detail: None,
        status: Status::Done,
    }
}

/// One group; `row` says also before an error what was changed.
async fn one(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    plan: &GroupPlan,
    written: &mut Written,
    row: &mut RolloutOutcome,
) -> Result<()> {
    let group = &plan.group.name;
    let begun = match &plan.work {
        GroupWork::Nothing => {
            row.detail = Some("already there".to_owned());
            context.printer.say(format!("{group}: nothing to do: {}", there(plan)));
            return Ok(());
        }
        GroupWork::Join(refresh) => joined(context, plan, refresh),
        GroupWork::Refresh => {
            announce(context, plan);
            let begun = begin(context, target, request, plan, written).await;
            row.changed = written.changed;
            row.template_version = written.version.or(row.template_version);
            begun.map_err(|error| named(group, error))?
        }
    };
    row.refresh_id = Some(begun.refresh.clone());
    row.template_version = Some(begun.number);
    let follows = written.pinned.as_ref().map(|pinned| format!("it no longer follows {}", pinned.follows));
    if !request.wait {
        row.detail = Some(details(["begun".to_owned()].into_iter().chain(follows)));
        context.printer.say(format!(
            "{group}: begun ({}); wait for it with: {}",
            begun.refresh,
            wait_line(target, group)
        ));
        return Ok(());
    }
    // For this group alone: those before it may have taken hours.
    let patience = context.patience();
    let ended = watch(context, target, &patience, group, &begun.refresh).await?;
    let old = written.pinned.as_ref().map_or(plan.in_force, |pinned| pinned.number);
    if let Some(failure) = failure(target, group, &ended, Some(old)) {
        return Err(failure.into());
    }
    let shown = verify(target, &patience, group, begun.number).await?;
    let still = others(&shown, begun.number);
    let said: Vec<String> = still.into_iter().chain(follows).collect();
    for line in &said {
        context.printer.say(format!("{group}: {line}"));
    }
    row.detail = Some(details(said)).filter(|text| !text.is_empty());
    Ok(())
}

/// An error of AWS with the group.
fn named(group: &GroupName, error: Error) -> Error {
    if error.is::<Failure>() { error } else { error.context(format!("group {group}")) }
}

fn details(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join("; ")
}

/// Instances that a refresh left as they were: preferences of the group let protected ones and those in standby stay.
pub(super) fn others(group: &ScalingGroup, number: i64) -> Option<String> {
    match group.others(number) {
        0 => None,
        1 => Some("1 instance still runs another version".to_owned()),
        many => Some(format!("{many} instances still run another version")),
    }
}

fn joined(context: &Context, plan: &GroupPlan, refresh: &Refresh) -> Begun {
    let group = &plan.group.name;
    context.printer.say(format!("{group}: joined the refresh to the same version that is under way ({})", refresh.id));
    let number = refresh.to.as_ref().and_then(|to| to.number()).unwrap_or(plan.in_force);
    Begun { refresh: refresh.id.clone(), number }
}
