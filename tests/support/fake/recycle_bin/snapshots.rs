//! ListSnapshotsInRecycleBin and RestoreSnapshotFromRecycleBin.

use super::super::errors::{Answer, no_snapshot};
use super::super::ids;
use super::super::model::Phase;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::{World, span};
use super::super::xml::Xml;

pub fn list(world: &mut World, request: &Request) -> Answer {
    let window = Window::read(world, request, (5, 1000), Some("SnapshotId"))?;
    let wanted = request.params.list("SnapshotId");
    let bin = &mut world.region(&request.region).bin;
    bin.purge(request.now);
    for id in &wanted {
        ids::check("snap", id)?;
        let own = bin.snapshots.get(*id).filter(|binned| binned.what.owner == request.account);
        own.ok_or_else(|| no_snapshot(id))?;
    }
    request.dry_run()?;
    let listed = bin.snapshots.iter().filter(|(id, binned)| {
        binned.what.owner == request.account && (wanted.is_empty() || wanted.contains(&id.as_str()))
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("snapshotSet", page, |x, binned| {
        x.leaf("snapshotId", &binned.what.id).leaf("description", &binned.what.description);
        x.leaf("volumeId", &binned.what.volume);
        x.time("recycleBinEnterTime", binned.entered).time("recycleBinExitTime", binned.exits);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

/// The state of a snapshot on its way back.
pub const RECOVERING: &str = "recovering";

/// It comes back as it was, its sharing too.
pub fn restore(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("SnapshotId")?;
    ids::check("snap", id)?;
    let (forgets, ready) = (world.restore_forgets, request.now + span(world.recovering_for));
    let region = world.region(&request.region);
    region.bin.purge(request.now);
    let own = region.bin.snapshots.get(id).filter(|binned| binned.what.owner == request.account);
    let mut snapshot = own.map(|binned| binned.what.clone()).ok_or_else(|| no_snapshot(id))?;
    request.dry_run()?;
    snapshot.phase = Phase { before: RECOVERING, turn: ready, ..snapshot.phase };
    if forgets {
        snapshot.tags.clear();
        snapshot.shared.clear();
    }
    let mut x = Xml::new();
    x.leaf("snapshotId", id).leaf("ownerId", &snapshot.owner).leaf("volumeId", &snapshot.volume);
    x.leaf("description", &snapshot.description).leaf("volumeSize", snapshot.size);
    x.leaf("encrypted", snapshot.kms_key.is_some()).leaf("progress", "100%");
    x.leaf("status", snapshot.phase.at(request.now)).time("startTime", snapshot.started);
    region.bin.snapshots.remove(id);
    region.snapshots.insert(id.to_owned(), snapshot);
    Ok(x.done())
}
