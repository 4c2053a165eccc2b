//! A roll-out over its groups, one after another, and the wait for one that is under way.

use anyhow::{Error, Result};

use super::begin::{Begun, Written, announce, begin, try_versions, with_written};
use super::check::{again, groups, plans};
use super::plan::{GroupPlan, GroupWork, PlannedVersion, RolloutRequest};
use super::watch::{failure, verify, watch};
use super::words::wait_line;
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::rollout::{GroupName, Refresh};
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};
use crate::service::auto_scaling_groups::ScalingGroup;
use crate::service::client::patience::Patience;
use crate::service::{Target, instance_refreshes};
use crate::workflows::run::context::{Context, stopped};
use crate::workflows::run::diagnostics::{diagnose, problem};

/// Checks all groups, then rolls out to one after another. The first that fails ends the run; those after it are skipped.
pub async fn run(context: &Context, target: &Target, request: &RolloutRequest) -> Result<(RolloutReport, Result<()>)> {
    let plans = context.unless_stopped(plans(context, target, request)).await?;
    if request.dry_run {
        let tried = context.unless_stopped(dry_run(context, target, &plans)).await;
        return tried.map(|()| (RolloutReport::default(), Ok(())));
    }
    let account = target.account().await.ok().cloned();
    let patience = context.patience();
    let (mut report, mut ended) = (RolloutReport::default(), None);
    for (at, plan) in plans.into_iter().enumerate() {
        let name = plan.group.name.clone();
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
            report.results.push(RolloutOutcome::skipped(name, target.region.clone(), account.clone(), problem));
            continue;
        }
        let mut row = row(target, &plan, account.clone());
        let work = async {
            let plan = match at {
                0 => plan,
                _ => context.unless_stopped(again(context, target, request, &plan)).await?,
            };
            one(context, target, request, &plan, &patience, &mut row).await
        };
        let worked = work.await;
        if let Err(error) = worked {
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
    let message = format!("interrupted; {done} groups are done, the others were not begun");
    Failure::new(Kind::Interrupted, "Interrupted", message).into()
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
    patience: &Patience,
    row: &mut RolloutOutcome,
) -> Result<()> {
    let group = &plan.group.name;
    let mut written = Written::default();
    let begun = match &plan.work {
        GroupWork::Nothing => {
            row.detail = Some("already there".to_owned());
            context.printer.say(format!("{group}: nothing to do: {}", there(plan)));
            return Ok(());
        }
        GroupWork::Join(refresh) => joined(context, plan, refresh),
        GroupWork::Refresh => {
            announce(context, plan);
            let begun = begin(context, target, request, plan, &mut written).await;
            row.changed = written.changed;
            row.template_version = written.version.or(row.template_version);
            begun.map_err(|error| with_written(target, plan, &written, named(group, error)))?
        }
    };
    row.refresh_id = Some(begun.refresh.clone());
    row.template_version = Some(begun.number);
    let follows = plan.pin.as_ref().map(|pin| format!("it no longer follows {}", pin.follows));
    let follows = follows.filter(|_| written.pinned.is_some());
    if !request.wait {
        row.detail = Some(details(["begun".to_owned()].into_iter().chain(follows)));
        context.printer.say(format!(
            "{group}: begun ({}); wait for it with: {}",
            begun.refresh,
            wait_line(target, group)
        ));
        return Ok(());
    }
    let ended = watch(context, target, patience, group, &begun.refresh).await?;
    if let Some(failure) = failure(target, group, &ended, Some(written.pinned.unwrap_or(plan.in_force))) {
        return Err(failure.into());
    }
    let shown = verify(target, patience, group, begun.number).await?;
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
fn others(group: &ScalingGroup, number: i64) -> Option<String> {
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

/// Waits for the last refresh of a group, whoever began it.
pub async fn wait(context: &Context, target: &Target, name: &GroupName) -> Result<(RolloutReport, Result<()>)> {
    let reading = async {
        let group = groups(target, std::slice::from_ref(name)).await?.pop();
        Ok((group, instance_refreshes::all(target, name).await?))
    };
    let (group, refreshes) = context.unless_stopped(reading).await?;
    let Some(last) = refreshes.into_iter().next() else {
        let message = format!("group {name} in {} has had no instance refresh for six weeks", target.place().await);
        return Err(Failure::new(Kind::Failed, "NoInstanceRefresh", message).into());
    };
    let to = last.to.clone();
    let template = to.clone().or(group.and_then(|group| group.template));
    let mut row = RolloutOutcome {
        account: target.account().await.ok().cloned(),
        region: target.region.clone(),
        group: name.clone(),
        image: None,
        template: template.map(|template| template.label().to_owned()),
        template_version: to.as_ref().and_then(|to| to.number()),
        refresh_id: Some(last.id.clone()),
        changed: false,
        detail: None,
        status: Status::Done,
    };
    let waiting = async {
        let patience = context.patience();
        let ended = watch(context, target, &patience, name, &last.id).await?;
        if let Some(failure) = failure(target, name, &ended, None) {
            return Err(failure.into());
        }
        if let Some(number) = row.template_version {
            let shown = context.unless_stopped(verify(target, &patience, name, number)).await?;
            row.detail = others(&shown, number);
        }
        Ok(())
    };
    let end: Result<()> = waiting.await;
    if let Err(error) = &end {
        row.status = Status::Failed(problem(error));
    }
    Ok((RolloutReport { results: vec![row] }, end))
}
