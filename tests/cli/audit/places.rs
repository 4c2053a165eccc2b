//! Several accounts and regions: who sees what, and what is missing.

use serde_json::json;

use super::good;
use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, WEST, each};

const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

#[test]
fn an_image_of_the_other_account_is_there_if_it_is_shared() {
    let setup = Scene::new();
    let mut world = setup.world();
    let shared = good!(world, "web-v1-2026-01-01", 10).shared_with(OTHER).put();
    let hidden = good!(world, "web-v2-2026-01-02", 9).put();
    world.parameter(OTHER, EAST, "/golden/shared", &shared);
    world.parameter(OTHER, EAST, "/golden/hidden", &hidden);
    drop(world);
    let document = setup.json(&format!("audit --rule dangling-reference {ROLES}"));
    assert_eq!(each(&document["findings"], "resource"), ["/golden/hidden"]);
    assert_eq!(document["findings"][0]["account"], OTHER);
}

#[test]
fn what_the_owner_revoked_is_revoked_for_those_who_use_it() {
    let setup = Scene::new();
    let mut world = setup.world();
    let bad = good!(world, "web-v1-2026-01-01", 10).shared_with(OTHER).tag("amictl:revoked", "2026-01-02 bad").put();
    world.parameter(OTHER, EAST, "/golden/web", &bad);
    world.instance(OTHER, EAST).image(&bad).put();
    drop(world);
    let document = setup.json(&format!("audit --rule dangling-reference,revoked-in-use {ROLES}"));
    let found = each(&document["findings"], "rule").into_iter().zip(each(&document["findings"], "account"));
    assert_eq!(Vec::from_iter(found), [("dangling-reference", OTHER), ("revoked-in-use", PROD)]);
}

#[test]
fn an_old_image_of_others_is_reported_where_it_runs() {
    let setup = Scene::new();
    let mut world = setup.world();
    let amazon = world.image("333333333333", EAST, "al2").alias("amazon").public().created(days_ago(900)).put();
    world.instance(PROD, EAST).image(&amazon).put();
    drop(world);
    let document = setup.json("audit");
    assert_eq!(each(&document["findings"], "rule"), ["old-image-in-use"]);
    assert_eq!(
        (&document["findings"][0]["resource"], &document["findings"][0]["account"]),
        (&json!(amazon), &json!(PROD))
    );
}

#[test]
fn a_parameter_may_list_the_images_of_several_regions_and_an_alias_may_not() {
    let setup = Scene::new();
    let mut world = setup.world();
    let east = good!(world, "web-v1-2026-01-01", 10).put();
    let west = world.image(PROD, WEST, "web-v1-2026-01-01").put();
    let map = format!("{{\"east\":\"{east}\",\"west\":\"{west}\"}}");
    world.parameter(PROD, EAST, "/golden/map", &map);
    world.typed_parameter(PROD, EAST, "/amictl/web/prod").value(&west).put();
    drop(world);
    let document = setup.json(&format!("audit --rule dangling-reference --region {EAST},{WEST}"));
    assert_eq!(each(&document["findings"], "resource"), ["/amictl/web/prod"]);
}

#[test]
fn ids_of_a_parameter_are_gone_only_if_none_of_them_is_here() {
    let setup = Scene::new();
    let mut world = setup.world();
    let here = good!(world, "web-v1-2026-01-01", 10).put();
    let (elsewhere, nowhere) = ("ami-0aaaaaaaaaaaaaaaa", "ami-0bbbbbbbbbbbbbbbb");
    world.parameter(PROD, EAST, "/golden/map", &format!("{here},{elsewhere}"));
    world.parameter(PROD, EAST, "/golden/lost", &format!("{nowhere},{elsewhere}"));
    drop(world);
    // The other region is not asked for.
    let document = setup.json("audit --rule dangling-reference");
    assert_eq!(each(&document["findings"], "resource"), ["/golden/lost"]);
}

#[test]
fn a_suspended_account_hides_no_lost_pin() {
    let setup = Scene::new();
    good!(setup.world(), "web-v1-2026-01-01", 10).put();
    setup.world().add_member("333333333333", "old", "SUSPENDED");
    let file = setup.home.write("main.tf", "ami-0aaaaaaaaaaaaaaaa\n");
    let line = format!("audit --org-role ami --region all --refs-from {file} -o json");
    let document = setup.run(&line).ended(0).json();
    let message = document["findings"][0]["message"].as_str().unwrap();
    let gone = "is gone or not visible in the accounts and regions of the run; account 333333333333 was not entered";
    assert!(message.contains(gone) && !message.contains("--region all"), "{message}");
    assert_eq!(document["findings"][0]["severity"], "high");
    assert!(document["warnings"][0]["message"].as_str().unwrap().contains("account 333333333333"), "{document:#}");
    // One that should have been entered may have it.
    setup.world().add_member(OTHER, "dev", "ACTIVE");
    setup.world().denied_roles.insert("arn:aws:iam::222222222222:role/ami".to_owned());
    let document = setup.run(&line).ended(3).json();
    assert_eq!((&document["findings"], each(&document["errors"], "account")), (&json!([]), vec![OTHER]));
}

#[test]
fn an_alias_whose_image_may_have_been_tested_elsewhere_is_no_finding() {
    let setup = Scene::new();
    let mut world = setup.world();
    let source = world.image(PROD, WEST, "web-v1-2026-01-01").put();
    let copy = good!(world, "web-v1-2026-01-01", 10).copied_from(&source, WEST).put();
    world.parameter(PROD, EAST, "/amictl/web/prod", &copy);
    drop(world);
    let document =
        setup.run("audit --rule untested-alias -o json").ended(0).says(&["/amictl/web/prod", &source]).json();
    assert_eq!((&document["findings"], each(&document["warnings"], "code")), (&json!([]), vec!["VerdictUnread"]));
    let document = setup.json(&format!("audit --rule untested-alias --region {EAST},{WEST}"));
    assert_eq!((each(&document["findings"], "resource").len(), &document["warnings"]), (1, &json!([])));
}

#[test]
fn a_place_that_cannot_be_read_does_not_hide_the_others() {
    let setup = Scene::new();
    let mut world = setup.world();
    good!(world, "golden", 10).put();
    world.parameter(PROD, WEST, "/golden/web", "ami-0aaaaaaaaaaaaaaaa");
    drop(world);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours").in_region(WEST));
    let file = setup.home.write("main.tf", "ami-0bbbbbbbbbbbbbbbb\n");
    let line = format!("audit --region {EAST},{WEST} --refs-from {file} -o json");
    let document = setup.run(&line).ended(3).says(&["not yours", WEST]).json();
    // Nothing is called gone that may be where nobody could look.
    assert_eq!(each(&document["findings"], "rule"), ["name-pattern"]);
    assert_eq!(each(&document["errors"], "region"), [WEST]);
    setup.fake.clear_faults();
    let document = setup.run(&line).ended(0).json();
    assert_eq!(each(&document["findings"], "rule"), ["dangling-reference", "pinned-image", "name-pattern"]);
}

#[test]
fn an_account_that_cannot_be_entered_is_said() {
    let setup = Scene::new();
    setup.world().denied_roles.insert("arn:aws:iam::222222222222:role/ami".to_owned());
    good!(setup.world(), "web-v1-2026-01-01", 10).put();
    let ran = setup.run(&format!("audit {ROLES} -o json")).ended(3);
    assert_eq!(ran.json()["errors"][0]["account"], OTHER);
}
