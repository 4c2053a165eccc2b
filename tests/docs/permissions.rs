//! The part of the page of permissions that is made from the table in the code.

use amictl::domain::permissions_table::{Need, Needs, Without, all};

use crate::generated;

const PAGE: &str = "docs/reference/permissions.md";

/// Compares the page with what is made.
#[track_caller]
pub fn compare() {
    generated::compare_middle(PAGE, &all().iter().map(section).collect::<String>());
}

fn section(needs: &Needs) -> String {
    let mut rows: Vec<&Need> = needs.rows().collect();
    rows.sort_by_key(|row| (row.action, row.on.first().map(|on| on.name())));
    let lines: String = rows.iter().map(|row| line(row)).collect();
    let command = needs.command;
    format!("\n### {command}\n\n| action | on | for | without it |\n|---|---|---|---|\n{lines}")
}

fn line(row: &Need) -> String {
    let on: Vec<_> = row.on.iter().map(|on| on.name()).collect();
    let when = Some(row.when.words()).filter(|words| !words.is_empty()).map(|words| format!(" ({words})"));
    let without = match row.without {
        Without::Fails => "it fails",
        Without::Says(what) => what,
        Without::Documented => "EC2 fails, which does this in the name of the caller (from AWS's documentation)",
    };
    format!("| `{}` | {}{} | {} | {without} |\n", row.action, on.join(", "), when.unwrap_or_default(), row.why)
}
