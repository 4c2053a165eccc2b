//! `--query`: what is printed of the JSON document of a command.

use serde_json::json;

use super::terminal::{run, seen};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

const NAME: &str = "web-v3-2026-01-02";

/// Two images; gives their ids, the newer first.
fn ready() -> (Setup, [String; 2]) {
    let setup = Setup::new();
    let old = setup.world().image(PROD, EAST, "web-v2-2025-12-02").created("2025-12-02T03:04:05Z").put();
    let new = setup.world().image(PROD, EAST, NAME).created("2026-01-02T03:04:05Z").snapshots(2).put();
    (setup, [new, old])
}

fn ask(setup: &Setup, line: &str, expression: &str) -> crate::cli::Ran {
    let words = line.split_whitespace().chain(["--query", expression]);
    setup.amictl().args(&words.collect::<Vec<_>>())
}

#[test]
fn values_and_flat_lists_are_bare_and_all_else_is_json() {
    let (setup, [new, old]) = ready();
    for (expression, bare, as_json) in [
        ("images[].id", format!("{new}\n{old}\n"), format!("[\"{new}\",\"{old}\"]\n")),
        ("images[0].name", format!("{NAME}\n"), format!("\"{NAME}\"\n")),
        ("sum(images[].size_gib)", "24\n".to_owned(), "24\n".to_owned()),
        ("images[0].managed", "true\n".to_owned(), "true\n".to_owned()),
        ("images[0].description", String::new(), "null\n".to_owned()),
        ("images[?created_at < '2026'].id | [0]", format!("{old}\n"), format!("\"{old}\"\n")),
        (
            "images[1].{name: name, id: id}",
            format!("{{\"name\":\"web-v2-2025-12-02\",\"id\":\"{old}\"}}\n"),
            String::new(),
        ),
        ("images[].[id, size_gib]", format!("[[\"{new}\",16],[\"{old}\",8]]\n"), String::new()),
    ] {
        let ran = ask(&setup, "list", expression).ended(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (bare.as_str(), ""), "{expression}");
        assert_eq!(ask(&setup, "list -o table", expression).ended(0).stdout, bare, "{expression}");
        let ran = ask(&setup, "list -o json", expression).ended(0);
        assert_eq!(ran.stdout, if as_json.is_empty() { bare } else { as_json }, "{expression}");
    }
}

#[test]
fn the_whole_document_is_the_same_as_without_an_expression() {
    let (setup, _) = ready();
    let whole = setup.run("list -o json").ended(0).stdout;
    assert_eq!(ask(&setup, "list", "@").ended(0).stdout, whole, "down to the order of its keys");
    let show = setup.run(&format!("show {NAME} -o json")).ended(0).stdout;
    assert_eq!(ask(&setup, &format!("show {NAME} -o json"), "@").ended(0).stdout, show);
}

#[test]
fn every_document_can_be_asked() {
    let (setup, [new, _]) = ready();
    let instance = setup.world().instance(PROD, EAST).put();
    let words = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    setup.world().snapshot(PROD, EAST).started("2025-01-01T00:00:00Z").description(words).put();
    for (line, expression, answer) in [
        (format!("show {new}"), "image.id", new.as_str()),
        (format!("refs {new}"), "images[0].in_use", "false"),
        ("prune --keep 1 --min-age 0d".to_owned(), "actions[].name", "web-v2-2025-12-02"),
        ("orphans".to_owned(), "length(snapshots)", "1"),
        ("restore".to_owned(), "length(images)", "0"),
        (format!("tag {new} Team=core"), "results[].status", "done"),
        (format!("protect {new}"), "summary.done", "1"),
        (format!("unprotect {new}"), "kind", "report"),
        (format!("share {new} --with 222222222222"), "results[0].action", "share"),
        (format!("create api --instance {instance}"), "images[0].family", "api"),
        (format!("wait {new}"), "images[0].state", "available"),
        (format!("copy {new} --to us-west-2"), "images[].region", "us-west-2"),
        ("deregister web:v2 --yes".to_owned(), "results[].status", "done"),
    ] {
        let ran = ask(&setup, &line, expression).ended(0);
        assert_eq!(ran.stdout, format!("{answer}\n"), "{line}");
    }
}

#[test]
fn long_documents_are_asked_as_a_whole() {
    let setup = Setup::new();
    for number in 1..=300 {
        setup.world().image(PROD, EAST, &format!("web-v{number}-2026-01-02")).put();
    }
    assert_eq!(ask(&setup, "list", "length(images)").ended(0).stdout, "300\n");
    assert_eq!(ask(&setup, "list", "sum(images[].image_version)").ended(0).stdout, "45150\n");
    assert_eq!(ask(&setup, "list", "images[].id").ended(0).lines().len(), 300);
}

#[test]
fn what_does_not_parse_is_a_usage_error_before_any_call() {
    let (setup, _) = ready();
    let long = "a".repeat(1001);
    for (expression, why) in [
        ("images[?id='x']", "does not parse at character 11, before ='x']: '=' is not valid"),
        ("images[", "does not parse at its end"),
        ("", "does not parse at its end"),
        ("images].id", "at character 7, before ].id"),
        ("größe", "at character 3"),
        ("nothing(images)", "there is no function nothing"),
        ("images[::0]", "the step of a slice cannot be 0"),
        (long.as_str(), "it has 1001 characters; at most 1000 are allowed"),
    ] {
        let ran = ask(&setup, "list", expression).ended(2).says(&["--query <EXPR>", why]);
        assert_eq!(ran.stdout, "", "{expression}");
        let error = ask(&setup, "list -o json", expression).ended(2).error();
        assert_eq!((&error["code"], &error["exit_code"]), (&json!("Usage"), &json!(2)), "{expression}");
    }
    assert!(setup.calls("DescribeImages").is_empty());
}

#[test]
fn formats_without_the_whole_document_are_a_usage_error() {
    let (setup, _) = ready();
    for format in ["csv", "jsonl", "ids", "markdown"] {
        let ran = ask(&setup, &format!("list -o {format}"), "version").ended(2);
        ran.says(&["error: --query works on the JSON document", format, "hint: give -o json"]);
    }
    let config = setup.home.write("csv.toml", "output = 'csv'\n");
    ask(&setup, &format!("list --config {config}"), "version").ended(2).says(&["csv"]);
    assert_eq!(ask(&setup, &format!("list --config {config} -o table"), "version").ended(0).stdout, "1\n");
    for line in ["completions bash", "man", "man list"] {
        let ran = ask(&setup, line, "version").ended(2).says(&["this command prints none"]);
        assert_eq!(ran.stdout, "", "{line}");
    }
    assert!(setup.calls("DescribeImages").len() == 1);
}

#[test]
fn an_expression_that_fails_on_the_document_leaves_the_whole_document() {
    let (setup, _) = ready();
    let whole = setup.run("list -o json").ended(0).stdout;
    for line in ["list", "list -o json", "list -q"] {
        let ran = ask(&setup, line, "sum(images[].name)").ended(1);
        assert_eq!(ran.stdout, whole, "{line}");
        let warning = "warning: --query fails at character 4, before (images[].name): argument 1 must be array[number], \
                       not array; this is the whole document\n";
        assert_eq!(ran.stderr, warning, "{line}");
    }
    ask(&setup, "list", "&images").ended(1).says(&["warning: --query finds an expression"]);
    let ran = ask(&setup, "list --region us-east-1,af-south-1", "length(version)").ended(3);
    assert_eq!(ran.json()["version"], 1, "a worse end stays");
}

#[test]
fn errors_are_as_without_an_expression() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized."));
    let ran = ask(&setup, "list", "code").ended(1);
    assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: DescribeImages"), "{}", ran.stderr);
    assert_eq!(ask(&setup, "list -o json", "code").ended(1).error()["code"], "UnauthorizedOperation");
}

#[test]
fn no_variable_sets_an_expression() {
    let (setup, _) = ready();
    let ran = setup.amictl().env("AMICTL_QUERY", "version").run("list -o json").ended(0);
    assert_eq!(ran.json()["images"].as_array().unwrap().len(), 2);
}

#[test]
fn a_saved_plan_is_whole() {
    let (setup, _) = ready();
    let file = setup.home.path().join("plan.json");
    let line = format!("prune --keep 1 --min-age 0d --plan-out {}", file.display());
    assert_eq!(ask(&setup, &line, "length(actions)").ended(0).stdout, "1\n");
    let plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(plan["kind"], "plan");
}

#[cfg(unix)]
#[test]
fn bare_texts_are_raw_in_a_pipe_and_escaped_on_a_terminal() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).description("a\u{1b}[2Jb\u{202e}").put();
    assert_eq!(ask(&setup, "list", "images[].description").ended(0).stdout, "a\u{1b}[2Jb\u{202e}\n");
    let (code, text) = run(&setup, 80, "", "list --no-progress --query images[].description", &[]);
    assert_eq!((code, seen(&text).trim()), (Some(0), "a\\u{1b}[2Jb\\u{202e}"), "{text:?}");
    assert!(!text.contains("\u{1b}[2J"), "{text:?}");
}
