//! DeregisterImage, with or without the snapshots.

use std::collections::BTreeSet;

use super::super::errors::{Answer, refuse};
use super::super::iam;
use super::super::model::{Descent, Grave};
use super::super::recycle_bin::Rules;
use super::super::request::Request;
use super::super::world::{Region, World, span};
use super::super::xml::Xml;
use super::{Viewer, own};

pub fn run(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ImageId")?;
    let delete = request.params.flag("DeleteAssociatedSnapshots")?.unwrap_or(false);
    let viewer = Viewer::new(world, request);
    let now = request.now;
    let delete = delete && !world.ignore_delete_snapshots;
    let name_until = now + span(world.name_held_for);
    let shown_until = now + span(world.deregistered_shows_for);
    let busy_until = now + span(world.snapshot_in_use_for);
    let mut codes = world.delete_codes.clone();
    let behind = world.find_image(id).map(|image| image.snapshots().map(str::to_owned).collect::<Vec<_>>());
    for snapshot in behind.unwrap_or_default() {
        let arn = format!("arn:aws:ec2:{}::snapshot/{snapshot}", request.region);
        if delete && !iam::may(world, request, "ec2:DeleteSnapshot", &arn) {
            codes.insert(snapshot, "missing-permissions".to_owned());
        }
    }
    let rules = Rules::of(world, request);
    let region = world.region(&request.region);
    let image = own(region, &viewer, id)?;
    if image.protection.holds(now) {
        return Err(refuse(
            "OperationNotPermitted",
            format!("The image {id} has deregistration protection and cannot be deregistered"),
        ));
    }
    if image.tags.keys().any(|key| key.starts_with("aws:backup:")) {
        return Err(refuse(
            "AuthFailure",
            "This image is managed by AWS Backup and cannot be deleted via EC2 APIs. To delete this image, please use the \
             AWS Backup APIs, CLI, or console.",
        ));
    }
    request.dry_run()?;

    let name = request.named(&image.name);
    let grave = Grave { owner: image.owner.clone(), name: image.name.clone(), at: now, was: Descent::of(image) };
    let snapshots: BTreeSet<String> = image.snapshots().map(str::to_owned).collect();
    if let Some(image) = region.images.remove(id) {
        if now < shown_until {
            region.lingering.insert(id.to_owned(), (image.clone(), shown_until));
        }
        region.bin.take_image(image, &rules);
    }
    region.graves.insert(id.to_owned(), grave);
    region.names.insert(name, (id.to_owned(), Some(name_until)));
    for snapshot in &snapshots {
        if let Some(snapshot) = region.snapshots.get_mut(snapshot) {
            snapshot.users.remove(id);
            snapshot.busy = Some((id.to_owned(), busy_until));
        }
    }
    let mut x = Xml::new();
    x.leaf("return", true);
    if delete {
        x.list("deleteSnapshotResultSet", &snapshots, |x, snapshot| {
            let code = match codes.get(snapshot) {
                Some(code) => code.clone(),
                None => delete_one(region, &request.account, snapshot, &rules).to_owned(),
            };
            x.leaf("snapshotId", snapshot).leaf("returnCode", code);
        });
    }
    Ok(x.done())
}

/// Deletes one snapshot of the image unless it is shared with another; gives the return code.
fn delete_one(region: &mut Region, account: &str, id: &str, rules: &Rules) -> &'static str {
    match region.snapshots.get(id) {
        None => "client-error",
        Some(snapshot) if snapshot.owner != account => "missing-permissions",
        Some(snapshot) if !snapshot.users.is_empty() => "skipped",
        Some(_) => {
            if let Some(snapshot) = region.snapshots.remove(id) {
                region.bin.take_snapshot(snapshot, rules);
            }
            "success"
        }
    }
}
