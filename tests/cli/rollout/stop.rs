//! `rollout --cancel` and `rollout --rollback`.

use serde_json::json;

use super::{autoscaling, changes, group, launches, ready, run_by};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

/// A refresh that is half done after five minutes of ten.
fn under_way() -> (Setup, String, String) {
    let (setup, first, second) = ready();
    setup.world().refresh_takes = seconds(600);
    setup.run("rollout web --image web:v2 --no-wait").ended(0);
    setup.world().advance(seconds(350));
    setup.fake.forget_calls();
    (setup, first, second)
}

#[test]
fn a_cancelled_refresh_leaves_what_is_replaced() {
    let (setup, first, second) = under_way();
    let begun = setup.run("rollout web --cancel --no-wait -o json").ended(0).json();
    assert_eq!(
        (&begun["results"][0]["changed"], &begun["results"][0]["detail"]),
        (&json!(true), &json!("will be cancelled"))
    );
    assert_eq!(changes(&setup), ["CancelInstanceRefresh"]);
    setup.world().advance(seconds(60));
    setup.run("rollout web --cancel").ended(4).says(&["no refresh is under way"]);
    assert_eq!(group(&setup, "web").refreshes[0].status, "Cancelled");
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("1", vec![second, first]));
}

#[test]
fn the_end_is_waited_for() {
    let (setup, ..) = under_way();
    setup.world().refresh_takes = seconds(0);
    let found = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web --cancel -o json"));
        setup.until("CancelInstanceRefresh", 1);
        setup.world().advance(seconds(60));
        run.join().unwrap().ended(0).json()
    });
    let row = &found["results"][0];
    assert_eq!((&row["status"], &row["detail"]), (&json!("done"), &json!("cancelled")));
}

#[test]
fn a_rollback_brings_the_old_instances_back() {
    let (setup, first, second) = under_way();
    assert_eq!(run_by(&setup, "web"), [first.clone(), first.clone()], "nobody looked since");
    setup.run("rollout web --rollback --dry-run").ended(0).says(&["would be rolled back", "was not tried"]);
    assert_eq!(run_by(&setup, "web"), [second, first.clone()]);
    setup.unchanged();
    let found = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web --rollback -o json"));
        setup.until("RollbackInstanceRefresh", 1);
        setup.world().advance(seconds(600));
        run.join().unwrap().ended(0).json()
    });
    let row = &found["results"][0];
    assert_eq!(
        (&row["status"], &row["detail"], &row["changed"]),
        (&json!("done"), &json!("rolled back"), &json!(true))
    );
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("1", vec![first.clone(), first]));
}

#[test]
fn with_nothing_under_way_it_is_refused_and_the_hint_goes_back() {
    let (setup, first, _) = ready();
    setup.run("rollout web --rollback").ended(4).says(&["no refresh is under way", "--template-version N"]);
    setup.run("rollout web --no-skip-matching --image web:v1").ended(0);
    setup.run("rollout web --image web:v2").ended(0);
    setup.fake.forget_calls();
    let error = setup.run("rollout web --rollback -o json").ended(4).error();
    assert_eq!(error["code"], "ActiveInstanceRefreshNotFound");
    setup.run("rollout web --cancel").ended(4);
    setup.unchanged();
    let line = error["hint"].as_str().unwrap().split_once("amictl ").unwrap().1.to_owned();
    setup.run(&line).ended(0);
    assert_eq!(run_by(&setup, "web"), [first.clone(), first]);
}

#[test]
fn lost_answers_are_looked_at() {
    for (option, action) in [("--cancel", "CancelInstanceRefresh"), ("--rollback", "RollbackInstanceRefresh")] {
        let (setup, ..) = under_way();
        setup.fake.fault(Fault::on(action, FaultKind::ResetAfter).times(1));
        let found = setup.json(&format!("rollout web {option} --no-wait"));
        assert_eq!(found["results"][0]["status"], "done", "{option}");
        assert_eq!(setup.fake.count(action), 2, "{option}: the second meets what the first did");
    }
}

#[test]
fn what_aws_cannot_roll_back_is_told() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(600);
    autoscaling(&setup, "StartInstanceRefresh", &[("AutoScalingGroupName", "web")]);
    let error = setup.run("rollout web --rollback -o json").ended(4).error();
    assert_eq!(error["code"], "IrreversibleInstanceRefresh");
    assert!(error["hint"].as_str().unwrap().contains("--template-version N"), "{error}");
    setup.run("rollout web --cancel --no-wait").ended(0);
}

#[test]
fn each_of_several_groups_needs_one_under_way() {
    let (setup, ..) = under_way();
    setup.world().auto_scaling_group(PROD, EAST, "api").launch_template("web", "1").running(&["1"]).put();
    setup.run("rollout web api --cancel").ended(4).says(&["group api: no refresh is under way"]);
    setup.unchanged();
}

#[test]
fn several_are_ended_before_any_is_waited_for() {
    let (setup, ..) = under_way();
    setup.world().auto_scaling_group(PROD, EAST, "api").launch_template("web", "1").running(&["1"]).put();
    setup.run("rollout api --template-version 2 --no-wait").ended(0);
    let found = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web api --cancel -o json"));
        setup.until("CancelInstanceRefresh", 2);
        setup.world().advance(seconds(60));
        run.join().unwrap().ended(0).json()
    });
    assert_eq!(crate::setup::each(&found["results"], "detail"), ["cancelled"; 2]);
}

#[test]
fn the_way_back_does_not_lead_to_what_was_left() {
    let (setup, ..) = ready();
    setup.run("rollout web --image web:v2").ended(0);
    setup.run("rollout web --template-version 1").ended(0);
    let error = setup.run("rollout web --rollback -o json").ended(4).error();
    assert!(error["hint"].as_str().unwrap().ends_with("--template-version N"), "{error}");
}
