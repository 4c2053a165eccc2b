//! Snapshots.

mod attributes;
mod describe;

use super::errors::{Answer, Refusal, missing, no_snapshot, refuse};
use super::ids;
use super::model::Snapshot;
use super::recycle_bin::Rules;
use super::request::Request;
use super::services::Operation;
use super::world::{Region, World};

/// Snapshot operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeSnapshots",
        params: &["Filter", "MaxResults", "NextToken", "Owner", "RestorableBy", "SnapshotId"],
        run: describe::run,
    },
    Operation { name: "DeleteSnapshot", params: &["SnapshotId"], run: delete },
    Operation { name: "DescribeSnapshotAttribute", params: &["Attribute", "SnapshotId"], run: attributes::describe },
    Operation {
        name: "ModifySnapshotAttribute",
        params: &["Attribute", "CreateVolumePermission", "OperationType", "SnapshotId", "UserGroup", "UserId"],
        run: attributes::modify,
    },
    Operation { name: "ResetSnapshotAttribute", params: &["Attribute", "SnapshotId"], run: attributes::reset },
];

/// A snapshot the caller owns, by id.
fn own<'a>(region: &'a mut Region, account: &str, id: &str) -> Result<&'a mut Snapshot, Refusal> {
    ids::check("snap", id)?;
    match region.snapshots.get_mut(id) {
        Some(snapshot) if snapshot.owner == account => Ok(snapshot),
        Some(snapshot) if snapshot.usable_by(account) => {
            Err(refuse("UnauthorizedOperation", "You are not authorized to perform this operation."))
        }
        _ => Err(no_snapshot(id)),
    }
}

/// Refused while an image stands on it, and for a while after that image went.
fn delete(world: &mut World, request: &Request) -> Answer {
    let id = request.params.get("SnapshotId").ok_or_else(|| missing("SnapshotId"))?;
    let rules = Rules::of(world, request);
    let region = world.region(&request.region);
    let snapshot = own(region, &request.account, id)?;
    let lately = snapshot.busy.as_ref().filter(|(_, until)| request.now < *until);
    if let Some(image) = snapshot.users.first().or(lately.map(|(image, _)| image)) {
        return Err(refuse("InvalidSnapshot.InUse", format!("The snapshot {id} is currently in use by {image}")));
    }
    if snapshot.tags.keys().any(|key| key.starts_with("aws:backup:")) {
        return Err(refuse(
            "InvalidParameterValue",
            "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. If you wish to delete \
             this snapshot, please do so via the Backup console.",
        ));
    }
    request.dry_run()?;
    if let Some(snapshot) = region.snapshots.remove(id) {
        region.bin.take_snapshot(snapshot, &rules);
    }
    Ok("<return>true</return>".to_owned())
}
