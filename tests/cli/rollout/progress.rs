//! `rollout` and `wait --group` over time: lines, time that runs out, Ctrl-C.

use std::process::Command;

use serde_json::json;

use super::{following, group, launches, ready};
use crate::fake::{Fault, FaultKind};
use crate::setup::{Setup, each, seconds};
#[cfg(unix)]
use crate::shared::terminal;

#[test]
fn each_status_is_a_line_with_what_is_left() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(600);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run("rollout web --image web:v2 --bake 100s"));
        for (looks, ahead) in [(2, 350), (3, 300), (4, 100)] {
            setup.until("DescribeInstanceRefreshes", looks);
            setup.world().advance(seconds(ahead));
        }
        run.join().unwrap().ended(0)
    });
    let said: Vec<_> = ran.stderr.lines().filter(|line| line.starts_with("web: ") && line.contains('%')).collect();
    let expected = [
        "web: Pending, 0%, 2 instances to update",
        "web: InProgress, 50%, 1 instance to update",
        "web: Baking, 100%, 0 instances to update",
        "web: Successful, 100%, 0 instances to update",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_checkpoint_holds_it() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(100);
    setup.run("rollout web --image web:v2 --no-wait --checkpoint 50,100 --checkpoint-delay 1h").ended(0);
    setup.world().advance(seconds(3000));
    setup.run("wait --group web --timeout 1s").ended(5).says(&["InProgress, 50%, 1 instance to update"]);
    setup.world().advance(seconds(1000));
    setup.run("wait --group web").ended(0);
}

#[test]
fn when_the_time_is_over_the_line_that_is_printed_resumes() {
    let (setup, ..) = following("$Latest");
    setup.world().refresh_takes = seconds(600);
    let ran = setup.run("rollout web --image web:v2 --timeout 1s -o json").ended(5);
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit_code"]), (&json!("Timeout"), &json!(5)));
    let row = &ran.json()["results"][0];
    assert_eq!(
        (&row["status"], &row["error"]["code"], &row["changed"]),
        (&json!("failed"), &json!("Timeout"), &json!(true))
    );
    let hint = error["hint"].as_str().unwrap();
    for line in ["amictl rollout web --cancel --region us-east-1", "amictl rollout web --rollback --region us-east-1"] {
        assert!(hint.contains(line), "{hint}");
    }
    let wait = hint.split_once("wait for it with: amictl ").unwrap().1.split_once(';').unwrap().0;
    assert_eq!(wait, "wait --group web --region us-east-1");
    setup.world().advance(seconds(600));
    setup.fake.forget_calls();
    let found = setup.json(wait);
    let row = &found["results"][0];
    assert_eq!((&row["refresh_id"], &row["template_version"]), (&ran.json()["results"][0]["refresh_id"], &json!(2)));
    assert_eq!((&row["status"], &row["changed"], &row["image_id"]), (&json!("done"), &json!(false), &json!(null)));
    setup.unchanged();
    assert_eq!(launches(&setup, "web"), "2");
}

#[test]
fn wait_tells_how_the_last_refresh_ended() {
    let (setup, ..) = ready();
    setup.run("wait --group web").ended(1).says(&["has had no instance refresh"]);
    setup.world().fail_next_refresh = Some("a reason".to_owned());
    setup.run("rollout web --image web:v2").ended(1);
    let ran = setup.run("wait --group web -o json").ended(1);
    assert_eq!((&ran.error()["code"], each(&ran.json()["results"], "status")), (&json!("RolledBack"), vec!["failed"]));
    setup.run("rollout web --image web:v2").ended(0);
    setup.run("wait --group web").ended(0);
}

#[test]
fn wait_takes_the_refresh_that_is_under_way_and_has_not_begun() {
    let (setup, ..) = ready();
    setup.run("rollout web --image web:v2").ended(0);
    setup.world().refresh_takes = seconds(6000);
    let begun = setup.json("rollout web --template-version 1 --no-wait");
    let ran = setup.run("wait --group web --timeout 1s -o json").ended(5).says(&["Pending"]);
    assert_eq!(ran.json()["results"][0]["refresh_id"], begun["results"][0]["refresh_id"]);
}

/// Stops a run with Ctrl-C; gives its exit code, stdout and stderr.
#[cfg(unix)]
fn interrupted(setup: &Setup, line: &str, looks: usize) -> (Option<i32>, String, String) {
    let process = setup.process(line).spawn().unwrap();
    setup.until("DescribeInstanceRefreshes", looks);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_refresh_running_and_says_how_to_go_on() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(600);
    let (code, stdout, stderr) = interrupted(&setup, "rollout web --image web:v2 -o json", 2);
    assert_eq!(code, Some(130), "{stderr}");
    let row = &serde_json::from_str::<serde_json::Value>(&stdout).unwrap()["results"][0];
    assert_eq!(
        (&row["status"], &row["error"]["code"], &row["changed"]),
        (&json!("failed"), &json!("Interrupted"), &json!(true))
    );
    for line in ["amictl wait --group web", "amictl rollout web --cancel", "amictl rollout web --rollback"] {
        assert!(stderr.contains(line), "{stderr}");
    }
    assert!(setup.fake.count("CancelInstanceRefresh") == 0 && row["refresh_id"].is_string());
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_it_begins_leaves_nothing_unreported() {
    let (setup, ..) = following("$Latest");
    setup.world().refresh_takes = seconds(600);
    setup.fake.fault(Fault::on("StartInstanceRefresh", FaultKind::Latency(seconds(2))));
    let process = setup.process("rollout web --image web:v2 -o json").spawn().unwrap();
    setup.until("CreateLaunchTemplateVersion", 1);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let begun = group(&setup, "web").refreshes;
    assert_eq!((begun.len(), &found["results"][0]["refresh_id"]), (1, &json!(begun[0].id)));
    assert_eq!(found["results"][0]["template_version"], 2);
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_percent_and_instances_on_a_bar() {
    let (setup, ..) = ready();
    setup.world().refresh_takes = seconds(600);
    let (code, text) = std::thread::scope(|scope| {
        let run = scope.spawn(|| terminal::run(&setup, 140, "", "rollout web --image web:v2", &[]));
        setup.until("DescribeInstanceRefreshes", 2);
        setup.world().advance(seconds(350));
        setup.until("DescribeInstanceRefreshes", 3);
        setup.world().advance(seconds(300));
        run.join().unwrap()
    });
    let seen = terminal::seen(&text);
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains(" 50% InProgress, 1 instance to update"), "{seen}");
    assert!(!seen.contains("web: InProgress"), "{seen}");
}
