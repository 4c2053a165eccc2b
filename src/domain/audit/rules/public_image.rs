//! The rule `public-image`: own images that everybody may launch.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::command_line::amictl;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "public-image",
    level: Level::High,
    levels: "",
    looks_at: "own images that are public",
    why: "Everybody can launch the image and read its disks, with whatever was left on them.",
    mend: "Withdraw the permission: amictl unshare REF --public.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let public = inventory.images().filter(|(_, image)| image.public);
    let found = public.map(|(place, image)| {
        let line = amictl("unshare").word(&image.id).word("--public").options(&place.options);
        RULE.on_image(place, image, format!("{} is public", image.label())).hint(line)
    });
    found.collect()
}
