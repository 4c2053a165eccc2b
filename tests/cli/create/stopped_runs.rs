//! `create --stop` that is interrupted or killed: the instance runs again, by this run or by the next.

#![cfg(unix)]

use std::process::{Child, Command};

use super::stop::{ALL, running, runs_again, state, stop};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD, Script};
use crate::setup::{EAST, Setup, seconds};

/// The tag of a run that was killed long ago.
const OLD: &str = "0123abcd 2026-01-01T00:00:00Z until 2026-01-01T02:45:00Z";
/// That of a run that may be at work.
const NEW: &str = "0123abcd 2026-01-01T00:00:00Z until 2999-01-01T00:00:00Z";

fn begun(setup: &Setup, id: &str) -> Child {
    setup.process(&format!("create web --instance {id} --stop -o json")).spawn().unwrap()
}

/// Asks a process to stop as Ctrl-C does, and gives what it wrote.
fn interrupted(process: Child) -> Ran {
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    Ran::from(process.wait_with_output().unwrap())
}

fn killed(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

fn left(setup: &Setup, tag: &str) -> String {
    let mut world = setup.world();
    let instance = world.instance(PROD, EAST).state("stopped").profile("ssm").tag("Role", "web");
    instance.tag("amictl:stopped", tag).put()
}

/// The time of the run that stopped it is over.
fn over(setup: &Setup, id: &str) {
    setup.world().instance_mut(id).tags.insert("amictl:stopped".to_owned(), OLD.to_owned());
}

#[test]
fn one_whose_run_may_be_at_work_is_not_taken_over() {
    let setup = Setup::new();
    let id = left(&setup, NEW);
    let error = stop(&setup, &id, "").ended(4).error();
    assert_eq!(error["code"], "StoppedByAnotherRun");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.ends_with("run 0123abcd, which stopped it, may be at work until 2999-01-01 00:00:00 UTC"),
        "{error}"
    );
    let line = format!("aws ec2 start-instances --region us-east-1 --instance-ids {id}");
    assert!(error["hint"].as_str().unwrap().ends_with(&line), "{error}");
    setup.unchanged();
    assert_eq!(state(&setup.world(), &id), ("stopped".to_owned(), Some(NEW.to_owned())));
}

#[test]
fn a_take_over_whose_tag_may_not_be_written_keeps_what_is_there() {
    let setup = Setup::new();
    let id = left(&setup, OLD);
    setup.fake.fault(Fault::on("CreateTags", FaultKind::ResetAfter).skip(1).times(1));
    let ran = setup.once().run(&format!("create web --instance {id} --stop -o json")).ended(1);
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains("stays stopped"), "{error}");
    let line = format!("aws ec2 start-instances --region us-east-1 --instance-ids {id}");
    assert!(error["hint"].as_str().unwrap().contains(&line), "{error}");
    assert_eq!(setup.changes(), ["CreateTags"]);
    let (state, tag) = state(&setup.world(), &id);
    assert_eq!((state.as_str(), tag.is_some()), ("stopped", true));
}

#[test]
fn a_second_interruption_leaves_the_line_that_starts_it() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(600);
    let process = begun(&setup, &id);
    setup.until("StopInstances", 2);
    let pid = process.id().to_string();
    let interrupt = || assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    interrupt();
    std::thread::sleep(seconds(1));
    interrupt();
    let ran = Ran::from(process.wait_with_output().unwrap());
    let line = format!("aws ec2 start-instances --region us-east-1 --instance-ids {id}");
    ran.says(&[&format!("another interruption leaves it stopped: start it then with: {line}")]);
    assert!(state(&setup.world(), &id).1.is_some());
}

#[test]
fn a_run_that_is_interrupted_while_it_checks_changes_nothing() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(Fault::on("DescribeInstanceAttribute", FaultKind::Latency(seconds(5))));
    let process = begun(&setup, &id);
    setup.until("DescribeInstanceAttribute", 1);
    let error = interrupted(process).ended(130).error();
    assert_eq!(error["message"], "interrupted: nothing was changed");
    setup.unchanged();
}

#[test]
fn a_run_that_is_interrupted_before_it_stops_takes_the_tag_away() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(Fault::on("CreateTags", FaultKind::Latency(seconds(3))).skip(1));
    let process = begun(&setup, &id);
    setup.until("CreateTags", 2);
    let error = interrupted(process).ended(130).error();
    assert_eq!(error["message"], "interrupted: nothing was changed");
    assert_eq!(setup.changes(), ["CreateTags", "DeleteTags"]);
    runs_again(&setup, &id);
}

#[test]
fn a_run_that_is_interrupted_while_it_stops_starts_the_instance_again() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(4);
    let process = begun(&setup, &id);
    setup.until("StopInstances", 2);
    let error = interrupted(process).ended(130).error();
    assert_eq!(error["code"], "Interrupted");
    let at = format!("{id} (build) in us-east-1");
    let message = format!("interrupted: {at} was not stopped yet; no image was made; {id} (build) runs again");
    assert_eq!(error["message"], message.as_str());
    assert_eq!(setup.changes(), ["CreateTags", "StopInstances", "StartInstances", "DeleteTags"]);
    runs_again(&setup, &id);
}

#[test]
fn a_run_that_is_interrupted_while_it_begins_the_image_makes_no_other() {
    let setup = Setup::new();
    let id = running(&setup);
    // The third look is that of the real call.
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(5))).skip(2).times(1));
    let process = begun(&setup, &id);
    setup.until("StopInstances", 2);
    setup.until("DescribeImages", 3);
    let error = interrupted(process).ended(130).error();
    assert_eq!(error["message"], format!("interrupted: no image was made; {id} (build) runs again").as_str());
    assert_eq!(setup.changes(), ["CreateTags", "StopInstances", "StartInstances", "DeleteTags"]);
    runs_again(&setup, &id);
}

#[test]
fn a_run_that_is_interrupted_after_create_image_leaves_a_sound_image() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().snapshots_begin_after = seconds(5);
    setup.world().pending_for = seconds(600);
    let process = begun(&setup, &id);
    setup.until("CreateImage", 2);
    let ran = interrupted(process).ended(130);
    // It waits until the snapshots are begun: the endpoint spoils the image otherwise.
    runs_again(&setup, &id);
    setup.world().advance(seconds(600));
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    let found = setup.json(hint.split_once("amictl ").unwrap().1);
    assert_eq!(found["images"][0]["state"], "available");
    assert_eq!(setup.changes(), ALL);
}

#[test]
fn the_next_run_starts_what_a_killed_one_left_stopped() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).tag("Role", "web").put();
    setup.world().stop_for = seconds(600);
    let process = begun(&setup, &id);
    setup.until("StopInstances", 2);
    killed(process);
    let (left, tag) = state(&setup.world(), &id);
    assert_eq!((left.as_str(), tag.is_some()), ("stopping", true));
    setup.world().stop_for = seconds(0);
    setup.fake.forget_calls();
    over(&setup, &id);
    // It is selected while it still stops.
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| stop(&setup, "tag:Role=web", ""));
        setup.until("CreateTags", 2);
        setup.world().advance(seconds(600));
        run.join().unwrap()
    });
    ran.ended(0).says(&["was stopped by 'amictl create --stop' at", &format!("{id} runs again")]);
    assert_eq!(setup.changes(), ["CreateTags", "CreateImage", "StartInstances", "DeleteTags"]);
    runs_again(&setup, &id);
}

#[test]
fn a_killed_run_that_had_begun_its_image_is_made_good_too() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().snapshots_begin_after = seconds(600);
    setup.world().pending_for = seconds(600);
    let process = begun(&setup, &id);
    setup.until("CreateImage", 2);
    setup.until("DescribeSnapshots", 1);
    killed(process);
    assert_eq!(state(&setup.world(), &id).0, "stopped");
    setup.world().advance(seconds(1200));
    over(&setup, &id);
    setup.world().snapshots_begin_after = seconds(0);
    setup.world().pending_for = seconds(0);
    stop(&setup, &id, "").ended(0);
    runs_again(&setup, &id);
    assert_eq!(setup.names(PROD, EAST).len(), 2);
}

#[test]
fn a_create_without_stop_starts_it_only_where_that_run_is_over() {
    let setup = Setup::new();
    let id = left(&setup, NEW);
    let ran = setup.run(&format!("create web --instance {id}")).ended(0);
    ran.says(&["(run 0123abcd)", "that run may be at work until 2999-01-01 00:00:00 UTC: this one leaves it stopped"]);
    assert_eq!(setup.changes(), ["CreateImage"]);
    assert_eq!(state(&setup.world(), &id), ("stopped".to_owned(), Some(NEW.to_owned())));
    let setup = Setup::new();
    let id = left(&setup, OLD);
    setup.run(&format!("create web --instance {id}")).ended(0).says(&["runs again"]);
    runs_again(&setup, &id);
}

#[test]
fn the_tag_of_another_run_is_not_taken_away_with_ours() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(600);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| stop(&setup, &id, ""));
        setup.until("StopInstances", 2);
        setup.world().instance_mut(&id).tags.insert("amictl:stopped".to_owned(), NEW.to_owned());
        setup.world().advance(seconds(600));
        run.join().unwrap().ended(0);
    });
    assert_eq!(state(&setup.world(), &id), ("running".to_owned(), Some(NEW.to_owned())));
}

#[test]
fn a_tag_that_amictl_does_not_write_starts_nothing() {
    let setup = Setup::new();
    let id = left(&setup, "yes\u{202e}");
    let ran = stop(&setup, &id, "").ended(0);
    ran.says(&["the tag amictl:stopped says 'yes\\u{202e}', which amictl does not write; it does not count"]);
    assert_eq!(setup.changes(), ["CreateImage"]);
    assert_eq!(state(&setup.world(), &id).0, "stopped");
}

#[test]
fn a_script_needs_it_running_so_it_is_started_first() {
    let setup = Setup::new();
    let file = setup.home.write("clean.sh", "rm -rf /tmp/x\n");
    let id = left(&setup, OLD);
    setup.world().run_commands.online_after = seconds(3);
    setup.world().advance(seconds(3));
    setup.run(&format!("create web --instance tag:Role=web --stop --prepare {file} -o json")).ended(0);
    let changes = setup.changes();
    assert_eq!(changes[..3], ["StartInstances", "DeleteTags", "SendCommand"]);
    assert_eq!(changes[3..], ALL);
    runs_again(&setup, &id);
    // Not while its run may be at work.
    let setup = Setup::new();
    let id = left(&setup, NEW);
    let error = stop(&setup, &id, &format!("--prepare {file}")).ended(4).error();
    assert_eq!(error["code"], "StoppedByAnotherRun");
    assert!(error["hint"].as_str().unwrap().contains("aws ec2 start-instances --region us-east-1"), "{error}");
    setup.unchanged();
}

#[test]
fn a_script_that_fails_then_leaves_it_running() {
    let setup = Setup::new();
    let file = setup.home.write("clean.sh", "rm -rf /tmp/x\n");
    let id = left(&setup, OLD);
    setup.world().run_commands.scripts.push(Script::with("rm", 1));
    stop(&setup, &id, &format!("--prepare {file}")).ended(1);
    assert_eq!(setup.changes(), ["StartInstances", "DeleteTags", "SendCommand"]);
    runs_again(&setup, &id);
}
