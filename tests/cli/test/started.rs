//! `test --sweep`: instances that `create --stop` left stopped run again.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::sweep::{row, rows, state};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

fn minutes_ago(minutes: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::minutes(minutes)
}

/// The tag of a run that stopped an instance two hours ago, and may work until some minutes ago.
fn mark(minutes: i64) -> String {
    let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("r1 {} until {}", stamp(minutes_ago(120)), stamp(minutes_ago(minutes)))
}

/// An instance that a run stopped, launched so many minutes ago; gives its id.
fn stopped(setup: &Setup, state: &str, mark: &str, launched: i64) -> String {
    let mut world = setup.world();
    let instance = world.instance(PROD, EAST).state(state).launched(minutes_ago(launched));
    instance.tag("amictl:stopped", mark).put()
}

fn tags(setup: &Setup, id: &str) -> usize {
    setup.world().find_instance(id).unwrap().tags.len()
}

#[test]
fn it_starts_what_a_killed_run_left_and_removes_the_tag() {
    let setup = Setup::new();
    let left = stopped(&setup, "stopped", &mark(1), 600);
    let working = stopped(&setup, "stopped", &mark(-10), 600);
    let again = stopped(&setup, "stopped", &mark(1), 60);
    let strange = stopped(&setup, "stopped", "yes", 600);
    let plain = setup.world().instance(PROD, EAST).state("stopped").put();
    setup.world().boot_for = seconds(3);
    let report = setup.json("test --sweep");
    let mut found = rows(&report);
    found.sort();
    let mut wanted = [
        row(&left, "start", "done", "-"),
        row(&working, "start", "skipped", "NotExpired"),
        row(&again, "start", "skipped", "StoppedAgain"),
        row(&strange, "start", "skipped", "UnreadableMark"),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!((state(&setup, &left), tags(&setup, &left)), ("running".to_owned(), 0));
    for id in [&working, &again, &strange, &plain] {
        assert_eq!(state(&setup, id), "stopped");
    }
    assert_eq!(setup.changes(), ["StartInstances", "DeleteTags"]);
    let report = setup.json("test --sweep");
    assert!(rows(&report).iter().all(|row| row.0 != left), "{report}");
}

#[test]
fn one_that_runs_already_only_loses_the_tag() {
    let setup = Setup::new();
    let id = stopped(&setup, "running", &mark(1), 60);
    let report = setup.json("test --sweep");
    assert_eq!(rows(&report), [row(&id, "start", "done", "-")]);
    let detail = report["results"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("it ran already"), "{detail}");
    assert_eq!((setup.changes(), tags(&setup, &id)), (vec!["DeleteTags".to_owned()], 0));
    // Stopped on purpose from now on, it stays so.
    setup.world().instance_mut(&id).phase.after = "stopped".to_owned();
    assert_eq!(rows(&setup.json("test --sweep")), []);
}

#[test]
fn one_whose_run_may_be_at_work_is_left_to_it() {
    let setup = Setup::new();
    stopped(&setup, "running", &mark(-10), 600);
    assert_eq!(rows(&setup.json("test --sweep")), []);
    setup.unchanged();
}

#[test]
fn a_dry_run_tries_the_permission() {
    let setup = Setup::new();
    let id = stopped(&setup, "stopped", &mark(1), 600);
    let report = setup.json("test --sweep --dry-run");
    assert_eq!(rows(&report), [row(&id, "start", "done", "-")]);
    assert_eq!(report["results"][0]["detail"], "dry run: it would be started");
    setup.unchanged();
}

#[test]
fn a_lost_answer_starts_it_once_and_a_refusal_is_told() {
    let setup = Setup::new();
    let id = stopped(&setup, "stopped", &mark(1), 600);
    setup.fake.fault(Fault::on("StartInstances", FaultKind::ResetAfter).times(1));
    assert_eq!(rows(&setup.json("test --sweep")), [row(&id, "start", "done", "-")]);
    let id = stopped(&setup, "stopped", &mark(1), 600);
    setup.fake.fault(Fault::error("StartInstances", "UnauthorizedOperation", "not yours"));
    let ran = setup.run("test --sweep -o json").ended(1);
    let report: Value = ran.json();
    assert_eq!(rows(&report), [row(&id, "start", "failed", "NotStartedAgain")]);
    ran.says(&["not yours", &format!("aws ec2 start-instances --region us-east-1 --instance-ids {id}")]);
    assert_eq!(tags(&setup, &id), 1, "a later run can do it");
}
