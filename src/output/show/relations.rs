//! What an image comes from, what comes from it, and who uses it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Details;
use super::page::or_dash;
use crate::domain::image::Image;
use crate::domain::lineage::{Origin, Sight};
use crate::domain::usage::{Reference, Source, SourceStatus, Verdict};
use crate::output::columns::state;
use crate::output::page::Page;
use crate::output::table::{Cell, Sheet, Tone};

/// How many users are listed; `refs` lists all.
const USERS: usize = 20;

/// What it was made from, and what was copied from it.
pub(super) fn lineage(page: &mut Page, details: &Details, now: DateTime<Utc>) {
    let image = &details.image;
    page.section("Lineage");
    if let Some(instance) = &image.source.instance_id {
        let launched = image.source.image_id.as_ref().map(|id| format!(", launched from {id}")).unwrap_or_default();
        page.line("Made from", format!("instance {instance}{launched}"));
    } else if let Some((origin, sight)) = &details.copied_from {
        page.line("Copied from", parent(origin, sight));
    } else {
        page.line("Made from", Cell::toned("unknown: EC2 names no source", Tone::Faint));
    }
    let read = details.regions.iter().filter(|region| !details.unread_regions.contains(region));
    let places = match read.collect::<Vec<_>>()[..] {
        [] => "no region could be read".to_owned(),
        [region] => format!("none in {region}"),
        ref regions => format!("none in {} regions", regions.len()),
    };
    match details.copies.is_empty() {
        true => page.line("Copies", Cell::toned(places, Tone::Faint)),
        false => {
            page.line("Copies", details.copies.len().to_string());
            let mut sheet = Sheet::new(["REGION", "ID", "NAME", "STATE"]);
            let row = |copy: &Image| {
                let name = or_dash(copy.name.as_deref());
                vec![copy.region.as_str().into(), copy.id.as_str().into(), name, state(copy, now)]
            };
            sheet.rows = details.copies.iter().map(row).collect();
            page.table(sheet, &["NAME"]);
        }
    }
    let mut unread: Vec<&str> = details.unread_regions.iter().map(|region| region.as_str()).collect();
    if !details.all_regions {
        unread.push("all other regions");
    }
    if !unread.is_empty() {
        page.line("Not looked in", Cell::toned(unread.join(", "), Tone::Notice));
    }
}

fn parent(origin: &Origin, sight: &Sight) -> Cell {
    let place = origin.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
    match sight {
        Sight::Seen(image) => format!("{}{place}", image.label()).into(),
        Sight::Missing => {
            Cell::toned(format!("{}{place}, which is gone or not shared with this account", origin.id), Tone::Notice)
        }
        Sight::Unknown => format!("{}{place}; whether that is still there is unknown", origin.id).into(),
    }
}

/// Who uses it.
pub(super) fn uses(page: &mut Page, details: &Details) {
    let (image, usage) = (&details.image, &details.usage);
    page.section("Use");
    let aliases = match details.aliases() {
        Some(names) if names.is_empty() => Cell::toned("none", Tone::Faint),
        Some(names) => names.join(", ").into(),
        None => Cell::toned("unknown", Tone::Notice),
    };
    page.line("Aliases", aliases);
    match usage.verdict(&image.id) {
        Verdict::InUse(by) => {
            let by = each_once(by);
            page.line("In use", Cell::toned("yes", Tone::Good));
            let mut sheet = Sheet::new(["USED BY", "ID", "DETAIL"]);
            let row = |r: &&Reference| [r.kind, &r.id, &r.detail].map(Cell::from).to_vec();
            sheet.rows = by.iter().take(USERS).map(row).collect();
            page.table(sheet, &[]);
            if by.len() > USERS {
                let rest = format!("{}; all of them: amictl refs {}", by.len() - USERS, image.id);
                page.line("And more", rest);
            }
        }
        Verdict::Unused => page.line("In use", Cell::toned("no", Tone::Faint)),
        Verdict::Unverified(_) => page.line("In use", Cell::toned("unverified: nobody is known", Tone::Notice)),
    }
    let sources = |wanted: fn(&SourceStatus) -> bool| {
        let found = usage.sources.iter().filter(|state| wanted(&state.status));
        found.map(|state| state.source.as_str()).collect::<Vec<_>>().join(", ")
    };
    for (name, sources, tone) in [
        ("Not readable", sources(|status| matches!(status, SourceStatus::Failed(_))), Tone::Bad),
        ("Left out", sources(|status| matches!(status, SourceStatus::Skipped)), Tone::Notice),
    ] {
        if !sources.is_empty() {
            page.line(name, Cell::toned(sources, tone));
        }
    }
}

/// What EC2's own search found is left out where another source found it too, and says more about it.
fn each_once(by: Vec<&Reference>) -> Vec<&Reference> {
    let known = |r: &&Reference| r.source != Source::ImageReferences;
    let ours: BTreeSet<_> = by.iter().filter(|r| known(r)).map(|r| (r.kind, r.id.clone())).collect();
    by.into_iter().filter(|r| known(r) || !ours.contains(&(r.kind, r.id.clone()))).collect()
}
