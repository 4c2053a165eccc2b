//! EC2's request limits, and errors that pass by themselves.

use crate::fake::{Fault, Outcome, PROD};
use crate::setup::{EAST, Setup};

fn throttled(setup: &Setup) -> usize {
    let calls = setup.fake.calls();
    calls.iter().filter(|call| matches!(&call.outcome, Outcome::Error(code) if code == "RequestLimitExceeded")).count()
}

#[test]
fn a_bulk_run_uses_the_burst_and_then_the_rate_and_meets_no_throttle() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 161);
    setup.world().throttle = true;
    // With one attempt a call, as a call that waits long for its turn must not count as one that failed.
    let line = "prune --keep 1 --min-age 0s --apply --yes --max-delete 160 --max-attempts 1 -o json";
    let report = setup.run(line).ended(0).json();
    assert_eq!(report["summary"]["done"], 160);
    assert_eq!(setup.fake.count("DeregisterImage"), 160);
    assert_eq!(throttled(&setup), 0);
}

#[test]
fn a_throttle_by_others_slows_the_run_down_and_fails_nothing() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 6);
    setup.fake.fault(Fault::error("DeregisterImage", "RequestLimitExceeded", "others are busy").times(3));
    let report = setup.run("prune --keep 1 --min-age 0s --apply --yes --max-delete 5 -o json").ended(0).json();
    assert_eq!(report["summary"]["done"], 5);
    assert_eq!((throttled(&setup), setup.fake.count("DeregisterImage")), (3, 8));
}

#[test]
fn what_ec2_calls_busy_is_tried_again_after_a_while() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.fake.fault(Fault::error("CopyImage", "ConcurrentTagAccess", "tags are being written").times(2));
    let begun = std::time::Instant::now();
    setup.run("copy web --to eu-west-1 -o json").ended(0);
    assert_eq!(setup.fake.count("CopyImage"), 3);
    assert!(begun.elapsed() >= std::time::Duration::from_millis(1600), "{:?}", begun.elapsed());
}

#[test]
fn what_ec2_refuses_for_good_is_tried_once() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.fake.fault(Fault::error("CopyImage", "UnauthorizedOperation", "no"));
    setup.run("copy web --to eu-west-1 -o json").ended(1);
    assert_eq!(setup.fake.count("CopyImage"), 1);
}

#[test]
fn a_variable_that_is_set_to_nothing_says_nothing() {
    let setup = Setup::new();
    let names = ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AMICTL_OUTPUT", "AMICTL_TIMEOUT", "AMICTL_JOURNAL"];
    let line = names.iter().fold(setup.amictl(), |line, name| line.env(name, ""));
    line.run("list").ended(0);
}
