//! `create --stop` when something fails on the way: the instance runs again, or it is said.

use super::stop::{ALL, running, runs_again, state, stop};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

/// A fault of the real calls: the first one is a dry run.
fn real(action: &str, code: &str) -> Fault {
    Fault::error(action, code, "no").skip(1)
}

fn lost(action: &str, kind: FaultKind) -> Fault {
    Fault::on(action, kind).skip(1).times(1)
}

#[test]
fn a_tag_that_cannot_be_written_stops_nothing() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(real("CreateTags", "TagLimitExceeded"));
    let error = stop(&setup, &id, "").ended(1).error();
    assert_eq!(error["code"], "TagLimitExceeded");
    assert_eq!(setup.changes(), ["CreateTags"]);
    runs_again(&setup, &id);
}

#[test]
fn a_tag_of_which_no_answer_tells_is_taken_away_again() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(lost("CreateTags", FaultKind::ResetAfter));
    let ran = setup.once().run(&format!("create web --instance {id} --stop")).ended(1);
    ran.says(&["CreateTags"]);
    assert_eq!(setup.changes(), ["CreateTags", "DeleteTags"]);
    runs_again(&setup, &id);
}

#[test]
fn one_that_ec2_does_not_stop_runs_on_without_the_tag() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(real("StopInstances", "OperationNotPermitted"));
    let error = stop(&setup, &id, "").ended(1).error();
    assert_eq!(error["code"], "OperationNotPermitted");
    assert_eq!(setup.changes(), ["CreateTags", "StopInstances", "DeleteTags"]);
    runs_again(&setup, &id);
}

#[test]
fn a_stop_whose_answer_was_lost_goes_on() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(lost("StopInstances", FaultKind::ResetAfter));
    setup.once().run(&format!("create web --instance {id} --stop")).ended(0).says(&["looking whether"]);
    assert_eq!(setup.changes(), ALL);
    runs_again(&setup, &id);
}

#[test]
fn a_stop_that_never_arrived_makes_no_image_and_keeps_the_tag() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(lost("StopInstances", FaultKind::ResetBefore));
    let ran = setup.once().run(&format!("create web --instance {id} --stop")).ended(1);
    ran.says(&["StopInstances", "still runs, and may be stopped yet"]);
    assert_eq!(setup.changes(), ["CreateTags", "StopInstances"]);
    let (state, tag) = state(&setup.world(), &id);
    assert_eq!((state.as_str(), tag.is_some()), ("running", true));
}

#[test]
fn one_that_does_not_stop_in_time_is_started_again() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(5);
    let error = stop(&setup, &id, "--timeout 1s").ended(1).error();
    assert_eq!(error["code"], "Timeout");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("is not stopped yet, and no image was made"), "{message}");
    assert!(message.ends_with(&format!("{id} (build) runs again")), "{message}");
    assert!(setup.names(PROD, EAST).is_empty());
    runs_again(&setup, &id);
}

#[test]
fn a_refused_image_leaves_a_running_instance() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(real("CreateImage", "UnauthorizedOperation"));
    let error = stop(&setup, &id, "").ended(1).error();
    assert_eq!(error["code"], "UnauthorizedOperation");
    assert!(error["message"].as_str().unwrap().ends_with(&format!("; {id} (build) runs again")), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("add the permission"), "{error}");
    assert_eq!(setup.changes(), ALL);
    runs_again(&setup, &id);
}

#[test]
fn a_failed_image_leaves_a_running_instance() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().fail_next_image = Some(("Client.InternalError".to_owned(), "no luck".to_owned()));
    let error = stop(&setup, &id, "").ended(1).error();
    assert_eq!(error["code"], "ImageNotAvailable");
    runs_again(&setup, &id);
}

#[test]
fn a_lost_answer_of_create_image_makes_one_image_and_the_instance_runs_again() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(lost("CreateImage", FaultKind::ResetAfter));
    setup.once().run(&format!("create web --instance {id} --stop")).ended(0);
    assert_eq!(setup.names(PROD, EAST).len(), 1);
    assert_eq!(setup.changes(), ALL);
    runs_again(&setup, &id);
}

#[test]
fn a_start_without_room_or_answer_is_tried_again() {
    let full = "InsufficientInstanceCapacity";
    let tried = |fault: Fault, said: &[&str]| {
        let setup = Setup::new();
        let id = running(&setup);
        setup.fake.fault(fault);
        let ran = setup.once().run(&format!("create web --instance {id} --stop")).ended(0);
        ran.says(&["runs again"]).says(said);
        runs_again(&setup, &id);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| tried(real("StartInstances", full).times(2), &[full, "trying for up to 15 minutes"]));
        scope.spawn(|| tried(real("StartInstances", "IncorrectInstanceState").times(1), &[]));
        scope.spawn(|| tried(lost("StartInstances", FaultKind::ResetBefore), &[]));
        scope.spawn(|| tried(lost("StartInstances", FaultKind::ResetAfter), &[]));
    });
}

#[test]
fn one_that_cannot_be_started_is_no_success_and_keeps_the_tag() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(real("StartInstances", "InvalidKMSKey.InvalidState"));
    let ran = stop(&setup, &id, "").ended(3);
    let (error, made) = (ran.error(), ran.json());
    assert_eq!(
        (made["images"][0]["state"].as_str(), error["code"].as_str()),
        (Some("available"), Some("NotStartedAgain"))
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("is made, but") && message.contains("could not be started again"), "{message}");
    let line = format!("aws ec2 start-instances --region us-east-1 --instance-ids {id}");
    assert_eq!(error["hint"], format!("start it with: {line}").as_str());
    let (state, tag) = state(&setup.world(), &id);
    assert_eq!((state.as_str(), tag.is_some()), ("stopped", true));
    assert!(!setup.changes().contains(&"DeleteTags".to_owned()));
}

#[test]
fn when_neither_works_both_are_told() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(real("CreateImage", "UnauthorizedOperation"));
    setup.fake.fault(real("StartInstances", "UnauthorizedOperation"));
    let error = stop(&setup, &id, "").ended(1).error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("CreateImage") && message.contains("could not be started again"), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("aws ec2 start-instances"), "{error}");
    assert!(state(&setup.world(), &id).1.is_some());
}

#[test]
fn one_that_is_terminated_meanwhile_is_told() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(600);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| stop(&setup, &id, ""));
        setup.until("StopInstances", 2);
        setup.world().end_instance(&id);
        run.join().unwrap()
    });
    let error = ran.ended(1).error();
    assert!(error["message"].as_str().unwrap().contains("is terminated instead of stopped"), "{error}");
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_tag_that_stays_is_told_and_does_no_harm() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(real("DeleteTags", "UnauthorizedOperation"));
    stop(&setup, &id, "").ended(0).says(&["warning: the tag amictl:stopped of", "could not be removed"]);
    let (now, tag) = state(&setup.world(), &id);
    assert_eq!((now.as_str(), tag.is_some()), ("running", true));
    // The next one says so, and takes it away.
    setup.fake.forget_calls();
    setup.fake.clear_faults();
    stop(&setup, &id, "").ended(0).says(&["carries the tag amictl:stopped of run", "and runs"]);
    runs_again(&setup, &id);
}
