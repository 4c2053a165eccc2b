//! The section about volumes on the page of one image.

use std::collections::BTreeMap;

use super::text::{gib, or_dash};
use crate::domain::details::Details;
use crate::domain::snapshot::Snapshot;
use crate::output::page::Page;
use crate::output::table::{Cell, Sheet, Tone};

/// The volumes with their snapshots, and the keys of those.
pub(super) fn section(page: &mut Page, details: &Details) {
    let image = &details.image;
    page.section("Volumes");
    if image.snapshots.is_empty() && image.blank_volumes.is_empty() {
        let why = match image.root_device_type.as_deref() {
            Some("instance-store") => "none: it starts from an instance store",
            _ => "none",
        };
        return page.line("Volumes", Cell::toned(why, Tone::Faint));
    }
    let mut sheet = Sheet::new(["DEVICE", "SNAPSHOT", "SIZE", "WRITTEN", "STATE", "ENCRYPTED"]);
    let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for of in &image.snapshots {
        let seen = details.snapshot(of);
        if let Some(key) = seen.and_then(|snapshot| snapshot.kms_key.as_deref()) {
            keys.entry(key).or_default().push(&of.device);
        }
        sheet.rows.push(vec![
            of.device.as_str().into(),
            of.id.as_str().into(),
            format!("{} GiB", of.size_gib).into(),
            seen.and_then(|snapshot| snapshot.full_bytes).map_or_else(|| or_dash(None), |bytes| gib(bytes).into()),
            snapshot_state(seen, details),
            yes_or_no(of.encrypted),
        ]);
    }
    let nothing = if image.state.may_become_available() { "none yet" } else { "none: it starts empty" };
    for blank in &image.blank_volumes {
        let size = format!("{} GiB", blank.size_gib);
        let cells = [
            blank.device.as_str().into(),
            Cell::toned(nothing, Tone::Faint),
            size.into(),
            or_dash(None),
            or_dash(None),
        ];
        sheet.rows.push(cells.into_iter().chain([yes_or_no(blank.encrypted)]).collect());
    }
    page.table(sheet, &["WRITTEN", "ENCRYPTED"]);
    let several = keys.len() > 1;
    page.lines(
        "Encrypted with",
        keys.into_iter().map(|(key, devices)| match several {
            true => format!("{key} ({})", devices.join(", ")),
            false => key.to_owned(),
        }),
    );
}

fn snapshot_state(seen: Option<&Snapshot>, details: &Details) -> Cell {
    let Some(snapshot) = seen else {
        return match (&details.snapshots, details.image.own) {
            (None, _) => Cell::toned("unknown", Tone::Notice),
            (Some(_), true) => Cell::toned("not found", Tone::Bad),
            // Snapshots of another account are visible only if they may be copied.
            (Some(_), false) => or_dash(None),
        };
    };
    match (snapshot.state.as_str(), snapshot.tier.as_deref()) {
        ("completed", Some("archive")) => Cell::toned("archived", Tone::Notice),
        ("completed", _) => Cell::toned("completed", Tone::Good),
        ("pending", _) => Cell::toned(format!("pending {}%", snapshot.percent), Tone::Notice),
        ("error", _) => Cell::toned("error", Tone::Bad),
        (other, _) => Cell::toned(other, Tone::Notice),
    }
}

fn yes_or_no(yes: bool) -> Cell {
    Cell::from(if yes { "yes" } else { "no" })
}
