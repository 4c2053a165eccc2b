//! The sections about lineage and use on the page of one image.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::text::or_dash;
use crate::domain::details::{Blind, Details};
use crate::domain::ids::AccountId;
use crate::domain::image::Image;
use crate::domain::lineage::{Origin, Sight};
use crate::domain::usage::source::{Reference, Source, SourceStatus, UseVerdict};
use crate::output::columns::state;
use crate::output::page::Page;
use crate::output::table::{Cell, Sheet, Tone};

/// The number of references listed; `refs` lists all.
const USERS: usize = 20;

/// The source of the image, and its copies.
pub(super) fn lineage(page: &mut Page, details: &Details, now: DateTime<Utc>) {
    let image = &details.image;
    page.section("Lineage");
    if let Some(instance) = &image.source.instance_id {
        let from = details.made_from.as_ref().map(|(origin, sight)| parent(origin, sight, details.several));
        page.line(
            "Made from",
            match from {
                Some(from) => Cell::toned(format!("instance {instance}, launched from {}", from.text()), from.tone()),
                None => format!("instance {instance}").into(),
            },
        );
    } else if let Some((origin, sight)) = &details.copied_from {
        page.line("Copied from", parent(origin, sight, details.several));
    } else {
        page.line("Made from", Cell::toned("unknown: EC2 names no source", Tone::Faint));
    }
    match details.copies.is_empty() {
        true => page.line("Copies", Cell::toned(nowhere(details), Tone::Faint)),
        false => {
            page.line("Copies", details.copies.len().to_string());
            images(page, details, &details.copies, now);
        }
    }
    if !details.children.is_empty() {
        page.line("Children", details.children.len().to_string());
        images(page, details, &details.children, now);
    }
    if !details.blind.is_empty() {
        let blind: Vec<_> = details.blind.iter().map(|place| unread(place, details.several)).collect();
        page.line("Not searched", Cell::toned(blind.join(", "), Tone::Notice));
    }
}

/// A table of images that came of the one of the page.
fn images(page: &mut Page, details: &Details, images: &[Image], now: DateTime<Utc>) {
    let mut sheet = Sheet::new(["ACCOUNT", "REGION", "ID", "NAME", "STATE"]);
    let row = |image: &Image| {
        let account = or_dash(image.owner.as_ref().map(AccountId::as_str));
        let name = or_dash(image.name.as_deref());
        vec![account, image.region.as_str().into(), image.id.as_str().into(), name, state(image, now)]
    };
    sheet.rows = images.iter().map(row).collect();
    page.table(if details.several { sheet } else { sheet.without(&["ACCOUNT"]) }, &["NAME"]);
}

/// The regions without copies.
fn nowhere(details: &Details) -> String {
    let regions = match (details.regions.len(), details.regions.first()) {
        (1, Some(region)) => region.to_string(),
        (0, _) | (_, None) => return "no region could be read".to_owned(),
        (count, Some(_)) => format!("{count} regions"),
    };
    match (details.several, details.accounts) {
        (false, _) => format!("none in {regions}"),
        (true, 1) => format!("none in {regions} of one account"),
        (true, count) => format!("none in {regions} of {count} accounts"),
    }
}

fn unread(place: &Blind, several: bool) -> String {
    let of = |account: &Option<String>| match account {
        Some(account) if several => format!(" of account {account}"),
        None if several => " of an account".to_owned(),
        Some(_) | None => String::new(),
    };
    match place {
        Blind::Region(account, region) => format!("{region}{}", of(account)),
        Blind::OtherRegions(account) => format!("all other regions{}", of(account)),
        Blind::Account(account) => format!("all regions{}", of(account)),
    }
}

fn parent(origin: &Origin, sight: &Sight, several: bool) -> Cell {
    let place = origin.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
    let whom = if several { "these accounts" } else { "this account" };
    match sight {
        Sight::Seen(image) if image.revoked() => {
            Cell::toned(format!("{}{place}, which is revoked", image.label()), Tone::Bad)
        }
        Sight::Seen(image) => format!("{}{place}", image.label()).into(),
        Sight::Missing => {
            Cell::toned(format!("{}{place}, which is gone or not shared with {whom}", origin.id), Tone::Notice)
        }
        Sight::Unknown => format!("{}{place}; whether that is still there is unknown", origin.id).into(),
    }
}

/// Its use.
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
        UseVerdict::InUse(by) => {
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
        UseVerdict::Unused => page.line("In use", Cell::toned("no", Tone::Faint)),
        UseVerdict::Unverified(_) => page.line("In use", Cell::toned("unverified: no use is known", Tone::Notice)),
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

/// References by EC2's own search are left out if another source has them in more detail.
fn each_once(by: Vec<&Reference>) -> Vec<&Reference> {
    let known = |r: &&Reference| r.source != Source::ImageReferences;
    let ours: BTreeSet<_> = by.iter().filter(|r| known(r)).map(|r| (r.kind, r.id.clone())).collect();
    by.into_iter().filter(|r| known(r) || !ours.contains(&(r.kind, r.id.clone()))).collect()
}
