//! Runs that a platform starts: their id, and the deadline at which it ends them.

use serde_json::Value;

use crate::cli::Amictl;
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

const RUN: &str = "0123456789abcdef0123456789abcdef";

/// The binary that the platform ends so many seconds from now.
fn ended_in(setup: &Setup, left: i64) -> Amictl {
    let moment = chrono::Utc::now().timestamp_millis() + left * 1000;
    setup.amictl().env("AMICTL_DEADLINE", moment.to_string())
}

#[test]
fn a_wait_ends_as_a_wait_before_the_deadline() {
    for timeout in ["", " --timeout 1h"] {
        let setup = Setup::new();
        let id = setup.world().instance(PROD, EAST).put();
        setup.world().pending_for = seconds(600);
        let ran = ended_in(&setup, 32).run(&format!("create web --instance {id} -o json{timeout}")).ended(5);
        let error = ran.error();
        assert_eq!(error["code"], "Timeout");
        assert!(!ran.stderr.contains("the deadline of this run"), "{}", ran.stderr);
        setup.world().advance(seconds(600));
        let wait = error["hint"].as_str().unwrap().split_once("amictl ").unwrap().1.to_owned();
        assert_eq!(setup.json(&wait)["images"][0]["state"], "available");
    }
}

#[test]
fn a_shorter_timeout_stays() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    let begun = std::time::Instant::now();
    ended_in(&setup, 900).run(&format!("create web --instance {id} --timeout 1s")).ended(5);
    assert!(begun.elapsed() < seconds(60), "{:?}", begun.elapsed());
}

#[test]
fn near_the_deadline_a_deletion_stops_and_reports_what_is_left() {
    let setup = Setup::new();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 200);
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(seconds(3))));
    let line = format!("deregister {} --yes -o json", ids.join(" "));
    let ran = ended_in(&setup, 28).run(&line).ended(130).says(&["stopping: the deadline of this run is near"]);
    assert_eq!(ran.error()["code"], "Interrupted");
    let report = ran.json();
    let rows = report["results"].as_array().unwrap().iter();
    let done = rows.filter(|row| row["status"] == "done").map(|row| row["image_id"].as_str().unwrap());
    let done: Vec<_> = done.collect();
    assert!(!done.is_empty() && done.len() < 200, "{}", done.len());
    for id in &ids {
        let gone = setup.world().find_image(id).is_none();
        assert_eq!(gone, done.contains(&id.as_str()), "{id}: {report}");
    }
}

#[test]
fn after_the_deadline_nothing_is_begun() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    for left in [19, 0, -3600] {
        let line = format!("deregister {id} --yes -o json");
        let ran = ended_in(&setup, left).run(&line).ended(130).says(&["the deadline of this run is near"]);
        assert_eq!((ran.stdout.as_str(), &ran.error()["code"]), ("", &Value::from("Interrupted")));
    }
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn the_id_of_the_run_is_in_tags_and_journal() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    let made = setup.amictl().env("AMICTL_RUN_ID", RUN).run(&format!("create web --instance {id} -o ids")).ended(0);
    let image = made.stdout.trim();
    assert_eq!(setup.image(image).tags["amictl:run"], RUN);
    let ran = setup.amictl().env("AMICTL_RUN_ID", RUN).run(&format!("deregister {image} --yes --journal -")).ended(0);
    assert!(ran.stderr.contains(&format!("\"run\":\"{RUN}\"")), "{}", ran.stderr);
}

#[test]
fn without_one_from_outside_each_run_has_its_own_id() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    let mut ids = [0, 1].map(|_| {
        let made = setup.amictl().env("AMICTL_RUN_ID", "").run(&format!("create web --instance {id} -o ids")).ended(0);
        setup.image(made.stdout.trim()).tags["amictl:run"].clone()
    });
    ids.sort();
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| id.len() == 32), "{ids:?}");
}

#[test]
fn what_the_platform_cannot_mean_is_a_usage_error() {
    let setup = Setup::new();
    for (name, value, hint) in [
        ("AMICTL_RUN_ID", "0123456789ABCDEF0123456789ABCDEF", "32 hexadecimal digits"),
        ("AMICTL_RUN_ID", "../../etc", "32 hexadecimal digits"),
        ("AMICTL_DEADLINE", "2026-11-28T10:00:00Z", "milliseconds"),
        ("AMICTL_DEADLINE", "-5", "milliseconds"),
        ("AMICTL_DEADLINE", "1795860900", "milliseconds"),
        ("AMICTL_CONTAINED", "yes", "give 1"),
    ] {
        let error = setup.amictl().env(name, value).run("list -o json").ended(2).error();
        assert!(error["message"].as_str().unwrap().contains(name), "{error}");
        assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    }
    assert_eq!(setup.fake.calls().len(), 0);
}
