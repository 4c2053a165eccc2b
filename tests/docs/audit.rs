//! The part of the page of the audit that is made from its rules.

use std::fs;

use amictl::domain::audit::{AuditRule, RULES};

use crate::generated;
use crate::pages::root;

const PAGE: &str = "docs/reference/audit.md";
const BEGIN: &str = "<!-- Made from the table in the code; see CONTRIBUTING.md. -->\n";
const END: &str = "<!-- The end of what is made. -->\n";

/// Compares the page with itself, its middle made anew.
#[track_caller]
pub fn compare() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made: String = RULES.iter().map(section).collect();
    generated::compare(PAGE, &format!("{before}{BEGIN}{made}\n{END}{after}"));
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
