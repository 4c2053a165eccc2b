//! The rule `name-pattern`: own images that are in no family.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "name-pattern",
    level: Level::Low,
    levels: "",
    looks_at: "own images whose names follow neither amictl's rule nor one of family_patterns",
    why: "What is in no family has no newest version, and no rule retires it.",
    mend: "Describe the names in family_patterns, or make the next image with amictl create FAMILY.",
    setting: Some(("family_patterns", "none")),
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let unnamed = inventory.images().filter(|(_, image)| image.family().is_none());
    let found = unnamed.map(|(place, image)| RULE.on_image(place, image, format!("{} is in no family", image.label())));
    found.collect()
}
