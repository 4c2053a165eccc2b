//! `create --stop` where EC2 shows late, answers wrongly for a while, or undoes what it took.

use super::stop::{ALL, running, runs_again, state, stop};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, everything, seconds};

fn line(id: &str) -> String {
    format!("aws ec2 start-instances --region us-east-1 --instance-ids {id}")
}

#[test]
fn a_stop_that_comes_late_leaves_a_mark_and_the_line_that_starts_it() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_shows_after = seconds(60);
    setup.fake.fault(Fault::on("StopInstances", FaultKind::ResetAfter).skip(1).times(1));
    let ran = setup.once().run(&format!("create web --instance {id} --stop -o json")).ended(1);
    let error = ran.error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("no image was made") && message.contains("keeps the tag amictl:stopped"), "{error}");
    assert!(error["hint"].as_str().unwrap().ends_with(&line(&id)), "{error}");
    assert_eq!(setup.changes(), ["CreateTags", "StopInstances"]);
    setup.world().advance(seconds(60));
    let (now, tag) = state(&setup.world(), &id);
    assert_eq!((now.as_str(), tag.is_some()), ("stopped", true));
}

#[test]
fn one_that_shows_as_running_for_a_while_is_waited_for() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_shows_after = seconds(3);
    stop(&setup, &id, "").ended(0);
    assert_eq!(setup.changes(), ALL);
    runs_again(&setup, &id);
}

#[test]
fn looks_that_fail_for_a_while_do_not_end_it() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(3);
    // The first look selects the instance.
    setup.fake.fault(Fault::error("DescribeInstances", "Throttling", "slow down").skip(1).times(1));
    setup.once().run(&format!("create web --instance {id} --stop")).ended(0);
    assert_eq!(setup.changes(), ALL);
    runs_again(&setup, &id);
}

#[test]
fn a_stop_of_which_nothing_is_known_is_not_waited_for_without_end() {
    // Two minutes.
    if !everything() {
        return;
    }
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(Fault::on("StopInstances", FaultKind::ResetBefore).skip(1).times(1));
    // Of the looks after it the first is refused: what follows is the bounded wait.
    setup.fake.fault(Fault::error("DescribeInstances", "UnauthorizedOperation", "no").skip(1).times(1));
    let began = std::time::Instant::now();
    let ran = setup.once().run(&format!("create web --instance {id} --stop -o json")).ended(1);
    let error = ran.error();
    assert!(began.elapsed() < seconds(240), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("is not stopped yet") && message.contains("may be stopped yet"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains(&line(&id)), "{error}");
    assert_eq!(setup.changes(), ["CreateTags", "StopInstances"]);
    assert!(state(&setup.world(), &id).1.is_some());
}

#[test]
fn a_start_that_ec2_undoes_once_is_tried_again() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().starts_fall = vec![("Client.InternalError".to_owned(), "Client error on launch".to_owned())];
    stop(&setup, &id, "").ended(0);
    assert_eq!(setup.fake.count("StartInstances"), 3);
    runs_again(&setup, &id);
}

#[test]
fn a_start_that_ec2_undoes_again_and_again_tells_why() {
    let setup = Setup::new();
    let id = running(&setup);
    let reason = ("Client.InternalError".to_owned(), "Client error on launch".to_owned());
    setup.world().starts_fall = vec![reason; 100];
    let error = stop(&setup, &id, "").ended(3).error();
    let message = error["message"].as_str().unwrap();
    let why = "could not be started again: EC2 stopped it again: Client.InternalError: Client error on launch";
    assert!(message.ends_with(why), "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("kms:CreateGrant") && hint.ends_with(&line(&id)), "{error}");
    // A dry run first.
    assert_eq!(setup.fake.count("StartInstances"), 1 + 3);
    assert!(state(&setup.world(), &id).1.is_some());
}

#[test]
fn one_that_somebody_starts_meanwhile_is_told() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().snapshots_begin_after = seconds(4);
    setup.world().pending_for = seconds(8);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| stop(&setup, &id, ""));
        setup.until("CreateImage", 2);
        let mut world = setup.world();
        let now = world.now();
        let instance = world.instance_mut(&id);
        "running".clone_into(&mut instance.phase.after);
        instance.launched = now;
        drop(world);
        run.join().unwrap()
    });
    ran.says(&["may not be consistent", "was started meanwhile by somebody else, and is running"]);
    assert_eq!(state(&setup.world(), &id), ("running".to_owned(), None));
}

#[test]
fn a_sweep_does_not_say_done_where_the_tag_stays() {
    let setup = Setup::new();
    let mark = "0123abcd 2026-01-01T00:00:00Z until 2026-01-01T02:45:00Z";
    let id = setup.world().instance(PROD, EAST).launched("2025-12-01").tag("amictl:stopped", mark).put();
    setup.fake.fault(Fault::error("DeleteTags", "UnauthorizedOperation", "no"));
    let document = setup.run("test --sweep -o json").ended(1).json();
    let row = &document["results"][0];
    assert_eq!((row["status"].as_str(), row["changed"].as_bool()), (Some("failed"), Some(false)), "{document}");
    assert!(state(&setup.world(), &id).1.is_some());
}
