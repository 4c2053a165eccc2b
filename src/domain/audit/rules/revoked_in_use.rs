//! The rule `revoked-in-use`: revoked images that instances run.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use super::super::uses;
use crate::domain::command_line::amictl;
use crate::domain::reason::named;
use crate::domain::usage::source::Source;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "revoked-in-use",
    level: Level::High,
    levels: "",
    looks_at: "instances, stopped ones too, whose image is revoked",
    why: "Somebody found the image bad, and it still runs or can be started again.",
    mend: "Replace the instances: amictl rollout GROUP --image REF, or launch others and terminate these.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let uses = uses::in_force(inventory, |source| source == Source::Instances);
    let revoked = uses.into_iter().filter_map(|(id, by)| Some((inventory.own(id).filter(|(_, i)| i.revoked())?, by)));
    let found = revoked.map(|((place, image), by)| {
        let users = named(by.iter().map(|(_, reference)| *reference));
        let line = amictl("refs").word(&image.id).options(&place.options);
        RULE.on_image(place, image, format!("{} is revoked and in use by {users}", image.label())).hint(line)
    });
    found.collect()
}
