//! Launch permissions: principals, images that cannot be shared, and giving a share up.

use std::collections::BTreeSet;

use super::super::errors::{Answer, Refusal, refuse};
use super::super::ids::is_account;
use super::super::kms::is_default_key;
use super::super::model::{Image, Principal};
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::{Region, World};
use super::{Viewer, seen};

/// Most principals in one request.
const MOST_CHANGES: usize = 10_000;
/// Accounts, organizations and units that one image can be shared with.
const MOST_SHARES: usize = 1000;
/// Public images of one account in a region.
const MOST_PUBLIC: usize = 5;

/// Reads structures such as `{UserId: …}`.
pub fn principals(given: &[Params]) -> Result<BTreeSet<Principal>, Refusal> {
    let fields = given.iter().flat_map(|one| &one.0);
    fields.map(|(field, value)| principal(field, value)).collect()
}

/// Reads one of UserId, Group, OrganizationArn and OrganizationalUnitArn.
pub fn principal(field: &str, value: &str) -> Result<Principal, Refusal> {
    let is_arn = |kind: &str| {
        value.strip_prefix("arn:aws:organizations::").is_some_and(|rest| {
            rest.split_once(':').is_some_and(|(account, path)| is_account(account) && path.starts_with(kind))
        })
    };
    match field {
        "UserId" if is_account(value) => Ok(Principal::Account(value.to_owned())),
        "Group" if value == "all" => Ok(Principal::All),
        "OrganizationArn" if is_arn("organization/o-") => Ok(Principal::Organization(value.to_owned())),
        "OrganizationalUnitArn" if is_arn("ou/o-") => Ok(Principal::Unit(value.to_owned())),
        _ => Err(no_such(field, value)),
    }
}

fn no_such(field: &str, value: &str) -> Refusal {
    refuse("InvalidAMIAttributeItemValue", format!("Invalid attribute item value \"{value}\" for {field} item type."))
}

/// What stands in the way of sharing, beside the image itself.
pub struct Barriers {
    blocked: bool,
    missing: BTreeSet<String>,
}

impl Barriers {
    /// Where a request acts.
    pub fn of(world: &World, request: &Request) -> Barriers {
        let place = (request.account.clone(), request.region.clone());
        let blocked = world.block_public_access.contains(&place);
        Barriers { blocked, missing: world.missing_accounts.clone() }
    }

    /// What may not be shared: anything publicly where that is blocked, encrypted images publicly, images under the
    /// account's `aws/ebs` key with anybody, and nothing beyond the quotas. The quotas' error code is unconfirmed.
    pub fn check(
        &self,
        region: &Region,
        image: &Image,
        add: &BTreeSet<Principal>,
        remove: &BTreeSet<Principal>,
    ) -> Result<(), Refusal> {
        if add.len() + remove.len() > MOST_CHANGES {
            return Err(refuse("InvalidParameterValue", format!("At most {MOST_CHANGES} changes at once.")));
        }
        let missing = add.iter().find_map(|principal| match principal {
            Principal::Account(account) => self.missing.get(account),
            _ => None,
        });
        if let Some(account) = missing {
            return Err(no_such("UserId", account));
        }
        let public = add.contains(&Principal::All);
        if public && self.blocked {
            return Err(refuse(
                "OperationNotPermitted",
                "You can't publicly share this image because block public access is enabled for AMIs.",
            ));
        }
        if public && !image.watermarks.is_empty() {
            // The code is unconfirmed.
            return Err(refuse("OperationNotPermitted", "Images with watermarks cannot be shared publicly."));
        }
        let snapshots = image.snapshots().filter_map(|id| region.snapshots.get(id));
        for key in snapshots.filter_map(|snapshot| snapshot.kms_key.as_deref()) {
            if public {
                return Err(refuse("InvalidParameter", "Images with encrypted snapshots cannot be shared publicly."));
            }
            if is_default_key(key) && !add.is_empty() {
                return Err(refuse(
                    "InvalidParameter",
                    "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
                ));
            }
        }
        let mut after: BTreeSet<&Principal> = image.launch.difference(remove).chain(add).collect();
        after.remove(&Principal::All);
        if !add.is_empty() && after.len() > MOST_SHARES {
            let message = format!("The image {} cannot be shared with more than {MOST_SHARES} entities.", image.id);
            return Err(refuse("ResourceLimitExceeded", message));
        }
        let others = region.images.values().filter(|i| i.owner == image.owner && i.id != image.id && i.is_public());
        if public && others.count() >= MOST_PUBLIC {
            let message = format!("You have reached the limit of {MOST_PUBLIC} public images in this Region.");
            return Err(refuse("ResourceLimitExceeded", message));
        }
        Ok(())
    }
}

/// The consumer's side: takes the caller's own account off an image's permissions. What the owner, or an account
/// that only reaches the image through an organization or as one of all, is answered is unconfirmed.
pub fn cancel(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ImageId")?;
    let viewer = Viewer::new(world, request);
    let region = world.region(&request.region);
    let image = seen(region, &viewer, id)?;
    let me = Principal::Account(request.account.clone());
    if !image.launch.contains(&me) {
        let message = format!("The image {id} is not shared with your account {}", request.account);
        return Err(refuse("OperationNotPermitted", message));
    }
    request.dry_run()?;
    if let Some(image) = region.images.get_mut(id) {
        image.launch.remove(&me);
    }
    Ok("<return>true</return>".to_owned())
}
