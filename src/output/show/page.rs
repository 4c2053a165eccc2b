//! The page with the details of one image, for people.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::text::{date, gib, or_dash};
use super::{relations, volumes};
use crate::domain::cost::snapshot_gib;
use crate::domain::details::Details;
use crate::domain::family::ImageFamily;
use crate::domain::image::{Cooling, Image, State};
use crate::domain::permissions::principal::Principal;
use crate::domain::revocation::Revocation;
use crate::domain::tested::{CountedLaunch, Tested};
use crate::domain::tested_lineage::Standing;
use crate::output::columns::{state, verdict_tone};
use crate::output::page::Page;
use crate::output::table::{Cell, Tone};

/// The value of fields that EC2 shows only to the owner.
const OWNER_ONLY: &str = "unknown: EC2 tells the owner only";

/// The page.
pub fn page(details: &Details, now: DateTime<Utc>) -> Page {
    let mut page = Page::default();
    let image = &details.image;
    page.summed(format!("Image {} in {}: {}", image.label(), image.region, state(image, now).text()));
    identity(&mut page, &details.image, details.several);
    condition(&mut page, details, now);
    volumes::section(&mut page, details);
    sharing(&mut page, details);
    relations::lineage(&mut page, details, now);
    relations::uses(&mut page, details);
    cost(&mut page, details);
    page
}

fn identity(page: &mut Page, image: &Image, several: bool) {
    page.section("Identity");
    page.line("Name", or_dash(image.name.as_deref()));
    page.line("Id", image.id.as_str());
    page.line("Region", image.region.as_str());
    let whose = match (image.own, several) {
        (true, false) => "this account",
        (true, true) => "one of these accounts",
        (false, _) => "another account",
    };
    page.line("Owner", image.owner.as_ref().map_or_else(|| whose.to_owned(), |owner| format!("{owner}, {whose}")));
    page.line(
        "Family",
        match &image.parsed_name {
            Some(name) if image.own => {
                format!("{}, version {} of {}", name.family(), name.version().get(), name.date()).into()
            }
            _ => match image.family() {
                Some(ImageFamily { word, pattern: Some(pattern) }) => {
                    format!("{word}, by the pattern {pattern}").into()
                }
                _ => Cell::toned("none: it is not managed", Tone::Faint),
            },
        },
    );
    let kinds = [&image.platform, &image.architecture, &image.root_device_type].map(Option::as_deref);
    page.line("Platform", kinds.into_iter().flatten().collect::<Vec<_>>().join(", "));
    page.line("Description", or_dash(image.description.as_deref()));
    match image.tags.is_empty() {
        true => page.line("Tags", or_dash(None)),
        false => page.lines("Tags", image.tags.iter().map(|(key, value)| format!("{key}={value}"))),
    }
}

fn condition(page: &mut Page, details: &Details, now: DateTime<Utc>) {
    let image = &details.image;
    page.section("State and dates");
    page.line(
        "State",
        match image.state {
            State::Available if image.revoked() => Cell::toned("available, but revoked", Tone::Bad),
            State::Available if image.deprecated(now) => Cell::toned("available, but deprecated", Tone::Notice),
            _ => state(image, now),
        },
    );
    if let Some(mark) = Revocation::of(image) {
        let told = mark.told();
        page.line("Revoked", Cell::toned(told.trim_start_matches([' ', ':']), Tone::Bad));
    }
    if let Some(scan) = &image.scan {
        page.line("Scan", scan.told(now));
    }
    if !image.watermarks.is_empty() {
        page.lines("Watermarks", image.watermarks.iter().cloned());
    }
    if let Some(reason) = &image.state_reason {
        page.line("Reason", reason.as_str());
    }
    page.line("Created", image.created_at.map_or_else(|| or_dash(None), |at| date(at, now).into()));
    page.line("Last launched", last_launch(image, now));
    page.line(
        "Deprecated",
        match image.deprecated_at {
            Some(at) if at <= now => Cell::toned(format!("since {}", date(at, now)), Tone::Notice),
            Some(at) => format!("from {}", date(at, now)).into(),
            None => Cell::toned("no", Tone::Faint),
        },
    );
    page.line("Protected", protection(image, now));
    page.lines("Tested", tested(details, now));
}

/// The verdict of a boot test: its own, or that of a source.
fn tested(details: &Details, now: DateTime<Utc>) -> Vec<Cell> {
    let words = |whose: &str, tested: &Tested| {
        let told = format!("{whose}{} on {}", tested.verdict, tested.types.join(", "));
        let told = Cell::toned(told, verdict_tone(tested.verdict));
        let checks = Some(tested.checks()).filter(|checks| !checks.is_empty());
        let run = format!("{}, by run {}", date(tested.at, now), tested.run);
        [Some(told), checks.map(Cell::from), Some(run.into())].into_iter().flatten().collect()
    };
    match &details.standing {
        Some(Standing::Tested(by, tested)) if by.id == details.image.id => words("", tested),
        Some(Standing::Tested(by, tested)) => words(&format!("as {} in {}: ", by.label(), by.region), tested),
        Some(Standing::Unread(problem)) => vec![Cell::toned(format!("unknown: {}", problem.message), Tone::Notice)],
        Some(Standing::Untested(_)) | None if details.image.own => vec![Cell::toned("no", Tone::Faint)],
        Some(Standing::Untested(_)) | None => vec![Cell::toned(OWNER_ONLY, Tone::Faint)],
    }
}

/// The last launch. That of a boot test is named as one.
fn last_launch(image: &Image, now: DateTime<Utc>) -> Cell {
    let Some(at) = image.last_launched_at else {
        return match image.own {
            true => Cell::toned("never, as far as EC2 knows; it is up to a day late", Tone::Faint),
            false => Cell::toned(OWNER_ONLY, Tone::Faint),
        };
    };
    match CountedLaunch::of(image) {
        CountedLaunch { test: Some(test), .. } if at >= test => format!("{}, by a boot test", date(at, now)).into(),
        CountedLaunch { .. } => date(at, now).into(),
    }
}

/// The deregistration protection.
fn protection(image: &Image, now: DateTime<Utc>) -> Cell {
    let word = image.protection.word(now);
    match (image.protection.enabled(), image.protection.cooling(now)) {
        _ if !image.own => Cell::toned(OWNER_ONLY, Tone::Faint),
        (_, Some(cooling)) => {
            let until = match cooling {
                Cooling::Until(at) => format!("until {}", date(at, now)),
                Cooling::ForADay => "for up to 24 hours".to_owned(),
            };
            Cell::toned(format!("not any more, but EC2 refuses to deregister it {until}"), Tone::Notice)
        }
        (Some(true), _) => Cell::toned("yes, and for 24 hours after it is turned off", Tone::Good),
        (Some(false), _) if word == "enabled-without-cooldown" => Cell::toned("yes", Tone::Good),
        (Some(false), _) => Cell::toned(format!("yes: {word}"), Tone::Good),
        (None, None) => Cell::toned("no", Tone::Faint),
    }
}

fn sharing(page: &mut Page, details: &Details) {
    let image = &details.image;
    let unknown = |text: &str| Cell::toned(text, Tone::Notice);
    page.section("Sharing");
    page.lines(
        "Shared with",
        match &details.launch_permissions {
            Some(with) if with.is_empty() => vec![Cell::toned("nobody", Tone::Faint)],
            Some(with) => principals(with),
            None if image.own && image.public => vec![everybody(), unknown("who else is unknown")],
            None if image.own => vec![unknown("unknown")],
            // For a public image, further launch permissions matter to the owner only.
            None if image.public => vec![everybody()],
            None => vec![Cell::toned(OWNER_ONLY, Tone::Faint)],
        },
    );
}

fn everybody() -> Cell {
    Cell::toned("everyone: it is public", Tone::Notice)
}

/// `everybody` first, then the accounts on one line, then organizations.
fn principals(with: &BTreeSet<Principal>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = with.contains(&Principal::Everybody).then(everybody).into_iter().collect();
    let account = |principal: &Principal| match principal {
        Principal::Account(account) => Some(account.to_string()),
        Principal::Everybody | Principal::Organization(_) | Principal::Unit(_) => None,
    };
    let accounts: Vec<_> = with.iter().filter_map(account).collect();
    match accounts.len() {
        0 => {}
        1 => cells.push(format!("account {}", accounts[0]).into()),
        _ => cells.push(format!("accounts {}", accounts.join(", ")).into()),
    }
    cells.extend(with.iter().filter(|who| who.is_organization()).map(|who| Cell::from(who.to_string())));
    cells
}

fn cost(page: &mut Page, details: &Details) {
    page.section("Cost");
    let Some(cost) = details.monthly_cost else {
        return page
            .line("At most", Cell::toned("nothing to this account: the snapshots are the owner's", Tone::Faint));
    };
    let image = &details.image;
    let seen: Vec<_> = image.snapshots.iter().map(|of| details.snapshot(of).and_then(|s| s.full_bytes)).collect();
    // The sum is meaningful only if EC2 reports the size of each.
    let written: Option<i64> = seen.into_iter().sum();
    let of_that = written.filter(|bytes| *bytes > 0).map(|bytes| format!(", {} of them written", gib(bytes)));
    let size = snapshot_gib([image]);
    if size == 0 {
        return page.line("At most", Cell::toned("nothing for snapshots: it has none", Tone::Faint));
    }
    page.line("At most", format!("${cost:.2} a month for {size} GiB of snapshots{}", of_that.unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_rounded_up() {
        for (bytes, text) in [
            (0, "0.0"),
            (1, "0.1"),
            (1 << 30, "1.0"),
            ((1 << 30) - 1, "1.0"),
            (3 << 29, "1.5"),
            (i64::MAX, "8589934592.0"),
        ] {
            assert_eq!(gib(bytes), format!("{text} GiB"));
        }
    }
}
