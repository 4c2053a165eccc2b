//! `AMICTL_STEP_SUMMARY`: what is printed, as Markdown into a file.

use std::fs;

use crate::fake::PROD;
use crate::scene::Scene;
use crate::setup::EAST;

/// A fleet of which every command has something to say.
fn scene() -> Scene {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    setup
}

#[test]
fn a_summary_is_what_markdown_would_be_beside_any_other_format() {
    let setup = scene();
    let file = setup.home.path().join("summary.md");
    for line in [
        "list",
        "list --families",
        "show web:v1",
        "refs web:v1 web:v2",
        "prune --keep 2",
        "lineage web:v1",
        "stale",
        "audit",
        "audit --rules",
        "orphans",
        "aliases",
        "restore",
        "doctor list",
        "recycle-bin",
        "list none-*",
        "permissions prune",
    ] {
        let markdown = setup.run(&format!("{line} -o markdown"));
        // Ids of a lineage need no use, so none is read; a policy has none.
        let ids = if line.starts_with("lineage") || line.starts_with("permissions") { "jsonl" } else { "ids" };
        for format in ["json", "table", ids] {
            let alone = setup.run(&format!("{line} -o {format}"));
            let _ = fs::remove_file(&file);
            let ran = setup.amictl().env("AMICTL_STEP_SUMMARY", &file).run(&format!("{line} -o {format}"));
            // A plan has the second in which it was made.
            let of_a_moment = line.starts_with("prune") && ran.stdout.len() == alone.stdout.len();
            assert_eq!(ran.code, alone.code, "{line} -o {format}");
            assert!(of_a_moment || ran.stdout == alone.stdout, "{line} -o {format}: {}", ran.stdout);
            assert_eq!(fs::read_to_string(&file).unwrap(), markdown.stdout, "{line} -o {format}");
        }
    }
}

#[test]
fn a_report_of_a_change_is_there_too_and_the_change_is_made_once() {
    let setup = scene();
    let file = setup.home.path().join("summary.md");
    fs::write(&file, "before\n").unwrap();
    setup.amictl().env("AMICTL_STEP_SUMMARY", &file).run("tag web:v2 Team=core -o json").ended(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("before\n1 done\n\n| "), "it is added: {text}");
    let made = setup.changes().len();
    setup.run("tag web:v3 Team=core -o json").ended(0);
    assert_eq!(setup.changes().len(), 2 * made, "without a summary it takes as many calls");
}

#[test]
fn a_query_is_answered_on_stdout_alone() {
    let setup = scene();
    let file = setup.home.path().join("summary.md");
    let ran = setup.amictl().env("AMICTL_STEP_SUMMARY", &file).run("list --query length(images)").ended(0);
    assert_eq!(ran.stdout, "5\n");
    assert!(fs::read_to_string(&file).unwrap().starts_with("5 images\n\n| NAME |"));
}

#[test]
fn a_summary_that_cannot_be_written_fails_nothing() {
    let setup = scene();
    let file = setup.home.path().join("no/such/summary.md");
    let ran = setup.amictl().env("AMICTL_STEP_SUMMARY", file).run("list -o ids").ended(0);
    assert_eq!(ran.lines().len(), 5);
    ran.says(&["warning: the summary could not be written: "]);
    let ran = setup.amictl().env("AMICTL_STEP_SUMMARY", "").run("list -o ids").ended(0);
    assert_eq!(ran.stderr, "");
}
