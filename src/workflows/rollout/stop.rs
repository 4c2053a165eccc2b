//! The end of a refresh by request: cancelled, or rolled back.

use anyhow::{Error, Result};

use super::check::groups;
use super::watch::{failure, watch};
use super::words::{refused, rollout_line, wait_line};
use crate::domain::failure::{Failure, Kind};
use crate::domain::report::Status;
use crate::domain::rollout::{GroupName, Refresh, RefreshStatus, version_before};
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};
use crate::service::auto_scaling_groups::ScalingGroup;
use crate::service::client::patience::Patience;
use crate::service::instance_refreshes::{self, IRREVERSIBLE, NONE_UNDER_WAY};
use crate::service::{Target, client::error::ApiError};
use crate::workflows::run::context::{Context, stopped};
use crate::workflows::run::diagnostics::{diagnose, problem};

/// How a refresh is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// It stops where it is.
    Cancel,
    /// It goes back.
    RollBack,
}

impl Halt {
    /// Whether a refresh with this status is on its way to that end, or there.
    fn reached(self, status: &RefreshStatus) -> bool {
        match self {
            Self::Cancel => matches!(status, RefreshStatus::Cancelling | RefreshStatus::Cancelled),
            Self::RollBack => matches!(
                status,
                RefreshStatus::RollbackInProgress | RefreshStatus::RollbackSuccessful | RefreshStatus::RollbackFailed
            ),
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Cancel => "cancelled",
            Self::RollBack => "rolled back",
        }
    }
}

/// Ends the refreshes of these groups. Each must have one under way.
pub async fn stop(
    context: &Context,
    target: &Target,
    names: &[GroupName],
    halt: Halt,
    (wait, dry_run): (bool, bool),
) -> Result<(RolloutReport, Result<()>)> {
    let reading = async {
        let mut found = Vec::new();
        for group in groups(target, names).await? {
            let refreshes = instance_refreshes::all(target, &group.name).await?;
            let active = refreshes.iter().find(|refresh| refresh.status.active()).cloned();
            let active = active.ok_or_else(|| nothing(target, &group, &refreshes, halt))?;
            if halt == Halt::RollBack && active.status == RefreshStatus::Cancelling {
                let message = format!("its refresh is being cancelled ({})", active.id);
                return Err(refused(&group.name, NONE_UNDER_WAY, message).into());
            }
            found.push((group, active));
        }
        Ok(found)
    };
    let found = context.unless_stopped(reading).await?;
    if dry_run {
        for (group, active) in &found {
            let (name, id) = (&group.name, &active.id);
            context.printer.say(format!("{name}: {} would be {} ({id})", active.doing(), halt.done()));
        }
        context
            .printer
            .say("dry run: nothing was changed; Auto Scaling has no DryRun, so the permission was not tried");
        return Ok((RolloutReport::default(), Ok(())));
    }
    // All are sent before any is waited for: what goes wrong in one group is to end in the others, too.
    let (mut report, mut first) = (RolloutReport::default(), None);
    for (group, active) in &found {
        let mut row = row(target, group, active).await;
        let sent = match stopped(context) {
            Some(problem) => {
                row.status = Status::Skipped(problem);
                Err(Failure::interrupted("some refreshes were not touched, as the report says").into())
            }
            None => send(target, active, halt, &mut row).await,
        };
        if let (Err(error), Status::Done) = (&sent, &row.status) {
            row.status = Status::Failed(problem(error));
        }
        first = first.or(sent.err());
        report.results.push(row);
    }
    let patience = context.patience();
    for (row, (_, active)) in report.results.iter_mut().zip(&found).filter(|(row, _)| row.done()) {
        if !wait {
            let group = &row.group;
            row.detail = Some(format!("will be {}", halt.done()));
            let line = wait_line(target, group);
            context.printer.say(format!("{group}: will be {}; wait for it with: {line}", halt.done()));
            continue;
        }
        let ended = follow(context, target, &patience, active, halt, row).await;
        if let Err(error) = ended {
            row.status = Status::Failed(problem(&error));
            first = first.or(Some(error));
        }
    }
    let end = first.map_or(Ok(()), |error| {
        let diagnosis = diagnose(&error);
        let kind = report.end(diagnosis.kind);
        if kind == diagnosis.kind {
            return Err(error);
        }
        let failure = Failure::new(kind, diagnosis.code, diagnosis.message);
        Err(diagnosis.hint.into_iter().fold(failure, Failure::hint).into())
    });
    Ok((report, end))
}

async fn row(target: &Target, group: &ScalingGroup, active: &Refresh) -> RolloutOutcome {
    RolloutOutcome {
        account: target.account().await.ok().cloned(),
        region: target.region.clone(),
        group: group.name.clone(),
        image: None,
        template: group.template.as_ref().map(|template| template.label().to_owned()),
        template_version: group.template.as_ref().and_then(|template| template.number()),
        refresh_id: Some(active.id.clone()),
        changed: false,
        detail: None,
        status: Status::Done,
    }
}

async fn send(target: &Target, active: &Refresh, halt: Halt, row: &mut RolloutOutcome) -> Result<()> {
    if halt.reached(&active.status) {
        return Ok(());
    }
    let sent = match halt {
        Halt::Cancel => instance_refreshes::cancel(target, &row.group).await,
        Halt::RollBack => instance_refreshes::roll_back(target, &row.group).await,
    };
    if let Err(error) = sent {
        reached_anyway(target, &row.group, active, halt, error).await?;
    }
    row.changed = true;
    Ok(())
}

async fn follow(
    context: &Context,
    target: &Target,
    patience: &Patience,
    active: &Refresh,
    halt: Halt,
    row: &mut RolloutOutcome,
) -> Result<()> {
    let group = row.group.clone();
    let ended = watch(context, target, patience, &group, &active.id).await?;
    let wanted = match halt {
        Halt::Cancel => ended.status == RefreshStatus::Cancelled,
        Halt::RollBack => ended.status == RefreshStatus::RollbackSuccessful,
    };
    row.detail = Some(halt.done().to_owned()).filter(|_| wanted);
    if wanted {
        return Ok(());
    }
    Err(failure(target, &group, &ended, None).map_or_else(
        || {
            let message = format!("group {group}: its refresh ({}) was successful before it could end", ended.id);
            Failure::new(Kind::Failed, "InstanceRefreshSuccessful", message).into()
        },
        Error::from,
    ))
}

/// After an error the refresh may end as wanted all the same: an answer got lost, or another run was faster.
async fn reached_anyway(
    target: &Target,
    group: &GroupName,
    active: &Refresh,
    halt: Halt,
    error: ApiError,
) -> Result<(), Error> {
    let there = instance_refreshes::by_id(target, group, &active.id).await.ok().flatten();
    if there.as_ref().is_some_and(|refresh| halt.reached(&refresh.status)) {
        return Ok(());
    }
    let message = format!("its refresh ({}) cannot be {}: {}", active.id, halt.done(), error.message);
    if error.is(IRREVERSIBLE) {
        let failure = refused(group, IRREVERSIBLE, message);
        return Err(failure.hint("go back with a roll-out to the version from before: --template-version N").into());
    }
    match error.is(NONE_UNDER_WAY) {
        true => Err(refused(group, NONE_UNDER_WAY, message).into()),
        false => Err(error.into()),
    }
}

/// The refusal where nothing is under way, with the roll-out that goes back.
fn nothing(target: &Target, group: &ScalingGroup, refreshes: &[Refresh], halt: Halt) -> Failure {
    let failure = refused(&group.name, NONE_UNDER_WAY, "no refresh is under way");
    let earlier = group.template.as_ref().and_then(|now| version_before(refreshes, now));
    match (halt, earlier) {
        (Halt::Cancel, _) => failure,
        (Halt::RollBack, Some(number)) => failure.hint(format!(
            "a roll-out to the version from before goes back: {}",
            rollout_line(target, &group.name, number)
        )),
        (Halt::RollBack, None) => failure.hint("a roll-out to the version from before goes back: --template-version N"),
    }
}
