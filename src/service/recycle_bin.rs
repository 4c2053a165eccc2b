//! Recycle Bin calls: contents, retention rules, and restores of images and snapshots.

use std::time::Duration;

use aws_sdk_rbin::config::retry::RetryConfig;
use aws_sdk_rbin::types::{ResourceTag, ResourceType, RetentionPeriod, RetentionPeriodUnit, RuleStatus};
use aws_smithy_types::DateTime as Timestamp;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use super::client::concurrency::{self, CALLS};
use super::client::error::{ApiError, api, codes, dry_run};
use super::client::target::Target;
use super::{images, snapshots};
use crate::domain::command_line::amictl;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::recycle_bin::contents::{BinnedImage, BinnedSnapshot};
use crate::domain::recycle_bin::retention::RetentionDays;
use crate::domain::recycle_bin::rules::{Resource, RetentionRule, RuleTag};

const LIST_IMAGES: &str = "ListImagesInRecycleBin";
const LIST_SNAPSHOTS: &str = "ListSnapshotsInRecycleBin";
const RESTORE_IMAGE: &str = "RestoreImageFromRecycleBin";
const RESTORE_SNAPSHOT: &str = "RestoreSnapshotFromRecycleBin";
const LIST_RULES: &str = "ListRules";
const GET_RULE: &str = "GetRule";
const CREATE_RULE: &str = "CreateRule";

/// The service's code for too many calls, which says that nothing was done.
const THROTTLED: &str = "ThrottlingException";
/// The pauses before a call that was throttled is sent again, and between looks for a rule after a lost answer.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

const PAGE: i32 = 1000;
/// The timeout for reading the rules. They are not essential, and retries would take minutes if the service cannot be
/// reached.
const RULES_WITHIN: Duration = Duration::from_secs(10);

/// The images in the bin. EC2 does not report their snapshots.
pub async fn images(target: &Target) -> Result<Vec<BinnedImage>, ApiError> {
    let mut pages = target.ec2.list_images_in_recycle_bin().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(LIST_IMAGES, &target.region))?;
        found.extend(page.images().iter().filter_map(|image| {
            Some(BinnedImage {
                id: image.image_id()?.parse().ok()?,
                name: text(image.name()),
                description: text(image.description()),
                entered_at: image.recycle_bin_enter_time().and_then(time),
                exits_at: image.recycle_bin_exit_time().and_then(time),
            })
        }));
    }
    Ok(found)
}

/// The snapshots in the bin.
pub async fn snapshots(target: &Target) -> Result<Vec<BinnedSnapshot>, ApiError> {
    let mut pages = target.ec2.list_snapshots_in_recycle_bin().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(LIST_SNAPSHOTS, &target.region))?;
        found.extend(page.snapshots().iter().filter_map(|snapshot| {
            Some(BinnedSnapshot {
                id: snapshot.snapshot_id()?.parse().ok()?,
                description: snapshot.description().unwrap_or_default().to_owned(),
                exits_at: snapshot.recycle_bin_exit_time().and_then(time),
            })
        }));
    }
    Ok(found)
}

/// Restores a snapshot. An existing one counts as restored: a lost answer or an earlier run may have done it.
pub async fn restore_snapshot(target: &Target, id: &SnapshotId) -> Result<(), ApiError> {
    let call = target.ec2.restore_snapshot_from_recycle_bin().snapshot_id(id.as_str());
    let Err(error) = call.send().await.map_err(api(RESTORE_SNAPSHOT, &target.region)) else { return Ok(()) };
    match snapshots::existing(target, std::slice::from_ref(id)).await {
        Ok(found) if found.iter().any(|snapshot| snapshot.state != RECOVERABLE) => Ok(()),
        _ => Err(error),
    }
}

/// The state of a snapshot in the bin, in case EC2 lists it among the others.
pub(super) const RECOVERABLE: &str = "recoverable";

/// Restores an image, whose snapshots must exist. An existing one counts as restored.
pub async fn restore_image(target: &Target, id: &ImageId) -> Result<(), ApiError> {
    let call = target.ec2.restore_image_from_recycle_bin().image_id(id.as_str());
    let Err(error) = call.send().await.map_err(api(RESTORE_IMAGE, &target.region)) else { return Ok(()) };
    match images::own_by_ids(target, std::slice::from_ref(id)).await {
        Ok(found) if !found.is_empty() => Ok(()),
        _ => Err(error),
    }
}

/// Asks EC2 whether a snapshot could be restored; changes nothing.
pub async fn check_snapshot(target: &Target, id: &SnapshotId) -> Result<(), ApiError> {
    let call = target.ec2.restore_snapshot_from_recycle_bin().snapshot_id(id.as_str()).dry_run(true);
    dry_run(RESTORE_SNAPSHOT, &target.region, call.send().await.map_err(api(RESTORE_SNAPSHOT, &target.region)))
}

/// Asks EC2 whether an image could be restored; changes nothing.
pub async fn check_image(target: &Target, id: &ImageId) -> Result<(), ApiError> {
    let call = target.ec2.restore_image_from_recycle_bin().image_id(id.as_str()).dry_run(true);
    dry_run(RESTORE_IMAGE, &target.region, call.send().await.map_err(api(RESTORE_IMAGE, &target.region)))
}

/// All rules for images and snapshots, including pending ones, if they come soon.
pub async fn rules(target: &Target) -> Result<Vec<RetentionRule>, ApiError> {
    match tokio::time::timeout(RULES_WITHIN, all_rules(target)).await {
        Ok(found) => found,
        Err(_) => Err(ApiError {
            call: LIST_RULES,
            region: target.region.clone(),
            code: codes::TIMEOUT.to_owned(),
            message: format!("no answer within {} seconds", RULES_WITHIN.as_secs()),
            request_id: None,
            answer_lost: true,
        }),
    }
}

/// All rules for images and snapshots, including pending ones.
pub async fn all_rules(target: &Target) -> Result<Vec<RetentionRule>, ApiError> {
    let [images, snapshots] = [Resource::Image, Resource::Snapshot].map(|resource| rules_about(target, resource));
    let (mut all, about_snapshots) = tokio::try_join!(images, snapshots)?;
    all.extend(about_snapshots);
    Ok(all)
}

async fn rules_about(target: &Target, resource: Resource) -> Result<Vec<RetentionRule>, ApiError> {
    let mut pages = target.rbin().list_rules().resource_type(kind(resource)).into_paginator().page_size(PAGE).send();
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(LIST_RULES, &target.region))?;
        ids.extend(page.rules().iter().filter_map(|rule| rule.identifier().map(str::to_owned)));
    }
    let each = concurrency::as_done(CALLS, ids, |id| rule(target, resource, id));
    let found: Vec<_> = each.try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

fn kind(resource: Resource) -> ResourceType {
    match resource {
        Resource::Image => ResourceType::Ec2Image,
        Resource::Snapshot => ResourceType::EbsSnapshot,
    }
}

/// Makes a rule that holds everything of a region, where none is that long.
///
/// CreateRule has no client token, and a call that is repeated makes a second rule. So it is sent once, and after a lost
/// answer the rules are read.
pub async fn make_rule(target: &Target, resource: Resource, days: RetentionDays) -> Result<RetentionRule, ApiError> {
    let mut pauses = PAUSES.into_iter();
    let error = loop {
        let error = match create(target, resource, days).await {
            Ok(rule) => return Ok(rule),
            Err(error) => error,
        };
        match pauses.next().filter(|_| error.is(THROTTLED) && !error.answer_lost) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => break error,
        }
    };
    if !error.answer_lost {
        return Err(error);
    }
    for pause in PAUSES {
        let rules = rules_about(target, resource).await.map_err(|look| {
            let message = format!("{}; the rule may have been made, but looking for it failed: {look}", error.message);
            ApiError { message, ..error.clone() }
        })?;
        if let Some(made) = rules.into_iter().find(|rule| rule.is_whole() && rule.days >= days.get()) {
            return Ok(made);
        }
        tokio::time::sleep(pause).await;
    }
    Err(error)
}

async fn create(target: &Target, resource: Resource, days: RetentionDays) -> Result<RetentionRule, ApiError> {
    let unbuilt = |_| ApiError::unreadable(CREATE_RULE, &target.region);
    let period = RetentionPeriod::builder()
        .retention_period_value(i32::try_from(days.get()).unwrap_or(i32::MAX))
        .retention_period_unit(RetentionPeriodUnit::Days);
    let once = aws_sdk_rbin::Config::builder().retry_config(RetryConfig::disabled());
    let call =
        target.rbin().create_rule().resource_type(kind(resource)).retention_period(period.build().map_err(unbuilt)?);
    let call = call.description(format!("{} --retain {days}", amictl("recycle-bin")));
    let answer = call.customize().config_override(once).send().await.map_err(api(CREATE_RULE, &target.region))?;
    let id = answer.identifier().ok_or_else(|| ApiError::unreadable(CREATE_RULE, &target.region))?.to_owned();
    let in_force = answer.status() == Some(&RuleStatus::Available);
    Ok(RetentionRule { id, resource, days: days.get(), in_force, tags: Vec::new(), exclude: Vec::new() })
}

/// Reads a rule in full: a listing omits its tags and its status.
async fn rule(target: &Target, resource: Resource, id: String) -> Result<Option<RetentionRule>, ApiError> {
    let answer = target.rbin().get_rule().identifier(&id).send().await.map_err(api(GET_RULE, &target.region));
    let found = match answer {
        // Deleted since it was listed.
        Err(error) if error.is("ResourceNotFoundException") => return Ok(None),
        other => other?,
    };
    let period = found.retention_period().filter(|p| *p.retention_period_unit() == RetentionPeriodUnit::Days);
    let Some(days) = period.and_then(|p| u32::try_from(p.retention_period_value()).ok()) else { return Ok(None) };
    let tags = |list: &[ResourceTag]| {
        let one = |tag: &ResourceTag| RuleTag {
            key: tag.resource_tag_key().to_owned(),
            value: tag.resource_tag_value().map(str::to_owned),
        };
        list.iter().map(one).collect()
    };
    Ok(Some(RetentionRule {
        id,
        resource,
        days,
        in_force: found.status() == Some(&RuleStatus::Available),
        tags: tags(found.resource_tags()),
        exclude: tags(found.exclude_resource_tags()),
    }))
}

fn text(found: Option<&str>) -> Option<String> {
    found.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn time(at: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), 0)
}
