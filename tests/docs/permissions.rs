//! The part of the page of permissions that is made from the table in the code.

use std::fs;

use amictl::domain::permissions_table::{Need, Needs, Without, all};

use crate::generated;
use crate::pages::root;

const PAGE: &str = "docs/reference/permissions.md";
const BEGIN: &str = "<!-- Made from the table in the code; see CONTRIBUTING.md. -->\n";
const END: &str = "<!-- The end of what is made. -->\n";

/// Compares the page with itself, its middle made anew.
#[track_caller]
pub fn compare() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made: String = all().iter().map(section).collect();
    generated::compare(PAGE, &format!("{before}{BEGIN}{made}\n{END}{after}"));
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
