//! The lines below findings: each works as it is printed, and the finding is gone.

use serde_json::Value;

use super::good;
use crate::fake::{PROD, World};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, WEST, each};

/// Runs the lines of all findings of a rule, with words for what nobody knows, and looks again. Gives the hints.
#[track_caller]
fn mended(setup: &Scene, rule: &str, kind: &str, words: &[(&str, &str)]) -> Vec<String> {
    let line = format!("audit --rule {rule}");
    let of_kind = |document: &Value| {
        let rows = document["findings"].as_array().unwrap().iter().filter(|row| row["resource_kind"] == kind);
        rows.map(|row| row["hint"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let hints = of_kind(&setup.json(&line));
    assert!(!hints.is_empty(), "{rule}");
    for line in hints.iter().flat_map(|hint| hint.lines()) {
        let line = words.iter().fold(line.to_owned(), |line, (word, value)| line.replace(word, value));
        let line = shell_words::split(line.strip_prefix("amictl ").unwrap()).unwrap();
        let mut line: Vec<&str> = line.iter().map(String::as_str).collect();
        // The answer to its question.
        if line[0] == "deregister" {
            line.push("--yes");
        }
        setup.amictl().args(&line).ended(0);
    }
    assert_eq!(of_kind(&setup.json(&line)), [""; 0], "{rule}: {hints:?}");
    hints
}

/// Versions 1 and 2 of a family, the first of which is disabled.
fn versions(world: &mut World) -> [String; 2] {
    let first = good!(world, "web-v1-2026-01-01", 20).state("disabled").put();
    [first, good!(world, "web-v2-2026-01-02", 10).put()]
}

#[test]
fn a_template_gets_the_newest_version_as_its_default() {
    let setup = Scene::new();
    let mut world = setup.world();
    let [first, second] = versions(&mut world);
    world.launch_template(PROD, EAST, "web").image(&first).put();
    drop(world);
    let hints = mended(&setup, "dangling-reference", "launch-template", &[]);
    assert_eq!(hints, [format!("amictl template web --image {second} --default --region {EAST}")]);
    // Of an image that is gone no family is known.
    setup.world().launch_template(PROD, EAST, "lost").image("ami-0aaaaaaaaaaaaaaaa").put();
    mended(&setup, "dangling-reference", "launch-template", &[("REF", "web:v2")]);
}

#[test]
fn a_group_is_rolled_out() {
    let setup = Scene::new();
    let mut world = setup.world();
    let bad = world.image(PROD, EAST, "web-v1-2026-01-01").tag("amictl:revoked", "2026-01-02 bad").put();
    world.image(PROD, EAST, "web-v2-2026-01-02").put();
    world.launch_template(PROD, EAST, "web").image(&bad).put();
    world.auto_scaling_group(PROD, EAST, "front").launch_template("web", "1").running(&["1", "1"]).put();
    drop(world);
    mended(&setup, "dangling-reference", "auto-scaling-group", &[]);
}

#[test]
fn an_alias_goes_back_where_it_can_and_else_to_the_newest() {
    let setup = Scene::new();
    let mut world = setup.world();
    let [bad, good] = versions(&mut world);
    world.parameter(PROD, EAST, "/amictl/web/prod", &good);
    world.parameter(PROD, EAST, "/amictl/web/prod", &bad);
    drop(world);
    let hints = mended(&setup, "dangling-reference", "alias", &[]);
    assert_eq!(hints, [format!("amictl rollback web:prod --region {EAST}")]);
    // The first version has nothing before it.
    setup.world().parameter(PROD, EAST, "/amictl/web/next", &bad);
    let hints = mended(&setup, "dangling-reference", "alias", &[]);
    assert_eq!(hints, [format!("amictl promote {good} --to next --family web --region {EAST}")]);
    // What is before it is no better, and nothing else of its family is left.
    let mut world = setup.world();
    let lost = good!(world, "api-v1-2026-01-01", 20).state("disabled").put();
    world.parameter(PROD, EAST, "/amictl/api/prod", &lost);
    world.parameter(PROD, EAST, "/amictl/api/prod", "ami-0aaaaaaaaaaaaaaaa");
    let golden = good!(world, "golden image", 10).put();
    drop(world);
    let hints = mended(&setup, "dangling-reference", "alias", &[("REF", &golden)]);
    assert_eq!(hints, [format!("amictl promote REF --to prod --family api --region {EAST}")]);
}

#[test]
fn an_image_gets_what_it_lacks_and_loses_what_it_has_too_much() {
    let setup = Scene::new();
    let mut world = setup.world();
    good!(world, "web-v1-2026-01-01", 10).public().shared_with("333333333333").put();
    world.image(PROD, EAST, "api-v1-2026-01-01").encrypted_by_default().tag("Owner", "api").put();
    drop(world);
    mended(&setup, "public-image", "image", &[]);
    mended(&setup, "shared-outside", "image", &[]);
    mended(&setup, "required-tags", "image", &[]);
}

#[test]
fn an_encrypted_copy_takes_the_place_of_the_newest_and_the_others_go() {
    let setup = Scene::new();
    let mut world = setup.world();
    let put = |world: &mut World, name: &str| world.image(PROD, EAST, name).created(days_ago(10)).put();
    let first = put(&mut world, "web-v1-2026-01-01");
    let second = put(&mut world, "web-v9-2026-01-02");
    let unnamed = put(&mut world, "golden image");
    drop(world);
    let hints = mended(&setup, "unencrypted", "image", &[]).join("\n");
    let today = chrono::Utc::now().date_naive();
    for line in [
        format!("amictl deregister {first} --region {EAST}"),
        format!("amictl copy {second} --to {EAST} --encrypt --name web-v10-{today} --region {EAST}"),
        format!("amictl deregister {second} --region {EAST}"),
        format!("amictl copy {unnamed} --to {EAST} --encrypt --name 'golden image-encrypted' --region {EAST}"),
    ] {
        assert!(hints.lines().any(|hint| hint == line), "{line} is not in\n{hints}");
    }
    // A copy of an old version would be the newest.
    assert!(!hints.contains(&format!("copy {first}")), "{hints}");
}

#[test]
fn an_alias_is_tested() {
    let setup = Scene::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
    mended(&setup, "untested-alias", "alias", &[("TYPE", "t3.micro")]);
}

#[test]
fn what_uses_an_image_is_shown() {
    let setup = Scene::new();
    let mut world = setup.world();
    let old = good!(world, "web-v1-2025-01-01", 400).tag("amictl:revoked", "2026-01-02 bad").put();
    world.instance(PROD, EAST).image(&old).put();
    drop(world);
    let document = setup.json("audit --rule old-image-in-use,revoked-in-use");
    let hints = each(&document["findings"], "hint");
    assert_eq!(hints.len(), 2);
    for hint in hints {
        setup.run(hint.strip_prefix("amictl ").unwrap()).ended(0);
    }
}

#[test]
fn a_pin_that_is_nowhere_is_looked_for_in_every_region() {
    let setup = Scene::new();
    let west = setup.world().image(PROD, WEST, "web-v1-2026-01-01").created(days_ago(10)).put();
    let file = setup.home.write("a b.tf", &west);
    let run = |more: &[&str]| {
        let line = ["audit", "--rule", "pinned-image", "-o", "json", "--refs-from", &file];
        setup.amictl().args(&[&line[..], more].concat()).ended(0).json()
    };
    let document = run(&[]);
    let finding = &document["findings"][0];
    assert!(
        finding["message"].as_str().unwrap().contains("other regions were not looked at (--region all)"),
        "{finding}"
    );
    let line = shell_words::split(finding["hint"].as_str().unwrap()).unwrap();
    assert_eq!(line[line.len() - 2..], ["--region", "all"]);
    let mut command = setup.process("");
    let here = std::env::current_dir().unwrap();
    let output = command.args(&line[1..]).current_dir(here).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
}
