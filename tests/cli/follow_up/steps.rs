//! Steps of `create` and `copy` on available images: share, deprecate, protect.

use serde_json::Value;

use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD, Protection};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds};

pub const NAME: &str = "web-v3-2026-01-02";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";
pub const ALL: &str = "--share-with 222222222222 --deprecate-after 180d --protect";

/// An endpoint with one image.
pub fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    (setup, id)
}

/// Who an image is shared with, in how many days it is deprecated, and how it is protected.
fn finished(setup: &Setup, id: &str) -> (Vec<String>, Option<i64>, Protection) {
    let image = setup.image(id);
    let days = image.deprecated.map(|at| (at - image.created).num_days());
    (setup.world().launch_permissions(id), days, image.protection)
}

#[track_caller]
pub fn assert_finished(setup: &Setup, id: &str) {
    let expected = (vec![OTHER.to_owned()], Some(180), Protection::Enabled { cooldown: false });
    assert_eq!(finished(setup, id), expected, "{id}");
}

#[track_caller]
pub fn assert_untouched(setup: &Setup, id: &str) {
    assert_eq!(finished(setup, id), (Vec::new(), None, Protection::Disabled), "{id}");
}

/// Region, action and status of each step in a document.
#[track_caller]
pub fn steps(document: &Value) -> Vec<(&str, &str, &str)> {
    let list = &document["steps"];
    let parts = ["region", "action", "status"].map(|field| each(list, field));
    (0..parts[0].len()).map(|n| (parts[0][n], parts[1][n], parts[2][n])).collect()
}

/// Runs each of the command lines of a hint.
#[track_caller]
pub fn follow(setup: &Setup, hint: &str) {
    let lines: Vec<_> = hint.split("amictl ").skip(1).map(|line| line.trim_end_matches(" && ")).collect();
    assert!(!lines.is_empty(), "no command in: {hint}");
    for line in lines {
        setup.run(&line.replace('\'', "")).ended(0);
    }
}

pub fn hint(ran: &Ran) -> String {
    ran.error()["hint"].as_str().unwrap_or_else(|| panic!("no hint: {}", ran.stderr)).to_owned()
}

#[test]
fn a_new_image_is_shared_deprecated_and_protected() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    let ran = setup.run(&format!("create web --instance {instance} {ALL} -o json")).ended(0);
    let made = ran.json();
    let id = each(&made["images"], "id")[0];
    assert_finished(&setup, id);
    assert_eq!(steps(&made), [(EAST, "share", "done"), (EAST, "deprecate", "done"), (EAST, "protect", "done")]);
    for step in made["steps"].as_array().unwrap() {
        assert_eq!((&step["image_id"], &step["account"], &step["changed"]), (&id.into(), &PROD.into(), &true.into()));
    }
    let said = [format!("{id} in us-east-1: shared: {OTHER}"), format!("{id} in us-east-1: protected")];
    ran.says(&[&said[0], &said[1], &format!("{id} in us-east-1: deprecated: 2")]);
}

#[test]
fn every_copy_is_finished_and_the_source_is_left_as_it_is() {
    let (setup, source) = ready();
    let made = setup.json(&format!("copy web --to us-west-2,eu-west-1,us-east-2 {ALL}"));
    assert_eq!(steps(&made).len(), 9);
    assert!(steps(&made).iter().all(|(_, _, status)| *status == "done"));
    for id in each(&made["images"], "id") {
        assert_finished(&setup, id);
    }
    assert_untouched(&setup, &source);
}

#[test]
fn what_create_copies_is_finished_too() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    let made = setup.json(&format!("create web --instance {instance} --copy-to us-west-2,eu-west-1 {ALL}"));
    assert_eq!(each(&made["images"], "region"), [EAST, EUROPE, WEST]);
    for id in each(&made["images"], "id") {
        assert_finished(&setup, id);
    }
    assert_eq!(steps(&made).len(), 9);
}

#[test]
fn organizations_units_and_several_accounts_can_be_named() {
    let (setup, _) = ready();
    let line = format!("copy web --to us-west-2 --share-with 222222222222,333333333333 --share-with {UNIT}");
    let made = setup.json(&line);
    let id = each(&made["images"], "id")[0].to_owned();
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, "333333333333", UNIT]);
    assert_eq!(steps(&made), [(WEST, "share", "done")]);
}

#[test]
fn nothing_is_done_that_was_not_asked_for() {
    let (setup, _) = ready();
    let made = setup.json("copy web --to us-west-2");
    assert_eq!(made["steps"], serde_json::json!([]));
    assert_untouched(&setup, each(&made["images"], "id")[0]);
    assert_eq!(setup.changes(), ["CopyImage", "CreateTags"], "its snapshots get the tag that says whose they are");
    assert_eq!(setup.json("list")["steps"], serde_json::json!([]));
}

#[test]
fn a_step_that_is_refused_hides_neither_the_copy_nor_the_other_steps() {
    let (setup, _) = ready();
    let refusal = |action: &str| Fault::error(action, "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal("ModifyImageAttribute").in_region(EUROPE));
    setup.fake.fault(refusal("EnableImageDeprecation"));
    let ran = setup.run(&format!("copy web --to us-west-2,eu-west-1 {ALL} -o json")).ended(3);
    let made = ran.json();
    assert_eq!(each(&made["images"], "region"), [EUROPE, WEST]);
    assert_eq!(made["errors"], serde_json::json!([]));
    assert_eq!(
        steps(&made),
        [
            (EUROPE, "share", "failed"),
            (EUROPE, "deprecate", "failed"),
            (EUROPE, "protect", "done"),
            (WEST, "share", "done"),
            (WEST, "deprecate", "failed"),
            (WEST, "protect", "done"),
        ]
    );
    assert_eq!(made["steps"][0]["error"]["code"], "UnauthorizedOperation");
    let error = ran.error();
    assert_eq!((&error["code"], &error["message"]), (&"PartialCopy".into(), &"3 of 6 steps are not done".into()));
    let ids = each(&made["images"], "id");
    let share = format!("amictl share {} --with 222222222222 --region eu-west-1", ids[0]);
    let deprecate = format!("amictl deprecate {} {} --after 180d --region eu-west-1,us-west-2", ids[0], ids[1]);
    assert!(hint(&ran).contains(&share) && hint(&ran).contains(&deprecate), "{}", hint(&ran));
    let said = format!("{} in eu-west-1: not shared: You are not authorized. [UnauthorizedOperation]", ids[0]);
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    setup.fake.clear_faults();
    follow(&setup, &hint(&ran));
    for id in ids {
        assert_finished(&setup, id);
    }
}

#[test]
fn a_step_that_fails_after_create_is_finished_by_the_command_in_the_hint() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.fake.fault(Fault::error("EnableImageDeregistrationProtection", "UnauthorizedOperation", "No.").times(1));
    let ran = setup.run(&format!("create web --instance {instance} {ALL} -o json")).ended(3);
    assert_eq!(
        (&ran.error()["code"], &ran.error()["message"]),
        (&"PartialCreate".into(), &"1 of 3 steps are not done".into())
    );
    let made = ran.json();
    let id = each(&made["images"], "id")[0];
    assert_eq!(hint(&ran), format!("finish it with: amictl protect {id} --region us-east-1"));
    follow(&setup, &hint(&ran));
    assert_finished(&setup, id);
}

#[test]
fn a_second_run_finishes_and_a_third_changes_nothing() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "No.").times(1));
    let line = format!("copy web --to us-west-2 {ALL}");
    setup.run(&line).ended(3);
    let made = setup.json(&line);
    let id = each(&made["images"], "id")[0].to_owned();
    let changed: Vec<_> = made["steps"].as_array().unwrap().iter().map(|step| step["changed"].clone()).collect();
    assert_eq!(changed, [true, false, false]);
    assert_finished(&setup, &id);
    // A job of the next night does not put the deprecation off.
    setup.world().advance(seconds(86_400));
    setup.fake.forget_calls();
    setup.run(&line).ended(0).says(&["shared already", "deprecated already", "protected already"]);
    setup.unchanged();
    setup.run(&format!("protect {id} --cooldown --region us-west-2")).ended(0);
    setup.run(&line).ended(0).says(&["protected already"]);
    assert_eq!(setup.image(&id).protection, Protection::Enabled { cooldown: true }, "more is not made less");
}

#[test]
fn a_region_that_fails_is_finished_with_its_steps() {
    let (setup, _) = ready();
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE).times(1));
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "No.").in_region(WEST).times(1));
    let ran = setup.run(&format!("copy web --to us-west-2,eu-west-1 {ALL} -o json")).ended(3);
    assert_eq!(ran.error()["message"], "1 of 2 regions failed, 1 of 3 steps are not done");
    assert!(hint(&ran).contains(&format!("--to eu-west-1 --name '{NAME}' {ALL}")), "{}", hint(&ran));
    follow(&setup, &hint(&ran));
    for region in [WEST, EUROPE] {
        let id = setup.world().image_named(PROD, region, NAME).unwrap().id.clone();
        assert_finished(&setup, &id);
    }
}

#[test]
fn a_dry_run_says_the_steps_and_changes_nothing() {
    let (setup, _) = ready();
    let instance = setup.world().instance(PROD, EAST).put();
    let then = "; then shared with 222222222222, deprecated from 2";
    let ran = setup.run(&format!("copy web --to us-west-2 {ALL} --dry-run")).ended(0);
    ran.says(&["dry run: us-west-2: web-v3-2026-01-02 would be copied from us-east-1", then, "UTC, protected"]);
    let ran = setup.run(&format!("create web --instance {instance} {ALL} --dry-run")).ended(0);
    ran.says(&["would be made in us-east-1", then, "UTC, protected"]);
    setup.unchanged();
}

#[test]
fn what_ec2_would_refuse_is_refused_before_any_call() {
    let setup = Setup::new();
    let unit = "ou-ab12-cdefgh34";
    for (arguments, said) in [
        ("--share-with 11111111111", "has 11 digits, and an account id has 12"),
        ("--share-with ou-ab12-cdefgh34", "EC2 takes the ARN only"),
        ("--share-with o-abcdefghij", "EC2 takes the ARN only"),
        ("--share-with 222222222222,all", "an image cannot be shared with"),
        ("--deprecate-after 11y", "too far ahead"),
        ("--deprecate-after soon", "is not a span of time"),
        ("--share-with 222222222222 --no-wait", "--no-wait"),
        ("--deprecate-after 1d --no-wait", "--no-wait"),
        ("--protect --no-wait", "--no-wait"),
    ] {
        setup.run(&format!("copy web --to us-west-2 {arguments}")).ended(2).says(&[said]);
        setup.run(&format!("create web --instance i-0123456789abcdef0 {arguments}")).ended(2).says(&[said]);
    }
    let ran = setup.run(&format!("copy web --to us-west-2 --share-with {unit}")).ended(2);
    ran.says(&["describe-organizational-unit --organizational-unit-id ou-ab12-cdefgh34"]);
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
}
