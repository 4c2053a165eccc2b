//! The rule `untested-alias`: aliases on images that passed no boot test.

use super::super::facts::AuditPlace;
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::{ImageSight, Inventory};
use super::super::rule::AuditRule;
use super::super::trouble::Trouble;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::tested_lineage::{OwnerViews, Standing, TestedGate};
use crate::domain::usage::source::{ALIAS, Source};

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
    inventory.facts.places.iter().flat_map(|place| of_place(inventory, place)).collect()
}

fn of_place<'f>(inventory: &Inventory<'f>, place: &'f AuditPlace) -> Vec<AuditFinding> {
    let usage = &place.usage;
    let aliases =
        usage.all().filter(|(_, r)| r.kind == ALIAS && r.source == Source::SsmParameters && usage.in_force(r));
    let found = aliases.filter_map(|(id, reference)| {
        let sight = inventory.sight(place, id);
        let ImageSight::Seen(image) = sight else { return None };
        // One that should not be used at all is found by another rule.
        if Trouble::of(sight, inventory.now()).is_some() {
            return None;
        }
        let why = TestedGate::default().objection(image, &standing(inventory, image), inventory.now())?;
        let line = amictl("test").word(&image.id).word("--type").word("TYPE").options(&place.options);
        Some(RULE.on(place, ALIAS, &reference.id, why.message).hint(line))
    });
    found.collect()
}

/// The verdict on an image or on one that it is a copy of, as far as accounts of the run own them.
fn standing(inventory: &Inventory<'_>, image: &Image) -> Standing {
    let mut views = OwnerViews::new();
    loop {
        match Standing::of(image, &views) {
            Ok(standing) => return standing,
            Err(origin) => {
                let unread = || {
                    let message =
                        format!("no account of the run owns {}, or its images could not be listed", origin.id);
                    Problem { code: "NotInRun".to_owned(), message }
                };
                let view = inventory.own(&origin.id).map(|(_, image)| image.clone()).ok_or_else(unread);
                views.insert(origin.id, view);
            }
        }
    }
}
