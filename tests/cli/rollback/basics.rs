//! One place: further back each time, and never forth.

use serde_json::{Value, json};

use super::{PARAMETER, four, images, promoted, value};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, WEST};

#[test]
fn each_rollback_goes_further_back() {
    let (setup, web) = four();
    for wanted in [&web[2], &web[1], &web[0]] {
        setup.run("rollback web:prod").ended(0);
        assert_eq!(value(&setup, PROD, EAST), *wanted);
    }
    let ran = setup.run("rollback web:prod -o json").ended(4);
    assert_eq!(ran.error()["code"], "NothingBefore");
    assert_eq!(ran.json()["results"][0]["status"], "failed");
    assert_eq!(value(&setup, PROD, EAST), web[0]);
    assert_eq!(setup.changes().len(), 3);
}

#[test]
fn one_that_is_delivered_twice_goes_back_once() {
    let (setup, web) = four();
    let deliver = |run: &str| setup.amictl().env("AMICTL_RUN_ID", run.repeat(32)).run("rollback web:prod -o json");
    assert_eq!(deliver("a").ended(0).json()["results"][0]["changed"], true);
    let again = deliver("a").ended(0).says(&["was rolled back by an earlier delivery of this run, and stays"]);
    assert_eq!(
        (again.json()["results"][0]["changed"].clone(), value(&setup, PROD, EAST)),
        (json!(false), web[2].clone())
    );
    // Nor does it take away what was promoted since.
    setup.run("promote web:v4 --to prod").ended(0);
    deliver("a").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[3]);
    deliver("b").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[2]);
}

#[test]
fn a_promote_in_between_is_what_the_next_one_goes_back_from() {
    let (setup, web) = four();
    setup.run("rollback web:prod").ended(0);
    setup.run("rollback web:prod").ended(0);
    setup.run("promote web:v4 --to prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[3]);
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[1]);
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[0]);
}

#[test]
fn the_report_and_the_history_say_what_was_done() {
    let (setup, web) = four();
    let args = ["rollback", "web:prod", "--reason", "it panics", "-o", "json"];
    let report = setup.amictl().args(&args).ended(0).json();
    let row = &report["results"][0];
    let field = |name: &str| row[name].clone();
    assert_eq!((field("action"), field("alias")), (json!("rollback"), json!("prod")));
    assert_eq!((field("image_id"), field("name")), (json!(web[2]), json!("web-v3-2026-01-03")));
    assert_eq!((field("from_image_id"), field("parameter_version")), (json!(web[3]), json!(5)));
    assert_eq!((field("status"), field("changed")), (json!("done"), json!(true)));
    assert_eq!(report["kind"], "report");
    let alias = setup.json("aliases web --history")["aliases"][0].clone();
    let last = &alias["history"][0];
    assert_eq!((&last["action"], &last["reason"]), (&json!("rollback"), &json!("it panics")));
    assert_eq!(alias["previous_image_id"], json!(web[3]));
    let world = setup.world();
    let kept = world.find_parameter(PROD, EAST, PARAMETER).unwrap();
    assert!(kept.versions.values().all(|version| version.labels.is_empty()));
    let description: Value = serde_json::from_str(kept.latest().unwrap().description.as_ref().unwrap()).unwrap();
    assert_eq!((&description["from"], &description["image"]), (&json!(web[3]), &json!(web[2])));
}

#[test]
fn a_value_by_hand_is_gone_back_from_and_back_to() {
    let (setup, web) = four();
    setup.world().parameter(PROD, EAST, PARAMETER, &web[0]);
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[3]);
    // A description that SSM kept for another value makes no rollback of it.
    let setup = Setup::new();
    let web = images(&setup, PROD, EAST, 3);
    promoted(&setup, PROD, EAST, &web[..2]);
    setup.run("rollback web:prod").ended(0);
    let kept = setup.world().find_parameter(PROD, EAST, PARAMETER).unwrap().latest().unwrap().description.clone();
    setup.world().described_parameter(PROD, EAST, PARAMETER, &web[2], &kept.unwrap());
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[0]);
}

#[test]
fn a_value_by_hand_is_no_rollback_also_where_ssm_kept_the_note_of_one() {
    let (setup, web) = four();
    setup.run("rollback web:prod").ended(0);
    setup.world().parameter(PROD, EAST, PARAMETER, &web[3]);
    setup.world().parameter(PROD, EAST, PARAMETER, &web[2]);
    let history = setup.json("aliases web --history")["aliases"][0]["history"].clone();
    assert_eq!((&history[0]["action"], &history[2]["action"]), (&json!(null), &json!("rollback")));
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[3]);
}

#[test]
fn a_dry_run_says_where_it_would_go_and_writes_nothing() {
    let (setup, web) = four();
    let ran = setup.run("rollback web:prod --dry-run").ended(0).says(&["dry run", "permission to write was not tried"]);
    assert!(ran.stdout.contains(&web[2]), "{}", ran.stdout);
    setup.unchanged();
}

#[test]
fn what_ssm_forgot_is_not_guessed() {
    let setup = Setup::new();
    let web = images(&setup, PROD, EAST, 3);
    let gone = "ami-00000000000000bad".to_owned();
    // A hundred versions. The first of them falls off with the next one.
    let many = (0..98).map(|_| &gone);
    promoted(&setup, PROD, EAST, [&web[0]].into_iter().chain(many).chain([&web[1]]));
    let row = setup.json("rollback web:prod --dry-run")["results"][0].clone();
    assert_eq!(row["image_id"], json!(web[0]));
    setup.run("promote web:v3 --to prod").ended(0);
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[1]);
    let ran = setup.run("rollback web:prod -o json").ended(4);
    assert_eq!(ran.error()["code"], "HistoryForgotten");
    ran.says(&["--to REF"]);
    setup.run("rollback web:prod --to web:v1").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[0]);
}

#[test]
fn what_is_no_alias_is_refused() {
    let (setup, web) = four();
    for (line, code) in [
        ("rollback web", 2),
        ("rollback web:v3", 2),
        ("rollback web:latest", 2),
        ("rollback Web:prod", 2),
        ("rollback", 2),
        ("rollback web:canary", 4),
        (&format!("rollback web:prod --region {WEST}"), 4),
    ] {
        let ran = setup.run(&format!("{line} -o json")).ended(code);
        assert_eq!(ran.error()["code"] == "NoAlias", code == 4, "{}", ran.stderr);
    }
    // SSM checks no image for a parameter of text.
    for id in &web[..2] {
        setup.world().typed_parameter(PROD, EAST, "/amictl/web/text").value(&web[2]).value(id).put();
    }
    let ran = setup.run("rollback web:text -o json").ended(4);
    assert_eq!(ran.error()["code"], "ParameterType");
    setup.unchanged();
}

#[test]
fn a_history_that_cannot_be_read_is_a_refusal() {
    for call in ["GetParameters", "GetParameterHistory", "DescribeImages"] {
        let (setup, _) = four();
        setup.fake.fault(Fault::error(call, "AccessDeniedException", "not yours"));
        setup.run("rollback web:prod").ended(4).says(&["not yours", EAST]);
        setup.unchanged();
    }
}
