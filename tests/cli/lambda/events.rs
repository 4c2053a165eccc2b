//! Events: what runs, what is refused before anything starts, and what a function is told at its start.

use std::time::Duration;

use serde_json::{Value, json};

use super::runtime_api::Function;
use crate::fake::PROD;
use crate::scene::Scene;
use crate::setup::{EAST, Setup};

/// An event with the words of a line.
pub fn event(line: &str) -> Value {
    json!({"args": line.split_whitespace().collect::<Vec<_>>()})
}

const PRUNE: &str = "prune --keep 2 --apply --yes --max-delete 100%";

#[test]
fn a_command_that_reads_is_answered_and_its_rows_are_in_the_log() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let mut function = Function::start(&setup, &[]);
    let answer = function.answer(&event("list"));
    assert_eq!(answer, json!({"exit_code": 0, "summary": {"images": 1}, "errors": [], "errors_left_out": 0}));
    let log = function.log();
    let rows = log.rows("images");
    assert_eq!((rows.len(), &rows[0]["row"]["id"], &rows[0]["command"]), (1, &id.into(), &"list".into()));
    assert_eq!(rows[0]["run"], "8a4f1c0e0b7d4c1e9d3a000000000001");
}

#[test]
fn invocations_of_one_process_have_nothing_in_common() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune, show")]);
    let plan = function.answer(&event("prune --keep 2"));
    assert_eq!((&plan["summary"]["actions"], &plan["summary"]["kept"]), (&1.into(), &2.into()));
    setup.unchanged();
    // A failure in between, and what others do meanwhile.
    function.failure("Exit1", &event("show ami-0123456789abcdef0"));
    let more = setup.old("web-v4-2025-01-01");
    let report = function.answer(&event(PRUNE));
    assert_eq!(report["summary"], json!({"done": 2, "failed": 0, "skipped": 0}));
    assert_eq!(
        (setup.has(&web[0]), setup.has(&web[1]), setup.has(&web[2]), setup.has(&more)),
        (false, false, true, true)
    );
    let log = function.log();
    let runs: Vec<_> = log.rows("results").iter().map(|row| row["run"].as_str().unwrap().to_owned()).collect();
    assert_eq!(runs, ["8a4f1c0e0b7d4c1e9d3a000000000003"; 2]);
    assert_eq!(log.rows("actions").len(), 1);
    assert!(log.rows("kept").is_empty() && log.rows("sources").is_empty());
}

#[test]
fn the_journal_is_in_the_log_unless_a_variable_says_otherwise() {
    let setup = Scene::new();
    setup.family("web", 3);
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune")]);
    function.answer(&event(PRUNE));
    let log = function.log();
    let journal = log.stderr.lines().filter(|line| line.contains(r#""phase":"begin""#));
    assert_eq!(journal.filter(|line| line.contains("web-v1-2025-01-01")).count(), 1, "{}", log.stderr);
    setup.old("web-v4-2025-01-01");
    let file = setup.home.path().join("journal.jsonl");
    let variables = [("AMICTL_ALLOW", "prune"), ("AMICTL_JOURNAL", file.to_str().unwrap())];
    let mut function = Function::start(&setup, &variables);
    function.answer(&event(PRUNE));
    assert!(!function.log().stderr.contains("phase"));
    assert!(std::fs::read_to_string(file).unwrap().contains("web-v2-2025-01-01"));
}

#[test]
fn restore_lists_the_bin_although_the_journal_is_in_the_log() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (30, 30));
    setup.world().put_in_recycle_bin(&id, 30);
    for variables in [&[][..], &[("AMICTL_JOURNAL", "-")]] {
        let mut function = Function::start(&setup, variables);
        assert_eq!(function.answer(&event("restore"))["summary"], json!({"images": 1}));
    }
}

#[test]
fn what_is_not_allowed_is_refused_and_nothing_is_asked_of_aws() {
    let setup = Scene::new();
    setup.family("web", 5);
    let mut function = Function::start(&setup, &[]);
    let allow = "AMICTL_ALLOW=\"prune\" on the function would allow it";
    for (event, error_type, says) in [
        (event(PRUNE), "Exit4", allow),
        (event("--no-progress prune --yes --max-delete 1 --keep 1 --apply"), "Exit4", allow),
        (event("prune --keep 1 --usage-reports"), "Exit4", allow),
        (json!({"args": ["prune"], "policy": "version = 1\nkeep = 1\nusage_reports = true\n"}), "Exit4", allow),
        (event("deregister ami-0123456789abcdef0 --yes"), "Exit4", "AMICTL_ALLOW=\"deregister\""),
        (event("list --endpoint-url http://127.0.0.1:1"), "Exit4", "--endpoint-url"),
        (event("prune --policy /etc/passwd"), "Exit4", "--policy"),
        (event("prune --keep 1 --plan-out /plan.json"), "Exit4", "--plan-out"),
        (event("prune --keep 1 --journal /tmp/x"), "Exit4", "set AMICTL_JOURNAL"),
        (event("list -o csv"), "Exit2", "--output"),
        (event("lst"), "Exit2", "lst"),
        (event("list --sort nothing"), "Exit2", "nothing"),
        (json!({}), "Exit2", "args"),
        (json!({"args": ["prune"], "polcy": "keep = 1"}), "Exit2", "polcy"),
        (json!({"args": ["list"], "policy": "keep = 1"}), "Exit2", "'list' takes none"),
        (json!([["list"]]), "Exit2", "no JSON object"),
        (json!({"Records": [{"body": "{}"}]}), "Exit2", "an event of a queue"),
        (json!({"requestContext": {}, "version": "2.0"}), "Exit2", "a request of API Gateway"),
        (json!({"detail-type": "Scheduled Event", "detail": {}}), "Exit2", "fixed input"),
    ] {
        let message = function.failure(error_type, &event);
        assert!(message.contains(says), "{event}: {message}");
    }
    assert_eq!(setup.fake.calls().len(), 0);
    assert_eq!(setup.left().len(), 5);
    let log = function.log();
    assert_eq!(log.stdout, "");
    // The log has what the platform was told, in the words of every other error.
    let first: Value = serde_json::from_str(log.stderr.lines().next().unwrap()).unwrap();
    assert_eq!((&first["error"]["code"], &first["error"]["exit_code"]), (&"NotAllowed".into(), &4.into()));
    assert!(first["error"]["hint"].as_str().unwrap().contains(allow), "{first}");
    assert!(!first["error"]["message"].as_str().unwrap().contains("hint: "), "{first}");
    assert!(log.stderr.contains(r#""code":"Usage""#), "{}", log.stderr);
}

#[test]
fn a_function_that_is_set_up_wrongly_does_not_start() {
    let setup = Setup::new();
    for (name, value, says) in [
        ("AMICTL_ALLOW", "prune,creat", "'creat' is no command"),
        ("AMICTL_LAMBDA_OK", "3,all", "'all' is no exit code"),
    ] {
        let mut function = Function::start(&setup, &[(name, value)]);
        let (status, heard) = function.not_started();
        assert_eq!((status.code(), heard.error_type.as_deref()), (Some(2), Some("Exit2")));
        assert!(heard.body["errorMessage"].as_str().unwrap().contains(says), "{}", heard.body);
        let log = function.log();
        assert!(log.stderr.contains(says), "{}", log.stderr);
    }
}

#[test]
fn a_policy_that_the_event_only_names_has_bounds_too() {
    let setup = Scene::new();
    setup.family("web", 4);
    let reports = "version = 1\nkeep = 1\nusage_reports = true\n";
    let files = "version = 1\nkeep = 1\nrefs_from = [\"/etc/hostname\"]\n";
    setup.world().parameter(PROD, EAST, "/policies/reports", reports);
    setup.world().parameter(PROD, EAST, "/policies/files", files);
    setup.home.write("package/reports.toml", reports);
    setup.home.write("package/files.toml", files);
    let mut function = Function::start(&setup, &[]);
    for (policy, says) in [
        ("ssm:/policies/reports", "AMICTL_ALLOW=\"prune\""),
        ("reports.toml", "AMICTL_ALLOW=\"prune\""),
        ("ssm:/policies/files", "refs_from of the policy"),
        ("files.toml", "refs_from of the policy"),
    ] {
        let message = function.failure("Exit4", &event(&format!("prune --policy {policy}")));
        assert!(message.contains(says) && !message.contains("hostname"), "{message}");
    }
    assert!(setup.calls("CreateImageUsageReport").is_empty() && setup.calls("DescribeImages").is_empty());
    setup.unchanged();
    function.log();
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune")]);
    function.failure("Exit4", &event("prune --policy files.toml"));
    function.answer(&event("prune --policy reports.toml"));
    function.log();
}

#[test]
fn a_policy_comes_with_the_event_or_from_the_package() {
    let setup = Scene::new();
    let web = setup.family("web", 4);
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune")]);
    let inline = |policy: &str, line: &str| {
        let mut event = event(line);
        event["policy"] = policy.into();
        event
    };
    let policy = "version = 1\nkeep = 3\nmin_age = \"7d\"\nmax_delete = \"50%\"\n";
    let report = function.answer(&inline(policy, "prune --apply --yes"));
    assert_eq!(report["summary"]["done"], 1);
    assert!(!setup.has(&web[0]));
    setup.home.write("package/policies/web.toml", &policy.replace("keep = 3", "keep = 2"));
    let report = function.answer(&event("prune --policy policies/web.toml --apply --yes -- web"));
    assert_eq!(report["summary"]["done"], 1);
    assert!(!setup.has(&web[1]));
    // What is wrong with it is said of the event, and not of a file that nobody knows.
    let message = function.failure("Exit2", &inline("version = 1\nkep = 2\n", "prune"));
    assert!(message.contains("policy in the event") && message.contains("kep"), "{message}");
    let message = function.failure("Exit2", &inline("version = 1\nkeep = 3\naccounts = [\"222222222222\"]\n", "prune"));
    assert!(message.contains("policy in the event: line 3") && !message.contains("/tmp"), "{message}");
    let message = function.failure("Exit2", &inline(policy, "prune --keep 4"));
    assert!(message.contains("cannot be used with") && !message.contains("/tmp"), "{message}");
    let message = function.failure("Exit2", &inline(policy, "prune --policy policies/web.toml"));
    assert!(message.contains("--policy in its args"), "{message}");
    assert!(!function.log().stderr.contains("/tmp/amictl-"));
    assert_eq!(setup.left().len(), 2);
}

#[test]
fn the_same_event_twice_does_no_harm() {
    let setup = Scene::new();
    setup.family("web", 5);
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune")]);
    let (id, time) = ("8a4f1c0e-0b7d-4c1e-9d3a-0123456789ab", Duration::from_secs(900));
    for done in [3, 0] {
        function.send_as(id, time, &event(PRUNE).to_string());
        assert_eq!(function.end_of(id).body["summary"]["done"], done);
    }
    assert_eq!(setup.left().len(), 2);
    assert_eq!(function.answer(&event(PRUNE))["summary"]["done"], 0);
    function.log();
}

#[test]
fn a_second_delivery_of_create_adopts_the_image_of_the_first() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = Duration::from_secs(600);
    let line = event(&format!("create web --instance {instance}")).to_string();
    let (id, time) = ("8a4f1c0e-0b7d-4c1e-9d3a-0123456789ab", Duration::from_secs(900));
    // The first is killed while it waits for the image.
    let function = Function::start(&setup, &[("AMICTL_ALLOW", "create")]);
    function.send_as(id, time, &line);
    setup.until("CreateImage", 1);
    setup.until("DescribeImages", setup.calls("DescribeImages").len() + 1);
    function.kill();
    setup.world().advance(Duration::from_secs(600));
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "create")]);
    for _ in 0..2 {
        function.send_as(id, time, &line);
        let ended = function.end_of(id);
        assert_eq!((&ended.body["exit_code"], &ended.body["summary"]["images"]), (&0.into(), &1.into()), "{ended:?}");
    }
    assert_eq!(setup.names(PROD, EAST).len(), 1);
    // Another event is another order.
    setup.world().pending_for = Duration::ZERO;
    function.answer(&serde_json::from_str(&line).unwrap());
    assert_eq!(setup.names(PROD, EAST).len(), 2);
    let log = function.log();
    let made: Vec<_> = log.rows("images").iter().map(|row| row["row"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((made.len(), made[0] == made[1], made[1] == made[2]), (3, true, false));
}

#[test]
fn a_run_with_the_same_name_is_the_same_run_whoever_sends_it() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "create")]);
    let mut order = event(&format!("create web --instance {instance}"));
    let mut made = Vec::new();
    for time in ["02:30:00Z", "02:30:00Z", "03:30:00Z"] {
        order["run"] = format!("arn:aws:scheduler:us-east-1:111122223333:schedule/jobs/Nightly {time}").into();
        // Each is an invocation with a request id of its own.
        function.answer(&order);
        made.push(setup.names(PROD, EAST).len());
    }
    assert_eq!((made, setup.calls("CreateImage").len()), (vec![1, 1, 2], 2));
    let log = function.log();
    let rows = log.rows("images");
    assert_eq!((rows[0]["run"] == rows[1]["run"], rows[1]["run"] == rows[2]["run"]), (true, false), "{rows:?}");
    assert_eq!((&rows[0]["row"]["id"], rows[0]["run"].as_str().map(str::len)), (&rows[1]["row"]["id"], Some(32)));
}
