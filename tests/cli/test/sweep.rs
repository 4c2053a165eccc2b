//! `test --sweep`: ends and starts again what killed runs left, and nothing else.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, refused, seconds};

const RUN: &str = "0123456789abcdef0123456789abcdef";
const TWO: &str = "--region us-east-1,us-west-2";

fn minutes_ago(minutes: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::minutes(minutes)
}

pub fn state(setup: &Setup, id: &str) -> String {
    let world = setup.world();
    world.find_instance(id).unwrap().state(world.now()).to_owned()
}

/// An expired test instance; gives its id.
fn expired(setup: &Setup, region: &str) -> String {
    setup.world().instance(PROD, region).boot_test(RUN, minutes_ago(1)).put()
}

/// Instance, action, status and code of every row.
#[track_caller]
pub fn rows(report: &Value) -> Vec<(String, String, String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("-").to_owned();
    let row = |row: &Value| {
        let code = row["error"]["code"].as_str().unwrap_or("-").to_owned();
        (text(row, "instance_id"), text(row, "action"), text(row, "status"), code)
    };
    report["results"].as_array().unwrap_or_else(|| panic!("{report}")).iter().map(row).collect()
}

pub fn row(id: &str, action: &str, status: &str, code: &str) -> (String, String, String, String) {
    (id.to_owned(), action.to_owned(), status.to_owned(), code.to_owned())
}

#[test]
fn expired_test_instances_end_in_all_places_and_nothing_else_does() {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "web-v1-2026-01-02").put();
    let gone = world.instance(PROD, EAST).image(&image).tag("Name", "amictl-test").boot_test(RUN, minutes_ago(1)).put();
    let going = world.instance(PROD, EAST).boot_test(RUN, minutes_ago(-5)).put();
    let copied = world.instance(PROD, EAST).boot_test(RUN, minutes_ago(1)).token(&format!("golden-{RUN}-0")).put();
    let endless = world.instance(PROD, EAST).tag("amictl:test", RUN).put();
    let broken = world.instance(PROD, EAST).boot_test(RUN, minutes_ago(1)).tag("amictl:expires", "soon").put();
    let plain = world.instance(PROD, EAST).tag("amictl:expires", "2020-01-01T00:00:00Z").put();
    let ended = world.instance(PROD, EAST).boot_test(RUN, minutes_ago(1)).state("terminated").put();
    let west = world.instance(PROD, WEST).boot_test(RUN, minutes_ago(1)).state("stopped").put();
    let elsewhere = world.instance(PROD, "eu-west-1").boot_test(RUN, minutes_ago(1)).put();
    let foreign = world.instance(OTHER, EAST).boot_test(RUN, minutes_ago(1)).put();
    world.shutdown_for = seconds(3);
    drop(world);
    let report = setup.json(&format!("test --sweep {TWO}"));
    let mut found = rows(&report);
    let mut wanted = [
        row(&gone, "terminate", "done", "-"),
        row(&going, "terminate", "skipped", "NotExpired"),
        row(&copied, "terminate", "skipped", "NotOurs"),
        row(&endless, "terminate", "skipped", "NoExpiry"),
        row(&broken, "terminate", "skipped", "UnreadableExpiry"),
        row(&west, "terminate", "done", "-"),
    ];
    wanted[..5].sort();
    found[..5].sort();
    assert_eq!(found, wanted);
    let first = report["results"].as_array().unwrap().iter().find(|row| row["instance_id"] == gone.as_str()).unwrap();
    assert_eq!((&first["account"], &first["region"], &first["image_id"]), (&json!(PROD), &json!(EAST), &json!(image)));
    assert_eq!(
        (&first["name"], &first["changed"], &first["pattern"]),
        (&json!("amictl-test"), &json!(true), &Value::Null)
    );
    assert_eq!(
        (&report["kind"], &report["summary"]),
        (&json!("report"), &json!({"done": 2, "failed": 0, "skipped": 4}))
    );
    assert_eq!((state(&setup, &gone), state(&setup, &west)), ("terminated".into(), "terminated".into()));
    for id in [&going, &copied, &endless, &broken, &plain, &foreign] {
        assert_eq!(state(&setup, id), "running");
    }
    assert_eq!(state(&setup, &elsewhere), "running");
    assert_eq!((setup.changes().len(), state(&setup, &ended)), (2, "terminated".to_owned()));
}

#[test]
fn nothing_to_do_is_said() {
    let setup = Setup::new();
    setup.world().instance(PROD, EAST).put();
    let ran = setup.run("test --sweep").ended(0).says(&["no killed run left an instance"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(setup.json("test --sweep")["results"], json!([]));
    setup.unchanged();
}

#[test]
fn a_dry_run_shows_what_would_be_done_and_tries_the_permission() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    let ran = setup.run("test --sweep --dry-run -o json").ended(0).says(&["dry run: nothing was changed"]);
    let report = ran.json();
    assert_eq!(rows(&report), [row(&id, "terminate", "done", "-")]);
    assert_eq!(report["results"][0]["changed"], false);
    assert_eq!(report["results"][0]["detail"], "dry run: it would be terminated");
    assert_eq!(setup.outcomes("TerminateInstances"), [refused("DryRunOperation")]);
    setup.unchanged();
    setup.fake.fault(Fault::error("TerminateInstances", "UnauthorizedOperation", "no"));
    let ran = setup.run("test --sweep --dry-run -o json").ended(1);
    assert_eq!(rows(&ran.json()), [row(&id, "terminate", "failed", "UnauthorizedOperation")]);
    setup.unchanged();
}

#[test]
fn an_instance_is_looked_at_again_right_before() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    // The answer to the first look comes late: meanwhile somebody wants to keep it.
    setup.fake.fault(Fault::on("DescribeInstances", FaultKind::Latency(seconds(2))).times(1));
    let process = setup.process("test --sweep -o json").spawn().unwrap();
    setup.until("DescribeInstances", 1);
    let later = (Utc::now() + TimeDelta::hours(1)).to_rfc3339();
    setup.world().instance_mut(&id).tags.insert("amictl:expires".to_owned(), later);
    let output = process.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), rows(&report)), (Some(0), vec![row(&id, "terminate", "skipped", "NotExpired")]));
    setup.unchanged();
}

#[test]
fn a_lost_answer_ends_it_once() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    setup.fake.fault(Fault::on("TerminateInstances", FaultKind::ResetAfter).times(1));
    assert_eq!(rows(&setup.json("test --sweep")), [row(&id, "terminate", "done", "-")]);
    assert_eq!(state(&setup, &id), "terminated");
}

#[test]
fn one_that_cannot_be_ended_is_said_with_the_way_out_and_the_others_end() {
    let setup = Setup::new();
    let ids = [expired(&setup, EAST), expired(&setup, EAST)];
    let words =
        "The instance may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.";
    setup.fake.fault(Fault::error("TerminateInstances", "OperationNotPermitted", words).matching(&ids[0]));
    let ran = setup.run("test --sweep -o json").ended(3);
    let mut found = rows(&ran.json());
    found.sort();
    let mut wanted =
        [row(&ids[0], "terminate", "failed", "OperationNotPermitted"), row(&ids[1], "terminate", "done", "-")];
    wanted.sort();
    assert_eq!(found, wanted);
    let line = format!("--region us-east-1 --instance-id {} --no-disable-api-termination", ids[0]);
    let ran = ran.says(&[&line, "1 done, 1 failed, 0 skipped"]);
    assert!(ran.error()["hint"].as_str().unwrap().contains("amictl test --sweep --region us-east-1"), "{}", ran.stderr);
    // Alone, it is a failure.
    let ran = setup.run("test --sweep -o json").ended(1);
    assert_eq!(ran.error()["code"], "OperationNotPermitted");
    assert_eq!((state(&setup, &ids[0]), state(&setup, &ids[1])), ("running".into(), "terminated".into()));
}

#[test]
fn a_place_that_cannot_be_read_is_an_error_and_the_others_are_swept() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    setup.fake.fault(Fault::error("DescribeInstances", "UnauthorizedOperation", "no").in_region(WEST));
    let ran = setup.run(&format!("test --sweep {TWO} -o json")).ended(3);
    let report = ran.json();
    assert_eq!(rows(&report), [row(&id, "terminate", "done", "-")]);
    assert_eq!(
        (&report["errors"][0]["region"], &report["errors"][0]["code"]),
        (&json!(WEST), &json!("UnauthorizedOperation"))
    );
    assert_eq!(ran.error()["code"], "PartialRun");
    let ran = setup.run("test --sweep --region us-west-2 -o json").ended(1);
    assert_eq!((ran.error()["code"].as_str(), ran.stdout.as_str()), (Some("UnauthorizedOperation"), ""));
    setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
    let roles = format!("--role-arn arn:aws:iam::{PROD}:role/ami --role-arn arn:aws:iam::{OTHER}:role/ami");
    let ran = setup.run(&format!("test --sweep {roles} -o json")).ended(3);
    assert_eq!(ran.json()["errors"][0]["account"], OTHER);
}

#[test]
fn all_accounts_of_the_run_are_swept() {
    let setup = Setup::new();
    let here = expired(&setup, EAST);
    let there = setup.world().instance(OTHER, EAST).boot_test(RUN, minutes_ago(1)).put();
    let roles = format!("--role-arn arn:aws:iam::{PROD}:role/ami --role-arn arn:aws:iam::{OTHER}:role/ami");
    let report = setup.json(&format!("test --sweep {roles}"));
    assert_eq!(rows(&report), [row(&here, "terminate", "done", "-"), row(&there, "terminate", "done", "-")]);
    assert_eq!([&report["results"][0]["account"], &report["results"][1]["account"]], [PROD, OTHER]);
}

#[test]
fn ctrl_c_ends_the_wait_and_says_what_was_seen() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    setup.world().shutdown_for = seconds(600);
    let process = setup.process("test --sweep -o json").spawn().unwrap();
    setup.until("TerminateInstances", 1);
    let asked = setup.fake.count("DescribeInstances");
    setup.until("DescribeInstances", asked + 1);
    let begun = Instant::now();
    let kill = std::process::Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = process.wait_with_output().unwrap();
    assert!(begun.elapsed() < seconds(20));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows(&report), [row(&id, "terminate", "failed", "NotTerminated")], "{stderr}");
    assert!(stderr.contains("interrupted: it is shutting-down") && stderr.contains("amictl test --sweep"), "{stderr}");
}

#[test]
fn ctrl_c_drops_no_termination_that_is_under_way() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    setup.fake.fault(Fault::on("TerminateInstances", FaultKind::Latency(seconds(2))));
    let process = setup.process("test --sweep -o json").spawn().unwrap();
    setup.until("TerminateInstances", 1);
    let kill = std::process::Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = process.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(rows(&report), [row(&id, "terminate", "failed", "NotTerminated")], "{stderr}");
    assert!(stdout.contains("interrupted: EC2 was asked to terminate it"), "{stdout}");
    assert_eq!(state(&setup, &id), "terminated");
}

#[test]
fn every_format_has_the_rows() {
    let setup = Setup::new();
    let id = expired(&setup, EAST);
    let ran = setup.run("test --sweep").ended(0);
    assert!(
        ran.stdout.contains("RESULT") && ran.stdout.contains(&id) && ran.stdout.contains("terminated"),
        "{}",
        ran.stdout
    );
    let id = expired(&setup, EAST);
    assert_eq!(setup.run("test --sweep -o ids").ended(0).lines(), [id]);
    let id = expired(&setup, EAST);
    let ran = setup.run("test --sweep -o csv").ended(0);
    assert_eq!(ran.lines()[0], "account,region,instance_id,image_id,name,action,status,error,changed,detail");
    assert!(ran.lines()[1].starts_with(&format!("{PROD},{EAST},{id},ami-")), "{}", ran.stdout);
    let id = expired(&setup, EAST);
    assert!(setup.run("test --sweep -o markdown").ended(0).stdout.contains(&format!("| {id}")));
    let id = expired(&setup, EAST);
    let line: Value = serde_json::from_str(&setup.run("test --sweep -o jsonl").ended(0).stdout).unwrap();
    assert_eq!(line["instance_id"], id);
}

#[test]
fn a_test_that_runs_is_use_and_says_that_it_is_one() {
    let setup = Setup::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().instance(PROD, EAST).image(&image).boot_test(RUN, minutes_ago(1)).put();
    setup.run(&format!("deregister {image} --yes")).ended(4).says(&["a boot test", "amictl test --sweep"]);
    setup.run("test --sweep").ended(0);
    setup.run(&format!("deregister {image} --yes")).ended(0);
}
