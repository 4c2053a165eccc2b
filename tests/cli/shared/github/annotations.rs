//! Errors and warnings as annotations, and texts from AWS that are no commands to the runner.

use serde_json::json;

use super::commands;
use crate::cli::Amictl;
use crate::fake::PROD;
use crate::setup::{EAST, Setup};

const NAME: &str = "web-v3-2026-01-02";
const HOSTILE: &str = "::set-output name=image-id::ami-00000000 ##[add-mask]web";

fn on_a_runner(amictl: Amictl) -> Amictl {
    amictl.env("GITHUB_ACTIONS", "true")
}

/// The lines of stderr that are annotations.
fn annotations(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.starts_with("::")).collect()
}

#[test]
fn the_error_that_ends_a_run_is_annotated_before_it_is_told() {
    let setup = Setup::new();
    let plain = setup.run("show web:v9").ended(1);
    assert!(plain.stderr.starts_with("error: "), "{}", plain.stderr);
    let ran = on_a_runner(setup.amictl()).run("show web:v9").ended(1);
    let (annotation, rest) = ran.stderr.split_once('\n').unwrap();
    assert_eq!(rest, plain.stderr);
    let message = plain.stderr.trim_end().strip_prefix("error: ").unwrap().replace('\n', "%0A");
    let (title, told) = annotation.strip_prefix("::error title=amictl%3A ").unwrap().split_once("::").unwrap();
    assert_eq!(told, message, "the hint is its last line");
    let ran = on_a_runner(setup.amictl()).run("show web:v9 -o json").ended(1);
    assert_eq!(ran.error()["code"], json!(title), "the error stays the last line");
    assert_eq!(ran.stderr.lines().next(), Some(annotation));
    assert_eq!(ran.stderr.lines().count(), 2);
}

#[test]
fn nothing_is_annotated_elsewhere() {
    let setup = Setup::new();
    for value in ["", "false", "1"] {
        let ran = setup.amictl().env("GITHUB_ACTIONS", value).run("show web:v9").ended(1);
        assert_eq!(annotations(&ran.stderr), [""; 0]);
    }
}

#[test]
fn a_usage_error_is_annotated_without_the_usage() {
    let setup = Setup::new();
    let ran = on_a_runner(setup.amictl()).args(&["list", "--nope=50%"]).ended(2);
    assert_eq!(annotations(&ran.stderr), ["::error title=amictl%3A Usage::unexpected argument '--nope' found"]);
    let plain = setup.amictl().args(&["list", "--nope=50%"]).ended(2);
    assert_eq!(ran.stderr.split_once('\n').unwrap().1, plain.stderr);
    let ran = on_a_runner(setup.amictl()).args(&["list", "--nope", "-o", "json"]).ended(2);
    assert_eq!((annotations(&ran.stderr).len(), &ran.error()["code"]), (1, &json!("Usage")));
    let ran = on_a_runner(setup.amictl()).args(&["list", "::error::x ##[error]"]).ended(0);
    assert_eq!(commands(&ran.stderr), [""; 0], "{}", ran.stderr);
}

#[test]
fn warnings_are_annotated_where_they_are_told() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("amictl:revoked", "2026-01-05 50% bad:\n::error::x").put();
    let ran = on_a_runner(setup.amictl()).run(&format!("refs {id}")).ended(0);
    let told: Vec<_> = ran.stderr.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    let [told] = told[..] else { panic!("{}", ran.stderr) };
    assert!(told.contains("50% bad:\\n::error::x"), "{told}");
    assert_eq!(annotations(&ran.stderr), [format!("::warning title=amictl::{}", told.replace('%', "%25"))]);
    let ran = on_a_runner(setup.amictl()).run("list --query sum(images[].name) -q").ended(1);
    assert_eq!(annotations(&ran.stderr).len(), 1, "{}", ran.stderr);
}

#[test]
fn a_text_from_aws_starts_no_command() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("Note", HOSTILE).description(HOSTILE).put();
    let run = |line: &str| on_a_runner(setup.amictl()).run(line).ended(0);
    for format in ["table", "markdown", "json", "jsonl"] {
        for line in ["list --columns description,tag:Note,name", "list --columns tag:Note", &format!("show {id}")] {
            let ran = run(&format!("{line} -o {format}"));
            assert_eq!(commands(&format!("{}{}", ran.stdout, ran.stderr)), [""; 0], "{line} -o {format}");
        }
    }
    let ran = run("list --columns tag:Note");
    assert!(
        ran.stdout.contains("\n\\u{3a}:set-output name=image-id::ami-00000000 ##\\u{5b}add-mask]"),
        "{}",
        ran.stdout
    );
    let ran = run("list -o json");
    assert_eq!(ran.json()["images"][0]["tags"]["Note"], HOSTILE, "JSON carries it as data");
    // Elsewhere nothing changes but the spelling in JSON.
    let ran = setup.run("list --columns tag:Note").ended(0);
    assert!(ran.stdout.contains(HOSTILE), "{}", ran.stdout);
    let ran = on_a_runner(setup.amictl()).args(&["list", "-v", "-v"]).ended(0);
    assert!(ran.stderr.contains("DescribeImages") && commands(&ran.stderr).is_empty(), "{:?}", commands(&ran.stderr));
}
