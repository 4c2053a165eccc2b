//! Reports that cannot be written: what is left and how the run ended are said all the same.

#![cfg(target_os = "linux")]

use std::process::Stdio;

use chrono::{TimeDelta, Utc};

use super::{only, ready};
use crate::cli::Ran;
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

/// Runs it with a full disk, or with a pipe that nobody reads.
fn run(setup: &Setup, line: &str, full: bool) -> Ran {
    if full {
        return setup.on_full_disk(line);
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Ran::from(setup.process(line).stdout(Stdio::from(writer)).spawn().unwrap().wait_with_output().unwrap())
}

#[test]
fn an_instance_that_is_left_is_said_and_the_run_fails() {
    for full in [true, false] {
        let setup = ready();
        setup.fake.fault(Fault::error("TerminateInstances", "UnauthorizedOperation", "You shall not end it."));
        let ran = run(&setup, "test web --type t3.micro", full).ended(1);
        let end =
            format!("end it with: aws ec2 terminate-instances --region us-east-1 --instance-ids {}", only(&setup).id);
        let ran = ran.says(&["You shall not end it.", &end]);
        assert_eq!(
            ran.stderr.contains("the report could not be written: cannot write to stdout: No space left"),
            full,
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_sweep_that_fails_is_said_to_have_failed() {
    for full in [true, false] {
        let setup = Setup::new();
        let run_id = "0123456789abcdef0123456789abcdef";
        let id = setup.world().instance(PROD, EAST).boot_test(run_id, Utc::now() - TimeDelta::minutes(1)).put();
        setup.fake.fault(Fault::error("TerminateInstances", "UnauthorizedOperation", "You shall not end it."));
        run(&setup, "test --sweep", full).ended(1).says(&["You shall not end it.", &id]);
    }
}

#[test]
fn other_changes_that_fail_keep_their_end_too() {
    for full in [true, false] {
        let setup = ready();
        setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", "You shall not remove it."));
        run(&setup, "deregister web:v1 --yes", full).ended(1).says(&["You shall not remove it."]);
        setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "You shall not tag it."));
        run(&setup, "tag web:v1 A=b", full).ended(1).says(&["You shall not tag it."]);
    }
}

#[test]
fn a_good_end_stays_one_for_a_closed_pipe_and_not_for_a_full_disk() {
    let setup = ready();
    run(&setup, "test web --type t3.micro", false).ended(0);
    run(&setup, "test web --type t3.micro", true).ended(1).says(&["No space left"]);
}
