//! `rollout`: refreshes that fail, answers that get lost, and successes that do not show.

use serde_json::json;

use super::{changes, group, launches, ready, run_by};
use crate::fake::{Fault, FaultKind, Outcome};
use crate::setup::{refused, seconds};

#[test]
fn a_failure_is_rolled_back_by_aws_and_told_with_its_reason() {
    let (setup, first, _) = ready();
    setup.world().fail_next_refresh = Some("Instances did not become healthy".to_owned());
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    let error = ran.error();
    assert_eq!(error["code"], "RolledBack");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("the refresh to version 2") && message.contains("did not become healthy"), "{message}");
    let row = &ran.json()["results"][0];
    assert_eq!(
        (&row["status"], &row["changed"], &row["template_version"]),
        (&json!("failed"), &json!(true), &json!(2))
    );
    assert_eq!(row["error"]["code"], "RolledBack");
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("1", vec![first.clone(), first]));
}

#[test]
fn without_automatic_rollback_the_hint_goes_back() {
    let (setup, first, second) = ready();
    setup.world().fail_next_refresh = Some("Instances did not become healthy".to_owned());
    let ran = setup.run("rollout web --image web:v2 --no-auto-rollback -o json").ended(1);
    let error = ran.error();
    assert_eq!(error["code"], "InstanceRefreshFailed");
    assert_eq!(run_by(&setup, "web"), [second, first.clone()]);
    let hint = error["hint"].as_str().unwrap().to_owned();
    let line = hint.split_once("amictl ").unwrap().1;
    assert_eq!(line, "rollout web --template-version 1 --region us-east-1");
    setup.run(line).ended(0);
    assert_eq!(run_by(&setup, "web"), [first.clone(), first]);
}

#[test]
fn a_rollback_that_fails_is_told() {
    let (setup, ..) = ready();
    setup.world().fail_next_refresh = Some("a reason".to_owned());
    setup.world().fail_next_rollback = true;
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "RollbackFailed");
    assert!(ran.error()["hint"].as_str().unwrap().contains("--template-version 1"), "{}", ran.error());
}

#[test]
fn an_alarm_ends_it() {
    let (setup, first, _) = ready();
    setup.world().ringing_alarms.insert("web-5xx".to_owned());
    let ran = setup.run("rollout web --image web:v2 --alarm quiet,web-5xx").ended(1);
    ran.says(&["CloudWatch alarm web-5xx went into the ALARM state"]);
    assert_eq!(run_by(&setup, "web"), [first.clone(), first]);
    setup.run("rollout web --image web:v2 --alarm quiet").ended(0);
}

#[test]
fn a_lost_answer_begins_nothing_twice() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated] {
        let (setup, ..) = ready();
        setup.fake.fault(Fault::on("StartInstanceRefresh", kind).times(1));
        let found = setup.json("rollout web --image web:v2");
        assert_eq!(setup.fake.count("StartInstanceRefresh"), 1);
        let refreshes = group(&setup, "web").refreshes;
        assert_eq!((refreshes.len(), &found["results"][0]["refresh_id"]), (1, &json!(refreshes[0].id)));
        assert_eq!(launches(&setup, "web"), "2");
    }
}

#[test]
fn a_refresh_from_before_is_not_taken_for_the_lost_one() {
    let (setup, ..) = ready();
    setup.run("rollout web --image web:v2").ended(0);
    setup.run("rollout web --image web:v1").ended(0);
    setup.fake.fault(Fault::on("StartInstanceRefresh", FaultKind::ResetBefore).times(1));
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "AnswerLost");
    assert!(ran.error()["message"].as_str().unwrap().contains("whether a refresh began is unknown"), "{}", ran.error());
    assert_eq!((group(&setup, "web").refreshes.len(), setup.fake.count("StartInstanceRefresh")), (2, 3));
    setup.run("rollout web --image web:v2").ended(0);
    assert_eq!((group(&setup, "web").refreshes.len(), launches(&setup, "web")), (3, "2".to_owned()));
}

#[test]
fn a_busy_group_is_tried_again() {
    let (setup, ..) = ready();
    setup.fake.fault(Fault::error("StartInstanceRefresh", "ResourceContention", "Busy.").times(2));
    setup.run("rollout web --image web:v2").ended(0);
    assert_eq!(
        setup.outcomes("StartInstanceRefresh")[..2],
        [refused("ResourceContention"), refused("ResourceContention")]
    );
    assert_eq!(setup.outcomes("StartInstanceRefresh")[2], Outcome::Ok);
}

#[test]
fn a_success_that_the_group_does_not_show_is_a_failure() {
    let (setup, ..) = ready();
    setup.world().refresh_forgets = true;
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "NotSeen");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("counts as successful, but the group shows version 1, not 2"), "{message}");
    assert_eq!(ran.json()["results"][0]["status"], "failed");
}

#[test]
fn a_refresh_that_cannot_be_watched_goes_on() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(600);
    setup.fake.fault(Fault::error("DescribeInstanceRefreshes", "AccessDenied", "No looking.").skip(2));
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains("goes on at AWS"), "{error}");
    let line = error["hint"].as_str().unwrap().split_once("wait for it with: amictl ").unwrap().1.to_owned();
    setup.fake.clear_faults();
    setup.world().advance(seconds(600));
    setup.run(&line).ended(0);
    assert_eq!(launches(&setup, "web"), "2");
}

#[test]
fn an_image_that_is_gone_meanwhile_fails_the_refresh() {
    let (setup, first, second) = ready();
    setup.world().refresh_takes = seconds(600);
    setup.run("rollout web --image web:v2 --no-wait").ended(0);
    setup.run(&format!("deregister {second} --yes --allow-in-use")).ended(0);
    setup.world().advance(seconds(600));
    setup.run("wait --group web --timeout 1s").ended(5).says(&["RollbackInProgress"]);
    setup.world().advance(seconds(600));
    let ran = setup.run("wait --group web").ended(1);
    ran.says(&["does not exist"]);
    assert_eq!(run_by(&setup, "web"), [first.clone(), first]);
}

#[test]
fn a_version_that_ec2_refuses_begins_nothing() {
    let (setup, ..) = ready();
    let code = "VersionLimitExceeded";
    setup.fake.fault(Fault::error("CreateLaunchTemplateVersion", code, "Too many versions."));
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    assert_eq!(ran.error()["code"], code);
    assert_eq!(
        (changes(&setup), &ran.json()["results"][0]["changed"]),
        (vec!["CreateLaunchTemplateVersion".to_owned()], &json!(false))
    );
}

/// What a refresh under way of another run does to this one.
#[test]
fn one_under_way_is_joined_or_refused() {
    let (setup, ..) = ready();
    setup.world().image(crate::fake::PROD, crate::setup::EAST, "web-v3-2026-01-03").put();
    setup.world().refresh_takes = seconds(600);
    let begun = setup.json("rollout web --image web:v2 --no-wait");
    assert_eq!((&begun["results"][0]["status"], &begun["results"][0]["detail"]), (&json!("done"), &json!("begun")));
    setup.fake.forget_calls();
    let joined = setup.json("rollout web --image web:v2 --no-wait");
    assert_eq!(joined["results"][0]["refresh_id"], begun["results"][0]["refresh_id"]);
    assert_eq!(joined["results"][0]["changed"], false);
    setup.unchanged();
    let ran = setup.run("rollout web --image web:v3 -o json").ended(4);
    assert_eq!(ran.error()["code"], "InstanceRefreshInProgress");
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("amictl wait --group web") && hint.contains("amictl rollout web --cancel"), "{hint}");
    setup.run("rollout web --template-version 1").ended(4);
    setup.unchanged();
    setup.world().advance(seconds(700));
    setup.run("rollout web --image web:v2").ended(0).says(&["nothing to do"]);
}

#[test]
fn another_run_that_was_faster_is_joined() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(2);
    setup.fake.fault(Fault::on("StartInstanceRefresh", FaultKind::Latency(seconds(1))));
    let line = "rollout web --image web:v2 -o json";
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| setup.run(line));
        let other = scope.spawn(|| setup.run(line));
        (one.join().unwrap(), other.join().unwrap())
    });
    let ids = [one.ended(0).json(), other.ended(0).json()].map(|found| found["results"][0]["refresh_id"].clone());
    assert_eq!((ids[0].clone(), group(&setup, "web").refreshes.len()), (ids[1].clone(), 1));
}
