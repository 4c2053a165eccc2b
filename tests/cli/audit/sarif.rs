//! SARIF 2.1.0, held against the published schema.

use std::path::Path;

use serde_json::{Value, json};

use super::good;
use super::validator;
use crate::fake::{Fault, PROD};
use crate::scene::Scene;
use crate::setup::EAST;

/// A fleet with findings of every level, in files and elsewhere, in a repository of its own.
fn scene() -> Scene {
    let setup = Scene::new();
    let mut world = setup.world();
    good!(world, "golden image", 10).public().put();
    world.image(PROD, EAST, "plain-v1-2026-01-01").put();
    drop(world);
    setup.home.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    setup.home.write("repo/infra/a b.tf", "ami-0aaaaaaaaaaaaaaaa\n  ami-0aaaaaaaaaaaaaaaa\n");
    setup
}

/// What `audit -o sarif` writes when it is run in a folder of the repository.
fn sarif(setup: &Scene, folder: &str, more: &str) -> (Value, i32) {
    let mut command = setup.process(&format!("audit -o sarif {more}"));
    let output = command.current_dir(setup.home.path().join(folder)).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {text}"));
    (document, output.status.code().unwrap())
}

fn results(document: &Value) -> &Vec<Value> {
    document["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn it_is_valid_with_findings_with_errors_and_with_nothing() {
    let Some(validator) = validator::installed() else { return };
    let setup = scene();
    let check = |document: &Value| {
        let file = setup.home.write("out.sarif", &document.to_string());
        validator::check(&validator, Path::new(&file));
    };
    check(&sarif(&setup, "repo/infra", "--refs-from .").0);
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "not yours"));
    let (document, code) = sarif(&setup, "repo", "");
    assert_eq!(code, 3);
    check(&document);
    setup.fake.clear_faults();
    check(&sarif(&setup, "repo", "--rule critical-fix-available").0);
    let wrong = setup.home.write("wrong.sarif", r#"{"version":"2.1.0","runs":[{"tool":{"driver":{}}}]}"#);
    assert!(!validator::accepts(&validator, Path::new(&wrong)), "the validator accepts anything");
}

#[test]
fn findings_in_files_have_a_place_in_the_repository_and_others_a_logical_one() {
    let setup = scene();
    let (document, code) = sarif(&setup, "repo/infra", "--refs-from .");
    assert_eq!((code, document["version"].as_str()), (0, Some("2.1.0")));
    let results = results(&document);
    let of = |rule: &str| results.iter().filter(|row| row["ruleId"] == rule).collect::<Vec<_>>();
    let pins = of("pinned-image");
    let physical = |row: &Value| row["locations"][0]["physicalLocation"].clone();
    assert_eq!(physical(pins[0])["artifactLocation"], json!({"uri": "infra/a%20b.tf", "uriBaseId": "%SRCROOT%"}));
    let regions: Vec<_> = pins.iter().map(|row| physical(row)["region"].clone()).collect();
    assert_eq!(regions, [json!({"startLine": 1, "startColumn": 1}), json!({"startLine": 2, "startColumn": 3})]);
    let public = of("public-image")[0];
    assert_eq!(public["level"], "error");
    // Code scanning refuses a result without a file.
    let id = public["locations"][0]["logicalLocations"][0]["name"].as_str().unwrap();
    assert_eq!(
        physical(public),
        json!({"artifactLocation": {"uri": format!("aws/111111111111/us-east-1/{id}")}, "region": {"startLine": 1}})
    );
    for row in results {
        assert!(physical(row)["region"]["startLine"].as_u64() >= Some(1), "{row}");
        assert_eq!(row["partialFingerprints"]["primaryLocationLineHash"], row["partialFingerprints"]["amictl/v1"]);
    }
    let logical = &public["locations"][0]["logicalLocations"][0];
    let name = logical["fullyQualifiedName"].as_str().unwrap();
    assert!(name.starts_with("111111111111/us-east-1/image/ami-"), "{name}");
    assert_eq!(
        (of("unencrypted")[0]["level"].as_str(), of("name-pattern")[0]["level"].as_str()),
        (Some("warning"), Some("note"))
    );
    let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for row in results {
        let index = usize::try_from(row["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], row["ruleId"]);
    }
    assert!(rules.iter().all(|rule| rule["help"]["text"].as_str().is_some_and(|text| text.len() > 20)), "{rules:?}");
}

/// Where the files with findings are: URI, and whether it is relative to the repository.
fn files(setup: &Scene, folder: &str, more: &str) -> Vec<(String, bool)> {
    let (document, _) = sarif(setup, folder, more);
    let pins = results(&document).iter().filter(|row| row["ruleId"] == "pinned-image");
    let place = |row: &Value| row["locations"][0]["physicalLocation"]["artifactLocation"].clone();
    let places = pins.map(place).map(|at| (at["uri"].as_str().unwrap().to_owned(), at["uriBaseId"] == "%SRCROOT%"));
    places.collect()
}

#[test]
fn files_of_submodules_and_of_other_repositories_are_told_apart() {
    let setup = Scene::new();
    setup.home.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    for module in ["a", "b"] {
        setup.home.write(&format!("repo/{module}/.git"), &format!("gitdir: ../.git/modules/{module}\n"));
        setup.home.write(&format!("repo/{module}/main.tf"), "ami-0aaaaaaaaaaaaaaaa\n");
    }
    setup.home.write("other/.git/HEAD", "ref: refs/heads/main\n");
    setup.home.write("other/x.tf", "ami-0aaaaaaaaaaaaaaaa\n");
    let both = [("a/main.tf".to_owned(), true), ("b/main.tf".to_owned(), true)];
    assert_eq!(files(&setup, "repo", "--refs-from ."), both);
    assert_eq!(files(&setup, "repo/a", "--refs-from ."), both[..1]);
    assert_eq!(files(&setup, "repo", "--refs-from ../other"), [("x.tf".to_owned(), true)]);
    let found = files(&setup, "repo", "--refs-from b --refs-from ../other/x.tf");
    let whole = format!("file://{}", setup.home.path().join("other/x.tf").canonicalize().unwrap().display());
    assert_eq!(found, [(whole, false), both[1].clone()]);
}

#[test]
fn fingerprints_stay_while_lines_move_and_are_never_alike() {
    let setup = scene();
    let prints = |folder: &str| {
        let (document, _) = sarif(&setup, folder, "--refs-from .");
        let print = |row: &Value| row["partialFingerprints"]["amictl/v1"].as_str().unwrap().to_owned();
        let mut prints: Vec<_> = results(&document).iter().map(print).collect();
        prints.sort();
        prints
    };
    let before = prints("repo/infra");
    let mut distinct = before.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
    setup.home.write("repo/infra/a b.tf", "# moved\n\nami-0aaaaaaaaaaaaaaaa ami-0aaaaaaaaaaaaaaaa\n");
    assert_eq!(prints("repo"), before);
}

#[test]
fn what_could_not_be_read_is_a_notification() {
    let setup = scene();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "not yours"));
    let (document, code) = sarif(&setup, "repo", "--fail-on high");
    assert_eq!(code, 4);
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let note = &invocation["toolExecutionNotifications"][0];
    assert_eq!(
        (note["level"].as_str(), note["descriptor"]["id"].as_str()),
        (Some("error"), Some("UnauthorizedOperation"))
    );
    assert!(note["message"]["text"].as_str().unwrap().contains("not yours"), "{note}");
}
