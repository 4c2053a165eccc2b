//! The rule `unencrypted`: own images with a snapshot that is not encrypted.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::command_line::amictl;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "unencrypted",
    level: Level::Medium,
    levels: "",
    looks_at: "own images with a snapshot that is not encrypted",
    why: "Whoever gets at the snapshot can read it, and so are the volumes made from it, unless a launch or the account \
          encrypts them.",
    mend: "Make an encrypted copy and use that: amictl copy REF --to REGION --encrypt.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let found = inventory.images().filter_map(|(place, image)| {
        let open: Vec<_> = image.snapshots.iter().filter(|snapshot| !snapshot.encrypted).collect();
        let devices: Vec<&str> = open.iter().map(|snapshot| snapshot.device.as_str()).collect();
        let message = format!("{} has snapshots without encryption: {}", image.label(), devices.join(", "));
        let line = amictl("copy").word(&image.id).words(["--to", image.region.as_str(), "--encrypt"]);
        let finding = RULE.on_image(place, image, message).hint(line.options(&place.options));
        (!open.is_empty()).then_some(finding)
    });
    found.collect()
}
