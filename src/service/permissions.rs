//! Launch permissions of images, and permissions to create volumes from snapshots.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ec2::types::{
    CreateVolumePermission, ImageAttributeName, LaunchPermission, LaunchPermissionModifications, OperationType,
    PermissionGroup, ResetImageAttributeName, SnapshotAttributeName,
};

use super::client::error::{ApiError, api, codes, dry_run};
use super::client::target::Target;
use super::lifecycle::{SEEN_PAUSES, STATE};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::{NOT_SEEN, Problem};

const DESCRIBE: &str = "DescribeImageAttribute";
const MODIFY: &str = "ModifyImageAttribute";
const RESET: &str = "ResetImageAttribute";
const DESCRIBE_SNAPSHOT: &str = "DescribeSnapshotAttribute";
const MODIFY_SNAPSHOT: &str = "ModifySnapshotAttribute";

/// EC2's limit for changes in one ModifySnapshotAttribute.
const SNAPSHOT_CHANGES: usize = 500;

/// The direction of a change of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Give {
    /// Grants permissions.
    Add,
    /// Revokes permissions.
    Remove,
}

/// All launch permissions of an image, which only its owner can read. An unknown kind of principal is an error: callers
/// need the complete list.
pub async fn launch_permissions(target: &Target, image: &ImageId) -> Result<BTreeSet<Principal>, ApiError> {
    read_all(DESCRIBE, target, &named(target, image).await?)
}

/// The launch permissions that can be parsed, for a search among them.
pub async fn known_permissions(target: &Target, image: &ImageId) -> Result<BTreeSet<Principal>, ApiError> {
    let named = named(target, image).await?;
    Ok(named.iter().filter_map(|text| Principal::read(text).ok()).collect())
}

/// All launch permissions as EC2 writes them.
pub async fn named(target: &Target, image: &ImageId) -> Result<Vec<String>, ApiError> {
    let answer = target
        .ec2
        .describe_image_attribute()
        .image_id(image.as_str())
        .attribute(ImageAttributeName::LaunchPermission)
        .send()
        .await
        .map_err(api(DESCRIBE, &target.region))?;
    Ok(answer.launch_permissions().iter().map(named_by).collect())
}

fn read_all(call: &'static str, target: &Target, named: &[String]) -> Result<BTreeSet<Principal>, ApiError> {
    let read = named.iter().map(|text| Principal::read(text)).collect::<Result<_, _>>();
    read.map_err(|error| ApiError {
        call,
        region: target.region.clone(),
        code: codes::PRINCIPAL.to_owned(),
        message: format!("EC2 returned a permission that amictl cannot read: {error}"),
        request_id: None,
        answer_lost: false,
    })
}

/// Changes launch permissions. Granting twice, or revoking a missing one, is harmless.
pub async fn change_launch(
    target: &Target,
    image: &ImageId,
    give: Give,
    who: &BTreeSet<Principal>,
    try_only: bool,
) -> Result<(), ApiError> {
    let list = Some(who.iter().map(launch).collect());
    let changes = match give {
        Give::Add => LaunchPermissionModifications::builder().set_add(list),
        Give::Remove => LaunchPermissionModifications::builder().set_remove(list),
    };
    let call = target.ec2.modify_image_attribute().image_id(image.as_str()).launch_permission(changes.build());
    let answer = call.dry_run(try_only).send().await.map_err(api(MODIFY, &target.region));
    settled(MODIFY, target, answer, try_only)
}

/// Changes launch permissions and reads them until EC2 shows the change.
pub async fn give(target: &Target, image: &ImageId, give: Give, who: &BTreeSet<Principal>) -> Result<(), Problem> {
    if who.is_empty() {
        return Ok(());
    }
    let asked = change_launch(target, image, give, who, false).await;
    let holds = |now: &BTreeSet<Principal>| match give {
        Give::Add => now.is_superset(who),
        Give::Remove => now.is_disjoint(who),
    };
    seen(asked, holds, || known_permissions(target, image)).await
}

/// Confirms a change of permissions by reading them: an answer may be lost, and EC2 may show the change late.
pub async fn seen<F: Future<Output = Result<BTreeSet<Principal>, ApiError>>>(
    asked: Result<(), ApiError>,
    holds: impl Fn(&BTreeSet<Principal>) -> bool,
    look: impl Fn() -> F,
) -> Result<(), Problem> {
    let lost = match asked {
        Ok(()) => None,
        Err(error) if error.answer_lost => Some(error.problem()),
        Err(error) => return Err(error.problem()),
    };
    let not_seen = |message| lost.clone().unwrap_or(Problem { code: NOT_SEEN.to_owned(), message });
    for pause in SEEN_PAUSES {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        match look().await {
            Ok(now) if holds(&now) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                return Err(not_seen(format!("EC2 accepted the call, but the permissions cannot be read: {error}")));
            }
        }
    }
    Err(not_seen("EC2 accepted the call, but does not show the permissions as changed".to_owned()))
}

/// Codes with which EC2 may refuse some principals of a call and would accept the others.
const SOMEBODY: [&str; 6] = [
    "InvalidAMIAttributeItemValue",
    "InvalidParameter",
    "InvalidParameterValue",
    "InvalidUserID.Malformed",
    "OperationNotPermitted",
    "ResourceLimitExceeded",
];

/// Grants launch permissions to all principals that EC2 accepts: it refuses a whole call for one of them. Returns the
/// number granted, and the refused ones with the reason.
pub async fn give_each(target: &Target, image: &ImageId, who: &BTreeSet<Principal>) -> (usize, Vec<Refused>) {
    one_by_one(who, async |some| give_enabled(target, image, &some).await).await
}

/// As [`give_each`], for permissions to create volumes from a snapshot.
pub async fn give_volume_each(target: &Target, id: &SnapshotId, who: &BTreeSet<Principal>) -> (usize, Vec<Refused>) {
    let give = async |some: BTreeSet<Principal>| {
        let asked = change_volume(target, id, Give::Add, &some, false).await;
        seen(asked, |now| now.is_superset(&some), || volume_permissions(target, id)).await
    };
    one_by_one(who, give).await
}

/// Tries all at once, then ever smaller parts of those that EC2 refuses.
async fn one_by_one(
    who: &BTreeSet<Principal>,
    give: impl AsyncFn(BTreeSet<Principal>) -> Result<(), Problem>,
) -> (usize, Vec<Refused>) {
    let (mut given, mut refused) = (0, Vec::new());
    let mut parts: Vec<Vec<Principal>> = vec![who.iter().cloned().collect()];
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        match give(part.iter().cloned().collect()).await {
            Ok(()) => given += part.len(),
            Err(problem) if part.len() > 1 && SOMEBODY.contains(&problem.code.as_str()) => {
                let rest = part.split_off(part.len() / 2);
                parts.extend([rest, part]);
            }
            Err(problem) => refused.push((part, problem)),
        }
    }
    (given, refused)
}

/// Principals without their permission, and the reason.
pub type Refused = (Vec<Principal>, Problem);

/// Retries, as EC2 may treat an image as disabled for a moment after it is enabled.
async fn give_enabled(target: &Target, image: &ImageId, who: &BTreeSet<Principal>) -> Result<(), Problem> {
    let mut answer = Ok(());
    for pause in SEEN_PAUSES {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        answer = give(target, image, Give::Add, who).await;
        match &answer {
            Err(problem) if STATE.contains(&problem.code.as_str()) => {}
            _ => break,
        }
    }
    answer
}

/// Revokes all launch permissions, including the public one.
pub async fn reset_launch(target: &Target, image: &ImageId, try_only: bool) -> Result<(), ApiError> {
    let call = target.ec2.reset_image_attribute().image_id(image.as_str());
    let call = call.attribute(ResetImageAttributeName::LaunchPermission).dry_run(try_only);
    let answer = call.send().await.map_err(api(RESET, &target.region));
    settled(RESET, target, answer, try_only)
}

/// All principals that may create volumes from a snapshot, and so copy its images.
pub async fn volume_permissions(target: &Target, snapshot: &SnapshotId) -> Result<BTreeSet<Principal>, ApiError> {
    let answer = target
        .ec2
        .describe_snapshot_attribute()
        .snapshot_id(snapshot.as_str())
        .attribute(SnapshotAttributeName::CreateVolumePermission)
        .send()
        .await
        .map_err(api(DESCRIBE_SNAPSHOT, &target.region))?;
    let named = |p: &CreateVolumePermission| p.user_id().or(p.group().map(PermissionGroup::as_str)).map(str::to_owned);
    let all: Vec<_> = answer.create_volume_permissions().iter().map(|p| named(p).unwrap_or_default()).collect();
    read_all(DESCRIBE_SNAPSHOT, target, &all)
}

/// Changes the permissions to create volumes from a snapshot. EC2 accepts only accounts and `all`; organizations are
/// skipped.
pub async fn change_volume(
    target: &Target,
    snapshot: &SnapshotId,
    give: Give,
    who: &BTreeSet<Principal>,
    try_only: bool,
) -> Result<(), ApiError> {
    let kind = match give {
        Give::Add => OperationType::Add,
        Give::Remove => OperationType::Remove,
    };
    let known = |who: &&Principal| matches!(who, Principal::Everybody | Principal::Account(_));
    let list: Vec<_> = who.iter().filter(known).collect();
    for some in list.chunks(SNAPSHOT_CHANGES) {
        let call = target.ec2.modify_snapshot_attribute().snapshot_id(snapshot.as_str());
        let call = call.attribute(SnapshotAttributeName::CreateVolumePermission).operation_type(kind.clone());
        // The plain lists: no guide shows the operation type together with the structure of changes.
        let call = some.iter().fold(call, |call, who| match who {
            Principal::Account(account) => call.user_ids(account.as_str()),
            _ => call.group_names(PermissionGroup::All.as_str()),
        });
        let call = call.dry_run(try_only);
        let answer = call.send().await.map_err(api(MODIFY_SNAPSHOT, &target.region));
        settled(MODIFY_SNAPSHOT, target, answer, try_only)?;
    }
    Ok(())
}

/// Whether public sharing of images is blocked here, and by what: `account` or `declarative-policy`.
pub async fn public_sharing_blocked(target: &Target) -> Result<Option<String>, ApiError> {
    let call = "GetImageBlockPublicAccessState";
    let answer = target.ec2.get_image_block_public_access_state().send().await.map_err(api(call, &target.region))?;
    let blocked = answer.image_block_public_access_state() == Some("block-new-sharing");
    let by = answer.managed_by().map_or("account", |by| by.as_str());
    Ok(blocked.then(|| by.to_owned()))
}

fn settled<T>(
    call: &'static str,
    target: &Target,
    answer: Result<T, ApiError>,
    try_only: bool,
) -> Result<(), ApiError> {
    if try_only { dry_run(call, &target.region, answer) } else { answer.map(|_| ()) }
}

fn named_by(permission: &LaunchPermission) -> String {
    let group = permission.group().map(PermissionGroup::as_str);
    let arn = permission.organization_arn().or(permission.organizational_unit_arn());
    permission.user_id().or(group).or(arn).unwrap_or_default().to_owned()
}

fn launch(who: &Principal) -> LaunchPermission {
    let builder = LaunchPermission::builder();
    match who {
        Principal::Everybody => builder.group(PermissionGroup::All),
        Principal::Account(account) => builder.user_id(account.as_str()),
        Principal::Organization(arn) => builder.organization_arn(arn),
        Principal::Unit(arn) => builder.organizational_unit_arn(arn),
    }
    .build()
}
