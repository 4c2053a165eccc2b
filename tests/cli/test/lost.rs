//! Lost answers of boot tests: one instance is launched, and it ends.

use serde_json::Value;

use super::{ready, states};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::EAST;

#[test]
fn a_launch_that_was_not_answered_launches_once() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated, FaultKind::ResetBefore] {
        for attempts in ["1", "3"] {
            let setup = ready();
            // The dry run is let by.
            setup.fake.fault(Fault::on("RunInstances", kind.clone()).skip(1).times(1));
            let amictl = setup.amictl().env("AWS_MAX_ATTEMPTS", attempts);
            let report = amictl.run("test web --type t3.micro -o json").ended(0).json();
            assert_eq!(report["tests"][0]["verdict"], "passed", "{kind:?} {attempts}");
            assert_eq!(states(&setup), ["terminated"], "{kind:?} {attempts}");
        }
    }
}

#[test]
fn an_instance_whose_launch_is_never_answered_is_found_by_its_token() {
    let setup = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetAfter).skip(1));
    let report = setup.once().run("test web --type t3.micro -o json").ended(0).json();
    assert_eq!(report["tests"][0]["verdict"], "passed");
    assert_eq!(states(&setup), ["terminated"]);
    let searched = setup.calls("DescribeInstances");
    assert!(searched[0].params.values().any(|value| value == "client-token"), "{searched:?}");
}

#[test]
fn an_instance_that_nobody_sees_is_reported_with_the_line_that_ends_it() {
    let setup = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetAfter).skip(1));
    setup.fake.fault(Fault::error("DescribeInstances", "InternalError", "sorry"));
    let ran = setup.once().run("test web --type t3.micro -o json").ended(1);
    let test = ran.json()["tests"][0].clone();
    assert_eq!((&test["verdict"], &test["instance_id"]), (&Value::Null, &Value::Null));
    assert_eq!((&test["terminated"], &test["error"]["code"]), (&false.into(), &"AnswerLost".into()));
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains("whether an instance was launched is unknown"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("amictl test --sweep --region us-east-1"), "{error}");
    setup.fake.clear_faults();
    setup.world().advance(crate::setup::seconds(26 * 60));
    assert_eq!(states(&setup), ["terminated"], "the timer");
}

#[test]
fn a_termination_that_was_not_answered_is_looked_at() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated, FaultKind::ResetBefore] {
        let setup = ready();
        setup.fake.fault(Fault::on("TerminateInstances", kind.clone()).times(1));
        let report = setup.once().run("test web --type t3.micro -o json").ended(0).json();
        assert_eq!(report["tests"][0]["terminated"], true, "{kind:?}");
        assert_eq!(states(&setup), ["terminated"], "{kind:?}");
    }
}

#[test]
fn a_launch_of_another_run_is_not_taken_for_ours() {
    let setup = ready();
    let other = setup.world().instance(PROD, EAST).boot_test("0123456789abcdef", chrono::Utc::now()).put();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetAfter).skip(1).times(1));
    setup.once().run("test web --type t3.micro").ended(0);
    let world = setup.world();
    assert_eq!(world.find_instance(&other).unwrap().state(world.now()), "running");
}
