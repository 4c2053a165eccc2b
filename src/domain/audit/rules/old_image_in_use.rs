//! The rule `old-image-in-use`: images that are used long after they were made.

use std::collections::BTreeMap;

use super::super::facts::AuditPlace;
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::{ImageSight, Inventory};
use super::super::rule::AuditRule;
use super::super::uses;
use crate::domain::age::ago;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::reason::named;
use crate::domain::usage::source::Reference;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "old-image-in-use",
    level: Level::Medium,
    levels: "",
    looks_at: "images older than max_age, those of others too, that instances run or that templates, groups, fleets, \
               parameters or aliases name",
    why: "Nothing that was found and fixed since then is in it.",
    mend: "Build a new version, promote it and roll it out.",
    setting: Some(("max_age", "365d")),
    check,
};

/// The users of an image, and the place where it is reported.
type Users<'f> = (&'f AuditPlace, &'f Image, Vec<&'f Reference>);

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let now = inventory.now();
    let limit = inventory.limits.max_age.before(now);
    let mut used: BTreeMap<_, Users<'_>> = BTreeMap::new();
    for (id, by) in uses::in_force(inventory, |_| true) {
        for (place, reference) in by {
            // An image of the run is reported once, at its owner; those of others wherever they are used.
            let at = inventory.own(id).or(match inventory.sight(place, id) {
                ImageSight::Seen(image) => Some((place, image)),
                ImageSight::Gone | ImageSight::Unknown => None,
            });
            if let Some((place, image)) = at {
                let key = (place.account.as_ref(), &place.region, id);
                used.entry(key).or_insert_with(|| (place, image, Vec::new())).2.push(reference);
            }
        }
    }
    let found = used.into_values().filter_map(|(place, image, by)| {
        let made = image.created_at.filter(|made| *made <= limit)?;
        let message = format!("{} is {} old and in use by {}", image.label(), ago(made, now), named(by));
        let line = amictl("refs").word(&image.id).options(&place.options);
        Some(RULE.on_image(place, image, message).hint(line))
    });
    found.collect()
}
