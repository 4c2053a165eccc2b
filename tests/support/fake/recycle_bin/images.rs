//! ListImagesInRecycleBin and RestoreImageFromRecycleBin.

use super::super::errors::{Answer, invalid_value, no_image, refuse};
use super::super::ids;
use super::super::images::add;
use super::super::model::Phase;
use super::super::paging::{Rules, Window};
use super::super::request::Request;
use super::super::world::{World, span};
use super::super::xml::Xml;
use super::snapshots::RECOVERING;

/// Most ids in one listing.
const MOST_IDS: usize = 20;

pub fn list(world: &mut World, request: &Request) -> Answer {
    let rules = Rules { size: "MaxResults", bounds: (1, 1000), default: Some(1000), ids: Some("ImageId") };
    let window = Window::by(world, request, &rules)?;
    let wanted = request.params.list("ImageId");
    if wanted.len() > MOST_IDS {
        let many = wanted.len().to_string();
        return Err(invalid_value("ImageId", &many, &format!("At most {MOST_IDS} ids at once.")));
    }
    let bin = &mut world.region(&request.region).bin;
    bin.purge(request.now);
    for id in &wanted {
        ids::check("ami", id)?;
        bin.images.get(*id).filter(|binned| binned.what.owner == request.account).ok_or_else(|| no_image(&[id]))?;
    }
    request.dry_run()?;
    let listed = bin.images.iter().filter(|(id, binned)| {
        binned.what.owner == request.account && (wanted.is_empty() || wanted.contains(&id.as_str()))
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("imageSet", page, |x, binned| {
        x.leaf("imageId", &binned.what.id).leaf("name", &binned.what.name);
        x.maybe("description", binned.what.description.as_ref());
        x.time("recycleBinEnterTime", binned.entered).time("recycleBinExitTime", binned.exits);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

/// Its snapshots must be there, and its name must be free; the codes of the refusals are unconfirmed, and so is that it
/// is `pending` at first. It comes back as it was, its sharing too.
pub fn restore(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ImageId")?;
    ids::check("ami", id)?;
    let (forgets, ready) = (world.restore_forgets, request.now + span(world.pending_for));
    let region = world.region(&request.region);
    region.bin.purge(request.now);
    let binned = region.bin.images.get(id).filter(|binned| binned.what.owner == request.account);
    let mut image = binned.map(|binned| binned.what.clone()).ok_or_else(|| no_image(&[id]))?;
    if let Some(snapshot) = image.snapshots().find(|snapshot| !region.snapshots.contains_key(*snapshot)) {
        return Err(refuse(
            "InvalidSnapshot.NotFound",
            format!("The image {id} cannot be restored: its snapshot '{snapshot}' does not exist."),
        ));
    }
    let recovering = |id: &&str| region.snapshots.get(*id).is_some_and(|s| s.phase.at(request.now) == RECOVERING);
    if let Some(snapshot) = image.snapshots().find(recovering) {
        return Err(refuse("IncorrectState", format!("The snapshot '{snapshot}' is {RECOVERING}.")));
    }
    if let Some((holder, until)) = region.names.get(&request.named(&image.name))
        && holder != id
        && until.is_none_or(|until| request.now < until)
    {
        let message = format!("AMI name {} is already in use by AMI {holder}", image.name);
        return Err(refuse("InvalidAMIName.Duplicate", message));
    }
    request.dry_run()?;
    region.bin.images.remove(id);
    region.graves.remove(id);
    image.phase = Phase { before: "pending", turn: ready, ..image.phase };
    if forgets {
        image.tags.clear();
        image.launch.clear();
    }
    add(region, image, Vec::new());
    Ok("<return>true</return>".to_owned())
}
