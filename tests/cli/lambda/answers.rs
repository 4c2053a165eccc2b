//! Answers: exit codes as results, and how much an answer may hold.

use serde_json::{Value, json};

use super::events::event;
use super::runtime_api::Function;
use crate::fake::{Fault, PROD};
use crate::scene::Scene;
use crate::setup::{EAST, Setup, each};

/// Step Functions takes no more, in bytes.
const LIMIT: usize = 262_144;
const PRUNE: &str = "prune --keep 0 --apply --yes --max-delete 100%";

#[test]
fn an_exit_code_fails_the_invocation_unless_it_is_accepted() {
    let setup = Scene::new();
    setup.family("web", 4);
    let line = event("prune --keep 0 --apply --yes --max-delete 2");
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune"), ("AMICTL_LAMBDA_OK", "3")]);
    let message = function.failure("Exit4", &line);
    assert!(message.contains("limit of 2") && message.contains("\nhint: "), "{message}");
    setup.unchanged();
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune"), ("AMICTL_LAMBDA_OK", "3 4")]);
    let answer = function.answer(&line);
    assert_eq!((&answer["exit_code"], &answer["errors"][0]["message"]), (&4.into(), &message.into()));
    setup.unchanged();
    // What may not run has no exit code to accept.
    function.failure("Exit4", &event("deregister ami-0123456789abcdef0 --yes"));
    function.log();
}

#[test]
fn a_run_that_is_partly_done_tells_what_failed() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", "Not you.").matching(&web[1]));
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune"), ("AMICTL_LAMBDA_OK", "3")]);
    let answer = function.answer(&event(PRUNE));
    assert_eq!((&answer["exit_code"], &answer["summary"]), (&3.into(), &json!({"done": 2, "failed": 1, "skipped": 0})));
    let failed = json!({
        "account": PROD, "region": EAST, "id": web[1], "code": "UnauthorizedOperation", "message": answer["errors"][1]["message"],
    });
    assert_eq!(answer["errors"][1], failed);
    assert!(failed["message"].as_str().unwrap().contains("Not you."));
    let rows = function.log().rows("results");
    assert_eq!(rows.len(), 3);
    // Without the variable the invocation has failed, and the rows are in the log all the same.
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune")]);
    function.failure("Exit1", &event(PRUNE));
    assert_eq!(function.log().rows("results").len(), 1);
}

#[test]
fn an_error_of_aws_is_the_message() {
    let setup = Setup::new();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "Not you.\u{202e}"));
    let mut function = Function::start(&setup, &[]);
    let message = function.failure("Exit1", &event("list"));
    assert!(message.contains("Not you.") && message.contains("UnauthorizedOperation"), "{message}");
    assert!(!function.log().stderr.contains('\u{202e}'));
}

#[test]
fn three_thousand_rows_are_in_the_log_and_not_in_the_answer() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 3_000);
    let mut function = Function::start(&setup, &[]);
    let invoked = function.invoke(&event("prune --keep 0 --min-age 0d"));
    assert_eq!(invoked.body["summary"]["actions"], 3_000);
    assert!(invoked.size < LIMIT, "{}", invoked.size);
    let rows: Vec<Value> = function.log().rows("actions");
    let ids: Vec<Value> = rows.iter().map(|row| row["row"].clone()).collect();
    let mut ids: Vec<_> = each(&json!(ids), "image_id").into_iter().map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3_000);
}

#[test]
fn a_thousand_failures_are_cut_and_counted() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 1_000);
    setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", &"No. ".repeat(200)));
    let off = ("AMICTL_REQUEST_LIMITS", "off");
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "prune"), ("AMICTL_LAMBDA_OK", "1,3"), off]);
    let invoked = function.invoke(&event("prune --keep 0 --min-age 0d --apply --yes --max-delete 100%"));
    assert_eq!(invoked.error_type, None, "{}", invoked.body);
    assert_eq!(invoked.body["summary"]["failed"], 1_000);
    assert!(invoked.size < LIMIT, "{}", invoked.size);
    let told = invoked.body["errors"].as_array().unwrap().len();
    assert!(told > 100, "{told}");
    // One of them is the error that ends the run.
    assert_eq!(invoked.body["errors_left_out"], 1_001 - told);
    assert_eq!(function.log().rows("results").len(), 1_000);
}
