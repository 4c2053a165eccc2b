//! The rule `untested-alias`: aliases on images that passed no boot test.

use super::super::facts::AuditPlace;
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::{ImageSight, Inventory};
use super::super::note::AuditNote;
use super::super::rule::AuditRule;
use super::super::trouble::Trouble;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::tested_lineage::{OwnerViews, Standing, TestedGate};
use crate::domain::usage::source::{ALIAS, Reference, Source};

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "untested-alias",
    level: Level::Low,
    levels: "",
    looks_at: "aliases whose image has not passed a boot test, and is not a copy of one that has",
    why: "An image that was never started may not start.",
    mend: "Test the image, or let promote ask for it: amictl test REF --type TYPE, amictl promote REF --to ALIAS \
           --require-tested.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let found = aliases(inventory).filter_map(|(place, reference, image, standing)| {
        if let Standing::Unread(_) = standing {
            return None;
        }
        let why = TestedGate::default().objection(image, &standing, inventory.now())?;
        let line = amictl("test").word(&image.id).word("--type").word("TYPE").options(&place.options);
        Some(RULE.on(place, ALIAS, &reference.id, why.message).hint(line))
    });
    found.collect()
}

/// The aliases of which it is not known whether their images were tested.
pub fn unread(inventory: &Inventory<'_>) -> Vec<AuditNote> {
    let unread = aliases(inventory).filter_map(|(place, reference, image, standing)| {
        let Standing::Unread(_) = standing else { return None };
        let why = TestedGate::default().objection(image, &standing, inventory.now())?;
        let message = format!("{} {}: {}", reference.kind, reference.id, why.message);
        Some(AuditNote::on(place, Problem { message, ..why }))
    });
    unread.collect()
}

/// The aliases, each with its place, its image and what that stands on.
fn aliases<'f>(
    inventory: &Inventory<'f>,
) -> impl Iterator<Item = (&'f AuditPlace, &'f Reference, &'f Image, Standing)> {
    let of_place = |place: &'f AuditPlace| place.usage.all().map(move |(id, reference)| (place, id, reference));
    let all = inventory.facts.places.iter().flat_map(of_place);
    all.filter_map(move |(place, id, reference)| {
        let alias = reference.kind == ALIAS && reference.source == Source::SsmParameters;
        let sight = inventory.sight(place, id);
        match sight {
            // One that should not be used at all is found by another rule.
            ImageSight::Seen(image)
                if alias && place.usage.in_force(reference) && Trouble::of(sight, inventory.now()).is_none() =>
            {
                Some((place, reference, image, standing(inventory, image)))
            }
            ImageSight::Seen(_) | ImageSight::Gone | ImageSight::Unknown => None,
        }
    })
}

/// The verdict on an image or on one that it is a copy of, as far as accounts of the run own them.
fn standing(inventory: &Inventory<'_>, image: &Image) -> Standing {
    let mut views = OwnerViews::new();
    loop {
        match Standing::of(image, &views) {
            Ok(standing) => return standing,
            Err(origin) => {
                let unread = || {
                    let message = format!("no account of the run has {}, or its images could not be listed", origin.id);
                    Problem { code: "NotInRun".to_owned(), message }
                };
                let view = inventory.own(&origin.id).map(|(_, image)| image.clone()).ok_or_else(unread);
                views.insert(origin.id, view);
            }
        }
    }
}
