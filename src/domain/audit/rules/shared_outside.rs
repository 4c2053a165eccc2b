//! The rule `shared-outside`: images shared with accounts that nobody listed.

use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use crate::domain::command_line::amictl;
use crate::domain::permissions::principal::Principal;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "shared-outside",
    level: Level::Medium,
    levels: "",
    looks_at: "own images shared with an account, an organization or a unit that is not in allow_accounts; EC2 is asked \
               for each image, so only where that key, --allow-account or --rule shared-outside is given",
    why: "Whoever may launch an image can read its disks.",
    mend: "Withdraw the permission, or add the account to allow_accounts: amictl unshare REF --with ACCOUNT.",
    setting: Some(("allow_accounts", "not asked")),
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    let allowed = inventory.limits.allow_accounts.as_ref();
    let found = inventory.images().filter_map(|(place, image)| {
        let outside = |with: &&Principal| match with {
            Principal::Account(account) => {
                Some(account) != image.owner.as_ref() && !allowed.is_some_and(|allowed| allowed.contains(*with))
            }
            Principal::Organization(_) | Principal::Unit(_) => !allowed.is_some_and(|allowed| allowed.contains(*with)),
            // Another rule has it.
            Principal::Everybody => false,
        };
        let with: Vec<&Principal> = place.shares.get(&image.id)?.iter().filter(outside).collect();
        if with.is_empty() {
            return None;
        }
        let names: Vec<&str> = with.iter().map(|with| with.short()).collect();
        let mut line = amictl("unshare").word(&image.id);
        for with in &with {
            line = match with {
                Principal::Account(account) => line.word("--with").word(account),
                Principal::Organization(arn) | Principal::Unit(arn) => line.word("--with").word(arn),
                Principal::Everybody => line,
            };
        }
        let message = format!("{} is shared with {}", image.label(), names.join(", "));
        Some(RULE.on_image(place, image, message).hint(line.options(&place.options)))
    });
    found.collect()
}
