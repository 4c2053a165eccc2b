//! The rule `unencrypted`: own images with a snapshot that is not encrypted.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::naming::ec2_takes;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "unencrypted",
    level: Level::Medium,
    levels: "",
    looks_at: "own images with a snapshot that is not encrypted",
    why: "Whoever gets at the snapshot can read it, and so are the volumes made from it, unless a launch or the account \
          encrypts them.",
    mend: "Make an encrypted copy under another name, use that, and deregister the old image: amictl copy REF --to REGION \
           --encrypt --name NAME, amictl deregister REF.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let found = inventory.images().filter_map(|(place, image)| {
        let open = image.snapshots.iter().filter(|snapshot| !snapshot.encrypted);
        let devices: Vec<&str> = open.map(|snapshot| snapshot.device.as_str()).collect();
        if devices.is_empty() {
            return None;
        }
        let message = format!("{} has snapshots without encryption: {}", image.label(), devices.join(", "));
        let copy = name_of_copy(inventory, image).map(|name| {
            let line = amictl("copy").word(&image.id).words(["--to", image.region.as_str(), "--encrypt", "--name"]);
            format!("{}\n", line.word(name).options(&place.options))
        });
        // Afterwards the old image must go.
        let away = amictl("deregister").word(&image.id).options(&place.options);
        Some(RULE.on_image(place, image, message).hint(format!("{}{away}", copy.unwrap_or_default())))
    });
    found.collect()
}

/// The name of an encrypted copy; `None` for what is not worth one: it cannot be used, or has a newer version, which a
/// copy would replace as the newest.
fn name_of_copy<'f>(inventory: &Inventory<'f>, image: &'f Image) -> Option<String> {
    if !image.usable(inventory.now()) {
        return None;
    }
    if image.parsed_name.is_some() {
        let newest = inventory.newest(image).is_some_and(|newest| newest.id == image.id);
        return newest.then(|| inventory.next_name(image)).flatten().map(|name| name.to_string());
    }
    image.name.as_ref().map(|name| format!("{name}-encrypted")).filter(|name| ec2_takes(name))
}
