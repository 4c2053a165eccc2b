//! Regions that cannot be read: the others are worked on, and the run says what is missing.

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, PROD};
use crate::scene::{ALL, ALL_AWAY, Plan, Scene, days_ago};
use crate::setup::{EAST, EUROPE, WEST, each};

const THREE: &str = "--region us-east-1,us-west-2,eu-west-1";

/// What EC2 was seen to answer of a region that an account may not use.
const REFUSALS: [&str; 3] = ["AuthFailure", "UnauthorizedOperation", "OptInRequired"];

/// An old image and an orphan in each of three regions, of which the last cannot be read; gives both by region.
fn ready(code: &str) -> (Scene, [String; 3], [String; 3]) {
    let setup = Scene::new();
    let regions = [EAST, WEST, EUROPE];
    let images =
        regions.map(|region| setup.world().image(PROD, region, "web-v1-2025-01-01").created(days_ago(100)).put());
    let words = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    let orphans =
        regions.map(|region| setup.world().snapshot(PROD, region).started(days_ago(100)).description(words).put());
    setup.fake.fault(Fault::error("DescribeImages", code, "not in that region").in_region(EUROPE));
    (setup, images, orphans)
}

/// The places in a document that could not be read, as region and code.
fn unread(document: &Value) -> Vec<(&str, &str)> {
    each(&document["errors"], "region").into_iter().zip(each(&document["errors"], "code")).collect()
}

#[test]
fn a_region_that_cannot_be_read_does_not_hold_back_the_others_of_a_plan() {
    for code in REFUSALS {
        let (setup, images, _) = ready(code);
        let ran = setup.run(&format!("{ALL} {THREE}")).ended(3);
        let plan = Plan::of(&ran);
        assert_eq!(plan.going().len(), 2, "{code}");
        assert!(!plan.going().contains(&images[2].as_str()));
        assert_eq!(unread(&plan.0), [(EUROPE, code)]);
        assert_eq!(ran.error()["code"], "PartialRun", "{code}");
        ran.says(&["eu-west-1", "not in that region"]);

        let ran = setup.run(&format!("{ALL_AWAY} {THREE}")).ended(3);
        let report = ran.json();
        assert_eq!((&report["summary"]["done"], unread(&report)), (&2.into(), vec![(EUROPE, code)]));
        assert_eq!(images.map(|id| setup.has(&id)), [false, false, true], "{code}");
    }
}

#[test]
fn a_region_whose_connection_breaks_does_not_hold_back_the_others() {
    let (setup, ..) = ready("AuthFailure");
    setup.fake.clear_faults();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::ResetBefore).in_region(EUROPE));
    let ran = setup.once().run(&format!("{ALL} {THREE}")).ended(3);
    assert_eq!(Plan::of(&ran).going().len(), 2);
    assert_eq!(each(&ran.json()["errors"], "region"), [EUROPE]);
}

#[test]
fn rows_of_a_region_that_cannot_be_read_any_more_are_left_alone() {
    let (setup, images, _) = ready("AuthFailure");
    setup.fake.clear_faults();
    let file = setup.home.path().join("plan.json");
    let file = file.display();
    setup.run(&format!("prune --keep 0 {THREE} --plan-out {file}")).ended(0);
    setup.fake.fault(Fault::error("DescribeImages", "AuthFailure", "not in that region").in_region(EUROPE));
    let ran = setup.run(&format!("apply {file} --dry-run")).ended(3);
    assert!(ran.stderr.contains("would be skipped: the region eu-west-1"), "{}", ran.stderr);
    let report = setup.run(&format!("apply {file} --yes -o json")).ended(3).json();
    assert_eq!(report["summary"], json!({"done": 2, "failed": 0, "skipped": 1}));
    assert_eq!(unread(&report), [(EUROPE, "AuthFailure")]);
    let row = report["results"].as_array().unwrap().iter().find(|row| row["region"] == EUROPE).unwrap();
    assert_eq!(row["error"]["code"], "unverified");
    assert_eq!(images.map(|id| setup.has(&id)), [false, false, true]);
}

#[test]
fn orphans_of_the_other_regions_go() {
    for code in REFUSALS {
        let (setup, _, orphans) = ready(code);
        let listed = setup.run(&format!("orphans {THREE} -o json")).ended(3);
        assert_eq!(unread(&listed.json()), [(EUROPE, code)]);
        assert_eq!(listed.json()["snapshots"].as_array().unwrap().len(), 2);
        let ran = setup.run(&format!("orphans {THREE} --apply --yes --max-delete 9 -o json")).ended(3);
        assert_eq!(each(&ran.json()["snapshots"], "result"), ["deleted", "deleted"]);
        assert_eq!(ran.error()["code"], "PartialRun");
        assert_eq!(orphans.map(|id| setup.there(&[id])), [0, 0, 1], "{code}");
    }
}

#[test]
fn a_run_that_can_read_no_region_ends_with_the_first_error_and_changes_nothing() {
    for line in [ALL_AWAY, "orphans --apply --yes --max-delete 9 -o json"] {
        let (setup, ..) = ready("AuthFailure");
        setup.fake.clear_faults();
        setup.fake.fault(Fault::error("DescribeImages", "AuthFailure", "the first").in_region(EAST));
        setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "one of the others"));
        let ran = setup.run(&format!("{line} {THREE}")).ended(1);
        assert_eq!((&ran.error()["code"], ran.stdout.as_str()), (&"AuthFailure".into(), ""), "{line}");
        assert!(ran.error()["message"].as_str().unwrap().contains("the first"), "{}", ran.stderr);
        setup.unchanged();
    }
}
