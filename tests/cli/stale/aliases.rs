//! Instances compared with what an alias names.

use serde_json::json;

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::Scene;
use crate::setup::{EAST, WEST, each};

/// Three versions of `web`, an instance of each, and `web:prod` on the second.
fn scene() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let ids = setup.family("web", 3);
    for id in &ids {
        setup.world().instance(PROD, EAST).image(id).put();
    }
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &ids[1]);
    (setup, ids)
}

#[test]
fn what_the_alias_names_is_new_enough() {
    let (setup, ids) = scene();
    let document = setup.json("stale --alias prod");
    assert_eq!(each(&document["instances"], "image_id"), [ids[0].as_str()]);
    let row = &document["instances"][0];
    assert_eq!((&row["newest_id"], &row["versions_behind"]), (&json!(ids[1]), &json!(1)));
    assert_eq!(setup.fake.count("GetParameterHistory"), 0);
}

#[test]
fn families_without_the_alias_are_said_and_one_that_none_has_is_an_error() {
    let (setup, _) = scene();
    let api = setup.family("api", 2);
    setup.world().instance(PROD, EAST).image(&api[0]).put();
    let ran = setup.run("stale --alias prod -o json").ended(0).says(&["the family api has no alias 'prod'", EAST]);
    assert_eq!(ran.json()["summary"]["without_alias"], 1);
    let ran = setup.run("stale --alias canary -o json").ended(1);
    assert_eq!(ran.error()["code"], "NoAlias");
    assert!(ran.error()["message"].as_str().unwrap().contains("api, web"), "{}", ran.stderr);
    setup.run("stale --alias Prod").ended(2);
    setup.run("stale --alias v3").ended(2);
}

#[test]
fn an_alias_of_another_place_says_nothing_here() {
    let (setup, ids) = scene();
    let west = setup.world().image(PROD, WEST, "web-v1-2026-01-01").put();
    setup.world().instance(PROD, WEST).image(&west).put();
    let document = setup.json(&format!("stale --alias prod --region {EAST},{WEST}"));
    assert_eq!(each(&document["instances"], "image_id"), [ids[0].as_str()]);
    assert_eq!(document["summary"]["without_alias"], 1);
}

#[test]
fn an_image_that_another_account_shares_can_be_the_goal() {
    let (setup, ids) = scene();
    let shared = setup.world().image(OTHER, EAST, "web-v4-2026-01-04").shared_with(PROD).put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &shared);
    let document = setup.json("stale --alias prod");
    let behind: Vec<_> = document["instances"].as_array().unwrap().iter().map(|row| &row["versions_behind"]).collect();
    assert_eq!((behind.len(), each(&document["instances"], "newest_id")), (3, vec![shared.as_str(); 3]));
    assert!(behind.contains(&&json!(3)) && behind.contains(&&json!(1)), "{behind:?}");
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_alias_that_cannot_be_read_is_no_missing_alias() {
    let (setup, _) = scene();
    setup.fake.fault(Fault::error("GetParameters", "AccessDeniedException", "not yours"));
    let ran = setup.run("stale --alias prod -o json").ended(3).says(&["not yours"]);
    let document = ran.json();
    assert_eq!((&document["summary"]["without_alias"], &document["instances"]), (&json!(0), &json!([])));
    assert_eq!(each(&document["errors"], "region"), [EAST]);
}

#[test]
fn an_image_of_an_account_outside_the_run_is_compared_with_the_alias_here() {
    let setup = Scene::new();
    let ids: Vec<_> = (1..=4)
        .map(|n| setup.world().image(OTHER, EAST, &format!("web-v{n}-2026-01-0{n}")).shared_with(PROD).put())
        .collect();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &ids[3]);
    for _ in 0..5 {
        setup.world().instance(PROD, EAST).image(&ids[1]).put();
    }
    let ran = setup.run("stale --alias prod -o json").ended(0);
    let document = ran.json();
    assert_eq!((&document["summary"]["stale"], &document["summary"]["not_compared"]), (&json!(5), &json!(0)));
    let row = &document["instances"][0];
    assert_eq!((&row["versions_behind"], &row["newest_revoked"]), (&json!(2), &json!(null)), "its tags are not seen");
    // Without an alias nothing says what is new there, and that is said.
    let ran = setup.run("stale -o json").ended(0).says(&["5 instances run images of accounts outside the run"]);
    assert_eq!((&ran.json()["summary"]["stale"], &ran.json()["summary"]["not_compared"]), (&json!(0), &json!(5)));
    setup.run("stale --alias canary").ended(1).says(&["has the alias 'canary': web"]);
}

#[test]
fn an_alias_on_a_revoked_image_is_warned_of() {
    let (setup, ids) = scene();
    setup.world().image_mut(&ids[1]).tags.insert("amictl:revoked".to_owned(), "2026-01-02 bad".to_owned());
    let ran = setup.run("stale --alias prod -o json").ended(0);
    let ran = ran.says(&["warning: ", "the alias web:prod names web-v2-2025-01-01", "which is revoked"]);
    let document = ran.json();
    let row = document["instances"].as_array().unwrap().iter().find(|row| row["image_id"] == json!(ids[0])).unwrap();
    assert_eq!((&row["newest_id"], &row["newest_revoked"]), (&json!(ids[1]), &json!(true)));
    assert!(setup.run("stale --alias prod").ended(0).stdout.contains("web-v2-2025-01-01 (revoked)"));
}
