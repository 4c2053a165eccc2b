//! Lost answers of boot tests: one instance is launched, and it ends.

use serde_json::Value;

use super::{ready, states};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, everything, seconds};

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

/// What EC2 answers in these tests while nobody sees the instance of a lost launch.
enum Unseen {
    /// The search fails.
    Search,
    /// Requests with the same token get this error, and the search shows nothing yet.
    Token(&'static str),
}

/// The search takes two minutes, so these go side by side.
#[test]
fn an_instance_that_nobody_sees_is_reported_with_the_line_that_ends_it() {
    if !everything() {
        return;
    }
    let throttled = || Unseen::Token("RequestLimitExceeded");
    std::thread::scope(|scope| {
        scope.spawn(|| unseen(Unseen::Search, FaultKind::ResetAfter));
        scope.spawn(|| unseen(throttled(), FaultKind::ResetAfter));
        scope.spawn(|| unseen(throttled(), FaultKind::ResetBefore));
        scope.spawn(|| unseen(Unseen::Token("UnauthorizedOperation"), FaultKind::ResetAfter));
        scope.spawn(refused_after_all);
    });
}

/// A test that fails after a search longer than other tests may take.
#[track_caller]
fn patiently(setup: &Setup) -> Ran {
    let mut command = setup.process("test web --type t3.micro -o json");
    let child = command.env("AWS_MAX_ATTEMPTS", "1").spawn().unwrap();
    Ran::from(child.wait_with_output().unwrap()).ended(1)
}

/// A launch that never arrived, and is refused later, has launched nothing.
fn refused_after_all() {
    let setup = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetBefore).skip(1).times(1));
    setup.fake.fault(Fault::error("RunInstances", "VcpuLimitExceeded", "more than your limit").skip(1));
    let test = patiently(&setup).json()["tests"][0].clone();
    assert_eq!((&test["verdict"], &test["terminated"]), (&Value::Null, &true.into()));
    assert_eq!(test["error"]["code"], "VcpuLimitExceeded");
}

fn unseen(how: Unseen, lost: FaultKind) {
    let setup = ready();
    setup.world().visible_after = seconds(600);
    match how {
        Unseen::Search => {
            setup.fake.fault(Fault::on("RunInstances", lost).skip(1));
            setup.fake.fault(Fault::error("DescribeInstances", "InternalError", "sorry"));
        }
        Unseen::Token(code) => {
            setup.fake.fault(Fault::on("RunInstances", lost).skip(1).times(1));
            setup.fake.fault(Fault::error("RunInstances", code, "no").skip(1));
        }
    }
    let ran = patiently(&setup);
    let test = ran.json()["tests"][0].clone();
    assert_eq!((&test["verdict"], &test["instance_id"]), (&Value::Null, &Value::Null));
    assert_eq!((&test["terminated"], &test["error"]["code"]), (&false.into(), &"AnswerLost".into()));
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains("whether an instance was launched is unknown"), "{error}");
    let hint = "once it has expired, end it with: amictl test --sweep --region us-east-1";
    assert_eq!(error["hint"], hint, "{error}");
    setup.fake.clear_faults();
    setup.world().advance(seconds(26 * 60));
    assert!(states(&setup).iter().all(|state| state == "terminated"), "the timer");
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
