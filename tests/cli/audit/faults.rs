//! One fleet with each fault once, and a clean one.

use serde_json::{Value, json};

use super::good;
use crate::fake::{Fault, OTHER, PROD, World};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, each};
use crate::shared::terminal;
use crate::test::verdict_of;

/// Allows the account with which the clean fleet shares.
const LINE: &str = "audit --allow-account 333333333333 -o json";

/// A verdict of `amictl test`, as its tag says it.
fn tested(world: &mut World, id: &str) {
    let value = verdict_of(id, "passed", days_ago(1));
    world.image_mut(id).tags.insert("amictl:tested".to_owned(), value);
}

/// A fleet as it should be: everything that a rule looks at, and nothing wrong with it.
fn clean(setup: &Scene) -> Vec<String> {
    let mut world = setup.world();
    let first = good!(world, "web-v1-2026-01-01", 20).put();
    let second = good!(world, "web-v2-2026-01-02", 10).shared_with("333333333333").put();
    tested(&mut world, &second);
    world.parameter(PROD, EAST, "/amictl/web/prod", &first);
    world.parameter(PROD, EAST, "/amictl/web/prod", &second);
    world.parameter(PROD, EAST, "/golden/web", &second);
    world.instance(PROD, EAST).image(&first).put();
    // An older version of a template launches nothing.
    let template = world.launch_template(PROD, EAST, "web").image("ami-0aaaaaaaaaaaaaaaa").image(&second);
    let template = template.image("resolve:ssm:/golden/web").default_version(2).put();
    world.auto_scaling_group(PROD, EAST, "web").launch_template(&template, "2").put();
    world.launch_configuration(PROD, EAST, "web-lc", &second);
    world.spot_request(PROD, EAST, &second).put();
    world.fleet(PROD, EAST).launch_template(&template, "2").put();
    let amazon = world.image(OTHER, EAST, "al2023").alias("amazon").public().put();
    world.instance(PROD, EAST).image(&amazon).put();
    vec![first, second, amazon]
}

#[test]
fn a_clean_fleet_has_no_findings() {
    let setup = Scene::new();
    let ids = clean(&setup);
    let file = setup.home.write("main.tf", &format!("ami = \"{}\"\nbase = \"{}\"\n", ids[1], ids[2]));
    let document = setup.run(&format!("{LINE} --refs-from {file} --fail-on low")).ended(0).json();
    assert_eq!(document["findings"], json!([]), "{document:#}");
    assert_eq!((&document["errors"], document["rules"].as_array().unwrap().len()), (&json!([]), 13));
    setup.run("audit").ended(0).says(&["no findings"]);
    setup.unchanged();
}

#[test]
fn each_fault_is_found_once() {
    let setup = Scene::new();
    clean(&setup);
    let mut world = setup.world();
    world.parameter(PROD, EAST, "/golden/lost", "ami-0bbbbbbbbbbbbbbbb");
    let public = good!(world, "public-v1-2026-01-01", 10).public().put();
    let revoked = good!(world, "revoked-v1-2026-01-01", 20).tag("amictl:revoked", "2026-01-02 bad").put();
    good!(world, "revoked-v2-2026-01-02", 10).put();
    world.instance(PROD, EAST).image(&revoked).put();
    let hole = good!(world, "hole-v1-2026-01-01", 10).scanned(Some("critical"), Some(days_ago(8))).put();
    good!(world, "fresh-v1-2026-01-01", 10).scanned(Some("critical"), Some(days_ago(6))).put();
    good!(world, "mild-v1-2026-01-01", 10).scanned(Some("high"), Some(days_ago(80))).put();
    let shared = good!(world, "shared-v1-2026-01-01", 10).shared_with(OTHER).put();
    let plain = world.image(PROD, EAST, "plain-v1-2026-01-01").created(days_ago(10)).imds_v2();
    let plain = plain.tag("Environment", "prod").tag("Owner", "web").put();
    let imds = world.image(PROD, EAST, "imds-v1-2026-01-01").created(days_ago(10)).encrypted_by_default();
    let imds = imds.tag("Environment", "prod").tag("Owner", "web").put();
    let old = good!(world, "old-v1-2025-01-01", 400).put();
    good!(world, "old-v2-2026-01-01", 10).put();
    world.instance(PROD, EAST).image(&old).state("stopped").put();
    let unnamed = good!(world, "golden", 10).put();
    let untagged = world.image(PROD, EAST, "untagged-v1-2026-01-01").created(days_ago(10)).encrypted_by_default();
    let untagged = untagged.imds_v2().tag("Environment", "prod").put();
    let api = good!(world, "api-v1-2026-01-01", 10).put();
    world.parameter(PROD, EAST, "/amictl/api/prod", &api);
    good!(world, "forgotten-v1-2026-01-01", 100).put();
    drop(world);
    let file = setup.home.write("main.tf", "ami = \"ami-0cccccccccccccccc\"\n");
    let document = setup.run(&format!("{LINE} --refs-from {file}")).ended(0).json();
    let expected = [
        ("dangling-reference", "high", "/golden/lost"),
        ("pinned-image", "high", "ami-0cccccccccccccccc"),
        ("critical-fix-available", "high", &hole),
        ("public-image", "high", &public),
        ("revoked-in-use", "high", &revoked),
        ("shared-outside", "medium", &shared),
        ("unencrypted", "medium", &plain),
        ("imdsv2-not-required", "medium", &imds),
        ("old-image-in-use", "medium", &old),
        ("name-pattern", "low", &unnamed),
        ("required-tags", "low", &untagged),
        ("untested-alias", "low", "/amictl/api/prod"),
        ("family-not-rebuilt", "low", "forgotten"),
    ];
    let mut expected: Vec<_> = expected.map(|(rule, severity, resource)| json!([rule, severity, resource])).into();
    let row = |row: &Value| json!([row["rule"], row["severity"], row["resource"]]);
    let mut found: Vec<_> = document["findings"].as_array().unwrap().iter().map(row).collect();
    let graveness = ["high", "medium", "low"];
    let levels: Vec<_> = found.iter().map(|row| graveness.iter().position(|word| row[1] == *word)).collect();
    assert!(levels.is_sorted(), "{levels:?}");
    for list in [&mut found, &mut expected] {
        list.sort_by_key(|row| row.to_string());
    }
    assert_eq!(found, expected);
    assert_eq!(document["summary"], json!({"high": 5, "medium": 4, "low": 4, "skipped": 0}));
    let rows = document["findings"].as_array().unwrap().iter();
    assert!(
        rows.filter(|row| row["rule"] != "pinned-image").all(|row| row["account"] == PROD && row["region"] == EAST)
    );
    for (level, code) in [("high", 4), ("medium", 4), ("low", 4)] {
        setup.run(&format!("{LINE} --fail-on {level}")).ended(code);
    }
    setup.run(&format!("{LINE} --rule name-pattern --fail-on medium")).ended(0);
    setup.unchanged();
}

#[test]
fn what_would_launch_a_lost_image_is_found_wherever_it_is_named() {
    let setup = Scene::new();
    let mut world = setup.world();
    let disabled = good!(world, "off-v1-2026-01-01", 10).state("disabled").put();
    let deprecated = good!(world, "dep-v1-2026-01-01", 10).deprecated_at(days_ago(1)).put();
    let template = world.launch_template(PROD, EAST, "web").image(&disabled).put();
    world.auto_scaling_group(PROD, EAST, "front").launch_template(&template, "$Latest").put();
    world.launch_configuration(PROD, EAST, "lc", &deprecated);
    world.launch_template(PROD, EAST, "lost").image("resolve:ssm:/golden/none").put();
    world.parameter(PROD, EAST, "/amictl/off/prod", &disabled);
    drop(world);
    let document = setup.json("audit --rule dangling-reference");
    let rows = document["findings"].as_array().unwrap();
    let found: Vec<_> =
        rows.iter().map(|row| (row["resource_kind"].as_str().unwrap(), row["severity"].as_str().unwrap())).collect();
    assert_eq!(
        found,
        [
            ("alias", "high"),
            ("auto-scaling-group", "high"),
            ("launch-template", "high"),
            ("launch-template", "high"),
            ("launch-configuration", "medium"),
        ]
    );
    let hint = |kind: &str| rows.iter().find(|row| row["resource_kind"] == kind).unwrap()["hint"].clone();
    assert_eq!(hint("alias"), "amictl promote REF --to prod --family off --region us-east-1");
    assert_eq!(hint("auto-scaling-group"), "amictl rollout front --image REF --region us-east-1");
    let text = document.to_string();
    assert!(
        text.contains("is disabled") && text.contains("is deprecated since") && text.contains("/golden/none"),
        "{text}"
    );
}

#[test]
fn a_source_that_cannot_be_read_is_said() {
    let calls = [
        "DescribeInstances",
        "DescribeLaunchTemplates",
        "DescribeLaunchConfigurations",
        "DescribeAutoScalingGroups",
        "DescribeSpotFleetRequests",
        "DescribeFleets",
        "DescribeParameters",
        "DescribeImageAttribute",
    ];
    for call in calls {
        let setup = Scene::new();
        clean(&setup);
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "not yours"));
        let ran = setup.run(LINE).ended(3).says(&["not yours"]);
        let document = ran.json();
        assert!(
            each(&document["errors"], "message").iter().any(|text| text.contains("not yours")),
            "{call}: {document:#}"
        );
        assert_eq!(document["findings"], json!([]), "{call}");
    }
    let setup = Scene::new();
    good!(setup.world(), "golden", 10).put();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "not yours"));
    setup.run("audit --fail-on low").ended(4).says(&["not yours", "1 finding of severity low or higher"]);
    setup.run("audit --fail-on high").ended(3);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours"));
    setup.run("audit").ended(1).says(&["not yours"]);
}

#[test]
fn nothing_is_asked_for_each_image_unless_sharing_is_asked_about() {
    let setup = Scene::new();
    clean(&setup);
    setup.json("audit");
    let count = |action: &str| setup.fake.count(action);
    assert_eq!((count("DescribeImageAttribute"), count("DescribeImageReferences")), (0, 0));
    setup.json("audit --allow-account 333333333333 --skip shared-outside");
    setup.json("audit --allow-account 333333333333 --rule public-image");
    assert_eq!(count("DescribeImageAttribute"), 0);
    let document = setup.json("audit --rule shared-outside");
    assert_eq!(each(&document["findings"], "rule"), ["shared-outside"]);
    assert_eq!(count("DescribeImageAttribute"), 2);
    assert_eq!(
        document["findings"][0]["hint"].as_str().map(|hint| hint.ends_with("--with 333333333333 --region us-east-1")),
        Some(true)
    );
}

#[test]
fn findings_come_in_every_format() {
    let setup = Scene::new();
    let id = good!(setup.world(), "golden", 10).public().put();
    let ran = setup.run("audit").ended(0).says(&["2 findings: 1 high, 1 low"]);
    let table = ran.stdout;
    let (high, low) = (table.find("High\n").unwrap(), table.find("Low\n").unwrap());
    assert!(high < low, "{table}");
    for words in ["public-image", "name-pattern", &id, "is public", "amictl unshare"] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
    assert!(!table.contains(PROD), "{table}");
    assert_eq!(setup.run("audit -o ids").ended(0).lines(), [id.as_str(), id.as_str()]);
    let csv = setup.run("audit -o csv").ended(0).stdout;
    assert!(csv.starts_with("severity,rule,account,region,") && csv.contains(&format!("image,{id}")), "{csv}");
    assert_eq!(setup.run("audit -o jsonl").ended(0).lines().len(), 2);
    let markdown = setup.run("audit -o markdown").ended(0).stdout;
    assert!(markdown.starts_with("2 findings: 1 high, 1 low\n") && markdown.contains("| High |"), "{markdown}");
}

#[test]
fn findings_fit_the_terminal_with_what_to_do_below() {
    let setup = Scene::new();
    let mut world = setup.world();
    good!(world, "golden", 10).public().put();
    let plain = world.image(PROD, EAST, "plain-v1-2026-01-01").put();
    world.parameter(PROD, EAST, "/golden/lost", "ami-0bbbbbbbbbbbbbbbb");
    drop(world);
    for columns in [80, 120] {
        let (code, written) = terminal::run(&setup, columns, "", "audit --no-progress", &[]);
        let shown = terminal::seen(&written);
        assert_eq!(code, Some(0), "{shown}");
        let wide = shown.lines().filter(|line| line.chars().count() > columns);
        // A shell takes a command line in two for two commands.
        let wide: Vec<&str> =
            wide.filter(|line| !["amictl ", "aws "].iter().any(|begin| line.trim().starts_with(begin))).collect();
        assert!(wide.is_empty(), "{columns}: {wide:?}\n{shown}");
        let (found, todo) = (shown.find("is public").unwrap(), shown.find("amictl unshare").unwrap());
        assert!(found < todo && shown.contains("ssm-parameter /golden/lost: ami-0bbbbbbbbbbbbbbbb is gone"), "{shown}");
        // Nothing is cut.
        let line = format!("aws ec2 modify-image-attribute --image-id {plain} --imds-support v2.0 --region {EAST}");
        assert!(shown.lines().any(|shown| shown.trim() == line) && !shown.contains('…'), "{shown}");
    }
}
