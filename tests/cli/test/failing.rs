//! Boot tests that fail, that come to no verdict, and instances that do not end.

use serde_json::Value;

use super::{expire, only, ready, states};
use crate::fake::{BadBoot, Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, each, seconds};

/// An endpoint with an image that boots badly; gives its id.
fn bad(how: BadBoot) -> (Setup, String) {
    let setup = ready();
    let id = setup.world().image(PROD, EAST, "bad-v1-2026-01-02").put();
    setup.world().bad_boots.insert(id.clone(), how);
    (setup, id)
}

fn ends() -> BadBoot {
    BadBoot::Ends("Client.VolumeLimitExceeded".to_owned(), "Volume limit exceeded".to_owned())
}

#[test]
fn checks_that_never_pass_are_a_failure_with_the_end_of_the_console() {
    let (setup, id) = bad(BadBoot::Impaired);
    let lines: Vec<String> = (1..=60).map(|n| format!("line {n}\r\n")).collect();
    setup.world().consoles.insert(id.clone(), lines.concat() + "panic: \u{1b}[31mno root\r\n");
    let ran = setup.run("test bad --type t3.micro --timeout 2s -o json").ended(1);
    let report = ran.json();
    let test = &report["tests"][0];
    assert_eq!((&test["verdict"], &test["terminated"], &test["error"]), (&"failed".into(), &true.into(), &Value::Null));
    assert_eq!(each(&test["checks"], "what"), ["system", "instance", "EBS"]);
    let detail = "impaired (reachability failed) after 2s";
    assert_eq!(each(&test["checks"], "detail"), ["ok", detail, "ok"]);
    let tail = test["console_tail"].as_str().unwrap();
    assert_eq!(tail.lines().count(), 40);
    assert!(tail.starts_with("line 22\n") && tail.ends_with("panic: \u{1b}[31mno root"), "{tail}");
    assert_eq!(ran.error()["code"], "TestFailed");
    assert!(ran.error()["message"].as_str().unwrap().contains(&format!("status instance: {detail}")), "{}", ran.stderr);
    assert_eq!(states(&setup), ["terminated"]);
    assert!(setup.image(&id).tags["amictl:tested"].starts_with("failed "));
}

#[test]
fn on_xen_the_latest_console_is_not_asked_for() {
    let (setup, _) = bad(BadBoot::Impaired);
    let report = setup.run("test bad --type t2.micro --timeout 1s -o json").ended(1).json();
    assert!(report["tests"][0]["console_tail"].as_str().unwrap().contains("login:"), "{report}");
    let asked = setup.calls("GetConsoleOutput");
    assert!(asked.len() == 1 && !asked[0].params.contains_key("Latest"), "{asked:?}");
}

#[test]
fn a_console_that_cannot_be_read_is_said_and_nothing_else_suffers() {
    let (setup, _) = bad(BadBoot::Impaired);
    setup.fake.fault(Fault::error("GetConsoleOutput", "UnauthorizedOperation", "no"));
    let ran = setup.run("test bad --type t3.micro --timeout 1s -o json").ended(1).says(&["no console output"]);
    let report = ran.json();
    assert_eq!((&report["tests"][0]["verdict"], &report["tests"][0]["console_tail"]), (&"failed".into(), &Value::Null));
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn an_instance_that_ends_by_itself_is_a_failure_with_the_reason() {
    let (setup, _) = bad(ends());
    let ran = setup.run("test bad --type t3.micro -o json").ended(1);
    let report = ran.json();
    let test = &report["tests"][0];
    assert_eq!(each(&test["checks"], "detail"), ["terminated: Client.VolumeLimitExceeded: Volume limit exceeded"]);
    assert_eq!((&test["verdict"], &test["terminated"]), (&"failed".into(), &true.into()));
}

#[test]
fn a_launch_that_is_refused_is_no_verdict() {
    let setup = ready();
    let image = setup.world().image_named(PROD, EAST, "web-v1-2026-01-02").unwrap().id.clone();
    setup.world().no_capacity.insert("t3.micro".to_owned());
    let ran = setup.once().run("test web --type t3.micro -o json").ended(1);
    let report = ran.json();
    let test = &report["tests"][0];
    assert_eq!(
        (&test["verdict"], &test["instance_id"], &test["terminated"]),
        (&Value::Null, &Value::Null, &true.into())
    );
    assert_eq!(test["error"]["code"], "InsufficientInstanceCapacity");
    assert_eq!(ran.error()["code"], "InsufficientInstanceCapacity");
    assert!(!setup.image(&image).tags.contains_key("amictl:tested"));
    let setup = ready();
    // The dry run is let by.
    let limit =
        Fault::error("RunInstances", "VcpuLimitExceeded", "You have requested more vCPU capacity than your limit.");
    setup.fake.fault(limit.skip(1));
    let report = setup.run("test web --type t3.micro -o json").ended(1).json();
    assert_eq!(report["tests"][0]["error"]["code"], "VcpuLimitExceeded");
    assert_eq!(report["tests"][0]["verdict"], Value::Null);
    assert_eq!(setup.fake.count("DescribeInstances"), 0, "a refusal is not looked for");
}

#[test]
fn what_fails_does_not_stop_the_others() {
    let (setup, _) = bad(ends());
    setup.world().no_capacity.insert("t3.small".to_owned());
    let ran = setup.once().run("test web bad --type t3.micro,t3.small -o json").ended(1);
    let report = ran.json();
    let verdicts: Vec<_> = report["tests"].as_array().unwrap().iter().map(|test| test["verdict"].as_str()).collect();
    assert_eq!(verdicts, [Some("passed"), None, Some("failed"), None]);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("1 passed, 1 failed, 2 without a verdict"), "{message}");
    let ran = ran.says(&["web-v1-2026-01-02", "on t3.small in us-east-1", "Volume limit exceeded"]);
    drop(ran);
    let tags = |name: &str| setup.world().image_named(PROD, EAST, name).unwrap().tags.clone();
    assert!(!tags("web-v1-2026-01-02").contains_key("amictl:tested"), "on one type there is no verdict");
    assert!(tags("bad-v1-2026-01-02")["amictl:tested"].starts_with("failed "), "a failure decides");
}

#[test]
fn status_reads_that_fail_for_a_while_are_ridden_out() {
    let setup = ready();
    setup.fake.fault(Fault::error("DescribeInstanceStatus", "RequestLimitExceeded", "later").times(1));
    setup.fake.fault(Fault::error("DescribeInstanceStatus", "InternalError", "sorry").times(1));
    setup.fake.fault(Fault::on("DescribeInstanceStatus", FaultKind::ResetBefore).times(1));
    // The look at the instance before its probes.
    setup.fake.fault(Fault::error("DescribeInstances", "RequestLimitExceeded", "later").times(1));
    let server = crate::loopback::Loopback::answering(|_| crate::loopback::response("200 OK", "", "fine"));
    setup.world().address = Some("127.0.0.1".to_owned());
    let report = setup.once().run(&format!("test web --type t3.micro --tcp {} -o json", server.port)).ended(0).json();
    assert_eq!(report["tests"][0]["verdict"], "passed");
    assert_eq!((setup.fake.count("DescribeInstanceStatus"), states(&setup)), (4, vec!["terminated".to_owned()]));
}

#[test]
fn a_boot_that_nobody_saw_is_no_verdict() {
    // Never answered, and no longer answered when the time is over.
    for seen in [0, 1] {
        let setup = ready();
        setup.run("test web --type t3.micro").ended(0);
        let id = setup.world().image_named(PROD, EAST, "web-v1-2026-01-02").unwrap().id.clone();
        let before = setup.image(&id).tags["amictl:tested"].clone();
        setup.world().checks_for = seconds(3600);
        setup.fake.fault(Fault::on("DescribeInstanceStatus", FaultKind::ResetBefore).skip(seen));
        let ran = setup.once().run("test web --type t3.micro --timeout 4s -o json").ended(1);
        let test = ran.json()["tests"][0].clone();
        assert_eq!((&test["verdict"], &test["terminated"]), (&Value::Null, &true.into()), "{seen}: {test}");
        assert_eq!(test["error"]["code"], "ConnectionError", "{seen}: {test}");
        assert!(test["error"]["message"].as_str().unwrap().contains("when the time was over"), "{seen}: {test}");
        assert_eq!(setup.image(&id).tags["amictl:tested"], before, "{seen}");
        assert!(states(&setup).iter().all(|state| state == "terminated"), "{seen}");
    }
}

#[test]
fn reads_that_fail_after_the_launch_end_the_instance_too() {
    for (call, skip) in [("DescribeInstanceStatus", 0), ("DescribeInstances", 0)] {
        let setup = ready();
        let denied = Fault::error(call, "UnauthorizedOperation", "You are not authorized");
        setup.fake.fault(denied.skip(skip).times(1));
        let line = "test web --type t3.micro --tcp 22 --probe-timeout 1s -o json";
        let ran = setup.run(line).ended(1);
        let test = ran.json()["tests"][0].clone();
        assert_eq!((&test["verdict"], &test["terminated"]), (&Value::Null, &true.into()), "{call}: {test}");
        assert_eq!(test["error"]["code"], "UnauthorizedOperation");
        assert_eq!(states(&setup), ["terminated"], "{call}");
    }
}

#[test]
fn an_instance_that_cannot_be_terminated_is_said_with_the_line_that_ends_it() {
    for code in ["UnauthorizedOperation", "OperationNotPermitted"] {
        let setup = ready();
        setup.fake.fault(Fault::error("TerminateInstances", code, "no"));
        let ran = setup.run("test web --type t3.micro -o json").ended(1);
        let test = ran.json()["tests"][0].clone();
        assert_eq!((&test["verdict"], &test["terminated"]), (&"passed".into(), &false.into()));
        assert_eq!(test["error"]["code"], code);
        let error = ran.error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("was not seen terminated"), "{error}");
        let lift = format!("--instance-id {} --no-disable-api-termination", only(&setup).id);
        assert_eq!(message.contains(&lift), code == "OperationNotPermitted", "{error}");
        let end = format!("aws ec2 terminate-instances --region us-east-1 --instance-ids {}", only(&setup).id);
        let ways = format!("end it with: {end}; once it has expired also with: amictl test --sweep --region us-east-1");
        assert_eq!(error["hint"], ways);
        assert_eq!(states(&setup), ["running"]);
        setup.fake.clear_faults();
        setup.run("test --sweep --region us-east-1").ended(0);
        assert_eq!(states(&setup), ["running"], "it may still be at work");
        setup.world().advance(seconds(26 * 60));
        assert_eq!(states(&setup), ["terminated"], "the timer");
    }
}

#[test]
fn a_termination_that_fails_for_a_while_is_tried_again() {
    let setup = ready();
    setup.fake.fault(Fault::error("TerminateInstances", "IncorrectInstanceState", "not now").times(1));
    setup.run("test web --type t3.micro").ended(0);
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn a_failed_test_keeps_its_instance_if_asked_to_and_a_passed_one_does_not() {
    let (setup, _) = bad(BadBoot::Impaired);
    let ran = setup.run("test bad --type t3.micro --timeout 1s --keep-on-failure -o json").ended(1);
    let test = ran.json()["tests"][0].clone();
    assert_eq!(
        (&test["verdict"], &test["terminated"], &test["error"]),
        (&"failed".into(), &false.into(), &Value::Null)
    );
    let instance = only(&setup);
    assert_eq!((instance.user_data.as_ref(), states(&setup).as_slice()), (None, &["running".to_owned()][..]));
    let expires = chrono::DateTime::parse_from_rfc3339(&instance.tags["amictl:expires"]).unwrap().to_utc();
    assert_eq!((expires - instance.launched).num_minutes().div_euclid(10), 143, "24 hours");
    let end = format!("aws ec2 terminate-instances --region us-east-1 --instance-ids {}", instance.id);
    let ran = ran.says(&[&end, "amictl test --sweep --region us-east-1"]);
    assert!(ran.error()["hint"].as_str().unwrap().contains("amictl test --sweep"), "{}", ran.stderr);
    expire(&setup);
    setup.run("test --sweep --region us-east-1").ended(0);
    assert_eq!(states(&setup), ["terminated"]);
    let (setup, _) = bad(BadBoot::Impaired);
    let ran = setup.run("test web bad --type t3.micro --timeout 1s --keep-on-failure -o json").ended(1);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("; kept running: i-") && !message.contains("not seen terminated"), "{message}");
    let setup = ready();
    setup.run("test web --type t3.micro --keep-on-failure").ended(0);
    assert_eq!(states(&setup), ["terminated"]);
}

#[test]
fn a_verdict_that_cannot_be_written_is_said() {
    let setup = ready();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "no"));
    let ran = setup.run("test web --type t3.micro -o json").ended(3);
    let report = ran.json();
    assert_eq!((&report["tests"][0]["verdict"], &report["errors"][0]["account"]), (&"passed".into(), &PROD.into()));
    assert_eq!(report["errors"][0]["code"], "VerdictNotWritten");
    assert_eq!(ran.error()["code"], "VerdictNotWritten");
}
