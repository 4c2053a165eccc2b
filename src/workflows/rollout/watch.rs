//! The watch over a refresh to its end, and what that end means.

use anyhow::Result;
use tokio::time::Instant;

use super::words::{cancel_line, rollback_line, rollout_line, wait_line};
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::NOT_SEEN;
use crate::domain::rollout::{GroupName, Refresh, RefreshStatus};
use crate::service::auto_scaling_groups::{self, ScalingGroup};
use crate::service::client::patience::{Over, Patience, Pauses, Progress, UNKNOWN_AT_FIRST, Watch, out_of_sight};
use crate::service::{Target, instance_refreshes};
use crate::workflows::run::context::Context;

/// How often the group is read after a success until it shows the version.
const LOOKS: usize = 4;

/// Watches a refresh until it ends. On a terminal a bar shows its percentage, else each change of its status is a line.
pub(super) async fn watch(
    context: &Context,
    target: &Target,
    patience: &Patience,
    group: &GroupName,
    id: &str,
) -> Result<Refresh> {
    context.watched(group.as_str(), async |bar| follow(context, target, patience, (group, id), bar).await).await
}

async fn follow(
    context: &Context,
    target: &Target,
    patience: &Patience,
    (group, id): (&GroupName, &str),
    bar: Option<Watch<'_>>,
) -> Result<Refresh> {
    let (began, mut pauses) = (Instant::now(), Pauses::new(patience));
    let mut last: Option<Refresh> = None;
    loop {
        let looked = patience.unless_over(instance_refreshes::by_id(target, group, id)).await;
        match looked.map_err(|over| left(target, group, id, last.as_ref(), over))? {
            Ok(Some(refresh)) => {
                show(context, group, last.as_ref(), &refresh, bar);
                if !refresh.status.active() {
                    return Ok(refresh);
                }
                last = Some(refresh);
            }
            Ok(None) if began.elapsed() < UNKNOWN_AT_FIRST => {}
            Ok(None) => {
                let message = format!("group {group}: Auto Scaling does not know the refresh {id}");
                return Err(Failure::new(Kind::Failed, NOT_SEEN, message).into());
            }
            Err(error) => {
                let what = format!("the refresh {id} of group {group} was {}", doing(last.as_ref()));
                return Err(out_of_sight(&error, &what, &wait_line(target, group)).into());
            }
        }
        pauses.pause().await.map_err(|over| left(target, group, id, last.as_ref(), over))?;
    }
}

fn show(context: &Context, group: &GroupName, last: Option<&Refresh>, now: &Refresh, bar: Option<Watch<'_>>) {
    match bar {
        Some(bar) => bar(Progress { percent: now.percent, doing: format!("{}{}", now.status, now.left()) }),
        None if last.is_none_or(|last| last.status != now.status) => {
            context.printer.say(format!("{group}: {}", now.doing()));
        }
        None => {}
    }
}

fn doing(last: Option<&Refresh>) -> String {
    last.map_or_else(|| "begun".to_owned(), Refresh::doing)
}

/// The failure of a watch that ends before the refresh, which goes on.
fn left(target: &Target, group: &GroupName, id: &str, last: Option<&Refresh>, over: Over) -> Failure {
    let what = format!("the refresh {id} of group {group} is {}", doing(last));
    let wait = wait_line(target, group);
    over.failure(&what, &wait).hint(format!(
        "wait for it with: {wait}; end it with: {}; go back with: {}",
        cancel_line(target, group),
        rollback_line(target, group)
    ))
}

/// The failure of a refresh that ended otherwise than successfully; `old` is the version from before.
pub(super) fn failure(target: &Target, group: &GroupName, refresh: &Refresh, old: Option<i64>) -> Option<Failure> {
    let to = refresh.to.as_ref().map(|to| format!(" to version {}", to.version())).unwrap_or_default();
    let reason = refresh.reason.as_deref().unwrap_or("Auto Scaling gives no reason");
    let percent = refresh.percent.map(|percent| format!(" at {percent}%")).unwrap_or_default();
    let (code, how) = match &refresh.status {
        RefreshStatus::Successful => return None,
        RefreshStatus::Failed => ("InstanceRefreshFailed", format!("failed{percent}")),
        RefreshStatus::Cancelled => ("InstanceRefreshCancelled", format!("was cancelled{percent}")),
        RefreshStatus::RollbackSuccessful => ("RolledBack", "was rolled back".to_owned()),
        RefreshStatus::RollbackFailed => ("RollbackFailed", "could not be rolled back".to_owned()),
        RefreshStatus::Pending
        | RefreshStatus::InProgress
        | RefreshStatus::Baking
        | RefreshStatus::Cancelling
        | RefreshStatus::RollbackInProgress
        | RefreshStatus::Unknown(_) => ("InstanceRefreshNotOver", format!("is {}", refresh.status)),
    };
    let message = format!("group {group}: the refresh{to} ({}) {how}: {reason}", refresh.id);
    let failure = Failure::new(Kind::Failed, code, message);
    let back = || old.map(|old| rollout_line(target, group, old));
    Some(match (&refresh.status, back()) {
        (RefreshStatus::RollbackSuccessful, _) => failure.hint("its instances run what they ran before"),
        (_, Some(line)) => failure.hint(format!("some instances may be new; to bring all of them back: {line}")),
        (_, None) => failure.hint("some instances may be new; the activities of the group say what happened"),
    })
}

/// Reads the group again after a success: what Auto Scaling says must show.
pub(super) async fn verify(
    target: &Target,
    patience: &Patience,
    group: &GroupName,
    number: i64,
) -> Result<ScalingGroup> {
    let mut pauses = Pauses::new(patience);
    let mut shown = "nothing".to_owned();
    for look in 0..LOOKS {
        if look > 0 {
            let what = format!("group {group} shows {shown}, not version {number} yet");
            pauses.pause().await.map_err(|over| over.failure(&what, &wait_line(target, group)))?;
        }
        let found = auto_scaling_groups::by_names(target, std::slice::from_ref(group)).await?.pop();
        let Some(found) = found else { continue };
        match &found.template {
            Some(template) if template.number() == Some(number) => return Ok(found),
            Some(template) => shown = format!("version {}", template.version()),
            None => shown = "no launch template".to_owned(),
        }
    }
    let message = format!("group {group}: the refresh counts as successful, but the group shows {shown}, not {number}");
    Err(Failure::new(Kind::Failed, NOT_SEEN, message)
        .hint(format!("somebody may have changed it meanwhile; look with: {}", wait_line(target, group)))
        .into())
}
