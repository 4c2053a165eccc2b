//! The rule `family-not-rebuilt`: families whose newest version is old.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::age::ago;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "family-not-rebuilt",
    level: Level::Low,
    levels: "",
    looks_at: "families of which an image can be used, and none was made for longer than rebuild_age",
    why: "The pipeline that builds them may have stopped, and fixes of the system are not in them.",
    mend: "Build a new version: amictl create FAMILY. Deprecate the images of a family that is not needed any more.",
    setting: Some(("rebuild_age", "90d")),
    check,
};

/// The kind of the resource.
const KIND: &str = "family";

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let now = inventory.now();
    let limit = inventory.limits.rebuild_age.before(now);
    let found = inventory.families().filter_map(|(family, members)| {
        let newest = members.iter().find(|image| image.usable(now))?;
        let made = members.iter().filter_map(|image| image.created_at).max().filter(|made| *made <= limit)?;
        let (place, _) = inventory.own(&newest.id)?;
        let message =
            format!("the newest image of {} was made {} ago: {}", family.word, ago(made, now), newest.label());
        Some(RULE.on(place, KIND, family.word, message))
    });
    found.collect()
}
