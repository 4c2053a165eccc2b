//! Stale instances of one place, and how they are told.

use serde_json::{Value, json};

use crate::fake::{OTHER, PROD};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, each, sorted};
use crate::shared::terminal;

/// Versions 1 to 3 of `web`, made 30, 20 and 10 days ago.
fn scene() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let image = |n: i64| {
        let name = format!("web-v{n}-2026-01-0{n}");
        setup.world().image(PROD, EAST, &name).created(days_ago(40 - 10 * n)).put()
    };
    let ids = (1..=3).map(image).collect();
    (setup, ids)
}

fn run(setup: &Scene, image: &str) -> String {
    setup.world().instance(PROD, EAST).image(image).put()
}

#[test]
fn an_instance_behind_its_family_is_told_with_the_newest_image() {
    let (setup, ids) = scene();
    let old = setup.world().instance(PROD, EAST).image(&ids[0]).tag("aws:autoscaling:groupName", "front").put();
    run(&setup, &ids[2]);
    let document = setup.json("stale");
    let mut row = document["instances"][0].clone();
    let since = row.as_object_mut().unwrap().remove("behind_since").unwrap();
    // Version 2 is the first newer one.
    assert!(since.as_str().unwrap().starts_with(&days_ago(20).format("%Y-%m-%d").to_string()), "{since}");
    assert_eq!(
        row,
        json!({
            "account": PROD, "region": EAST, "instance_id": old, "group": "front", "image_id": ids[0],
            "name": "web-v1-2026-01-01", "family": "web", "pattern": null, "image_version": 1, "newest_id": ids[2],
            "newest_version": 3, "versions_behind": 2, "problem": "behind", "problems": ["behind"],
            "newest_revoked": false,
        })
    );
    let summary = &document["summary"];
    assert_eq!(
        (&summary["instances"], &summary["stale"], &summary["without_alias"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let family = &summary["families"][0];
    assert_eq!(
        (&family["family"], &family["instances"], &family["most_behind"]),
        (&json!("web"), &json!(2), &json!(2))
    );
    assert_eq!((document["version"].as_u64(), &document["errors"]), (Some(1), &json!([])));
    setup.unchanged();
}

#[test]
fn each_problem_is_found_and_the_gravest_is_named() {
    let setup = Scene::new();
    let mut world = setup.world();
    let image = |world: &mut crate::fake::World, family: &str| {
        world.image(PROD, EAST, &format!("{family}-v1-2026-01-01")).put()
    };
    let gone = image(&mut world, "gone");
    let revoked = image(&mut world, "revoked");
    world.image_mut(&revoked).tags.insert("amictl:revoked".to_owned(), "2026-01-02 bad".to_owned());
    let disabled = world.image(PROD, EAST, "disabled-v1-2026-01-01").state("disabled").put();
    let deprecated = world.image(PROD, EAST, "deprecated-v1-2026-01-01").deprecated_at("2026-01-02").put();
    let foreign = world.image(OTHER, EAST, "foreign").shared_with(PROD).put();
    world.not_allowed.insert(PROD.to_owned(), [foreign.clone()].into());
    let good = image(&mut world, "good");
    for id in [&gone, &revoked, &disabled, &deprecated, &foreign, &good] {
        world.instance(PROD, EAST).image(id).put();
    }
    drop(world);
    setup.ec2("DeregisterImage", &[("ImageId", &gone)]);
    let document = setup.json("stale");
    let problem = |id: &str| {
        let rows = document["instances"].as_array().unwrap();
        rows.iter().find(|row| row["image_id"] == *id).map(|row| row["problem"].as_str().unwrap())
    };
    let found = [&gone, &revoked, &disabled, &deprecated, &foreign, &good].map(|id| problem(id));
    let expected = ["gone", "revoked", "disabled", "deprecated", "not-allowed"].map(Some);
    assert_eq!(found[..5], expected);
    assert_eq!(found[5], None);
    // A deregistered image is known by its name.
    let row = document["instances"].as_array().unwrap().iter().find(|row| row["image_id"] == *gone).unwrap();
    assert_eq!((&row["family"], &row["image_version"], &row["newest_id"]), (&json!("gone"), &json!(1), &Value::Null));
}

#[test]
fn only_what_runs_counts() {
    let (setup, ids) = scene();
    for state in ["stopped", "stopping", "shutting-down", "terminated"] {
        setup.world().instance(PROD, EAST).image(&ids[0]).state(state).put();
    }
    let document = setup.json("stale");
    assert_eq!((&document["instances"], &document["summary"]["instances"]), (&json!([]), &json!(0)));
    setup.world().instance(PROD, EAST).image(&ids[0]).state("pending").put();
    assert_eq!(setup.json("stale")["summary"]["stale"], 1);
}

#[test]
fn limits_and_families_narrow_what_is_found() {
    let (setup, ids) = scene();
    run(&setup, &ids[0]);
    run(&setup, &ids[1]);
    let api: Vec<_> = ["api-v1-2026-01-01", "api-v2-2026-01-02"].map(|name| setup.old(name)).into();
    run(&setup, &api[0]);
    let names = |line: &str| {
        let document = setup.json(line);
        let rows = sorted(&document["instances"], "name").into_iter();
        rows.map(|name| name[..6].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("stale"), ["api-v1", "web-v1", "web-v2"]);
    assert_eq!(names("stale web"), ["web-v1", "web-v2"]);
    assert_eq!(names("stale web --min-versions 2"), ["web-v1"]);
    // Version 2 was made 20 days ago, version 3 ten days ago.
    assert_eq!(names("stale web --older-than 15d"), ["web-v1"]);
    assert_eq!(names("stale web --older-than 25d"), [""; 0]);
    let ran = setup.run("stale wbe db web -o json").ended(1);
    assert_eq!(ran.error()["code"], "NoSuchFamily");
    assert!(ran.error()["message"].as_str().unwrap().contains("'wbe', nor of 'db'"), "{}", ran.stderr);
    assert_eq!(ran.error()["hint"], "did you mean web?");
    setup.run("stale Web").ended(2);
    setup.run("stale --min-versions 0").ended(2);
    setup.run("stale --fail-on all").ended(2);
}

#[test]
fn images_of_a_pattern_have_families_too() {
    let setup = Scene::new();
    let old = setup.old("base_20260101");
    setup.world().image(PROD, EAST, "base_20260201").created(days_ago(5)).put();
    run(&setup, &old);
    assert_eq!(setup.json("stale")["instances"], json!([]));
    let config = setup.home.write("config.toml", "family_patterns = ['(?<family>.+)_(?<order>\\d{8})']");
    let row = setup.json(&format!("stale base --config {config}"))["instances"][0].clone();
    assert_eq!(
        (&row["family"], &row["versions_behind"], &row["image_version"]),
        (&json!("base"), &json!(1), &Value::Null)
    );
    assert!(row["pattern"].as_str().unwrap().contains("order"), "{row}");
}

#[test]
fn ci_fails_where_something_is_stale() {
    let (setup, ids) = scene();
    setup.run("stale --fail-on stale").ended(0).says(&["no running instances, none stale"]);
    run(&setup, &ids[0]);
    setup.run("stale").ended(0);
    let ran = setup.run("stale --fail-on stale -o json").ended(4);
    assert_eq!((ran.error()["code"].as_str(), ran.json()["summary"]["stale"].as_u64()), (Some("Stale"), Some(1)));
    setup.run("stale --fail-on stale --min-versions 3").ended(0);
}

#[test]
fn stale_instances_come_in_every_format() {
    let (setup, ids) = scene();
    let id = run(&setup, &ids[1]);
    let table = setup.run("stale").ended(0).says(&["1 running instance, 1 stale"]).stdout;
    for words in ["INSTANCE", &id, "web-v2-2026-01-02", "web-v3-2026-01-03", "behind", "FAMILY", "MOST BEHIND"] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
    assert!(!table.contains("REGION") && !table.contains("GROUP"), "{table}");
    assert_eq!(setup.run("stale -o ids").ended(0).lines(), [id.as_str()]);
    let csv = setup.run("stale -o csv").ended(0).stdout;
    assert!(csv.starts_with("account,region,instance_id,group,image_id,") && csv.contains(&id), "{csv}");
    let lines = setup.run("stale -o jsonl").ended(0);
    let rows: Vec<Value> = lines.lines().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each(&json!(rows), "instance_id"), [id.as_str()]);
    let markdown = setup.run("stale -o markdown").ended(0).stdout;
    assert!(markdown.starts_with("1 running instance, 1 stale\n") && markdown.contains("| INSTANCE |"), "{markdown}");
}

#[test]
fn stale_instances_fit_the_terminal() {
    let (setup, ids) = scene();
    let group = "a-group-with-a-name-of-the-usual-length";
    setup.world().instance(PROD, EAST).image(&ids[0]).tag("aws:autoscaling:groupName", group).put();
    let id = setup.json("stale")["instances"][0]["instance_id"].as_str().unwrap().to_owned();
    for columns in [40, 80, 160] {
        let (code, written) = terminal::run(&setup, columns, "", "stale --no-progress", &[]);
        let shown = terminal::seen(&written);
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= columns), "{columns}:\n{shown}");
        assert!(shown.contains(&id) && shown.contains("behind"), "{shown}");
        assert_eq!(shown.contains("web-v1-2026-01-01"), columns > 40, "{shown}");
        assert_eq!(shown.contains(group), columns == 160, "{shown}");
    }
}
