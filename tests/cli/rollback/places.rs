//! Several accounts and regions: all go back, or none.

use serde_json::json;

use super::{becomes, images, promoted, value};
use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";
const PLACES: [(&str, &str); 4] = [(PROD, EAST), (PROD, WEST), (OTHER, EAST), (OTHER, WEST)];

/// Three versions, promoted in every place.
fn fleet() -> (Setup, Vec<Vec<String>>) {
    let setup = Setup::new();
    let place = |(account, region): (&str, &str)| {
        let web = images(&setup, account, region, 3);
        promoted(&setup, account, region, &web);
        web
    };
    let web = PLACES.map(place).to_vec();
    (setup, web)
}

fn run(setup: &Setup, words: &str) -> Ran {
    setup.run(&format!("rollback web:prod --region {EAST},{WEST} {ROLES} {words} -o json"))
}

/// What the alias names in each place.
fn values(setup: &Setup) -> Vec<String> {
    PLACES.iter().map(|(account, region)| value(setup, account, region)).collect()
}

fn versions(web: &[Vec<String>], at: [usize; 4]) -> Vec<String> {
    web.iter().zip(at).map(|(web, at)| web[at].clone()).collect()
}

#[test]
fn each_place_goes_back_by_its_own_history() {
    let (setup, web) = fleet();
    let report = run(&setup, "").ended(0).json();
    assert_eq!(values(&setup), versions(&web, [1, 1, 1, 1]));
    let rows = each(&report["results"], "account").into_iter().zip(each(&report["results"], "region"));
    assert_eq!(Vec::from_iter(rows), PLACES);
    run(&setup, "").ended(0);
    assert_eq!(values(&setup), versions(&web, [0, 0, 0, 0]));
}

#[test]
fn places_that_disagree_are_shown_and_refused() {
    let (setup, web) = fleet();
    becomes(&setup, &web[2][1], "disabled");
    let ran = run(&setup, "--reason bad").ended(4);
    let error = ran.error();
    assert_eq!(error["code"], "PlacesDisagree");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("web-v2-2026-01-02 in") && message.contains("web-v1-2026-01-01 in"), "{message}");
    let rows = ran.json()["results"].clone();
    assert_eq!(each(&rows, "image_id"), versions(&web, [1, 1, 0, 1]));
    assert_eq!(each(&rows, "status"), ["skipped"; 4]);
    assert_eq!(rows[0]["error"]["code"], "PlacesDisagree");
    let table = setup.run(&format!("rollback web:prod --region {EAST},{WEST} {ROLES}")).ended(4).stdout;
    assert!(table.contains("web-v1-2026-01-01") && table.contains("web-v2-2026-01-02"), "{table}");
    setup.unchanged();
    // The line of the hint does it.
    let hint = error["hint"].as_str().unwrap().to_owned();
    let line = hint.split("amictl ").nth(1).unwrap().split("; or").next().unwrap();
    setup.run(line).ended(0);
    assert_eq!(values(&setup), versions(&web, [1, 1, 0, 1]));
}

#[test]
fn one_place_that_cannot_be_read_leaves_all_as_they_are() {
    for call in ["GetParameters", "GetParameterHistory", "DescribeImages"] {
        let (setup, web) = fleet();
        setup.fake.fault(Fault::error(call, "AccessDeniedException", "not yours").in_region(WEST).of_account(OTHER));
        let ran = run(&setup, "").ended(4).says(&["not yours"]);
        let rows = ran.json()["results"].clone();
        assert_eq!(each(&rows, "status"), ["skipped", "skipped", "skipped", "failed"], "{call}");
        assert_eq!(values(&setup), versions(&web, [2, 2, 2, 2]));
        setup.unchanged();
    }
}

#[test]
fn one_account_that_cannot_be_entered_leaves_all_as_they_are() {
    let (setup, _) = fleet();
    setup.fake.fault(Fault::error("AssumeRole", "AccessDenied", "no entry").matching("222222222222"));
    let ran = run(&setup, "").ended(4).says(&["no entry"]);
    assert_eq!(each(&ran.json()["results"], "status"), ["skipped", "skipped"]);
    setup.unchanged();
}

#[test]
fn one_place_without_the_alias_leaves_all_as_they_are() {
    let (setup, _) = fleet();
    setup.world().forget_parameter(OTHER, WEST, super::PARAMETER);
    let ran = run(&setup, "").ended(4);
    assert_eq!(ran.json()["results"][3]["error"]["code"], "NoAlias");
    setup.unchanged();
}

#[test]
fn a_place_that_cannot_be_written_is_finished_by_the_line_that_is_told() {
    let (setup, web) = fleet();
    setup
        .fake
        .fault(Fault::error("PutParameter", "AccessDeniedException", "not yours").in_region(WEST).of_account(OTHER));
    let ran = run(&setup, "").ended(3);
    assert_eq!(values(&setup), versions(&web, [1, 1, 1, 2]));
    assert_eq!(ran.json()["results"][3]["error"]["code"], json!("AccessDeniedException"));
    setup.fake.clear_faults();
    // Running the command again would take the others further back.
    assert_eq!(run(&setup, "").ended(4).error()["code"], "PlacesDisagree");
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    let line = hint.split("finish with: amictl ").nth(1).unwrap().split("; or").next().unwrap();
    setup.run(line).ended(0);
    assert_eq!(values(&setup), versions(&web, [1, 1, 1, 1]));
    setup.run(line).ended(0);
    assert_eq!(values(&setup), versions(&web, [1, 1, 1, 1]));
    // And the others put back.
    for line in hint.split("put back with: ").nth(1).unwrap().split("; ") {
        setup.run(line.strip_prefix("amictl ").unwrap()).ended(0);
    }
    assert_eq!(values(&setup), versions(&web, [2, 2, 2, 1]));
}
