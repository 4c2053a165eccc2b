//! Boot tests that are interrupted or killed: no instance is left that nobody ends.

#![cfg(unix)]

use std::process::{Child, Command};

use serde_json::Value;

use super::{expire, only, ready, states};
use crate::cli::Ran;
use crate::fake::{BadBoot, Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

fn start(setup: &Setup, line: &str) -> Child {
    setup.process(line).spawn().unwrap()
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Sends the signal and gives how the run ended.
fn stopped(child: Child, by: &str) -> Ran {
    signal(&child, by);
    Ran::from(child.wait_with_output().unwrap())
}

/// Checks the report of an interrupted run, and that nothing runs any more.
#[track_caller]
fn ended(setup: &Setup, ran: Ran) -> Value {
    let ran = ran.ended(130);
    let report = ran.json();
    for test in report["tests"].as_array().unwrap() {
        assert_eq!((&test["verdict"], &test["terminated"]), (&Value::Null, &true.into()), "{test}");
        assert_eq!(test["error"]["code"], "Interrupted", "{test}");
    }
    assert_eq!(ran.error()["code"], "Interrupted");
    assert!(states(setup).iter().all(|state| state == "terminated"), "{:?}", states(setup));
    report
}

#[test]
fn a_signal_while_the_checks_are_awaited_ends_the_instances() {
    for by in ["-INT", "-TERM"] {
        let setup = ready();
        setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
        setup.world().checks_for = seconds(3600);
        setup.world().shutdown_for = seconds(1);
        let child = start(&setup, "test web api --type t3.micro -o json");
        setup.until("DescribeInstanceStatus", 3);
        let report = ended(&setup, stopped(child, by));
        assert_eq!(report["tests"].as_array().unwrap().len(), 2);
        assert!(report["tests"][0]["instance_id"].is_string(), "{report}");
        assert_eq!(states(&setup).len(), 2);
        assert_eq!(setup.fake.count("CreateTags"), 0, "no verdict");
    }
}

#[test]
fn a_signal_while_a_launch_is_under_way_ends_what_it_gives() {
    let setup = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::Latency(seconds(2))).skip(1));
    let child = start(&setup, "test web --type t3.micro -o json");
    setup.until("RunInstances", 2);
    let report = ended(&setup, stopped(child, "-INT"));
    assert!(report["tests"][0]["instance_id"].is_string(), "{report}");
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn a_signal_while_the_answer_to_a_launch_is_lost_ends_what_was_launched() {
    let setup = ready();
    setup.world().visible_after = seconds(3);
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetAfter).skip(1));
    let mut command = setup.process("test web --type t3.micro -o json");
    let child = command.env("AWS_MAX_ATTEMPTS", "1").spawn().unwrap();
    setup.until("DescribeInstances", 1);
    ended(&setup, stopped(child, "-INT"));
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn a_signal_before_the_launch_launches_nothing() {
    let setup = ready();
    setup.fake.fault(Fault::on("DescribeInstanceTypes", FaultKind::Hang(seconds(60))));
    let child = start(&setup, "test web --type t3.micro -o json");
    setup.until("DescribeInstanceTypes", 1);
    let ran = stopped(child, "-INT").ended(130);
    assert_eq!(ran.stdout, "");
    assert!(ran.error()["message"].as_str().unwrap().contains("nothing was changed"), "{}", ran.stderr);
    setup.unchanged();
}

#[test]
fn a_signal_while_the_instance_ends_waits_for_the_end_and_keeps_the_verdict() {
    let setup = ready();
    setup.world().shutdown_for = seconds(4);
    let child = start(&setup, "test web --type t3.micro -o json");
    setup.until("TerminateInstances", 1);
    let ran = stopped(child, "-INT").ended(0);
    let test = ran.json()["tests"][0].clone();
    assert_eq!((&test["verdict"], &test["terminated"]), (&"passed".into(), &true.into()));
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn what_a_signal_cannot_end_is_reported() {
    let setup = ready();
    setup.world().checks_for = seconds(3600);
    setup.fake.fault(Fault::error("TerminateInstances", "UnauthorizedOperation", "You shall not end it."));
    let child = start(&setup, "test web --type t3.micro -q -o json");
    setup.until("DescribeInstanceStatus", 1);
    let id = only(&setup).id;
    let killed = format!("terminating {id}; if this is killed before it ends: aws ec2 terminate-instances");
    let ran = stopped(child, "-INT").ended(130).says(&["You shall not end it.", &killed]);
    assert_eq!(ran.json()["tests"][0]["terminated"], false);
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains(&format!("not seen terminated: {id}")), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("amictl test --sweep --region us-east-1"), "{error}");
}

#[test]
fn a_signal_while_the_console_is_read_is_said_to_have_stopped_that() {
    let setup = ready();
    let id = setup.world().image_named(PROD, EAST, "web-v1-2026-01-02").unwrap().id.clone();
    setup.world().bad_boots.insert(id, BadBoot::Impaired);
    setup.fake.fault(Fault::on("GetConsoleOutput", FaultKind::Hang(seconds(60))));
    let child = start(&setup, "test web --type t3.micro --timeout 1s -o json");
    setup.until("GetConsoleOutput", 1);
    let ran = stopped(child, "-INT").ended(1).says(&["no console output: interrupted"]);
    assert_eq!(ran.json()["tests"][0]["verdict"], "failed");
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn a_killed_run_s_instance_ends_itself() {
    let setup = ready();
    setup.world().checks_for = seconds(3600);
    let mut child = start(&setup, "test web --type t3.micro");
    setup.until("DescribeInstanceStatus", 1);
    signal(&child, "-KILL");
    child.wait().unwrap();
    setup.world().advance(seconds(24 * 60));
    assert_eq!(states(&setup), ["running"]);
    setup.world().advance(seconds(2 * 60));
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn what_ran_no_timer_after_a_kill_is_swept() {
    let setup = ready();
    let id = setup.world().image_named(PROD, EAST, "web-v1-2026-01-02").unwrap().id.clone();
    setup.world().bad_boots.insert(id, BadBoot::Impaired);
    let mut child = start(&setup, "test web --type t3.micro");
    setup.until("DescribeInstanceStatus", 1);
    signal(&child, "-KILL");
    child.wait().unwrap();
    setup.world().advance(seconds(26 * 60));
    assert_eq!(states(&setup), ["running"], "it never ran its user data");
    expire(&setup);
    setup.run("test --sweep").ended(0);
    assert_eq!(states(&setup), ["terminated"]);
}
