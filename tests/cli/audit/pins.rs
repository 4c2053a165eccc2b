//! Ids of images in files.

use serde_json::{Value, json};

use super::good;
use crate::fake::{OTHER, PROD};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, WEST, each};

const LINE: &str = "audit --rule pinned-image";

/// What is found in files: file, line, column and severity.
fn places(document: &Value) -> Vec<Value> {
    let rows = document["findings"].as_array().unwrap().iter();
    rows.map(|row| json!([row["file"], row["line"], row["column"], row["severity"]])).collect()
}

#[test]
fn each_pin_is_found_at_its_line_whatever_the_language() {
    let setup = Scene::new();
    let mut world = setup.world();
    let ids: Vec<_> = (1..=5).map(|n| good!(world, &format!("web-v{n}-2026-01-0{n}"), 20 - n).put()).collect();
    let west = world.image(PROD, WEST, "web-v1-2026-01-01").created(days_ago(10)).put();
    world.image_mut(&ids[1]).tags.insert("amictl:revoked".to_owned(), "2026-01-02 bad".to_owned());
    let disabled = good!(world, "off-v1-2026-01-01", 10).state("disabled").put();
    let deprecated = good!(world, "dep-v1-2026-01-01", 10).deprecated_at(days_ago(1)).put();
    drop(world);
    let gone = "ami-0aaaaaaaaaaaaaaaa";
    setup.home.write("code/main.tf", &format!("resource \"x\" {{\n  ami = \"{}\"\n}}\n", ids[0]));
    setup.home.write("code/stack.yaml", &format!("Mappings:\n  us-east-1: {{ ami: {} }} # {}\n", ids[1], ids[4]));
    setup.home.write("code/packer.json", &format!("{{\"source_ami\":\"{disabled}\",\n\"other\":\"{deprecated}\"}}"));
    setup.home.write("code/chart/values.yml", &format!("images: [{gone}, {west}, {}]\n", ids[3]));
    let folder = setup.home.path().join("code");
    let line = format!("{LINE} --region {EAST},{WEST} --refs-from {}", folder.display());
    let document = setup.json(&line);
    // The tests run in the folder of the package, in which their own may be.
    let here = std::env::current_dir().unwrap();
    let shown = folder.strip_prefix(&here).unwrap_or(&folder);
    let file = |name: &str| shown.join(name).display().to_string();
    let expected = [
        json!([file("chart/values.yml"), 1, 10, "high"]),
        json!([file("packer.json"), 1, 16, "high"]),
        json!([file("stack.yaml"), 2, 21, "high"]),
        json!([file("packer.json"), 2, 10, "medium"]),
        json!([file("main.tf"), 2, 10, "low"]),
    ];
    let mut found = places(&document);
    let mut wanted = expected.to_vec();
    for list in [&mut found, &mut wanted] {
        list.sort_by_key(ToString::to_string);
    }
    assert_eq!(found, wanted, "{document:#}");
    let behind = document["findings"].as_array().unwrap().iter().find(|row| row["severity"] == "low").unwrap();
    assert!(behind["message"].as_str().unwrap().contains("4 versions behind"), "{behind}");
    assert!(behind["hint"].as_str().unwrap().contains(&ids[4]), "{behind}");
    assert_eq!((&behind["region"], &behind["resource"]), (&json!(EAST), &json!(ids[0])));
    let revoked = document["findings"].as_array().unwrap().iter().find(|row| row["resource"] == ids[1]).unwrap();
    assert!(revoked["message"].as_str().unwrap().ends_with("is revoked since 2026-01-02: bad"), "{revoked}");
    let config = setup.home.write("config.toml", "[audit]\nbehind_versions = 1\n");
    let more = setup.json(&format!("{line} --config {config}"));
    assert_eq!(more["summary"]["low"], 2, "{more:#}");
    let config = setup.home.write("config.toml", "[audit]\nmax_age = '19d'\n");
    let old = setup.json(&format!("{line} --config {config}"));
    assert_eq!((&old["summary"]["medium"], &old["summary"]["low"]), (&json!(2), &json!(0)), "{old:#}");
    let first = old["findings"].as_array().unwrap().iter().find(|row| row["resource"] == ids[0]).unwrap();
    assert!(first["message"].as_str().unwrap().ends_with("is 19d old and 4 versions behind"), "{first}");
}

#[test]
fn files_are_named_from_the_current_folder() {
    let setup = Scene::new();
    setup.home.write("repo/infra/main.tf", "x = \"ami-0aaaaaaaaaaaaaaaa\"\n");
    let run = |folder: &str, path: &str| {
        let mut command = setup.process(&format!("{LINE} -o json --refs-from {path}"));
        let output = command.current_dir(setup.home.path().join(folder)).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["findings"][0]["file"].as_str().unwrap().to_owned()
    };
    assert_eq!(run("repo", "infra"), "infra/main.tf");
    assert_eq!(run("repo", "./infra/main.tf"), "infra/main.tf");
    assert_eq!(run("repo/infra", "."), "main.tf");
    let whole = setup.home.path().join("repo/infra").display().to_string();
    assert_eq!(run("repo", &whole), "infra/main.tf");
}

#[test]
fn public_images_of_others_may_be_pinned_until_they_are_deprecated() {
    let setup = Scene::new();
    let mut world = setup.world();
    let public = world.image(OTHER, EAST, "al2023-1").public().put();
    let deprecated = world.image(OTHER, EAST, "al2023-0").public().deprecated_at(days_ago(1)).put();
    let hidden = world.image(OTHER, EAST, "private").put();
    drop(world);
    let file = setup.home.write("main.tf", &format!("{public}\n{deprecated}\n{hidden}\n"));
    let document = setup.json(&format!("{LINE} --refs-from {file}"));
    assert_eq!(each(&document["findings"], "resource"), [hidden.as_str(), deprecated.as_str()]);
    assert!(document["findings"][0]["message"].as_str().unwrap().contains("gone or not visible"), "{document:#}");
    assert_eq!((&document["findings"][0]["account"], &document["findings"][0]["region"]), (&Value::Null, &Value::Null));
}
