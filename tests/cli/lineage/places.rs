//! `lineage`: accounts and regions, and what of them cannot be read.

use serde_json::{Value, json};

use super::{TWO, family, field};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

#[test]
fn copies_in_other_accounts_belong_to_the_tree() {
    let setup = Setup::new();
    let [base, ..] = family(&setup);
    let theirs = setup.world().image(OTHER, EAST, "base-v1-2026-01-01").copied_from(&base, EAST).put();
    let found = setup.json(&format!("lineage {base} {TWO} {ROLES}"));
    assert_eq!(found["images"].as_array().unwrap().len(), 5);
    let row = found["images"].as_array().unwrap().iter().find(|row| row["id"] == json!(theirs)).unwrap();
    assert_eq!((&row["account"], &row["revoked"], &row["in_use"]), (&json!(OTHER), &json!(false), &json!(false)));
    let page = setup.run(&format!("lineage {base} {TWO} {ROLES}")).ended(0).stdout;
    assert!(page.contains("ACCOUNT") && page.contains(OTHER), "{page}");
}

#[test]
fn a_place_that_cannot_be_read_hides_no_other() {
    let setup = Setup::new();
    let [base, _, child, of_copy] = family(&setup);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "Not you.").in_region(WEST));
    let ran = setup.run(&format!("lineage {child} {TWO} -o json")).ended(3);
    let found = ran.json();
    assert_eq!(each(&found["images"], "id"), [base, child]);
    let errors = json!([{"account": PROD, "region": WEST, "code": "UnauthorizedOperation", "message": "Not you."}]);
    assert_eq!(found["errors"], errors);
    // A denied listing, where the image itself is found by its id.
    setup.fake.clear_faults();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "Not you.").matching("self"));
    let ran = setup.run(&format!("lineage {of_copy} {TWO} -o json")).ended(3);
    assert_eq!(ran.json()["errors"].as_array().unwrap().len(), 2);
    assert!(each(&ran.json()["images"], "id").contains(&of_copy.as_str()), "{}", ran.stdout);
}

#[test]
fn a_source_of_use_that_fails_leaves_the_use_unknown() {
    let setup = Setup::new();
    let [base, ..] = family(&setup);
    setup.fake.fault(Fault::error("DescribeInstances", "UnauthorizedOperation", "Not you."));
    let found = setup.run(&format!("lineage {base} -o json")).ended(3).json();
    assert_eq!(field(&found, "in_use"), [Value::Null, Value::Null]);
    assert_eq!(found["errors"][0]["message"], "instances: Not you.");
    // For ids the use is not read.
    setup.fake.forget_calls();
    let ids = setup.run(&format!("lineage {base} -o ids")).ended(0);
    assert_eq!(ids.lines().len(), 2);
    assert!(setup.calls("DescribeInstances").is_empty());
}
