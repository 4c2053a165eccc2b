//! `revoke --disable`: under the rules of `disable`.

use super::{NAME, mark, marked, ready, rows};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, each};
use crate::shared::terminal;

fn is_disabled(setup: &Setup, id: &str) -> bool {
    setup.image(id).phase.after == "disabled"
}

#[test]
fn an_unused_image_is_marked_and_disabled_and_its_permissions_are_kept() {
    let (setup, id) = ready();
    setup.world().image_mut(&id).launch.insert(crate::fake::Principal::Account(OTHER.to_owned()));
    let report = setup.json("revoke web --reason bad --disable");
    assert_eq!(rows(&report), [("revoke", "done", true), ("disable", "done", true)]);
    assert_eq!(report["summary"]["done"], 2);
    assert!(is_disabled(&setup, &id));
    assert_eq!(setup.image(&id).tags["amictl:shares"], OTHER);
    assert_eq!(mark(&setup, &id), marked("bad"));
    let report = setup.json("revoke web:v1 --reason bad --disable");
    assert_eq!(rows(&report), [("revoke", "done", false), ("disable", "done", false)]);
    let ran = setup.run("unrevoke web:v1").ended(0);
    assert!(ran.stdout.contains("it is still disabled"), "{}", ran.stdout);
    assert!(is_disabled(&setup, &id));
}

#[test]
fn an_image_in_use_keeps_its_mark_and_stays_enabled() {
    let (setup, id) = ready();
    let instance = setup.world().instance(PROD, EAST).image(&id).put();
    let ran = setup.run("revoke web --reason bad --disable -o json").ended(4);
    assert_eq!(rows(&ran.json()), [("revoke", "done", true), ("disable", "skipped", false)]);
    assert_eq!(ran.json()["results"][1]["error"]["code"], "InUse");
    assert_eq!((mark(&setup, &id), is_disabled(&setup, &id)), (marked("bad"), false));
    let error = ran.error();
    assert_eq!(error["code"], "InUse");
    assert!(error["message"].as_str().unwrap().contains("revoked, but not disabled"), "{error}");
    // The hint helps once it is out of use.
    let line = error["hint"].as_str().unwrap().split("amictl ").nth(1).unwrap().to_owned();
    setup.world().end_instance(&instance);
    setup.run(&line).ended(0);
    assert!(is_disabled(&setup, &id));
}

#[test]
fn what_may_be_in_use_is_not_disabled() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("DescribeInstances", "UnauthorizedOperation", "Not you."));
    let ran = setup.run("revoke web --reason bad --disable -o json").ended(4);
    assert_eq!(ran.json()["results"][1]["error"]["code"], "Unverified");
    assert_eq!((mark(&setup, &id), is_disabled(&setup, &id)), (marked("bad"), false));
}

#[test]
fn several_need_a_yes_before_anything_is_changed() {
    let (setup, id) = ready();
    let copy = setup.world().image(PROD, EAST, "web-copy").copied_from(&id, EAST).put();
    let line = format!("revoke {id} --reason bad --descendants --disable -o json");
    let ran = setup.run(&line).ended(4);
    assert_eq!(ran.error()["code"], "NotConfirmed");
    setup.unchanged();
    let report = setup.run(&format!("{line} --yes")).ended(0).json();
    assert_eq!(each(&report["results"], "action"), ["revoke", "revoke", "disable", "disable"]);
    assert!(is_disabled(&setup, &id) && is_disabled(&setup, &copy));
    // A mark alone asks nothing.
    setup.run(&format!("unrevoke {id} --descendants")).ended(0);
}

#[test]
fn a_failed_image_hinders_no_mark() {
    let (setup, id) = ready();
    let failed = setup.world().image(PROD, EAST, "web-copy").copied_from(&id, EAST).state("failed").put();
    let line = format!("revoke {id} --reason bad --descendants --disable --yes -o json");
    let report = setup.run(&line).ended(0).json();
    let statuses = each(&report["results"], "status");
    assert_eq!(statuses, ["done", "done", "done", "skipped"], "{report:#}");
    assert_eq!(mark(&setup, &failed), marked("bad"));
    assert!(is_disabled(&setup, &id));
}

#[test]
fn a_refusal_of_ec2_is_told() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("DisableImage", "OperationNotPermitted", "locked by the auditors"));
    let ran = setup.run("revoke web --reason bad --disable").ended(1);
    ran.says(&["locked by the auditors", NAME]);
    assert_eq!((mark(&setup, &id), is_disabled(&setup, &id)), (marked("bad"), false));
}

#[test]
fn a_dry_run_ends_as_the_run_would_and_names_users_and_aliases() {
    let (setup, id) = ready();
    let instance = setup.world().instance(PROD, EAST).image(&id).put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
    let ran = setup.run("revoke web --reason bad --disable --dry-run -o json").ended(4);
    let error = ran.error();
    assert_eq!((error["code"].as_str(), error["hint"].as_str()), (Some("InUse"), Some("nothing was changed")));
    assert!(error["message"].as_str().unwrap().contains("would be revoked, but not disabled"), "{error}");
    ran.says(&[
        "which would be revoked, is in use by",
        &instance,
        "the alias web:prod names",
        "no image to go back to",
    ]);
    setup.run("revoke web --reason bad --dry-run").ended(0).says(&["the alias web:prod names"]);
    setup.unchanged();
}

#[cfg(unix)]
#[test]
fn the_question_says_how_many_are_in_use() {
    let (setup, id) = ready();
    let copy = setup.world().image(PROD, EAST, "web-copy").copied_from(&id, EAST).put();
    setup.world().instance(PROD, EAST).image(&copy).put();
    let line = format!("revoke {id} --reason bad --descendants --disable --no-progress");
    let (code, written) = terminal::run(&setup, 200, "n", &line, &[]);
    assert_eq!(code, Some(4), "{written}");
    assert!(terminal::seen(&written).contains("1 of them are in use, or may be"), "{written}");
    setup.unchanged();
}
