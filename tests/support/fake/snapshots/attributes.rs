//! Permissions to make volumes of a snapshot, and so to copy the images that stand on it.

use std::collections::BTreeSet;

use super::super::errors::{Answer, Refusal, combination, invalid_value, missing, refuse};
use super::super::ids::is_account;
use super::super::kms::is_default_key;
use super::super::model::{Principal, Snapshot};
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::own;

/// Most changes in one call.
const MOST_CHANGES: usize = 500;

pub fn describe(world: &mut World, request: &Request) -> Answer {
    let attribute = request.params.need("Attribute")?;
    let id = request.params.need("SnapshotId")?;
    let snapshot = own(world.region(&request.region), &request.account, id)?;
    if attribute != "createVolumePermission" {
        return Err(invalid_value("attribute", attribute, "Only createVolumePermission."));
    }
    request.dry_run()?;
    let mut x = Xml::new();
    x.leaf("snapshotId", id);
    x.list("createVolumePermission", &snapshot.shared, |x, principal| {
        match principal {
            Principal::Account(id) => x.leaf("userId", id),
            _ => x.leaf("group", "all"),
        };
    });
    Ok(x.done())
}

pub fn modify(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let id = params.need("SnapshotId")?;
    let (add, remove) = read(params)?;
    let missing = world.missing_accounts.iter().find(|account| add.contains(&Principal::Account((*account).clone())));
    if let Some(account) = missing {
        return Err(no_such(account));
    }
    let blocked = world.block_public_snapshots.contains_key(&(request.account.clone(), request.region.clone()));
    let snapshot = own(world.region(&request.region), &request.account, id)?;
    if blocked && add.contains(&Principal::All) {
        return Err(blocked_in_public());
    }
    check(snapshot, &add)?;
    request.dry_run()?;
    snapshot.shared.retain(|principal| !remove.contains(principal));
    snapshot.shared.extend(add);
    Ok("<return>true</return>".to_owned())
}

/// Takes all permissions away.
pub fn reset(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("SnapshotId")?;
    match request.params.need("Attribute")? {
        "createVolumePermission" => {}
        other => return Err(invalid_value("attribute", other, "Only createVolumePermission.")),
    }
    let snapshot = own(world.region(&request.region), &request.account, id)?;
    request.dry_run()?;
    snapshot.shared.clear();
    Ok("<return>true</return>".to_owned())
}

type Changes = (BTreeSet<Principal>, BTreeSet<Principal>);

/// Reads either form; adding and removing do not go together.
fn read(params: &Params) -> Result<Changes, Refusal> {
    if params.get("Attribute").is_some_and(|attribute| attribute != "createVolumePermission") {
        return Err(invalid_value("attribute", "", "Only createVolumePermission."));
    }
    let structured = |name: &str| -> Result<BTreeSet<Principal>, Refusal> {
        let given = params.structs(name);
        let fields = given.iter().flat_map(|one| &one.0);
        fields.map(|(field, value)| principal(field, value)).collect()
    };
    let mut add = structured("CreateVolumePermission.Add")?;
    let mut remove = structured("CreateVolumePermission.Remove")?;
    if let Some(operation) = params.get("OperationType") {
        let named = match operation {
            "add" => &mut add,
            "remove" => &mut remove,
            other => return Err(invalid_value("operationType", other, "Expected add or remove.")),
        };
        for (list, field) in [("UserId", "UserId"), ("UserGroup", "Group")] {
            for value in params.list(list) {
                named.insert(principal(field, value)?);
            }
        }
    }
    match (add.len(), remove.len()) {
        (0, 0) => Err(missing("CreateVolumePermission")),
        (a, r) if a > 0 && r > 0 => Err(combination("Adding and removing do not go together")),
        (a, r) if a + r > MOST_CHANGES => {
            Err(refuse("InvalidParameterValue", format!("At most {MOST_CHANGES} changes at once.")))
        }
        _ => Ok((add, remove)),
    }
}

/// There are accounts and the group `all`; organizations cannot be named here.
fn principal(field: &str, value: &str) -> Result<Principal, Refusal> {
    match field {
        "UserId" if is_account(value) => Ok(Principal::Account(value.to_owned())),
        "Group" if value == "all" => Ok(Principal::All),
        _ => Err(no_such(value)),
    }
}

fn no_such(value: &str) -> Refusal {
    invalid_value("createVolumePermission", value, "No such user or group.")
}

/// The code and the words are unconfirmed: they are those of the same refusal for images.
fn blocked_in_public() -> Refusal {
    refuse(
        "OperationNotPermitted",
        "You can't publicly share this snapshot because block public access is enabled for snapshots.",
    )
}

fn check(snapshot: &Snapshot, add: &BTreeSet<Principal>) -> Result<(), Refusal> {
    if snapshot.tier != "standard" && !add.is_empty() {
        let message = format!("The snapshot {} is in the archive tier and cannot be shared", snapshot.id);
        return Err(refuse("IncorrectState", message));
    }
    let Some(key) = &snapshot.kms_key else { return Ok(()) };
    if add.contains(&Principal::All) {
        return Err(refuse("InvalidParameter", "Encrypted snapshots cannot be shared publicly."));
    }
    if is_default_key(key) && !add.is_empty() {
        return Err(refuse(
            "InvalidParameter",
            "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
        ));
    }
    Ok(())
}
