//! `create` whose order is delivered twice, under one run id: the image is made once.

#![cfg(unix)]

use std::process::Child;

use super::stop::{ALL, running, runs_again, state};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, EUROPE, Setup, seconds};

const RUN: &str = "0123456789abcdef0123456789abcdef";

fn deliver(setup: &Setup, line: &str) -> Ran {
    setup.amictl().env("AMICTL_RUN_ID", RUN).run(&format!("{line} -o json"))
}

fn begun(setup: &Setup, line: &str) -> Child {
    setup.process(line).env("AMICTL_RUN_ID", RUN).spawn().unwrap()
}

fn killed(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// The changes that were asked for of one kind.
fn count(setup: &Setup, action: &str) -> usize {
    setup.changes().iter().filter(|change| *change == action).count()
}

#[test]
fn the_second_delivery_makes_no_second_image() {
    let setup = Setup::new();
    let id = running(&setup);
    let line = format!(
        "create web --instance {id} --share-with 222222222222 --protect --deprecate-after 30d --copy-to {EUROPE}"
    );
    let [first, second] = [0, 1].map(|_| deliver(&setup, &line).ended(0));
    let second = second.says(&["was made by an earlier delivery of this run, and is not made again"]);
    assert_eq!(first.json()["images"], second.json()["images"]);
    assert_eq!((setup.names(PROD, EAST).len(), setup.names(PROD, EUROPE).len()), (1, 1));
    assert_eq!((count(&setup, "CreateImage"), count(&setup, "CopyImage")), (1, 1));
    assert_eq!(count(&setup, "EnableImageDeprecation"), 2, "one for each region");
    assert!(first.stderr.contains("reboot") && !second.stderr.contains("reboot"), "{}", second.stderr);
}

#[test]
fn a_run_with_an_id_of_its_own_makes_the_next_version() {
    let setup = Setup::new();
    let id = running(&setup);
    for _ in 0..2 {
        setup.run(&format!("create web --instance {id}")).ended(0);
    }
    deliver(&setup, &format!("create web --instance {id}")).ended(0);
    deliver(&setup, &format!("create api --instance {id}")).ended(0);
    assert_eq!(setup.names(PROD, EAST).len(), 4);
}

#[test]
fn what_a_killed_delivery_had_begun_is_waited_for_and_finished() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().pending_for = seconds(600);
    let line = format!("create web --instance {id} --protect --copy-to {EUROPE}");
    let first = begun(&setup, &line);
    setup.until("CreateImage", 1);
    let asked = setup.fake.count("DescribeImages");
    setup.until("DescribeImages", asked + 1);
    killed(first);
    let second = std::thread::scope(|scope| {
        let second = scope.spawn(|| deliver(&setup, &line));
        setup.until("DescribeImages", asked + 4);
        setup.world().pending_for = seconds(0);
        setup.world().advance(seconds(600));
        second.join().unwrap().ended(0)
    });
    assert_eq!((setup.names(PROD, EAST).len(), setup.names(PROD, EUROPE).len()), (1, 1));
    let made = second.json()["images"][0].clone();
    assert_eq!((&made["state"], &made["tags"]["amictl:run"]), (&"available".into(), &RUN.into()));
    assert_eq!(count(&setup, "EnableImageDeregistrationProtection"), 2, "one for each region");
}

#[test]
fn a_delivery_that_died_after_its_answer_was_lost_is_found() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetAfter).times(1));
    setup.world().visible_after = seconds(600);
    let line = format!("create web --instance {id} --no-wait");
    let first = begun(&setup, &line);
    setup.until("CreateImage", 1);
    setup.until("DescribeImages", 2);
    killed(first);
    // Not visible yet: EC2 says that the name is taken, and the image shows whose it is.
    std::thread::scope(|scope| {
        let second = scope.spawn(|| deliver(&setup, &line));
        setup.until("CreateImage", 2);
        setup.world().advance(seconds(600));
        let _ = second.join().unwrap();
    });
    deliver(&setup, &line).ended(0).says(&["is not made again"]);
    assert_eq!(setup.names(PROD, EAST).len(), 1);
}

#[test]
fn an_instance_that_a_killed_delivery_left_stopped_is_started_again() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().snapshots_begin_after = seconds(600);
    setup.world().pending_for = seconds(600);
    let line = format!("create web --instance {id} --stop");
    let first = begun(&setup, &line);
    setup.until("CreateImage", 2);
    setup.until("DescribeSnapshots", 1);
    killed(first);
    assert_eq!(state(&setup.world(), &id).0, "stopped");
    let looked = setup.fake.count("DescribeSnapshots");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| deliver(&setup, &line));
        // Not before the snapshots are begun: the endpoint spoils the image otherwise.
        setup.until("DescribeSnapshots", looked + 2);
        assert_eq!(state(&setup.world(), &id).0, "stopped");
        setup.world().advance(seconds(1200));
        let second = second.join().unwrap().ended(0).says(&[&format!("{id} (build) runs again")]);
        assert!(!second.stderr.contains("consistent"), "{}", second.stderr);
        assert_eq!(second.json()["images"][0]["state"], "available");
    });
    runs_again(&setup, &id);
    assert_eq!(setup.changes(), ALL);
}

#[test]
fn one_that_was_killed_before_the_image_is_taken_over() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(600);
    let line = format!("create web --instance {id} --stop");
    let first = begun(&setup, &line);
    setup.until("StopInstances", 2);
    killed(first);
    setup.world().advance(seconds(600));
    // Another order must not touch it: that run may be at work.
    let other = setup.run(&format!("{line} -o json")).ended(4).error();
    assert_eq!(other["code"], "StoppedByAnotherRun");
    deliver(&setup, &line).ended(0).says(&[&format!("{id} (build) runs again")]);
    runs_again(&setup, &id);
    assert_eq!((setup.names(PROD, EAST).len(), count(&setup, "StopInstances")), (1, 1));
}

#[test]
fn the_stopped_instance_of_another_run_is_left_alone() {
    let setup = Setup::new();
    let id = running(&setup);
    let line = format!("create web --instance {id} --stop");
    deliver(&setup, &line).ended(0);
    let mark = "fedcba9876543210fedcba9876543210 2026-01-01T00:00:00Z until 2999-01-01T00:00:00Z";
    {
        let mut world = setup.world();
        world.instance_mut(&id).tags.insert("amictl:stopped".to_owned(), mark.to_owned());
    }
    deliver(&setup, &line).ended(0);
    assert_eq!(state(&setup.world(), &id).1.as_deref(), Some(mark));
    assert_eq!(setup.changes(), ALL);
}

#[test]
fn a_script_does_not_run_again() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).profile("ssm").put();
    let file = setup.home.write("clean.sh", "rm -rf /tmp/x\n");
    let line = format!("create web --instance {id} --prepare {file}");
    for _ in 0..2 {
        deliver(&setup, &line).ended(0);
    }
    assert_eq!(setup.changes(), ["SendCommand", "CreateImage"]);
}

#[test]
fn an_instance_that_is_gone_by_then_is_no_error() {
    let setup = Setup::new();
    let id = running(&setup);
    let line = format!("create web --instance {id}");
    deliver(&setup, &line).ended(0);
    setup.world().instance_mut(&id).phase.after = "terminated".to_owned();
    deliver(&setup, &line).ended(0).says(&["is not made again"]);
}

#[test]
fn a_failed_image_is_not_taken_for_it() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").tag("amictl:run", RUN).state("failed").put();
    deliver(&setup, &format!("create web --instance {id}")).ended(0);
    assert!(setup.names(PROD, EAST)[1].starts_with("web-v2-"), "{:?}", setup.names(PROD, EAST));
}

#[test]
fn one_run_id_for_two_orders_is_refused() {
    let setup = Setup::new();
    let [id, other] = [0, 1].map(|_| running(&setup));
    deliver(&setup, &format!("create web --instance {id}")).ended(0);
    for line in [format!("create web --instance {other}"), format!("create web --instance {id} --version 7")] {
        let error = deliver(&setup, &line).ended(4).error();
        assert_eq!(error["code"], "AnotherOrder");
        assert!(error["hint"].as_str().unwrap().contains("AMICTL_RUN_ID"), "{error}");
    }
    assert_eq!(setup.names(PROD, EAST).len(), 1);
}

#[test]
fn the_snapshots_of_a_registered_image_get_their_tags() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.fake.fault(Fault::on("CreateTags", FaultKind::Latency(seconds(600))).times(1));
    let line = format!("create web --snapshot {snapshot}");
    let first = begun(&setup, &line);
    setup.until("CreateTags", 1);
    killed(first);
    setup.fake.clear_faults();
    deliver(&setup, &line).ended(0).says(&["is not made again"]);
    assert_eq!(setup.snapshot_tags(&snapshot)["amictl:run"], RUN);
    assert_eq!(setup.names(PROD, EAST).len(), 1);
}

#[test]
fn two_deliveries_at_once_make_one_image() {
    for options in ["", " --stop"] {
        let setup = Setup::new();
        let id = running(&setup);
        let line = format!("create web --instance {id}{options} -o json");
        let both = [0, 1].map(|_| begun(&setup, &line));
        let ends = both.map(|process| Ran::from(process.wait_with_output().unwrap()));
        let made = setup.names(PROD, EAST);
        assert_eq!(made.len(), 1, "{ends:?}");
        assert!(ends.iter().any(|ran| ran.code == 0), "{ends:?}");
        assert_eq!(state(&setup.world(), &id).0, "running", "{ends:?}");
    }
}
