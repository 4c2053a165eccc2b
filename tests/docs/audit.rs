//! The part of the page of the audit that is made from its rules.

use amictl::domain::audit::{AuditRule, RULES};

use crate::generated;

const PAGE: &str = "docs/reference/audit.md";

/// Compares the page with what is made.
#[track_caller]
pub fn compare() {
    generated::compare_middle(PAGE, &RULES.iter().map(section).collect::<String>());
}

fn section(rule: &AuditRule) -> String {
    let (id, level) = (rule.id, rule.level);
    let levels = if rule.levels.is_empty() { String::new() } else { format!(" ({})", rule.levels) };
    let setting = rule.setting.map(|(key, default)| format!("- Setting: `{key}`, by default {default}.\n"));
    format!(
        "\n### {id}\n\n- Severity: {level}{levels}.\n- Looks at {}.\n- {}\n- {}\n{}",
        rule.looks_at,
        rule.why,
        rule.mend,
        setting.unwrap_or_default()
    )
}
