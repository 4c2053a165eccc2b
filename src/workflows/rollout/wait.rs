//! The wait for the refresh of a group.

use anyhow::Result;

use super::check::groups;
use super::run::others;
use super::watch::{failure, verify, watch};
use crate::domain::failure::{Failure, Kind};
use crate::domain::report::Status;
use crate::domain::rollout::GroupName;
use crate::domain::rollout_report::{RolloutOutcome, RolloutReport};
use crate::service::{Target, instance_refreshes};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::problem;

/// Waits for the refresh of a group that is under way, else tells how the last one ended, whoever began it.
pub async fn wait(context: &Context, target: &Target, name: &GroupName) -> Result<(RolloutReport, Result<()>)> {
    let reading = async {
        let group = groups(target, std::slice::from_ref(name)).await?.pop();
        Ok((group, instance_refreshes::all(target, name).await?))
    };
    let (group, refreshes) = context.unless_stopped(reading).await?;
    let active = refreshes.iter().find(|refresh| refresh.status.active());
    let Some(last) = active.or(refreshes.first()).cloned() else {
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
