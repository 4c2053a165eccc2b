//! `lineage`: EC2's ancestry, where the listings end.

use serde_json::json;

use super::{WEB, field, rows};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, each};

const AMAZON: &str = "999999999999";

/// An image of Amazon, a copy of it in another account, and an image of ours that was made from a shared copy of that;
/// gives the ids, the topmost first.
fn line(setup: &Setup) -> [String; 4] {
    let mut world = setup.world();
    let amazon = world.image(AMAZON, EUROPE, "al2023-ami-1").alias("amazon").public().put();
    let theirs = world.image(OTHER, EUROPE, "golden-v1-2026-01-01").copied_from(&amazon, EUROPE).put();
    let here = world.image(OTHER, EAST, "golden-v1-2026-01-01").copied_from(&theirs, EUROPE).shared_with(PROD).put();
    let instance = world.instance(PROD, EAST).image(&here).put();
    let ours = world.image(PROD, EAST, WEB).copied_from(&here, EAST).of_instance(&instance).put();
    [amazon, theirs, here, ours]
}

#[test]
fn what_is_above_the_listing_is_asked_for_once() {
    let setup = Setup::new();
    let [amazon, theirs, here, ours] = line(&setup);
    let copy = setup.world().image(PROD, EUROPE, WEB).copied_from(&ours, EAST).put();
    let ran = setup.run(&format!("lineage {copy} --region {EAST},{EUROPE} -o json")).ended(0);
    let found = ran.json();
    let expected = [
        [Some(amazon.as_str()), None, None],
        [Some(&theirs), Some(&amazon), None],
        [Some(&here), Some(&theirs), Some("copy")],
        [Some(&ours), Some(&here), Some("child")],
        [Some(&copy), Some(&ours), Some("copy")],
    ];
    assert_eq!(rows(&found), expected, "whether it was copied within a region EC2 does not say");
    let unknown = ["unknown", "unknown", "unknown", "available", "available"];
    assert_eq!(each(&found["images"], "state"), unknown);
    assert_eq!(field(&found, "revoked")[..3], [json!(null), json!(null), json!(null)]);
    assert_eq!(field(&found, "in_use")[2..4], [json!(true), json!(false)], "what runs an image of others is seen here");
    let calls = setup.calls("GetImageAncestry");
    assert_eq!(calls.iter().map(|call| call.params["ImageId"].as_str()).collect::<Vec<_>>(), [ours.as_str()]);
    ran.says(&[&format!("{amazon} is a public image of amazon, and EC2's ancestry ends there")]);
}

#[test]
fn an_image_of_others_can_be_asked_about() {
    let setup = Setup::new();
    let [amazon, theirs, here, ours] = line(&setup);
    let found = setup.json(&format!("lineage {here}"));
    assert_eq!(each(&found["images"], "id"), [amazon, theirs, here, ours]);
    assert_eq!(each(&found["images"], "state")[2], "available");
    assert_eq!(field(&found, "revoked")[2], json!(null), "its tags are not shown");
}

#[test]
fn without_the_permission_the_rest_is_shown() {
    let setup = Setup::new();
    let [_, _, here, ours] = line(&setup);
    setup.fake.fault(Fault::error("GetImageAncestry", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run(&format!("lineage {ours} -o json")).ended(3);
    let found = ran.json();
    assert_eq!(each(&found["images"], "id"), [here, ours.clone()]);
    assert_eq!(found["errors"][0]["message"], format!("the ancestry of {ours}: You are not authorized."));
    assert_eq!(ran.error()["code"], "PartialRun");
}

#[test]
fn what_breaks_the_chain_is_said() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, WEB).put();
    setup.run("lineage web:v1").ended(0).says(&["RegisterImage breaks the chain"]);
    let quiet = setup.run("lineage web:v1 -q").ended(0);
    assert!(quiet.stderr.is_empty(), "{}", quiet.stderr);
}

#[test]
fn of_an_image_in_another_region_ec2_is_asked_through_its_copy() {
    let setup = Setup::new();
    let (first, base, copy) = {
        let mut world = setup.world();
        let first = world.image(PROD, EAST, "first-v1-2026-01-01").put();
        let base = world.image(PROD, EAST, "base-v1-2026-01-01").copied_from(&first, EAST).put();
        let copy = world.image(PROD, EUROPE, "base-v1-2026-01-01").copied_from(&base, EAST).put();
        (first, base, copy)
    };
    let ran = setup.run(&format!("lineage {base} --region {EUROPE} -o json")).ended(0);
    assert_eq!(each(&ran.json()["images"], "id"), [&first, &base, &copy]);
    assert_eq!(each(&ran.json()["warnings"], "code"), ["AncestryEnds"]);
    assert!(ran.json()["warnings"][0]["message"].as_str().unwrap().contains(&first), "{}", ran.stdout);
    // What was not told is not called unknown to EC2.
    setup.fake.fault(Fault::error("GetImageAncestry", "UnauthorizedOperation", "Not you."));
    let ran = setup.run(&format!("lineage {base} --region {EUROPE} -o json")).ended(3);
    let message = ran.json()["warnings"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("is not known") && !message.contains("registered"), "{message}");
}
