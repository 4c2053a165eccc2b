//! `rollout`: other groups on `$Latest` of the same template do not get the new version by themselves.

use serde_json::json;

use super::{autoscaling, changes, following, group, launches, run_by};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, each, seconds};

/// The groups `web` and `api` on the newest version of one template.
fn two() -> (Setup, String, String) {
    let (setup, first, second) = following("$Latest");
    setup.world().auto_scaling_group(PROD, EAST, "api").launch_template("web", "$Latest").running(&["1"]).put();
    (setup, first, second)
}

/// Two groups on the newest version of a template that takes its image from an alias.
fn two_by_parameter(version: &str) -> (Setup, String) {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &first);
    let data = [("ImageId", "resolve:ssm:/amictl/web/prod"), ("InstanceType", "t3.micro")];
    setup.world().launch_template(PROD, EAST, "web").version(&data).put();
    for name in ["web", "api"] {
        setup.world().auto_scaling_group(PROD, EAST, name).launch_template("web", version).running(&["1"]).put();
    }
    (setup, first)
}

/// The groups and versions of all pins, in their order.
fn pins(setup: &Setup) -> Vec<(String, String)> {
    let calls = setup.calls("UpdateAutoScalingGroup").into_iter();
    calls
        .map(|call| (call.params["AutoScalingGroupName"].clone(), call.params["LaunchTemplate.Version"].clone()))
        .collect()
}

fn pinned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(group, version)| ((*group).to_owned(), (*version).to_owned())).collect()
}

#[test]
fn all_groups_are_pinned_before_a_version_is_made() {
    let (setup, _, second) = two();
    setup.world().refresh_takes = seconds(600);
    setup.run("rollout web api --image web:v2 --no-wait").ended(0);
    let pin = "UpdateAutoScalingGroup";
    let order = [pin, pin, "CreateLaunchTemplateVersion", "StartInstanceRefresh", "StartInstanceRefresh"];
    assert_eq!(
        (changes(&setup), pins(&setup)),
        (order.map(str::to_owned).into(), pinned(&[("web", "1"), ("api", "1")]))
    );
    setup.world().advance(seconds(2000));
    setup.run("wait --group web").ended(0);
    assert_eq!((run_by(&setup, "api"), launches(&setup, "api")), (vec![second], "2".to_owned()));
}

#[test]
fn a_group_whose_turn_does_not_come_stays_where_it_was_and_is_told() {
    let (setup, first, _) = two();
    setup.world().fail_next_refresh = Some("a reason".to_owned());
    let ran = setup.run("rollout web api --image web:v2 -o json").ended(3);
    let found = ran.json();
    assert_eq!(each(&found["results"], "status"), ["failed", "skipped"]);
    let row = &found["results"][1];
    let detail = "pinned to version 1 already and no longer follows $Latest";
    assert_eq!((&row["changed"], &row["detail"]), (&json!(true), &json!(detail)));
    assert_eq!((launches(&setup, "api").as_str(), run_by(&setup, "api")), ("1", vec![first]));
    ran.says(&[
        &format!("api: not begun, but {detail}"),
        "--auto-scaling-group-name api",
        "launches the newest version",
    ]);
}

#[test]
fn what_fails_in_the_second_turn_is_brought_back_to_what_was_in_force() {
    let (setup, first, second) = two();
    setup.world().refresh_takes = seconds(600);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web api --image web:v2 -o json"));
        setup.until("StartInstanceRefresh", 1);
        setup.world().fail_next_refresh = Some("a reason".to_owned());
        setup.world().refresh_takes = seconds(0);
        setup.world().advance(seconds(700));
        run.join().unwrap().ended(3)
    });
    assert_eq!(each(&ran.json()["results"], "status"), ["done", "failed"]);
    assert_eq!((run_by(&setup, "web"), run_by(&setup, "api")), (vec![second.clone(), second], vec![first]));
    assert_eq!(launches(&setup, "api"), "1");
}

#[test]
fn groups_that_nobody_named_are_a_refusal() {
    let (setup, first, _) = two();
    setup.world().auto_scaling_group(PROD, EAST, "stays").launch_template("web", "$Default").put();
    for line in ["rollout web --image web:v2", "rollout web --image web:v2 --dry-run"] {
        let error = setup.run(&format!("{line} -o json")).ended(4).error();
        assert_eq!(error["code"], "FollowersOfLatest", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("groups on $Latest: api") && !message.contains("stays"), "{message}");
        setup.unchanged();
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("pin them to version 1"), "{hint}");
        assert!(hint.ends_with("amictl rollout web api --image web:v2 --region us-east-1"), "{hint}");
    }
    // Nothing is made for a version that is there.
    setup.world().launch_template(PROD, EAST, "other").image(&first).image(&first).put();
    for (name, version) in [("one", "1"), ("two", "$Latest")] {
        setup.world().auto_scaling_group(PROD, EAST, name).launch_template("other", version).running(&["1"]).put();
    }
    setup.run("rollout one --template-version 2").ended(0);
    setup.run("rollout web api --image web:v2").ended(0);
}

#[test]
fn overrides_on_latest_are_followers_too() {
    let (setup, first, _) = following("1");
    setup.world().launch_template(PROD, EAST, "base").image(&first).put();
    let mut world = setup.world();
    world.auto_scaling_group(PROD, EAST, "mixed").mixed("base", "1").override_template("web", "$Latest").put();
    drop(world);
    setup.run("rollout web --image web:v2").ended(4).says(&["groups on $Latest: mixed"]);
    setup.unchanged();
}

#[test]
fn the_version_of_a_pin_is_launched_by_nobody_else() {
    let (setup, first) = two_by_parameter("$Latest");
    setup.run("rollout web --image web:v2").ended(4).says(&["groups on $Latest: api"]);
    setup.unchanged();
    setup.run("rollout web api --image web:v2").ended(0);
    let order = [("web", "1"), ("api", "1"), ("web", "2"), ("api", "2")];
    assert_eq!(pins(&setup), pinned(&order), "to the number in force, then to what the instances run");
    assert_eq!(
        changes(&setup)[..3],
        ["UpdateAutoScalingGroup", "UpdateAutoScalingGroup", "CreateLaunchTemplateVersion"]
    );
    let world = setup.world();
    let template = world.templates(PROD, EAST).next().unwrap();
    assert_eq!((template.versions.len(), template.versions[&2].data.0["ImageId"].as_str()), (3, first.as_str()));
    drop(world);
    // A group by number follows the alias alone.
    let (setup, _) = two_by_parameter("1");
    setup.run("rollout web --image web:v2").ended(0);
    assert_eq!((pins(&setup), launches(&setup, "api")), (pinned(&[("web", "2")]), "1".to_owned()));
}

#[test]
fn a_pin_that_fails_makes_no_version() {
    let (setup, ..) = two();
    setup.fake.fault(Fault::error("UpdateAutoScalingGroup", "AccessDenied", "No.").matching("api"));
    let ran = setup.run("rollout web api --image web:v2 -o json").ended(3);
    let found = ran.json();
    assert_eq!(each(&found["results"], "status"), ["skipped", "failed"]);
    assert_eq!((&found["results"][0]["changed"], &found["results"][1]["changed"]), (&json!(true), &json!(false)));
    assert_eq!(ran.error()["code"], "AccessDenied");
    ran.says(&["web: not begun, but pinned to version 1 already"]);
    assert_eq!(setup.fake.count("CreateLaunchTemplateVersion") + setup.fake.count("StartInstanceRefresh"), 0);
}

#[test]
fn a_group_that_somebody_lets_follow_again_meanwhile_is_refused() {
    let (setup, ..) = two();
    setup.world().refresh_takes = seconds(600);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web api --image web:v2 -o json"));
        setup.until("StartInstanceRefresh", 1);
        let params = [
            ("AutoScalingGroupName", "api"),
            ("LaunchTemplate.LaunchTemplateName", "web"),
            ("LaunchTemplate.Version", "$Latest"),
        ];
        autoscaling(&setup, "UpdateAutoScalingGroup", &params);
        setup.world().advance(seconds(700));
        run.join().unwrap().ended(3)
    });
    let error = &ran.json()["results"][1]["error"];
    assert_eq!(error["code"], "ConcurrentChange");
    assert_eq!(error["message"], "group api: it follows $Latest now, after all groups were pinned");
    assert!(group(&setup, "api").refreshes.is_empty());
}
