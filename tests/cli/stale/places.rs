//! Stale instances over several accounts and regions, and places that cannot be read.

use serde_json::json;

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::Scene;
use crate::setup::{EAST, WEST, each};

const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

#[test]
fn an_image_of_another_account_of_the_run_is_compared_with_its_owner_s() {
    let setup = Scene::new();
    let mut world = setup.world();
    let old = world.image(PROD, EAST, "web-v1-2026-01-01").shared_with(OTHER).put();
    let new = world.image(PROD, EAST, "web-v2-2026-01-02").shared_with(OTHER).put();
    let instance = world.instance(OTHER, EAST).image(&old).put();
    drop(world);
    let row = setup.json(&format!("stale {ROLES}"))["instances"][0].clone();
    assert_eq!((&row["account"], &row["instance_id"]), (&json!(OTHER), &json!(instance)));
    assert_eq!((&row["newest_id"], &row["problem"]), (&json!(new), &json!("behind")));
    // Alone, the account does not see what its owner has.
    let alone = setup.json("stale --role-arn arn:aws:iam::222222222222:role/ami");
    assert_eq!((&alone["instances"], &alone["summary"]["not_compared"]), (&json!([]), &json!(1)));
}

#[test]
fn each_region_has_its_own_newest_image() {
    let setup = Scene::new();
    for (region, count) in [(EAST, 1), (WEST, 2)] {
        let ids: Vec<_> =
            (1..=count).map(|n| setup.world().image(PROD, region, &format!("web-v{n}-2026-01-0{n}")).put()).collect();
        setup.world().instance(PROD, region).image(&ids[0]).put();
    }
    let document = setup.json(&format!("stale --region {EAST},{WEST}"));
    assert_eq!(each(&document["instances"], "region"), [WEST]);
    assert_eq!(setup.fake.count("DescribeInstanceImageMetadata"), 2);
}

#[test]
fn a_place_that_cannot_be_read_does_not_hide_the_others() {
    for call in ["DescribeInstanceImageMetadata", "DescribeImages"] {
        let setup = Scene::new();
        let ids = setup.family("web", 2);
        setup.world().instance(PROD, EAST).image(&ids[0]).put();
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "not yours").in_region(WEST));
        let line = format!("stale --region {EAST},{WEST} -o json");
        let ran = setup.run(&line).ended(3).says(&["not yours", WEST]);
        assert_eq!(each(&ran.json()["instances"], "image_id"), [ids[0].as_str()], "{call}");
        assert_eq!(each(&ran.json()["errors"], "region"), [WEST], "{call}");
        // What was found goes before what was not read.
        setup.run(&format!("{line} --fail-on stale")).ended(4).says(&["not yours"]);
        setup.run(&format!("{line} --min-versions 2 --fail-on stale")).ended(3);
    }
    let setup = Scene::new();
    setup.fake.fault(Fault::error("DescribeInstanceImageMetadata", "UnauthorizedOperation", "not yours"));
    setup.run("stale").ended(1).says(&["not yours"]);
}

#[test]
fn all_pages_are_read() {
    let setup = Scene::new();
    let ids = setup.family("web", 2);
    for _ in 0..7 {
        setup.world().instance(PROD, EAST).image(&ids[0]).put();
    }
    setup.world().short_pages = true;
    assert_eq!(setup.json("stale")["summary"]["stale"], 7);
    let pages = setup.calls("DescribeInstanceImageMetadata");
    assert!(pages.iter().all(|call| call.params["MaxResults"] == "1000"), "{pages:?}");
}
