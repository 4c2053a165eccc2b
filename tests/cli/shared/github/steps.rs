//! The step of the action: its command, and a runner that lacks something.

#![cfg(unix)]

use std::fs;

use super::action::Step;
use crate::scene::Scene;

#[test]
fn a_document_that_is_no_json_is_in_the_file_alone() {
    let setup = Scene::new();
    setup.family("web", 2);
    Step::run(&setup, "list -o json").ended(0).json();
    let step = Step::run(&setup, "audit -o sarif").ended(0);
    assert_eq!(step.json()["version"], "2.1.0");
    for args in ["list -o csv", "list -qo table", "-ocsv list", "list --output=ids"] {
        let step = Step::run(&setup, args).ended(0);
        assert_eq!(step.outputs["json"], "", "{args}");
        assert!(!fs::read_to_string(&step.outputs["json-file"]).unwrap().is_empty(), "{args}");
        assert!(step.stderr.contains("::warning title=amictl::the output is no JSON document"), "{}", step.stderr);
    }
}

#[test]
fn the_command_is_known_by_its_place_and_not_by_a_word() {
    const PRUNE: &str = "prune restore --keep 1 --apply --yes --max-delete 5";
    for before in ["", "--region us-east-1 ", "-qo json ", "-ojson --color=never ", "--color never -q "] {
        let setup = Scene::new();
        setup.family("restore", 2);
        let step = Step::run(&setup, &format!("{before}{PRUNE}")).ended(0);
        let journal = step.stderr.lines().filter(|line| line.contains("\"phase\":"));
        assert_eq!(journal.count(), 2, "the journal is in the log: {before}: {}", step.stderr);
        assert!(!setup.home.path().join(".local").exists(), "{before}");
    }
    let setup = Scene::new();
    let create = setup.family("create", 2);
    let step = Step::run(&setup, "list create").ended(0);
    assert_eq!(step.outputs["image-id"], "", "nothing was made");
    setup.world().put_in_recycle_bin(&create[0], 7);
    for line in ["--color never restore", "-qojson restore", "--region us-east-1 -q restore"] {
        // A journal on stderr cannot be read.
        let step = Step::run(&setup, &format!("{line} {}", create[0]));
        assert!(!step.stderr.contains("\"code\":\"Usage\""), "{line}: {}", step.stderr);
    }
}

#[test]
fn outputs_are_set_although_the_summary_cannot_be_written() {
    let setup = Scene::new();
    setup.family("web", 3);
    let gone = setup.home.path().join("no/such/summary");
    let variables = [("GITHUB_STEP_SUMMARY", gone.to_str().unwrap())];
    let args = "prune --keep 1 --apply --yes --max-delete 5";
    let step = Step::end(&setup, Step::start_with(&setup, args, &variables)).ended(0);
    assert_eq!(step.json()["summary"]["done"], 2);
    assert!(step.stderr.contains("::warning title=amictl::the summary could not be written"), "{}", step.stderr);
}

#[test]
fn a_runner_that_lacks_something_is_told_in_a_line_and_nothing_runs() {
    let setup = Scene::new();
    let home = setup.home.path().display().to_string();
    let missing = format!("{home}/no/such");
    setup.home.write("text", "no program");
    let text = format!("{home}/text");
    for (name, value, says) in [
        ("GITHUB_OUTPUT", "", "GITHUB_OUTPUT is not set"),
        ("GITHUB_OUTPUT", missing.as_str(), "No such file"),
        ("RUNNER_TEMP", missing.as_str(), "No such file"),
        ("INPUT_BINARY", "", "INPUT_BINARY is not set"),
        ("INPUT_BINARY", missing.as_str(), "No such file"),
        ("INPUT_BINARY", text.as_str(), "Permission denied"),
    ] {
        let step = Step::end(&setup, Step::start_with(&setup, "list", &[(name, value)]));
        let lines: Vec<_> = step.stderr.lines().collect();
        assert!(lines.iter().all(|line| line.starts_with("::error title=amictl::")), "{name}: {}", step.stderr);
        assert!([1, 2].contains(&step.code) && lines[0].contains(says), "{name}: {}", step.stderr);
        assert!(name == "GITHUB_OUTPUT" || step.outputs["exit-code"] == step.code.to_string(), "{name}");
    }
    assert_eq!(setup.fake.calls().len(), 0);
}
