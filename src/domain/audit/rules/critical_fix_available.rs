//! The rule `critical-fix-available`: images with a critical finding whose fix is out.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::age::ago;
use crate::domain::scan::{Scan, Severity};

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "critical-fix-available",
    level: Level::High,
    levels: "",
    looks_at: "own available images in which Amazon Inspector found something critical, for which a fix has been there for \
               longer than critical_fix",
    why: "The hole is known to everybody, and only a rebuild is needed to close it.",
    mend: "Build a new version with the fix, promote it and roll it out.",
    setting: Some(("critical_fix", "7d")),
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let now = inventory.now();
    let limit = inventory.limits.critical_fix.before(now);
    let critical = |scan: &&Scan| scan.severity.as_deref().is_some_and(|text| text.parse() == Ok(Severity::Critical));
    let found = inventory.available().filter_map(|(place, image)| {
        let since = image.scan.as_deref().filter(critical)?.fix_since.filter(|since| *since <= limit)?;
        let message = format!("{} has a critical finding, fixed for {}", image.label(), ago(since, now));
        Some(RULE.on_image(place, image, message))
    });
    found.collect()
}
