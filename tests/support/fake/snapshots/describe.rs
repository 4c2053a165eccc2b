//! DescribeSnapshots.

use std::ops::Bound;

use chrono::{DateTime, Utc};

use super::super::errors::{Answer, Refusal, no_snapshot, refuse};
use super::super::filters::{Filters, tag_field};
use super::super::ids;
use super::super::model::{Principal, Snapshot, visible_tags};
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::{Xml, stamp};

const FILTERS: &[&str] = &[
    "description",
    "encrypted",
    "owner-id",
    "progress",
    "snapshot-id",
    "start-time",
    "status",
    "storage-tier",
    "tag:",
    "tag-key",
    "volume-id",
    "volume-size",
];

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (5, 1000), Some("SnapshotId"))?;
    let filters = Filters::read(params, FILTERS)?;
    let owners = accounts(request, "Owner", &["amazon"])?;
    let users = accounts(request, "RestorableBy", &["all"])?;
    let wanted = params.list("SnapshotId");
    let region = world.region(&request.region);
    for id in &wanted {
        ids::check("snap", id)?;
        let known = region.snapshots.get(*id).is_some_and(|s| s.usable_by(&request.account));
        if !known {
            return Err(no_snapshot(id));
        }
    }
    request.dry_run()?;

    let account = request.account.as_str();
    let fits = |snapshot: &Snapshot| {
        snapshot.usable_by(account)
            && snapshot.started <= request.now
            && (owners.is_empty() || owners.contains(&snapshot.owner))
            && (users.is_empty() || users.iter().any(|user| restorable(snapshot, account, user)))
            && (wanted.is_empty() || wanted.contains(&snapshot.id.as_str()))
            && filters.accept(|name, test| passes(snapshot, account, request.now, name, test))
    };
    let (page, next) = if wanted.is_empty() {
        let from = (Bound::Excluded(window.after()), Bound::Unbounded);
        let listed = region.snapshots.range::<str, _>(from);
        window.cut(listed.filter(|(_, snapshot)| fits(snapshot)))
    } else {
        let mut found: Vec<&Snapshot> = wanted.iter().filter_map(|id| region.snapshots.get(*id)).collect();
        found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        found.retain(|snapshot| fits(snapshot));
        (found, None)
    };
    let mut x = Xml::new();
    x.list("snapshotSet", page, |x, snapshot| write(x, snapshot, account, request.now));
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn accounts(request: &Request, name: &str, aliases: &[&str]) -> Result<Vec<String>, Refusal> {
    let read = request.params.list(name).into_iter().map(|value| match value {
        "self" => Ok(request.account.clone()),
        _ if aliases.contains(&value) || ids::is_account(value) => Ok(value.to_owned()),
        _ => Err(refuse("InvalidUserID.Malformed", format!("Invalid user id: \"{value}\""))),
    });
    read.collect()
}

fn restorable(snapshot: &Snapshot, me: &str, user: &str) -> bool {
    match user {
        "all" => snapshot.shared.contains(&Principal::All),
        _ if user == me => snapshot.usable_by(me),
        _ => snapshot.shared.contains(&Principal::Account(user.to_owned())),
    }
}

fn passes(snapshot: &Snapshot, viewer: &str, now: DateTime<Utc>, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    let tags = visible_tags(&snapshot.tags, &snapshot.owner, viewer);
    if let Some(passed) = tag_field(name, tags, test) {
        return passed;
    }
    match name {
        "description" => test(&snapshot.description),
        "encrypted" => test(if snapshot.kms_key.is_some() { "true" } else { "false" }),
        "owner-id" => test(&snapshot.owner),
        "progress" => test(&format!("{}%", snapshot.progress(now))),
        "snapshot-id" => test(&snapshot.id),
        "start-time" => test(&stamp(snapshot.started)),
        "status" => test(snapshot.phase.at(now)),
        "storage-tier" => test(&snapshot.tier),
        "volume-id" => test(&snapshot.volume),
        "volume-size" => test(&snapshot.size.to_string()),
        other => unreachable!("filter {other} is listed and not read"),
    }
}

fn write(x: &mut Xml, snapshot: &Snapshot, viewer: &str, now: DateTime<Utc>) {
    let state = snapshot.phase.at(now);
    x.leaf("snapshotId", &snapshot.id).leaf("volumeId", &snapshot.volume);
    x.leaf("status", state).time("startTime", snapshot.started);
    x.maybe("statusMessage", snapshot.message.as_ref().filter(|_| state == "error"));
    x.leaf("progress", format_args!("{}%", snapshot.progress(now)));
    x.leaf("ownerId", &snapshot.owner).leaf("volumeSize", snapshot.size);
    x.leaf("description", &snapshot.description);
    x.leaf("encrypted", snapshot.kms_key.is_some());
    x.maybe("kmsKeyId", snapshot.kms_key.as_ref());
    x.leaf("storageTier", &snapshot.tier);
    x.maybe("fullSnapshotSizeInBytes", snapshot.full_bytes.filter(|_| state == "completed"));
    if state == "completed" {
        x.time("completionTime", snapshot.phase.turn);
    }
    x.tags(visible_tags(&snapshot.tags, &snapshot.owner, viewer));
}
