//! Refusals of boot tests: nothing is launched unless every test can be.

use super::ready;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup};

/// Refuses the line with this exit code and words, and launches nothing.
#[track_caller]
fn refused(setup: &Setup, line: &str, code: i32, words: &[&str]) {
    setup.run(line).ended(code).says(words);
    setup.unchanged();
    assert_eq!(setup.world().instances(PROD, EAST).count(), 0, "{line}");
}

#[test]
fn images_that_cannot_be_launched() {
    let setup = ready();
    let mut world = setup.world();
    world.image(PROD, EAST, "old-v1-2026-01-02").tag("amictl:revoked", "2026-01-03 CVE-2026-1").put();
    let pending = world.image(PROD, EAST, "new-v1-2026-01-02").pending_for(crate::setup::seconds(3600)).put();
    let off = world.image(PROD, EAST, "off-v1-2026-01-02").state("disabled").put();
    let foreign = world.image(OTHER, EAST, "api-v1-2026-01-02").put();
    drop(world);
    refused(&setup, "test old:v1 --type t3.micro", 4, &["was revoked: 2026-01-03 CVE-2026-1"]);
    let wait = format!("amictl wait {pending} --region us-east-1");
    refused(&setup, &format!("test {pending} --type t3.micro"), 1, &["is pending", &wait]);
    refused(&setup, &format!("test {off} --type t3.micro"), 1, &["is disabled and cannot be launched"]);
    refused(&setup, &format!("test {foreign} --type t3.micro"), 1, &["no image ami-", "not shared with this account"]);
    refused(&setup, "test nothing --type t3.micro", 1, &["nothing is called 'nothing'"]);
}

#[test]
fn one_bad_image_stops_the_tests_of_all_and_all_bad_ones_are_named() {
    let setup = ready();
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").state("disabled").put();
    setup.world().image(PROD, EAST, "old-v1-2026-01-02").tag("amictl:revoked", "").put();
    let line = "test web api-v1-2026-01-02 old:v1 --type t3.micro";
    refused(&setup, line, 1, &["api-v1-2026-01-02", "also wrong: old-v1-2026-01-02"]);
}

#[test]
fn types_that_do_not_fit() {
    let setup = ready();
    refused(&setup, "test web --type t9.huge", 1, &["t9.huge", "describe-instance-type-offerings --region us-east-1"]);
    let words = ["is for x86_64: t4g.micro runs arm64", "give a type for x86_64", "nothing was launched"];
    refused(&setup, "test web --type t4g.micro", 4, &words);
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").architecture("arm64").put();
    refused(&setup, "test web api --type t3.micro", 4, &["api-v1-2026-01-02", "is for arm64"]);
}

#[test]
fn networks_that_are_not_there() {
    let setup = ready();
    let subnet = "subnet-0123456789abcdef0";
    refused(&setup, &format!("test web --type t3.micro --subnet {subnet}"), 1, &[subnet]);
    let group = "sg-0123456789abcdef0";
    let words = [group, "web-v1-2026-01-02", "on t3.micro"];
    refused(&setup, &format!("test web --type t3.micro --security-group {group}"), 1, &words);
    for letter in ["a", "b", "c"] {
        setup.world().not_offered.insert(("t3.small".to_owned(), format!("{EAST}{letter}")));
    }
    refused(&setup, "test web --type t3.micro,t3.small", 4, &["t3.small is not offered where", "--subnet"]);
    setup.world().remove_default_vpc(PROD, EAST);
    refused(&setup, "test web --type t3.micro", 2, &["no default VPC", "give --subnet"]);
}

#[test]
fn launches_that_ec2_would_refuse() {
    let setup = ready();
    refused(&setup, "test web --type t3.micro --instance-profile none", 1, &["none", "InvalidParameterValue"]);
    let denied = Fault::error("RunInstances", "UnauthorizedOperation", "You are not authorized: ec2:RunInstances");
    setup.fake.fault(denied);
    refused(&setup, "test web --type t3.micro", 1, &["ec2:RunInstances", "amictl permissions"]);
}

#[test]
fn an_image_without_room_for_the_verdict() {
    let setup = Setup::new();
    let mut world = setup.world();
    let seed = world.image(PROD, EAST, "web-v1-2026-01-02");
    (0..50).fold(seed, |seed, number| seed.tag(&format!("Tag{number}"), "x")).put();
    drop(world);
    refused(&setup, "test web --type t3.micro", 4, &["has 50 tags", "amictl tag"]);
}

#[test]
fn command_lines_that_make_no_sense() {
    let setup = ready();
    let big = setup.home.write("big.sh", &"x".repeat(16 * 1024 + 1));
    for (line, words) in [
        ("test web", "--type"),
        ("test --type t3.micro", "REF"),
        ("test web --type t3.micro --sweep", "--sweep"),
        ("test --sweep --keep-on-failure", "--keep-on-failure"),
        ("test web --type t3.micro --probe-timeout soon", "soon"),
        ("test web --type t3.micro --subnet mine", "mine"),
        (&format!("test web --type t3.micro --user-data {big}"), "it has more than 16384 bytes"),
    ] {
        refused(&setup, line, 2, &[words]);
    }
    assert!(setup.fake.calls().is_empty());
    let line = "test web --type t3.micro --region us-east-1,us-west-2";
    refused(&setup, line, 2, &["region"]);
}
