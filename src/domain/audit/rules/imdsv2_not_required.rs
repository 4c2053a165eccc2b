//! The rule `imdsv2-not-required`: own images whose instances answer IMDSv1.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "imdsv2-not-required",
    level: Level::Medium,
    levels: "",
    looks_at: "own available images whose instances do not require IMDSv2, unless a launch or the account says so",
    why: "A request that a web application is tricked into can read the keys of the instance's role.",
    mend: "Make the next version require it: amictl create FAMILY --snapshot SNAP --imds v2.0. EC2 changes an image that is \
           there by aws ec2 modify-image-attribute --imds-support v2.0.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let open = inventory.available().filter(|(_, image)| !image.imds_v2);
    let found = open.map(|(place, image)| {
        let message = format!("{} does not require IMDSv2", image.label());
        let line = format!(
            "aws ec2 modify-image-attribute --image-id {} --imds-support v2.0 --region {}",
            image.id, image.region
        );
        RULE.on_image(place, image, message).hint(line)
    });
    found.collect()
}
