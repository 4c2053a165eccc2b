//! Deadlines: a run that does not stop is killed in time, and one without time is not begun.

use std::time::{Duration, Instant};

use super::events::event;
use super::runtime_api::Function;
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

#[test]
fn a_run_that_does_not_stop_is_killed_and_the_next_one_is_not_held_up() {
    let setup = Setup::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(seconds(90))).times(1));
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "deregister list")]);
    let begun = Instant::now();
    // A run stops by itself 20 s before; the call that it has sent keeps it.
    let request = function.send_within(Duration::from_millis(25_000), &event(&format!("deregister {image} --yes")));
    let ended = function.end_of(&request);
    assert_eq!(ended.error_type.as_deref(), Some("Deadline"), "{}", ended.body);
    let message = ended.body["errorMessage"].as_str().unwrap();
    for word in ["was killed 2 s before the deadline", "may have changed something", "amictl restore --journal FILE"] {
        assert!(message.contains(word), "{word}: {message}");
    }
    let took = begun.elapsed();
    assert!((seconds(22)..seconds(25)).contains(&took), "{took:?}");
    assert!(function.children().is_empty());
    assert_eq!(function.answer(&event("list"))["summary"]["images"], 0);
    function.log();
}

#[test]
fn without_time_nothing_is_begun() {
    let setup = Setup::new();
    let mut function = Function::start(&setup, &[]);
    let request = function.send_within(seconds(1), &event("list"));
    let ended = function.end_of(&request);
    assert_eq!(ended.error_type.as_deref(), Some("Deadline"));
    assert!(ended.body["errorMessage"].as_str().unwrap().contains("nothing was begun"), "{}", ended.body);
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn a_run_stops_by_itself_before_the_deadline() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "create")]);
    // Less is left than a run keeps for its report.
    let request = function.send_within(seconds(10), &event(&format!("create web --instance {instance}")));
    let ended = function.end_of(&request);
    assert_eq!(ended.error_type.as_deref(), Some("Exit130"), "{}", ended.body);
    let message = ended.body["errorMessage"].as_str().unwrap();
    assert!(message.contains("\nhint: a run needs more than 20 s"), "{message}");
    assert!(message.starts_with("the deadline of this run came before it was done: nothing was changed"), "{message}");
    setup.unchanged();
    let request = function.send_within(seconds(26), &event(&format!("create web --instance {instance}")));
    let ended = function.end_of(&request);
    assert_eq!(ended.error_type.as_deref(), Some("Exit5"), "{}", ended.body);
    let message = ended.body["errorMessage"].as_str().unwrap();
    let wait = message.split_once("amictl wait").unwrap_or_else(|| panic!("{message}")).1.to_owned();
    setup.world().advance(seconds(600));
    assert_eq!(setup.json(&format!("wait{wait}"))["images"][0]["state"], "available");
    function.log();
}

#[test]
fn what_the_deadline_stops_is_not_called_interrupted() {
    let setup = Setup::new();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(90))));
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "list permissions")]);
    let request = function.send_within(seconds(22), &event("list"));
    let ended = function.end_of(&request);
    assert_eq!(ended.error_type.as_deref(), Some("Exit130"), "{}", ended.body);
    let message = ended.body["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("the deadline of this run came before it was done: nothing was changed"), "{message}");
    for word in ["a longer timeout, up to 900 s", "a VPC without a NAT gateway"] {
        assert!(message.contains(word), "{word}: {message}");
    }
    // What calls nothing needs no time for its end.
    let request = function.send_within(seconds(10), &event("permissions list"));
    let ended = function.end_of(&request);
    assert_eq!((ended.error_type, &ended.body["summary"]), (None, &serde_json::json!({"document": 1})));
    function.log();
}
