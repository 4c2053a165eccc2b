//! Uses of images that are in force: what runs them, and what would launch them.

use std::collections::BTreeMap;

use super::facts::AuditPlace;
use super::inventory::Inventory;
use crate::domain::ids::ImageId;
use crate::domain::usage::source::{Reference, Source};

/// Uses of images, each with its place.
pub type Uses<'f> = BTreeMap<&'f ImageId, Vec<(&'f AuditPlace, &'f Reference)>>;

/// The uses in force of all images, of these sources only.
pub fn in_force<'f>(inventory: &Inventory<'f>, wanted: impl Fn(Source) -> bool) -> Uses<'f> {
    let mut uses = Uses::new();
    for place in &inventory.facts.places {
        for (image, reference) in place.usage.all() {
            if wanted(reference.source) && place.usage.in_force(reference) {
                uses.entry(image).or_default().push((place, reference));
            }
        }
    }
    uses
}
