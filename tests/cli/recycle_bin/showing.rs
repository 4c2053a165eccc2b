//! The table and the documents of `recycle-bin`.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST};

/// Three regions: all is held, some is, nothing is.
fn ready() -> Setup {
    let setup = Setup::new();
    let mut world = setup.world();
    world.bin_rule(PROD, EAST, "EC2_IMAGE", 14).put();
    world.bin_rule(PROD, EAST, "EBS_SNAPSHOT", 30).put();
    world.bin_rule(PROD, WEST, "EC2_IMAGE", 7).tag("Env", "prod").tag_key("Gold").put();
    world.bin_rule(PROD, WEST, "EBS_SNAPSHOT", 9).exclude("Scratch", "yes").put();
    world.bin_rule(PROD, WEST, "EBS_VOLUME", 7).put();
    drop(world);
    setup
}

const THREE: &str = "recycle-bin --region us-east-1,us-west-2,eu-west-1";

fn held(word: &str, days: Option<u32>) -> Value {
    json!({"held": word, "days": days})
}

#[test]
fn each_place_says_what_is_held_and_for_how_long() {
    let setup = ready();
    let document = setup.json(THREE);
    let keys: Vec<_> = document.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        (keys, &document["version"], &document["errors"]),
        (vec!["errors".to_owned(), "places".to_owned(), "version".to_owned()], &json!(1), &json!([]))
    );
    let places = document["places"].as_array().unwrap();
    let of = |region: &str| places.iter().find(|place| place["region"] == region).unwrap();
    for (region, images, snapshots, rules) in [
        (EAST, held("all", Some(14)), held("all", Some(30)), 2),
        (WEST, held("some", Some(7)), held("some", Some(9)), 2),
        (EUROPE, held("none", None), held("none", None), 0),
    ] {
        let place = of(region);
        let keys: Vec<_> = place.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["account", "images", "region", "rules", "snapshots", "status"]);
        assert_eq!((&place["images"], &place["snapshots"]), (&images, &snapshots), "{region}");
        assert_eq!((&place["account"], &place["status"]), (&json!(PROD), &json!("ready")));
        assert_eq!(place["rules"].as_array().unwrap().len(), rules);
    }
    let rule = of(WEST)["rules"].as_array().unwrap().iter().find(|rule| rule["resource"] == "image").unwrap();
    let tags = json!([{"key": "Env", "value": "prod"}, {"key": "Gold", "value": null}]);
    assert_eq!((&rule["tags"], &rule["days"], &rule["made"]), (&tags, &json!(7), &json!(false)));
    assert_eq!((&rule["status"], rule["id"].as_str().unwrap().len()), (&json!("available"), 11));
    setup.unchanged();
}

#[test]
fn a_table_and_rows_for_programs() {
    let setup = ready();
    let table = setup.run(THREE).ended(0).stdout;
    let rows: Vec<_> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        rows,
        [
            "REGION IMAGES SNAPSHOTS STATUS",
            "us-east-1 14 days 30 days ready",
            "us-west-2 some, 7 days some, 9 days ready",
            "eu-west-1 not held not held ready",
        ]
    );
    let csv = setup.run(&format!("{THREE} -o csv")).ended(0).stdout;
    assert!(csv.contains(&format!("{PROD},us-west-2,some,7,some,9,ready,")), "{csv}");
    assert_eq!(setup.run(&format!("{THREE} -o jsonl")).ended(0).lines().len(), 3);
    assert_eq!(setup.run(&format!("{THREE} -o ids")).ended(0).lines().len(), 4);
}

#[test]
fn images_that_could_not_come_back_are_warned_of() {
    let setup = Setup::new();
    setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 14).put();
    let ran = setup.run("recycle-bin -q").ended(0);
    ran.says(&["warning: a rule holds images, but none holds snapshots", "account 111111111111, region us-east-1"]);
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 7).put();
    setup.run("recycle-bin").ended(0).says(&["warning: snapshots leave the bin before images"]);
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 14).put();
    let ran = setup.run("recycle-bin").ended(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn a_pending_rule_holds_nothing_and_is_told() {
    let setup = Setup::new();
    setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 14).pending().put();
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 14).put();
    let ran = setup.run("recycle-bin -o json").ended(0);
    let place = &ran.json()["places"][0];
    assert_eq!((&place["images"], &place["status"]), (&held("none", None), &json!("pending")));
    ran.says(&["1 rule is pending", "30 minutes"]);
}

#[test]
fn places_that_fail_are_told_and_the_others_are_shown() {
    let setup = ready();
    setup.fake.fault(Fault::error("ListRules", "AccessDeniedException", "Not there.").in_region(WEST));
    let ran = setup.run(&format!("{THREE} -o json")).ended(3);
    let document = ran.json();
    assert_eq!(document["places"].as_array().unwrap().len(), 2);
    let error = json!({"account": PROD, "region": WEST, "code": "AccessDeniedException", "message": "Not there."});
    assert_eq!(document["errors"], json!([error]));
    setup.fake.fault(Fault::error("ListRules", "AccessDeniedException", "Nowhere."));
    let ran = setup.run(&format!("{THREE} -o json")).ended(1);
    assert_eq!(ran.error()["code"], "AccessDeniedException");
}

#[test]
fn several_accounts_are_told_apart() {
    let setup = ready();
    setup.world().bin_rule(OTHER, EAST, "EC2_IMAGE", 1).put();
    setup.world().bin_rule(OTHER, EAST, "EBS_SNAPSHOT", 1).put();
    let roles = [PROD, OTHER].map(|account| format!("--role-arn arn:aws:iam::{account}:role/ami")).join(" ");
    let table = setup.run(&format!("recycle-bin --region us-east-1,eu-west-1 {roles}")).ended(0).stdout;
    for row in [
        vec![PROD, "us-east-1", "14", "days", "30", "days", "ready"],
        vec![OTHER, "us-east-1", "1", "day", "1", "day", "ready"],
        vec!["111111111111,", "222222222222", "eu-west-1", "not", "held", "not", "held", "ready"],
    ] {
        assert!(table.lines().any(|line| line.split_whitespace().eq(row.iter().copied())), "{row:?}: {table}");
    }
}
