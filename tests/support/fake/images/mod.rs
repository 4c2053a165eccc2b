//! Images.

mod ancestry;
mod attributes;
mod copy;
mod create;
mod deregister;
mod describe;
mod fields;
mod lifecycle;
mod machine;
mod permissions;
mod register;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::errors::{Refusal, image_unavailable, no_image, not_your_image, refuse};
use super::ids;
use super::model::{Image, Phase, Principal, Reason, Snapshot};
use super::request::Request;
use super::services::Operation;
use super::world::{Region, World, span};

/// Image operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeImages",
        params: &[
            "ExecutableBy",
            "Filter",
            "ImageId",
            "IncludeDeprecated",
            "IncludeDisabled",
            "MaxResults",
            "NextToken",
            "Owner",
        ],
        run: describe::run,
    },
    Operation {
        name: "CreateImage",
        params: &["BlockDeviceMapping", "Description", "InstanceId", "Name", "NoReboot", "TagSpecification"],
        run: create::run,
    },
    Operation {
        name: "RegisterImage",
        params: &[
            "Architecture",
            "BlockDeviceMapping",
            "BootMode",
            "Description",
            "EnaSupport",
            "ImdsSupport",
            "Name",
            "RootDeviceName",
            "SriovNetSupport",
            "TagSpecification",
            "TpmSupport",
            "UefiData",
            "VirtualizationType",
        ],
        run: register::run,
    },
    Operation {
        name: "CopyImage",
        params: &[
            "ClientToken",
            "CopyImageTags",
            "Description",
            "Encrypted",
            "KmsKeyId",
            "Name",
            "SnapshotCopyCompletionDurationMinutes",
            "SourceImageId",
            "SourceRegion",
            "TagSpecification",
        ],
        run: copy::run,
    },
    Operation { name: "DeregisterImage", params: &["DeleteAssociatedSnapshots", "ImageId"], run: deregister::run },
    Operation { name: "DescribeImageAttribute", params: &["Attribute", "ImageId"], run: attributes::describe },
    Operation {
        name: "ModifyImageAttribute",
        params: &[
            "Attribute",
            "Description",
            "ImageId",
            "ImdsSupport",
            "LaunchPermission",
            "OperationType",
            "OrganizationArn",
            "OrganizationalUnitArn",
            "UserGroup",
            "UserId",
            "Value",
        ],
        run: attributes::modify,
    },
    Operation { name: "GetImageAncestry", params: &["ImageId"], run: ancestry::run },
    Operation { name: "ResetImageAttribute", params: &["Attribute", "ImageId"], run: attributes::reset },
    Operation { name: "CancelImageLaunchPermission", params: &["ImageId"], run: permissions::cancel },
    Operation { name: "EnableImage", params: &["ImageId"], run: lifecycle::enable },
    Operation { name: "DisableImage", params: &["ImageId"], run: lifecycle::disable },
    Operation { name: "EnableImageDeprecation", params: &["DeprecateAt", "ImageId"], run: lifecycle::deprecate },
    Operation { name: "DisableImageDeprecation", params: &["ImageId"], run: lifecycle::undeprecate },
    Operation {
        name: "EnableImageDeregistrationProtection",
        params: &["ImageId", "WithCooldown"],
        run: lifecycle::protect,
    },
    Operation { name: "DisableImageDeregistrationProtection", params: &["ImageId"], run: lifecycle::unprotect },
];

/// Who looks at images, and when.
pub struct Viewer {
    pub account: String,
    pub now: DateTime<Utc>,
    cooldown_words: String,
    cooldown_is_forgotten: bool,
    groups: BTreeSet<String>,
    /// What the account's Allowed AMIs do not admit, where they are on.
    not_allowed: Option<BTreeSet<String>>,
}

impl Viewer {
    pub fn new(world: &World, request: &Request) -> Viewer {
        let groups = world.memberships.get(&request.account);
        Viewer {
            account: request.account.clone(),
            now: request.now,
            cooldown_words: world.cooldown_words.clone(),
            cooldown_is_forgotten: world.cooldown_is_forgotten,
            groups: groups.cloned().unwrap_or_default(),
            not_allowed: world.not_allowed.get(&request.account).cloned(),
        }
    }

    /// DeregistrationProtection of an image, in EC2's words.
    pub fn protection_of(&self, image: &Image) -> String {
        image.protection.text(self.now, &self.cooldown_words, self.cooldown_is_forgotten)
    }

    /// Whether a launch permission names the viewer, directly or through an organization.
    pub fn is_granted(&self, image: &Image) -> bool {
        image.launch.iter().any(|principal| match principal {
            Principal::All => false,
            Principal::Account(account) => *account == self.account,
            Principal::Organization(arn) | Principal::Unit(arn) => self.groups.contains(arn),
        })
    }

    /// Whether the viewer can find the image at all.
    pub fn sees(&self, image: &Image) -> bool {
        image.visible_from <= self.now
            && (image.owner == self.account
                || (image.state(self.now) == "available" && (image.is_public() || self.is_granted(image))))
    }
}

/// An image the caller sees, by id.
pub fn seen<'a>(region: &'a Region, viewer: &Viewer, id: &str) -> Result<&'a Image, Refusal> {
    ids::check("ami", id)?;
    match region.images.get(id) {
        Some(image) if viewer.sees(image) => Ok(image),
        Some(_) => Err(no_image(&[id])),
        None => match region.graves.get(id) {
            Some(grave) if grave.owner == viewer.account => Err(image_unavailable(id)),
            _ => Err(no_image(&[id])),
        },
    }
}

/// An image the caller owns, by id.
pub fn own<'a>(region: &'a Region, viewer: &Viewer, id: &str) -> Result<&'a Image, Refusal> {
    let image = seen(region, viewer, id)?;
    if image.owner == viewer.account { Ok(image) } else { Err(not_your_image(id)) }
}

/// Name: length, characters, and free in account and region.
pub fn check_name(region: &Region, request: &Request, name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !(3..=128).contains(&name.chars().count()) || !name.chars().all(allowed) {
        return Err(refuse(
            "InvalidAMIName.Malformed",
            "AMI names must be between 3 and 128 characters long, and may contain letters, \
             numbers, '(', ')', '.', '-', '/' and '_'",
        ));
    }
    match region.names.get(&request.named(name)) {
        Some((id, until)) if until.is_none_or(|until| request.now < until) => {
            Err(refuse("InvalidAMIName.Duplicate", format!("AMI name {name} is already in use by AMI {id}")))
        }
        _ => Ok(()),
    }
}

/// Description: at most 255 characters.
pub fn check_description(text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if text.chars().count() > 255 => {
            Err(refuse("InvalidParameterValue", "The description exceeds the maximum length of 255 characters"))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

/// How a fresh image turns out: as `fail_next_image` says, else available.
pub fn outcome(world: &mut World, now: DateTime<Utc>) -> (Phase, Option<Reason>) {
    let reason = world.fail_next_image.take();
    (turns_out(world, now, reason.as_ref()), reason)
}

/// Pending for a while, then failed if there is a reason to.
pub fn turns_out(world: &World, now: DateTime<Utc>, reason: Option<&Reason>) -> Phase {
    let after = if reason.is_some() { "failed" } else { "available" };
    Phase { before: "pending", turn: now + span(world.pending_for), after: after.to_owned() }
}

/// A snapshot's phase that goes with its image's.
pub fn snapshot_phase(image: &Phase) -> Phase {
    let after = if image.after == "failed" { "error" } else { "completed" };
    Phase { after: after.to_owned(), ..image.clone() }
}

/// Puts an image and its new snapshots into a region: takes the name, marks the snapshots as used.
pub fn add(region: &mut Region, image: Image, snapshots: Vec<Snapshot>) {
    for snapshot in snapshots {
        region.snapshots.insert(snapshot.id.clone(), snapshot);
    }
    for id in image.snapshots() {
        if let Some(snapshot) = region.snapshots.get_mut(id) {
            snapshot.users.insert(image.id.clone());
        }
    }
    let name = (image.owner.clone(), image.name.clone());
    region.names.insert(name, (image.id.clone(), None));
    region.images.insert(image.id.clone(), image);
}
