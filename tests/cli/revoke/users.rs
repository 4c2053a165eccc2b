//! `revoke`: who uses the images, and the lines that take aliases back.

use super::{NAME, ROLES, mark, marked, ready};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

const PARAMETER: &str = "/amictl/web/prod";

/// The command lines that stderr offers.
fn lines(stderr: &str) -> Vec<&str> {
    stderr.lines().filter_map(|line| line.strip_prefix("  amictl ")).collect()
}

#[test]
fn instances_and_templates_are_named() {
    let (setup, id) = ready();
    let instance = setup.world().instance(PROD, EAST).image(&id).put();
    setup.world().launch_template(PROD, EAST, "web").image(&id).put();
    let ran = setup.run("revoke web --reason bad -o json").ended(0);
    let warnings = &ran.json()["warnings"];
    assert_eq!(each(warnings, "code"), ["RevokedInUse"]);
    let message = warnings[0]["message"].as_str().unwrap();
    for part in [NAME, &instance, "launch-template", "web:1"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    ran.says(&["warning: account 111111111111, region us-east-1: web-v1-2026-01-02"]);
}

#[test]
fn aliases_are_named_with_the_line_that_takes_them_back() {
    let setup = Setup::new();
    let (old, new) = {
        let mut world = setup.world();
        let old = world.image(PROD, EAST, NAME).put();
        let new = world.image(PROD, EAST, "web-v2-2026-01-02").put();
        world.parameter(PROD, EAST, PARAMETER, &old);
        world.parameter(PROD, EAST, PARAMETER, &new);
        (old, new)
    };
    let ran = setup.amictl().args(&["revoke", &new, "--reason", "it's bad"]).ended(0);
    assert!(ran.stderr.contains(&format!("the alias web:prod names web-v2-2026-01-02 ({new}), which is revoked")));
    let lines = lines(&ran.stderr);
    assert_eq!(lines, ["rollback web:prod --reason 'it'\\''s bad' --region us-east-1"], "{}", ran.stderr);
    setup.amictl().args(&["rollback", "web:prod", "--reason", "it's bad", "--region", EAST]).ended(0);
    let world = setup.world();
    assert_eq!(world.find_parameter(PROD, EAST, PARAMETER).unwrap().latest().unwrap().value, old);
}

#[test]
fn one_line_for_each_account_with_the_regions_of_the_alias() {
    let setup = Setup::new();
    let shared = {
        let mut world = setup.world();
        let mut images = Vec::new();
        for n in 1..=3 {
            let name = format!("web-v{n}-2026-01-02");
            let east = world.image(PROD, EAST, &name).shared_with(OTHER).put();
            let west = world.image(PROD, WEST, &name).copied_from(&east, EAST).shared_with(OTHER).put();
            for (account, region, id) in [(PROD, EAST, &east), (PROD, WEST, &west), (OTHER, WEST, &west)] {
                world.parameter(account, region, PARAMETER, id);
            }
            images.push([east, west]);
        }
        // Another alias of the other account does not name it.
        world.parameter(OTHER, EAST, PARAMETER, &images[0][0]);
        images
    };
    let two = "--region us-east-1,us-west-2";
    // Version 2 is bad too; only its owner knows that.
    setup.run(&format!("revoke web:v2 --reason bad {two}")).ended(0);
    let ran = setup.run(&format!("revoke web:v3 --reason bad {two} {ROLES}")).ended(0);
    let printed: Vec<String> = lines(&ran.stderr).into_iter().map(str::to_owned).collect();
    assert_eq!(printed.len(), 2, "{}", ran.stderr);
    let owner = "--role-arn arn:aws:iam::111111111111:role/ami";
    assert!(printed.contains(&format!("rollback web:prod --reason bad {two} {owner}")), "{printed:?}");
    let from = "--from-role-arn arn:aws:iam::111111111111:role/ami";
    let other = "--region us-west-2 --role-arn arn:aws:iam::222222222222:role/ami";
    assert!(printed.contains(&format!("rollback web:prod --reason bad {from} {other}")), "{printed:?}");
    for line in &printed {
        setup.run(line).ended(0);
    }
    let world = setup.world();
    let value = |account: &str, region: &str| {
        world.find_parameter(account, region, PARAMETER).unwrap().latest().unwrap().value.clone()
    };
    assert_eq!([value(PROD, EAST), value(PROD, WEST)], shared[0]);
    assert_eq!(value(OTHER, WEST), shared[0][1], "it does not go to the other revoked one");
}

#[test]
fn a_source_that_cannot_be_read_is_told_and_the_image_is_marked() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("DescribeParameters", "AccessDeniedException", "Not you."));
    let ran = setup.run("revoke web --reason bad -o json").ended(3);
    assert_eq!(mark(&setup, &id), marked("bad"));
    assert_eq!(ran.json()["results"][0]["status"], "done");
    assert!(!ran.json()["errors"].as_array().unwrap().is_empty());
    let error = ran.error();
    assert_eq!(error["code"], "PartialUse");
    assert!(error["message"].as_str().unwrap().starts_with("1 source of use"), "{error}");
    let line = error["hint"].as_str().unwrap().split("amictl ").nth(1).unwrap().to_owned();
    setup.fake.clear_faults();
    setup.run(&line).ended(0);
}

#[test]
fn unrevoke_reads_no_use() {
    let (setup, id) = ready();
    setup.run("revoke web --reason bad").ended(0);
    setup.fake.forget_calls();
    setup.run("unrevoke web").ended(0);
    assert_eq!(mark(&setup, &id), None);
    assert!(setup.calls("DescribeInstances").is_empty());
}
