//! `rollout` of several groups: one after another, up to the first that fails.

use serde_json::json;

use super::{autoscaling, group, launches, ready};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, each, seconds};

/// Three groups on one template.
fn three() -> (Setup, String, String) {
    let (setup, first, second) = ready();
    for name in ["api", "worker"] {
        let mut world = setup.world();
        world.auto_scaling_group(PROD, EAST, name).launch_template("web", "1").running(&["1"]).put();
    }
    (setup, first, second)
}

#[test]
fn they_go_one_after_another_to_one_version() {
    let (setup, ..) = three();
    let found = setup.json("rollout web api worker --image web:v2");
    assert_eq!(each(&found["results"], "group"), ["web", "api", "worker"]);
    assert_eq!(found["summary"], json!({"done": 3, "failed": 0, "skipped": 0}));
    let times: Vec<_> = ["web", "api", "worker"].iter().map(|name| group(&setup, name).refreshes[0].clone()).collect();
    assert!(times.windows(2).all(|two| two[0].ended.unwrap() <= two[1].started), "each begins after the one before");
    assert_eq!(["web", "api", "worker"].map(|name| launches(&setup, name)), ["2", "2", "2"]);
    let versions = setup.world().templates(PROD, EAST).next().unwrap().versions.len();
    assert_eq!(versions, 2, "the version is made once");
}

#[test]
fn the_first_that_fails_ends_the_run() {
    let (setup, ..) = three();
    let fault = Fault::error("StartInstanceRefresh", "LimitExceeded", "You have reached a limit.").matching("api");
    setup.fake.fault(fault);
    let ran = setup.run("rollout web api worker --image web:v2 -o json").ended(3);
    let found = ran.json();
    assert_eq!(each(&found["results"], "status"), ["done", "failed", "skipped"]);
    assert_eq!(found["summary"], json!({"done": 1, "failed": 1, "skipped": 1}));
    assert_eq!(found["results"][2]["error"]["code"], "NotBegun");
    assert_eq!((&ran.error()["code"], &ran.error()["exit_code"]), (&json!("LimitExceeded"), &json!(3)));
    assert!(ran.error()["message"].as_str().unwrap().contains("1 group was not begun"), "{}", ran.error());
    assert!(group(&setup, "worker").refreshes.is_empty());
    setup.fake.clear_faults();
    let found = setup.json("rollout web api worker --image web:v2");
    assert_eq!(found["results"][0]["changed"], false, "what is done is left alone");
    assert_eq!(["web", "api", "worker"].map(|name| launches(&setup, name)), ["2", "2", "2"]);
}

#[test]
fn without_waiting_all_are_begun() {
    let (setup, ..) = three();
    let found = setup.json("rollout web api worker --image web:v2 --no-wait");
    assert_eq!(each(&found["results"], "detail"), ["begun"; 3]);
    assert_eq!(setup.fake.count("StartInstanceRefresh"), 3);
}

#[test]
fn a_group_is_checked_again_when_its_turn_comes() {
    let (setup, ..) = three();
    setup.world().refresh_takes = seconds(600);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web api --image web:v2 -o json"));
        setup.until("StartInstanceRefresh", 1);
        setup.world().refresh_takes = seconds(6000);
        autoscaling(&setup, "StartInstanceRefresh", &[("AutoScalingGroupName", "api")]);
        setup.world().advance(seconds(600));
        run.join().unwrap()
    });
    let ran = ran.ended(3);
    let found = ran.json();
    assert_eq!(each(&found["results"], "status"), ["done", "failed"]);
    assert_eq!(found["results"][1]["error"]["code"], "InstanceRefreshInProgress");
    assert_eq!((&found["results"][1]["changed"], group(&setup, "api").refreshes.len()), (&json!(false), 1));
}

#[test]
fn each_group_has_its_own_time() {
    let (setup, ..) = three();
    // A refresh is seen to be over after 4 to 6 seconds: two of them take longer than the time of one.
    setup.world().refresh_takes = seconds(3);
    setup.run("rollout web api --image web:v2 --timeout 8s").ended(0);
}

#[test]
fn the_time_of_one_group_ends_the_run() {
    let (setup, ..) = three();
    setup.world().refresh_takes = seconds(600);
    let ran = setup.run("rollout web api worker --image web:v2 --timeout 1s -o json").ended(5);
    assert_eq!(each(&ran.json()["results"], "status"), ["failed", "skipped", "skipped"]);
    assert!(group(&setup, "api").refreshes.is_empty());
}
