//! The rule `required-tags`: own images without tags that all must have.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::command_line::amictl;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "required-tags",
    level: Level::Low,
    levels: "",
    looks_at: "own images without one of the tags in required_tags",
    why: "Nobody can be asked about an image without an owner.",
    mend: "Tag the image: amictl tag REF Owner=TEAM.",
    setting: Some(("required_tags", "Environment, Owner")),
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let found = inventory.images().filter_map(|(place, image)| {
        let required = inventory.limits.required_tags.iter();
        let missing: Vec<&str> = required.filter(|key| !image.tags.contains_key(*key)).map(String::as_str).collect();
        if missing.is_empty() {
            return None;
        }
        let message = format!("{} has no tag {}", image.label(), missing.join(", "));
        let line = amictl("tag").word(&image.id).words(missing.iter().map(|key| format!("{key}=VALUE")));
        Some(RULE.on_image(place, image, message).hint(line.options(&place.options)))
    });
    found.collect()
}
