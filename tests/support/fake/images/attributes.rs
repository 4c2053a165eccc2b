//! DescribeImageAttribute, ModifyImageAttribute, ResetImageAttribute.

use std::collections::BTreeSet;

use chrono::SecondsFormat;

use super::super::errors::{
    Answer, Refusal, combination, image_unavailable, invalid_value, missing, not_your_image, refuse,
};
use super::super::model::Principal;
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::permissions::{Barriers, principal, principals};
use super::{Viewer, check_description, lifecycle, own, seen};

pub fn describe(world: &mut World, request: &Request) -> Answer {
    let attribute = request.params.need("Attribute")?;
    let id = request.params.need("ImageId")?;
    let viewer = Viewer::new(world, request);
    let image = seen(world.region(&request.region), &viewer, id)?;
    let for_owner = ["launchPermission", "lastLaunchedTime", "deregistrationProtection", "uefiData"];
    if for_owner.contains(&attribute) && image.owner != request.account {
        return Err(not_your_image(id));
    }
    request.dry_run()?;
    let mut x = Xml::new();
    x.leaf("imageId", id);
    let value = match attribute {
        "launchPermission" => {
            x.list("launchPermission", &image.launch, |x, principal| {
                match principal {
                    Principal::All => x.leaf("group", "all"),
                    Principal::Account(id) => x.leaf("userId", id),
                    Principal::Organization(arn) => x.leaf("organizationArn", arn),
                    Principal::Unit(arn) => x.leaf("organizationalUnitArn", arn),
                };
            });
            return Ok(x.done());
        }
        "blockDeviceMapping" => {
            let message = "Unauthorized attempt to access restricted resource";
            return Err(refuse("AuthFailure", message));
        }
        "description" => image.description.clone(),
        "lastLaunchedTime" => image.last_launched.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        "deregistrationProtection" => Some(viewer.protection_of(image)),
        "bootMode" => image.boot_mode.clone(),
        "imdsSupport" => image.imds.clone(),
        "tpmSupport" => image.tpm.clone(),
        "uefiData" => image.uefi_data.clone(),
        other => return Err(invalid_value("attribute", other, "Unknown attribute.")),
    };
    x.node(attribute, |x| {
        x.maybe("value", value);
    });
    Ok(x.done())
}

/// One attribute a call.
enum Change {
    Description(Option<String>),
    Imds,
    Launch { add: BTreeSet<Principal>, remove: BTreeSet<Principal> },
}

pub fn modify(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ImageId")?;
    let change = read_change(&request.params)?;
    let viewer = Viewer::new(world, request);
    let barriers = Barriers::of(world, request);
    let region = world.region(&request.region);
    let image = own(region, &viewer, id)?;
    if image.state(request.now) != "available" {
        return Err(image_unavailable(id));
    }
    if let Change::Launch { add, remove } = &change {
        barriers.check(region, image, add, remove)?;
    }
    request.dry_run()?;
    if let Some(image) = region.images.get_mut(id) {
        match change {
            Change::Description(text) => image.description = text,
            Change::Imds => image.imds = Some("v2.0".to_owned()),
            Change::Launch { add, remove } => {
                let was_public = image.is_public();
                image.launch.retain(|principal| !remove.contains(principal));
                image.launch.extend(add);
                if image.is_public() && !was_public {
                    let latest = lifecycle::latest_of_public(image);
                    image.deprecated = Some(image.deprecated.map_or(latest, |at| at.min(latest)));
                }
            }
        }
    }
    Ok("<return>true</return>".to_owned())
}

pub fn reset(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ImageId")?;
    match request.params.need("Attribute")? {
        "launchPermission" => {}
        other => return Err(invalid_value("attribute", other, "Only launchPermission.")),
    }
    let viewer = Viewer::new(world, request);
    let region = world.region(&request.region);
    own(region, &viewer, id)?;
    request.dry_run()?;
    if let Some(image) = region.images.get_mut(id) {
        image.launch.clear();
    }
    Ok("<return>true</return>".to_owned())
}

/// Reads either form: the structures, or Attribute with flat values.
fn read_change(params: &Params) -> Result<Change, Refusal> {
    let forms = ["Attribute", "Description", "ImdsSupport", "LaunchPermission"];
    let given: Vec<&str> = forms.into_iter().filter(|form| params.has(form)).collect();
    match given[..] {
        ["Description"] => Ok(Change::Description(check_description(params.get("Description.Value"))?)),
        ["ImdsSupport"] => match params.get("ImdsSupport.Value") {
            Some("v2.0") => Ok(Change::Imds),
            other => Err(invalid_value("imdsSupport", other.unwrap_or_default(), "Only v2.0.")),
        },
        ["LaunchPermission"] => Ok(Change::Launch {
            add: principals(&params.structs("LaunchPermission.Add"))?,
            remove: principals(&params.structs("LaunchPermission.Remove"))?,
        }),
        ["Attribute"] => match params.need("Attribute")? {
            "description" => Ok(Change::Description(check_description(params.get("Value"))?)),
            "launchPermission" => flat_permissions(params),
            other => Err(invalid_value("attribute", other, "Cannot be modified.")),
        },
        [] => Err(missing("Attribute")),
        _ => Err(combination("Fields for multiple attribute types specified")),
    }
}

fn flat_permissions(params: &Params) -> Result<Change, Refusal> {
    let mut named = BTreeSet::new();
    let lists = ["UserId", "UserGroup", "OrganizationArn", "OrganizationalUnitArn"];
    for (list, field) in lists.into_iter().zip(["UserId", "Group", "OrganizationArn", "OrganizationalUnitArn"]) {
        for value in params.list(list) {
            named.insert(principal(field, value)?);
        }
    }
    if named.is_empty() {
        return Err(missing("UserId"));
    }
    let none = BTreeSet::new();
    match params.need("OperationType")? {
        "add" => Ok(Change::Launch { add: named, remove: none }),
        "remove" => Ok(Change::Launch { add: none, remove: named }),
        other => Err(invalid_value("operationType", other, "Expected add or remove.")),
    }
}
