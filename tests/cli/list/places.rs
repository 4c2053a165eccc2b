//! `list` over pages, regions and accounts.

use std::collections::BTreeSet;

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds, sorted};

const PROD_ROLE: &str = "arn:aws:iam::111111111111:role/ami";
const OTHER_ROLE: &str = "arn:aws:iam::222222222222:role/ami";

/// One image in each of three regions.
fn spread() -> Setup {
    let setup = Setup::new();
    for region in [EAST, WEST, EUROPE] {
        setup.world().image(PROD, region, "web-v1-2026-01-02").put();
    }
    setup
}

#[test]
fn short_and_empty_pages_hide_nothing() {
    let setup = Setup::new();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 23);
    setup.world().image_page_limit = Some(5);
    setup.world().short_pages = true;
    let mut listed: Vec<String> = setup.run("list -o ids").ended(0).lines().into_iter().map(str::to_owned).collect();
    assert_eq!(listed.iter().rev().cloned().collect::<Vec<_>>(), ids, "newest first");
    listed.dedup();
    assert_eq!(listed.len(), 23);
    assert!(setup.calls("DescribeImages").len() > 10, "{}", setup.calls("DescribeImages").len());
}

#[test]
fn ten_thousand_images_come_in_ten_pages() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 10_000);
    let ran = setup.run("list -o json").ended(0);
    let found = ran.json();
    assert_eq!(found["images"].as_array().unwrap().len(), 10_000);
    assert_eq!((&found["images"][0]["image_version"], &found["errors"]), (&10_000.into(), &serde_json::json!([])));
    let calls = setup.calls("DescribeImages");
    assert_eq!(calls.len(), 10);
    assert!(calls.iter().all(|call| call.params["MaxResults"] == "1000"));
}

#[test]
fn a_page_that_is_throttled_is_asked_for_again() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 12);
    setup.world().image_page_limit = Some(5);
    let busy = Fault::error("DescribeImages", "RequestLimitExceeded", "Request limit exceeded.");
    setup.fake.fault(busy.skip(1).times(1));
    assert_eq!(setup.run("list -o ids").ended(0).lines().len(), 12);
    assert_eq!(setup.calls("DescribeImages").len(), 4);
}

#[test]
fn several_regions_are_listed_together() {
    let setup = spread();
    for regions in ["us-east-1,us-west-2,eu-west-1", "us-east-1 --region us-west-2,us-east-1 --region eu-west-1"] {
        setup.fake.forget_calls();
        let found = setup.json(&format!("list --region {regions}"));
        assert_eq!(sorted(&found["images"], "region"), [EUROPE, EAST, WEST], "{regions}");
        assert_eq!(setup.calls("DescribeImages").len(), 3, "{regions}");
    }
}

#[test]
fn regions_are_asked_side_by_side() {
    let setup = spread();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(1))));
    setup.run("list --region us-east-1,us-east-2,us-west-2,eu-west-1,eu-central-1").ended(0);
    assert_eq!(setup.fake.peak(), 5);
}

/// The regions that were asked for images, each once however often.
fn asked(setup: &Setup) -> BTreeSet<String> {
    setup.calls("DescribeImages").into_iter().map(|call| call.region).collect()
}

#[test]
fn all_regions_are_those_that_are_enabled() {
    let setup = spread();
    let found = setup.json("list --region all");
    assert_eq!(sorted(&found["images"], "region"), [EUROPE, EAST, WEST]);
    assert_eq!((setup.calls("DescribeImages").len(), asked(&setup).len()), (17, 17));
    setup.fake.forget_calls();
    setup.world().opt_in.insert("af-south-1".to_owned(), "opted-in".to_owned());
    setup.world().bulk_images(PROD, "af-south-1", "web", 1);
    let found = setup.json("list --region all");
    assert_eq!(sorted(&found["images"], "region"), ["af-south-1", EUROPE, EAST, WEST]);
    assert_eq!((setup.calls("DescribeImages").len(), asked(&setup).len()), (18, 18));
}

#[test]
fn the_regions_that_every_account_has_are_asked_while_ec2_says_which_there_are() {
    let setup = spread();
    setup.fake.fault(Fault::on("DescribeRegions", FaultKind::Latency(seconds(2))));
    setup.fake.fault(Fault::error("DescribeRegions", "UnauthorizedOperation", "You are not authorized."));
    setup.run("list --region all").ended(1).says(&["UnauthorizedOperation"]);
    assert_eq!(asked(&setup).len(), 17);
}

#[test]
fn accounts_that_are_entered_by_a_role_are_asked_once_they_are_entered() {
    let setup = spread();
    setup.fake.fault(Fault::on("DescribeRegions", FaultKind::Latency(seconds(1))));
    setup.fake.fault(Fault::error("DescribeRegions", "UnauthorizedOperation", "You are not authorized."));
    setup.run(&format!("list --region all --role-arn {PROD_ROLE}")).ended(1).says(&["UnauthorizedOperation"]);
    assert_eq!(asked(&setup).len(), 0);
}

#[test]
fn an_error_after_an_answer_that_was_cut_off_is_told_as_ec2_told_it() {
    let setup = spread();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Truncated).times(1));
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run("list -o json").ended(1);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    assert_eq!(setup.calls("DescribeImages").len(), 2);
}

#[test]
fn what_ec2_does_not_say_is_enabled_is_not_shown() {
    let setup = spread();
    setup.world().opt_in.remove(EUROPE);
    let found = setup.json("list --region all");
    assert_eq!(sorted(&found["images"], "region"), [EAST, WEST]);
    assert_eq!(found["errors"], serde_json::json!([]));
}

#[test]
fn from_a_region_that_not_every_account_has_only_those_are_asked_that_are_enabled() {
    let setup = spread();
    {
        let mut world = setup.world();
        world.opt_in.retain(|region, _| region == EAST);
        world.opt_in.insert("us-gov-west-1".to_owned(), "opt-in-not-required".to_owned());
    }
    let found = setup.amictl().env("AWS_REGION", "us-gov-west-1").run("list --region all -o json").ended(0).json();
    assert_eq!(sorted(&found["images"], "region"), [EAST]);
    assert_eq!(asked(&setup).into_iter().collect::<Vec<_>>(), [EAST, "us-gov-west-1"]);
}

#[test]
fn a_region_that_fails_does_not_hide_the_others() {
    let setup = spread();
    let refusal = Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE));
    let line = "list --region us-east-1,eu-west-1,us-west-2";
    let ran = setup.run(&format!("{line} -o json")).ended(3);
    let found = ran.json();
    assert_eq!(sorted(&found["images"], "region"), [EAST, WEST]);
    let error = serde_json::json!([{
        "account": PROD, "region": EUROPE, "code": "UnauthorizedOperation", "message": "You are not authorized."
    }]);
    assert_eq!(found["errors"], error);
    assert_eq!((&ran.error()["exit_code"], &ran.error()["code"]), (&3.into(), &"PartialListing".into()));
    for format in ["table", "csv", "jsonl", "ids"] {
        let ran = setup.run(&format!("{line} -o {format}")).ended(3);
        let shown = ran.stdout.matches("ami-").count();
        assert_eq!(shown, 2, "{format}: {}", ran.stdout);
        ran.says(&["eu-west-1: You are not authorized. [UnauthorizedOperation]"]);
    }
}

#[test]
fn a_disabled_region_fails_alone() {
    let setup = spread();
    let ran = setup.run("list --region us-east-1,af-south-1 -o json").ended(3);
    let found = ran.json();
    assert_eq!(each(&found["images"], "region"), [EAST]);
    assert_eq!(each(&found["errors"], "region"), ["af-south-1"]);
    assert_eq!(each(&found["errors"], "code"), ["AuthFailure"]);
}

#[test]
fn when_every_region_fails_nothing_was_listed() {
    let setup = spread();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run("list --region us-east-1,us-west-2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
}

#[test]
fn several_accounts_are_listed_in_one_run() {
    let setup = spread();
    setup.world().image(OTHER, EAST, "db-v1-2026-01-02").put();
    let found = setup.json(&format!("list --role-arn {PROD_ROLE} --role-arn {OTHER_ROLE}"));
    assert_eq!(sorted(&found["images"], "name"), ["db-v1-2026-01-02", "web-v1-2026-01-02"]);
    assert_eq!(sorted(&found["images"], "owner_id"), [PROD, OTHER]);
}

#[test]
fn an_account_that_cannot_be_entered_fails_alone() {
    let setup = spread();
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let ran = setup.run(&format!("list --role-arn {PROD_ROLE},{OTHER_ROLE} -o json")).ended(3);
    assert_eq!(each(&ran.json()["images"], "owner_id"), [PROD]);
    let errors = ran.json()["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 1);
    assert!(errors[0]["message"].as_str().unwrap().contains("not authorized to perform: sts:AssumeRole"), "{errors}");
}
