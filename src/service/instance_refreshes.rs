//! Instance refreshes of Auto Scaling groups: begun, read, cancelled, rolled back.

use std::time::Duration;

use aws_sdk_autoscaling::config::retry::RetryConfig;
use aws_sdk_autoscaling::types::{AlarmSpecification, InstanceRefresh, RefreshPreferences};

use super::auto_scaling_groups::{ScalingGroup, template_use};
use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::rollout::{GroupName, Refresh, RefreshStatus, RolloutPreferences, TemplateUse};

const START: &str = "StartInstanceRefresh";
const DESCRIBE: &str = "DescribeInstanceRefreshes";
const CANCEL: &str = "CancelInstanceRefresh";
const ROLL_BACK: &str = "RollbackInstanceRefresh";
/// Auto Scaling's limit for a page.
const PAGE: i32 = 100;

/// Auto Scaling's codes that say that nothing was begun, and that another try may.
const BUSY: [&str; 4] = ["ResourceContention", "Throttling", "ThrottlingException", "RequestLimitExceeded"];
/// The pauses before another try, and between looks for a refresh after a lost answer.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Auto Scaling's code for a group on which another refresh is under way.
pub const UNDER_WAY: &str = "InstanceRefreshInProgress";
/// Its codes for a group without a refresh that could be ended or rolled back.
pub const NONE_UNDER_WAY: &str = "ActiveInstanceRefreshNotFound";
pub const IRREVERSIBLE: &str = "IrreversibleInstanceRefresh";

/// All refreshes of the last six weeks, the newest first, as AWS gives them: a pending one has no time yet.
pub async fn all(target: &Target, group: &GroupName) -> Result<Vec<Refresh>, ApiError> {
    let call = target.autoscaling().describe_instance_refreshes().auto_scaling_group_name(group.as_str());
    let mut pages = call.into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(DESCRIBE, &target.region))?;
        found.extend(page.instance_refreshes().iter().filter_map(refresh));
    }
    Ok(found)
}

/// The refresh with this id, if Auto Scaling knows it.
pub async fn by_id(target: &Target, group: &GroupName, id: &str) -> Result<Option<Refresh>, ApiError> {
    let call = target.autoscaling().describe_instance_refreshes().auto_scaling_group_name(group.as_str());
    let answer = call.instance_refresh_ids(id).send().await.map_err(api(DESCRIBE, &target.region))?;
    Ok(answer.instance_refreshes().iter().find_map(refresh))
}

/// Begins to replace the instances of a group by those of this version; gives the id of the refresh.
///
/// The call has no token, and a repeated one begins another refresh or meets the one that it began itself. So it is sent
/// once, and after a lost answer a refresh to this version is looked for that is none of those `before`.
pub async fn start(
    target: &Target,
    group: &ScalingGroup,
    number: i64,
    preferences: &RolloutPreferences,
    before: &[Refresh],
) -> Result<String, ApiError> {
    let mut pauses = PAUSES.into_iter();
    let error = loop {
        let error = match send(target, group, number, preferences).await {
            Ok(id) => return Ok(id),
            Err(error) => error,
        };
        match pauses.next().filter(|_| !error.answer_lost && BUSY.iter().any(|code| error.is(code))) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => break error,
        }
    };
    if !error.answer_lost {
        return Err(error);
    }
    let ours = TemplateUse::default();
    let template = group.template.as_ref().unwrap_or(&ours);
    for pause in PAUSES {
        let found = all(target, &group.name).await.map_err(|look| {
            let message = format!("{}; the refresh may have begun, but looking for it failed: {look}", error.message);
            ApiError { message, ..error.clone() }
        })?;
        let new = |one: &&Refresh| !before.iter().any(|old| old.id == one.id) && one.goes_to(template, number);
        if let Some(begun) = found.iter().find(new) {
            return Ok(begun.id.clone());
        }
        tokio::time::sleep(pause).await;
    }
    Err(error)
}

async fn send(
    target: &Target,
    group: &ScalingGroup,
    number: i64,
    preferences: &RolloutPreferences,
) -> Result<String, ApiError> {
    let once = aws_sdk_autoscaling::Config::builder().retry_config(RetryConfig::disabled());
    let call = target
        .autoscaling()
        .start_instance_refresh()
        .auto_scaling_group_name(group.name.as_str())
        .desired_configuration(group.desired(number))
        .preferences(sdk_preferences(preferences));
    let answer = call.customize().config_override(once).send().await.map_err(api(START, &target.region))?;
    answer.instance_refresh_id.ok_or_else(|| ApiError::unreadable(START, &target.region))
}

/// Ends the refresh of a group; instances that are replaced already stay. Gives its id.
pub async fn cancel(target: &Target, group: &GroupName) -> Result<Option<String>, ApiError> {
    let call = target.autoscaling().cancel_instance_refresh().auto_scaling_group_name(group.as_str());
    let answer = call.send().await.map_err(api(CANCEL, &target.region))?;
    Ok(answer.instance_refresh_id)
}

/// Lets Auto Scaling go back to what the group launched before. Gives the id of the refresh.
pub async fn roll_back(target: &Target, group: &GroupName) -> Result<Option<String>, ApiError> {
    let call = target.autoscaling().rollback_instance_refresh().auto_scaling_group_name(group.as_str());
    let answer = call.send().await.map_err(api(ROLL_BACK, &target.region))?;
    Ok(answer.instance_refresh_id)
}

/// What is not given is not sent, so that the group's own policy stands.
fn sdk_preferences(preferences: &RolloutPreferences) -> RefreshPreferences {
    let seconds = |span: Option<Duration>| span.map(|span| i32::try_from(span.as_secs()).unwrap_or(i32::MAX));
    let alarms = Some(preferences.alarms.clone()).filter(|alarms| !alarms.is_empty());
    RefreshPreferences::builder()
        .set_min_healthy_percentage(preferences.min_healthy)
        .set_max_healthy_percentage(preferences.max_healthy)
        .set_instance_warmup(seconds(preferences.warmup))
        .set_checkpoint_percentages(preferences.checkpoints.as_ref().map(|points| points.percentages().to_vec()))
        .set_checkpoint_delay(seconds(preferences.checkpoint_delay))
        .set_bake_time(seconds(preferences.bake))
        .set_alarm_specification(alarms.map(|alarms| AlarmSpecification::builder().set_alarms(Some(alarms)).build()))
        .auto_rollback(preferences.auto_rollback)
        .skip_matching(preferences.skip_matching)
        .build()
}

fn refresh(found: &InstanceRefresh) -> Option<Refresh> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let rolled_back = found.rollback_details().and_then(|details| text(details.rollback_reason()));
    let to = found.desired_configuration().and_then(|desired| {
        let inner = desired.mixed_instances_policy().and_then(|policy| policy.launch_template());
        desired.launch_template().or(inner.and_then(|template| template.launch_template_specification()))
    });
    Some(Refresh {
        id: found.instance_refresh_id()?.to_owned(),
        status: RefreshStatus::read(found.status().map_or("unknown", |status| status.as_str())),
        reason: text(found.status_reason()).or(rolled_back),
        percent: found.percentage_complete().and_then(|percent| u8::try_from(percent).ok()),
        to_update: found.instances_to_update(),
        to: to.map(template_use),
    })
}
