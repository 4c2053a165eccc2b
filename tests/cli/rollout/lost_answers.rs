//! `rollout`: lost answers of pins and of new versions are looked at.

use serde_json::json;

use super::{changes, following, launches, ready};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup};

const LINE: &str = "rollout web --image web:v2 -o json";

fn versions(setup: &Setup) -> usize {
    setup.world().templates(PROD, EAST).next().unwrap().versions.len()
}

#[test]
fn what_was_done_all_the_same_is_taken() {
    let (setup, ..) = following("$Latest");
    for action in ["UpdateAutoScalingGroup", "CreateLaunchTemplateVersion"] {
        setup.fake.fault(Fault::on(action, FaultKind::ResetAfter));
    }
    let found = setup.once().run(LINE).ended(0).json();
    assert_eq!((&found["results"][0]["template_version"], versions(&setup)), (&json!(2), 2));
    assert_eq!(found["results"][0]["detail"], "it no longer follows $Latest");
    assert_eq!(launches(&setup, "web"), "2");
}

#[test]
fn a_pin_that_does_not_show_begins_nothing() {
    let (setup, ..) = following("$Latest");
    setup.fake.fault(Fault::on("UpdateAutoScalingGroup", FaultKind::ResetBefore));
    let ran = setup.once().run(LINE).ended(1);
    assert_eq!(ran.error()["code"], "AnswerLost");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("does not show version 1, but $Latest"), "{message}");
    assert_eq!((changes(&setup).len(), launches(&setup, "web")), (1, "$Latest".to_owned()));
}

#[test]
fn a_pin_that_cannot_be_looked_for_is_unknown() {
    let (setup, ..) = following("$Latest");
    setup.fake.fault(Fault::on("UpdateAutoScalingGroup", FaultKind::ResetAfter));
    // The group, and those that use its template, are read before.
    setup.fake.fault(Fault::error("DescribeAutoScalingGroups", "AccessDenied", "No looking.").skip(2));
    let ran = setup.once().run(LINE).ended(1);
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains("whether it is pinned to version 1 is unknown"), "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("if it is pinned, to let it follow again") && hint.contains("Version='$Latest'"), "{hint}");
    assert_eq!(ran.json()["results"][0]["changed"], true, "it may be");
    setup.fake.clear_faults();
    setup.run(LINE).ended(0);
    assert_eq!(launches(&setup, "web"), "2");
}

#[test]
fn a_version_that_does_not_show_is_unknown() {
    let (setup, ..) = following("$Latest");
    setup.fake.fault(Fault::on("CreateLaunchTemplateVersion", FaultKind::ResetBefore));
    let ran = setup.once().run(LINE).ended(1);
    let error = ran.error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("whether a version was made is unknown"), "{message}");
    assert!(message.contains("pinned to version 1 already and no longer follows $Latest"), "{message}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("run the command again") && hint.contains("Version='$Latest'"), "{hint}");
    setup.fake.clear_faults();
    setup.run(LINE).ended(0);
    assert_eq!((versions(&setup), launches(&setup, "web")), (2, "2".to_owned()));
}

#[test]
fn a_refusal_after_a_lost_answer_is_no_refusal() {
    let (setup, ..) = ready();
    setup.fake.fault(Fault::on("CreateLaunchTemplateVersion", FaultKind::ResetAfter).times(1));
    setup.fake.fault(Fault::error("CreateLaunchTemplateVersion", "VersionLimitExceeded", "Too many versions."));
    setup.run(LINE).ended(0);
    assert_eq!((versions(&setup), launches(&setup, "web")), (2, "2".to_owned()));
}
