//! `create` when others are faster, when names are still held, and when the answer is lost.

use std::thread;

use crate::fake::{Fault, FaultKind, Outcome, PROD};
use crate::setup::{EAST, Setup, refused, seconds, today};

fn instance(setup: &Setup) -> String {
    setup.world().instance(PROD, EAST).put()
}

/// The id that a run printed, which must be that of the only image there is.
#[track_caller]
fn only_image(setup: &Setup, printed: &str) {
    let world = setup.world();
    let ids: Vec<_> = world.images(PROD, EAST).map(|image| image.id.clone()).collect();
    assert_eq!(ids, [printed.trim()]);
}

/// Two runs that both see no image before either makes one; gives what they print.
fn race(setup: &Setup, instances: [&str; 2]) -> [String; 2] {
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(1))).matching("web-v").times(2));
    let ids = thread::scope(|scope| {
        let runs = instances.map(|id| {
            let line = format!("create web --instance {id} -o ids");
            scope.spawn(move || setup.run(&line).ended(0).stdout)
        });
        runs.map(|run| run.join().unwrap().trim().to_owned())
    });
    let duplicate = refused("InvalidAMIName.Duplicate");
    let duplicates = setup.outcomes("CreateImage").iter().filter(|outcome| **outcome == duplicate).count();
    assert_eq!((duplicates, setup.calls("CreateImage").len()), (1, 3));
    ids
}

#[test]
fn two_runs_at_once_make_different_versions() {
    let setup = Setup::new();
    let (one, two) = (instance(&setup), instance(&setup));
    let ids = race(&setup, [&one, &two]);
    let today = today();
    assert_eq!(setup.names(PROD, EAST), [format!("web-v1-{today}"), format!("web-v2-{today}")]);
    let sources = ids.map(|id| setup.image(&id).source_instance.unwrap());
    assert_eq!(sources, [one, two]);
}

#[test]
fn two_runs_at_once_of_one_instance_do_not_take_each_others_image() {
    let setup = Setup::new();
    let one = instance(&setup);
    let [first, second] = race(&setup, [&one, &one]);
    assert_ne!(first, second);
    assert_eq!(setup.names(PROD, EAST).len(), 2);
}

#[test]
fn a_name_still_held_after_a_deregistration_is_passed_over() {
    let setup = Setup::new();
    let create = format!("create web --instance {} -o ids", instance(&setup));
    setup.world().name_held_for = seconds(3600);
    let first = setup.run(&create).ended(0).stdout;
    setup.run(&format!("deregister {} --yes --allow-in-use", first.trim())).ended(0);
    setup.fake.forget_calls();
    let second = setup.run(&create).ended(0).stdout;
    assert_eq!(setup.outcomes("CreateImage"), [refused("InvalidAMIName.Duplicate"), Outcome::Ok]);
    assert!(setup.image(second.trim()).name.starts_with("web-v2-"));
    only_image(&setup, &second);
}

#[test]
fn a_chosen_version_whose_name_is_held_is_not_replaced_by_another() {
    let setup = Setup::new();
    let create = format!("create web --instance {} --version 4 -o ids", instance(&setup));
    setup.world().name_held_for = seconds(3600);
    let first = setup.run(&create).ended(0).stdout;
    setup.run(&format!("deregister {} --yes --allow-in-use", first.trim())).ended(0);
    setup.run(&create).ended(1).says(&["InvalidAMIName.Duplicate", "is already in use by AMI"]);
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_lost_answer_makes_no_second_image() {
    let setup = Setup::new();
    let create = format!("create web --instance {} -o ids", instance(&setup));
    setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetAfter).times(1));
    let ran = setup.once().run(&create).ended(0);
    assert_eq!(setup.outcomes("CreateImage"), [Outcome::Lost]);
    only_image(&setup, &ran.stdout);
}

#[test]
fn a_lost_answer_that_the_sdk_retries_makes_no_second_image() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated] {
        let setup = Setup::new();
        let create = format!("create web --instance {} -o ids", instance(&setup));
        setup.fake.fault(Fault::on("CreateImage", kind.clone()).times(1));
        let ran = setup.run(&create).ended(0);
        let outcomes = setup.outcomes("CreateImage");
        assert_eq!(outcomes[0], Outcome::Lost, "{kind:?}");
        assert!(outcomes[1..].iter().all(|o| *o == refused("InvalidAMIName.Duplicate")), "{kind:?}: {outcomes:?}");
        only_image(&setup, &ran.stdout);
    }
}

#[test]
fn after_a_lost_answer_an_image_that_shows_late_is_found() {
    let setup = Setup::new();
    let create = format!("create web --instance {} -o ids", instance(&setup));
    setup.world().visible_after = seconds(1);
    setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetAfter).times(1));
    let ran = setup.once().run(&create).ended(0);
    assert_eq!(setup.calls("CreateImage").len(), 1);
    only_image(&setup, &ran.stdout);
}

#[test]
fn a_registered_image_is_found_again_too() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.fake.fault(Fault::on("RegisterImage", FaultKind::ResetAfter).times(1));
    let ran = setup.once().run(&format!("create web --snapshot {snapshot} -o ids")).ended(0);
    assert_eq!(setup.outcomes("RegisterImage"), [Outcome::Lost]);
    only_image(&setup, &ran.stdout);
    assert_eq!(setup.world().find_snapshot(&snapshot).unwrap().tags["Family"], "web");
}

#[test]
fn an_image_of_another_run_is_never_taken_for_ours() {
    let setup = Setup::new();
    let (ours, theirs) = (instance(&setup), instance(&setup));
    // The other run takes the name between our look and our call, and our answer is lost.
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(2))).matching("web-v").times(1));
    setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetBefore).matching(&ours).times(1));
    let mine = thread::scope(|scope| {
        let run = scope.spawn(|| setup.once().run(&format!("create web --instance {ours} -o json")));
        setup.until("DescribeImages", 2);
        setup.run(&format!("create web --instance {theirs} --tag By=them")).ended(0);
        run.join().unwrap()
    });
    assert_eq!(mine.code, 1, "{}{}", mine.stdout, mine.stderr);
    assert_eq!(mine.error()["code"], "AnswerLost");
    assert!(mine.error()["hint"].as_str().unwrap().contains("amictl list"), "{}", mine.stderr);
    let world = setup.world();
    let sources: Vec<_> = world.images(PROD, EAST).map(|image| image.source_instance.clone().unwrap()).collect();
    assert_eq!(sources, [theirs]);
}

#[test]
fn a_call_that_never_arrived_is_made_again() {
    let setup = Setup::new();
    let create = format!("create web --instance {} -o ids", instance(&setup));
    setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetBefore).times(1));
    let ran = setup.run(&create).ended(0);
    assert_eq!(setup.outcomes("CreateImage"), [Outcome::Dropped, Outcome::Ok]);
    only_image(&setup, &ran.stdout);
}

#[test]
fn throttling_and_trouble_at_the_load_balancer_are_sat_out() {
    let setup = Setup::new();
    let create = format!("create web --instance {} -o ids", instance(&setup));
    setup.fake.fault(Fault::error("DescribeInstances", "RequestLimitExceeded", "Request limit exceeded.").times(1));
    setup.fake.fault(Fault::on("CreateImage", FaultKind::HtmlError(503)).times(1));
    let ran = setup.run(&create).ended(0);
    assert_eq!(setup.outcomes("CreateImage"), [refused("HTTP 503"), Outcome::Ok]);
    only_image(&setup, &ran.stdout);
}

#[test]
fn an_image_that_shows_late_is_the_only_one_although_the_sdk_asked_again() {
    for (call, kind) in [("CreateImage", FaultKind::ResetAfter), ("RegisterImage", FaultKind::Truncated)] {
        let setup = Setup::new();
        let origin = match call {
            "CreateImage" => format!("--instance {}", instance(&setup)),
            _ => format!("--snapshot {}", setup.world().snapshot(PROD, EAST).put()),
        };
        setup.world().visible_after = seconds(3);
        setup.fake.fault(Fault::on(call, kind).times(1));
        let ran = setup.run(&format!("create web {origin} -o ids")).ended(0);
        assert_eq!(setup.outcomes(call), [Outcome::Lost, refused("InvalidAMIName.Duplicate")]);
        only_image(&setup, &ran.stdout);
    }
}

#[test]
fn an_attempt_that_was_refused_lost_no_answer() {
    let setup = Setup::new();
    let create = format!("create web --instance {} -o ids", instance(&setup));
    setup.world().name_held_for = seconds(3600);
    let first = setup.run(&create).ended(0).stdout;
    setup.run(&format!("deregister {} --yes --allow-in-use", first.trim())).ended(0);
    setup.fake.forget_calls();
    let throttled = Fault::error("CreateImage", "RequestLimitExceeded", "Request limit exceeded.");
    setup.fake.fault(throttled.times(1));
    let second = setup.run(&create).ended(0).stdout;
    let outcomes = [refused("RequestLimitExceeded"), refused("InvalidAMIName.Duplicate"), Outcome::Ok];
    assert_eq!(setup.outcomes("CreateImage"), outcomes);
    assert!(setup.image(second.trim()).name.starts_with("web-v2-"));
}

#[test]
fn what_cannot_be_looked_for_may_have_been_made() {
    for attempts in ["1", "3"] {
        let setup = Setup::new();
        let create = format!("create web --instance {} -o json", instance(&setup));
        setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetAfter).times(1));
        setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized.").skip(2));
        let ran = setup.amictl().env("AWS_MAX_ATTEMPTS", attempts).run(&create).ended(1);
        assert_eq!(ran.error()["code"], "AnswerLost");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        let cause = if attempts == "1" { "ConnectionError" } else { "InvalidAMIName.Duplicate" };
        let name = format!("web-v1-{} may have been made", today());
        for part in [name.as_str(), cause, "DescribeImages", "UnauthorizedOperation"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(ran.error()["hint"].as_str().unwrap().contains("amictl list --region us-east-1"), "{}", ran.stderr);
        assert_eq!(setup.calls("CreateImage").len(), if attempts == "1" { 1 } else { 2 });
    }
}
