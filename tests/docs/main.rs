//! Documentation put to the test: links, command lines, generated pages, example scripts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

#[path = "../support/venv.rs"]
mod venv;

mod audit;
mod aws;
mod commands;
mod examples;
mod generated;
mod github;
mod lines;
#[cfg(target_os = "linux")]
mod linking;
mod packages;
mod pages;
mod permissions;
mod serve;
mod systemd;

use std::fs;
use std::path::Path;

use pages::{Page, pages, root};

/// The most lines that a newcomer is to read first.
const README_LINES: usize = 250;

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let links: usize = pages.iter().map(|page| page.links.len()).sum();
    assert!(links > 100, "only {links} links are looked at");
    none(&pages.iter().flat_map(|page| pages::dead_links(page, &pages)).collect::<Vec<_>>());
}

#[test]
fn every_page_of_the_docs_is_in_their_index() {
    let pages = pages();
    let index = pages.iter().find(|page| page.path == Path::new("docs/README.md")).unwrap();
    let listed = index.targets();
    let missing = pages.iter().filter(|page| page.path.starts_with("docs") && page.path != index.path);
    let missing = missing.filter(|page| !listed.contains(&page.path));
    none(&missing.map(|page| format!("docs/README.md has no link to {}", page.path.display())).collect::<Vec<_>>());
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines of at most {README_LINES}");
}

#[test]
fn every_command_line_in_a_code_block_is_accepted() {
    let pages = pages();
    let lines: Vec<(&Page, String)> =
        pages.iter().flat_map(|page| lines::of(page).into_iter().map(move |line| (page, line))).collect();
    assert!(lines.len() > 150, "only {} command lines are looked at", lines.len());
    let cli = lines::built();
    let refused = lines.iter().filter_map(|(page, line)| {
        let error = lines::refused(&cli, line)?;
        Some(format!("{}: {line}\n  {error}", page.path.display()))
    });
    none(&refused.collect::<Vec<_>>());
}

#[test]
fn every_option_in_the_text_exists() {
    let (pages, cli) = (pages(), lines::built());
    let wrong = pages.iter().flat_map(|page| {
        let words = page.code.iter().flat_map(|code| lines::unknown_options(&cli, code));
        words.map(|word| format!("{}: {word}", page.path.display()))
    });
    none(&wrong.collect::<Vec<_>>());
}

#[test]
fn the_page_of_commands_is_that_of_the_program() {
    generated::compare("docs/reference/commands.md", &commands::page());
}

#[test]
fn the_tables_of_permissions_are_those_of_the_code() {
    permissions::compare();
}

#[test]
fn the_rules_of_the_audit_are_those_of_the_code() {
    audit::compare();
}

#[test]
fn the_picture_is_what_the_demo_draws() {
    generated::compare("docs/demo.svg", &generated::demo("--svg"));
}

#[test]
fn the_session_in_the_readme_is_that_of_the_picture() {
    let session = generated::demo("--text");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (before, rest) = readme.split_once("```console\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    generated::compare("README.md", &format!("{before}```console\n{session}```\n{after}"));
}

#[test]
fn every_path_in_the_page_of_the_architecture_exists() {
    let page = Page::read("docs/architecture.md");
    let paths = page.code.iter().filter(|code| code.contains('/') && !code.contains(['<', '*', ' ', '…']));
    let missing = paths.filter(|path| !root().join(path).exists() && !path.contains("history"));
    none(&missing.map(|path| format!("docs/architecture.md names {path}")).collect::<Vec<_>>());
}

#[test]
fn what_is_wrong_in_a_page_is_found() {
    let text = "# A `b`, c\n\n# A `b`, c\n\n[x](other.md) [y](#a-b-c-1) [z](#nowhere) `--no-such` `list --keep 3`\n\n\
                ```sh\namictl lst\nx=$(amictl list \\\n    --latest) | amictl prune --keep x  # amictl no\n```\n\n\
                ```console\n$ amictl list --no\namictl is not run here\n```\n";
    let (page, cli) = (Page::parse("docs/x.md".into(), text), lines::built());
    assert_eq!(page.anchors, ["a-b-c", "a-b-c-1"]);
    let dead = pages::dead_links(&page, std::slice::from_ref(&page));
    assert_eq!(dead, ["docs/x.md: other.md", "docs/x.md: #nowhere"]);
    let unknown: Vec<String> = page.code.iter().flat_map(|code| lines::unknown_options(&cli, code)).collect();
    assert_eq!(unknown, ["--no-such", "list --keep"]);
    let found = lines::of(&page);
    assert_eq!(found, ["amictl lst", "amictl list --latest", "amictl prune --keep x", "amictl list --no"]);
    let accepted: Vec<bool> = found.iter().map(|line| lines::refused(&cli, line).is_none()).collect();
    assert_eq!(accepted, [false, true, false, false]);
}
