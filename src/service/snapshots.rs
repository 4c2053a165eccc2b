//! DescribeSnapshots and DeleteSnapshot, and the block on public snapshots.

use aws_sdk_ec2::types::{self, Filter, SnapshotBlockPublicAccessState};
use chrono::DateTime;

use super::client::convert;
use super::client::error::{ApiError, api, dry_run};
use super::client::target::Target;
use super::images::FILTER_VALUES;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::snapshot::Snapshot;

const DESCRIBE: &str = "DescribeSnapshots";
const DELETE: &str = "DeleteSnapshot";
const PAGE: i32 = 1000;

/// The visible snapshots among `ids`; unknown ids are omitted without an error.
pub async fn existing(target: &Target, ids: &[SnapshotId]) -> Result<Vec<Snapshot>, ApiError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let values = chunk.iter().map(ToString::to_string).collect();
        let filter = Filter::builder().name("snapshot-id").set_values(Some(values)).build();
        let mut pages = target.ec2.describe_snapshots().filters(filter).into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(api(DESCRIBE, &target.region))?;
            found.extend(page.snapshots().iter().filter_map(info));
        }
    }
    Ok(found)
}

/// EC2's messages about failed snapshots: an error with a key may be reported here and not on the image.
pub async fn messages(target: &Target, ids: &[SnapshotId]) -> Result<Vec<String>, ApiError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let values = chunk.iter().map(ToString::to_string).collect();
        let filter = Filter::builder().name("snapshot-id").set_values(Some(values)).build();
        let mut pages = target.ec2.describe_snapshots().filters(filter).into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(api(DESCRIBE, &target.region))?;
            found.extend(page.snapshots().iter().filter_map(|snapshot| snapshot.state_message().map(str::to_owned)));
        }
    }
    Ok(found)
}

/// The block on public snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its origin: `account` or `declarative-policy`.
    pub by: String,
    /// Whether snapshots already public are treated as private.
    pub all: bool,
}

/// The block on public snapshots in this place, if any.
pub async fn public_sharing_blocked(target: &Target) -> Result<Option<Block>, ApiError> {
    let call = "GetSnapshotBlockPublicAccessState";
    let answer = target.ec2.get_snapshot_block_public_access_state().send().await.map_err(api(call, &target.region))?;
    let all = match answer.state() {
        Some(SnapshotBlockPublicAccessState::BlockAllSharing) => true,
        Some(SnapshotBlockPublicAccessState::BlockNewSharing) => false,
        // EC2 decides about unknown states.
        _ => return Ok(None),
    };
    Ok(Some(Block { by: answer.managed_by().map_or("account", |by| by.as_str()).to_owned(), all }))
}

/// The account's snapshots whose description by EC2 names one of these images.
pub async fn speaking_of(target: &Target, images: &[ImageId]) -> Result<Vec<Snapshot>, ApiError> {
    let mut found = Vec::new();
    for chunk in images.chunks(FILTER_VALUES / 2) {
        let words =
            |id: &ImageId| [format!("Created by CreateImage(*) for {id}*"), format!("Copied for DestinationAmi {id}*")];
        let filter =
            Filter::builder().name("description").set_values(Some(chunk.iter().flat_map(words).collect())).build();
        let call = target.ec2.describe_snapshots().owner_ids("self").filters(filter);
        let mut pages = call.into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(api(DESCRIBE, &target.region))?;
            found.extend(page.snapshots().iter().filter_map(info));
        }
    }
    Ok(found)
}

/// All snapshots of the account.
pub async fn own(target: &Target) -> Result<Vec<Snapshot>, ApiError> {
    let mut pages = target.ec2.describe_snapshots().owner_ids("self").into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(DESCRIBE, &target.region))?;
        found.extend(page.snapshots().iter().filter_map(info));
    }
    Ok(found)
}

fn info(found: &types::Snapshot) -> Option<Snapshot> {
    let percent = found.progress().and_then(|p| p.trim_end_matches('%').parse().ok());
    let started_at = found.start_time().and_then(|at| DateTime::from_timestamp(at.secs(), 0));
    Some(Snapshot {
        id: found.snapshot_id()?.parse().ok()?,
        state: found.state().map(|s| s.as_str().to_owned()).unwrap_or_default(),
        percent: percent.unwrap_or(0),
        size_gib: found.volume_size().map_or(0, i64::from),
        full_bytes: found.full_snapshot_size_in_bytes(),
        tier: found.storage_tier().map(|tier| tier.as_str().to_owned()),
        started_at,
        volume_id: found.volume_id().map(str::to_owned),
        kms_key: found.kms_key_id().map(str::to_owned),
        description: found.description().unwrap_or_default().to_owned(),
        tags: convert::tags(found.tags()),
    })
}

/// Deletes a snapshot. A missing one counts as deleted: a lost answer may have done it.
pub async fn delete(target: &Target, id: &SnapshotId) -> Result<(), ApiError> {
    let answer = target.ec2.delete_snapshot().snapshot_id(id.as_str()).send().await;
    match answer.map_err(api(DELETE, &target.region)) {
        Err(error) if error.is("InvalidSnapshot.NotFound") => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Asks EC2 whether the snapshot could be deleted. A refusal because an image uses it says nothing yet, and is ignored.
pub async fn delete_dry_run(target: &Target, id: &SnapshotId) -> Result<(), ApiError> {
    let answer = target.ec2.delete_snapshot().snapshot_id(id.as_str()).dry_run(true).send().await;
    match dry_run(DELETE, &target.region, answer.map_err(api(DELETE, &target.region))) {
        Err(error) if error.is("InvalidSnapshot.InUse") => Ok(()),
        other => other,
    }
}
