//! What `create` and `copy` do to images once they are available: share, deprecate, protect.

use std::process::Command;

use serde_json::Value;

use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD, Protection};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds};

const NAME: &str = "web-v3-2026-01-02";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";
const ALL: &str = "--share-with 222222222222 --deprecate-after 180d --protect";

/// An endpoint with one image.
fn ready() -> (Setup, String) {
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
fn assert_finished(setup: &Setup, id: &str) {
    let expected = (vec![OTHER.to_owned()], Some(180), Protection::Enabled { cooldown: false });
    assert_eq!(finished(setup, id), expected, "{id}");
}

#[track_caller]
fn assert_untouched(setup: &Setup, id: &str) {
    assert_eq!(finished(setup, id), (Vec::new(), None, Protection::Disabled), "{id}");
}

/// Region, action and status of each step in a document.
#[track_caller]
fn steps(document: &Value) -> Vec<(&str, &str, &str)> {
    let list = &document["steps"];
    let parts = ["region", "action", "status"].map(|field| each(list, field));
    (0..parts[0].len()).map(|n| (parts[0][n], parts[1][n], parts[2][n])).collect()
}

/// Runs each of the command lines of a hint.
#[track_caller]
fn follow(setup: &Setup, hint: &str) {
    let lines: Vec<_> = hint.split("amictl ").skip(1).map(|line| line.trim_end_matches(" && ")).collect();
    assert!(!lines.is_empty(), "no command in: {hint}");
    for line in lines {
        setup.run(&line.replace('\'', "")).ended(0);
    }
}

fn hint(ran: &Ran) -> String {
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
    assert_eq!(setup.changes(), ["CopyImage"]);
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
        ("--share-with 222222222222,all", "is nobody an image can be shared with"),
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

#[test]
fn a_copy_that_would_end_up_under_a_key_of_aws_is_refused() {
    let (setup, _) = ready();
    let key;
    {
        let mut world = setup.world();
        key = world.add_kms_key(PROD, WEST, "alias/own");
        world.image(PROD, EAST, "secret-v1-2026-01-02").encrypted_by_default().put();
        world.encrypt_by_default.insert((PROD.into(), EUROPE.into()));
    }
    let refused = |line: &str, region: &str| {
        let ran = setup.run(&format!("copy {line} --share-with 222222222222 -o json")).ended(4);
        assert_eq!(ran.error()["code"], "DefaultKey", "{line}");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("the copy in {region} would be encrypted with the key ")), "{message}");
        assert!(hint(&ran).contains(&format!("--encrypt --kms-key {region}=KEY")), "{}", hint(&ran));
    };
    refused("web --to us-west-2 --encrypt", WEST);
    refused("web --to us-west-2 --encrypt --kms-key alias/aws/ebs", WEST);
    refused("web --to us-east-2,us-west-2 --encrypt --kms-key us-west-2=alias/own", "us-east-2");
    refused("web --to us-west-2,eu-west-1", EUROPE);
    refused("secret --to us-west-2", WEST);
    refused("secret --to us-east-1 --name again", EAST);
    refused("web --to us-west-2 --encrypt --dry-run", WEST);
    setup.unchanged();
    assert!(setup.calls("CopyImage").is_empty());

    setup.run("copy secret --to us-west-2").ended(0);
    let line = "copy web --to us-west-2 --encrypt --kms-key alias/own --share-with 222222222222";
    assert_eq!(steps(&setup.json(line)), [(WEST, "share", "done")]);
    setup.world().set_ebs_default_key(PROD, WEST, &key);
    let line = "copy web --to us-west-2 --name another --encrypt --share-with 222222222222";
    assert_eq!(steps(&setup.json(line)), [(WEST, "share", "done")], "the default key is one of ours");
}

#[test]
fn an_encrypted_image_of_others_is_shared_on_only_under_a_key_of_ours() {
    let setup = Setup::new();
    let theirs;
    {
        let mut world = setup.world();
        world.add_kms_key(PROD, EAST, "alias/own");
        let key = world.add_kms_key(OTHER, EAST, "alias/theirs");
        world.share_kms_key(&key, PROD);
        theirs = world.image(OTHER, EAST, NAME).encrypted(&key).shared_with(PROD).copyable_by(PROD).put();
    }
    let line = format!("copy {theirs} --to us-east-1 --share-with 333333333333");
    setup.run(&line).ended(4).says(&["aws/ebs of AWS, under which nothing can be shared"]);
    setup.unchanged();
    setup.run(&format!("{line} --encrypt --kms-key alias/own")).ended(0);
}

#[test]
fn an_image_of_volumes_under_a_key_of_aws_is_refused_before_it_is_made() {
    let setup = Setup::new();
    let (plain, owned, default, snapshot);
    {
        let mut world = setup.world();
        let key = world.add_kms_key(PROD, EAST, "alias/own");
        let of_aws = world.image(PROD, EAST, "x").encrypted_by_default().put();
        snapshot = world.find_image(&of_aws).unwrap().snapshots().next().unwrap().to_owned();
        let aws = world.find_snapshot(&snapshot).unwrap().kms_key.clone().unwrap();
        plain = world.instance(PROD, EAST).volumes(2).put();
        owned = world.instance(PROD, EAST).encrypted(&key).put();
        default = world.instance(PROD, EAST).volumes(2).encrypted(&aws).put();
    }
    for origin in [format!("--instance {default}"), format!("--snapshot {snapshot}")] {
        let ran = setup.run(&format!("create web {origin} --share-with 222222222222 -o json")).ended(4);
        assert_eq!(ran.error()["code"], "DefaultKey");
        assert!(hint(&ran).contains("--encrypt --kms-key KEY"), "{}", hint(&ran));
    }
    let line = format!("create web --instance {owned} --copy-to us-west-2 --share-with 222222222222");
    let ran = setup.run(&format!("{line} -o json")).ended(4);
    assert!(ran.error()["message"].as_str().unwrap().starts_with("the copy in us-west-2 would be"), "{}", ran.stderr);
    assert!(hint(&ran).contains("leave us-west-2 out of --copy-to"), "{}", hint(&ran));
    setup.unchanged();
    setup.run(&format!("create web --instance {default} --protect")).ended(0);
    for instance in [plain, owned] {
        let made = setup.json(&format!("create web --instance {instance} --share-with 222222222222"));
        assert_eq!(steps(&made), [(EAST, "share", "done")]);
    }
}

#[test]
fn what_cannot_be_looked_at_is_said_and_left_to_ec2() {
    let (setup, _) = ready();
    let aws = setup.world().image(PROD, EAST, "x").encrypted_by_default().put();
    let snapshot = setup.image(&aws).snapshots().next().unwrap().to_owned();
    let key = setup.world().find_snapshot(&snapshot).unwrap().kms_key.clone().unwrap();
    let instance = setup.world().instance(PROD, EAST).encrypted(&key).put();
    for action in ["GetEbsDefaultKmsKeyId", "GetEbsEncryptionByDefault", "DescribeVolumes"] {
        setup.fake.fault(Fault::error(action, "UnauthorizedOperation", "You are not authorized."));
    }
    let ran = setup.run("copy web --to us-west-2 --share-with 222222222222").ended(0);
    ran.says(&["whether a copy in us-west-2 can be shared is unknown", "GetEbsEncryptionByDefault"]);
    let ran = setup.run("copy web --to us-west-2 --name other --encrypt --share-with 222222222222").ended(3);
    ran.says(&["GetEbsDefaultKmsKeyId", "not shared: Snapshots encrypted with the AWS Managed CMK can't be shared"]);
    let ran = setup.run(&format!("create web --instance {instance} --share-with 222222222222 -o json")).ended(3);
    assert!(ran.stderr.contains("whether the image can be shared is unknown: DescribeVolumes"), "{}", ran.stderr);
    assert_eq!(ran.error()["code"], "PartialCreate");
    assert_eq!(steps(&ran.json()), [(EAST, "share", "failed")]);
}

/// Asks a process to stop as Ctrl-C does, and gives what it wrote.
#[cfg(unix)]
fn stopped(process: std::process::Child) -> Ran {
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    Ran::from(process.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn an_interrupted_create_says_which_steps_are_left() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    let process = setup.process(&format!("create web --instance {instance} {ALL} -o json")).spawn().unwrap();
    setup.until("CreateImage", 1);
    let asked = setup.calls("DescribeImages").len();
    setup.until("DescribeImages", asked + 1);
    let ran = stopped(process).ended(130);
    assert_eq!(ran.error()["code"], "Interrupted");
    let made = ran.json();
    assert_eq!(made["images"], serde_json::json!([]));
    assert_eq!(each(&made["errors"], "code"), ["Interrupted"]);
    assert_eq!(
        steps(&made),
        [(EAST, "share", "skipped"), (EAST, "deprecate", "skipped"), (EAST, "protect", "skipped")]
    );
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    assert_finished(&setup, made["steps"][0]["image_id"].as_str().unwrap());
}

#[cfg(unix)]
#[test]
fn an_interrupted_copy_is_taken_up_with_its_steps() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(600);
    let process = setup.process(&format!("copy web --to us-west-2,eu-west-1 {ALL} -o json")).spawn().unwrap();
    setup.until("CopyImage", 2);
    let asked = setup.calls("DescribeImages").len();
    setup.until("DescribeImages", asked + 2);
    let ran = stopped(process).ended(130);
    assert_eq!(steps(&ran.json()).len(), 6);
    assert!(steps(&ran.json()).iter().all(|(_, _, status)| *status == "skipped"));
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    for region in [WEST, EUROPE] {
        let id = setup.world().image_named(PROD, region, NAME).unwrap().id.clone();
        assert_finished(&setup, &id);
    }
    assert_eq!(setup.names(PROD, WEST), [NAME]);
}

#[cfg(unix)]
#[test]
fn steps_that_an_interrupt_leaves_out_are_named() {
    let (setup, _) = ready();
    let slow = crate::fake::FaultKind::Latency(seconds(2));
    setup.fake.fault(Fault::on("ModifyImageAttribute", slow));
    let process = setup.process(&format!("copy web --to us-west-2 {ALL} -o json")).spawn().unwrap();
    setup.until("ModifyImageAttribute", 1);
    let ran = stopped(process).ended(130);
    assert_eq!(
        steps(&ran.json()),
        [(WEST, "share", "done"), (WEST, "deprecate", "skipped"), (WEST, "protect", "skipped")]
    );
    assert_eq!(ran.error()["message"], "interrupted: 2 of 3 steps are not done");
    follow(&setup, &hint(&ran));
    assert_finished(&setup, each(&ran.json()["images"], "id")[0]);
}

#[test]
fn when_the_time_is_over_the_steps_are_in_what_goes_on() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(600);
    let ran = setup.run(&format!("copy web --to us-west-2 {ALL} --timeout 1s -o json")).ended(5);
    assert_eq!(steps(&ran.json()).len(), 3);
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    let id = setup.world().image_named(PROD, WEST, NAME).unwrap().id.clone();
    assert_finished(&setup, &id);
}
