//! `share`: what EC2 would refuse is refused before anything is shared.

use serde_json::Value;

use crate::changes::verbs::NAME;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST};

const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";

/// Runs it; checks that it ended so, said all this, and changed nothing. Gives the error.
#[track_caller]
fn refuses(setup: &Setup, line: &str, exit: i32, code: &str, said: &[&str]) -> Value {
    setup.fake.forget_calls();
    let ran = setup.run(&format!("{line} -o json")).ended(exit);
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit_code"]), (&code.into(), &exit.into()), "{}", ran.stderr);
    let text = format!("{} {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap_or_default());
    for word in said {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    setup.unchanged();
    error
}

#[test]
fn nobody_an_image_can_be_shared_with_is_a_usage_error() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    for (whom, said) in [
        ("11111111111", "11 digits"),
        ("1111111111111", "13 digits"),
        ("o-abcdefghij", "arn:aws:organizations::<management account>:organization/o-abcdefghij"),
        ("ou-ab12-cdefgh34", "aws organizations describe-organizational-unit"),
        ("everybody", "an image cannot be shared with"),
        ("all", "an image cannot be shared with"),
        ("arn:aws:iam::111111111111:root", "an image cannot be shared with"),
    ] {
        for verb in ["share", "unshare"] {
            refuses(&setup, &format!("{verb} web --with {OTHER},{whom}"), 2, "Usage", &[said]);
        }
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn whom_to_share_with_must_be_said() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    for line in [
        "share web".to_owned(),
        "unshare web".to_owned(),
        "share web --copyable".to_owned(),
        "unshare web --all --public".to_owned(),
        format!("unshare web --all --with {OTHER}"),
        "unshare web --all --copyable".to_owned(),
        "share --public".to_owned(),
    ] {
        setup.run(&line).ended(2);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn organizations_cannot_be_given_snapshots_and_what_that_means_is_said() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    let line = format!("share web --with {OTHER},{ORGANIZATION} --copyable");
    let said = [ORGANIZATION, "EC2 shares snapshots with accounts only", "share it --copyable with each of them"];
    refuses(&setup, &line, 2, "Usage", &said);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn what_is_not_available_holds_all_of_them_back() {
    let setup = Setup::new();
    let ids: Vec<_> = {
        let mut world = setup.world();
        world.image(PROD, EAST, NAME).put();
        let states = ["pending", "disabled", "failed"].into_iter().enumerate();
        states.map(|(n, s)| world.image(PROD, EAST, &format!("web-v{}-2026-01-02", n + 2)).state(s).put()).collect()
    };
    let wait = format!("amictl wait {} --region us-east-1", ids[0]);
    let place = format!("in account {PROD}, region us-east-1");
    let web = format!("share web:v1 --with {OTHER}");
    let code = "InvalidAMIID.Unavailable";
    refuses(&setup, &format!("{web} web:v2"), 1, code, &[&ids[0], &place, "is pending", &wait]);
    let enable = format!("amictl enable {} --region us-east-1", ids[1]);
    refuses(&setup, &format!("{web} web:v3"), 1, code, &["is disabled", &enable]);
    let all = format!("{web} web:v2 web:v3 web:v4");
    refuses(&setup, &all, 1, code, &[&ids[0], "is pending", &ids[1], "is disabled", &ids[2], "is failed", &wait]);
    refuses(&setup, &format!("share web --every-version --with {OTHER}"), 1, code, &[&ids[0], "is pending"]);
}

#[test]
fn what_is_encrypted_is_never_public() {
    let setup = Setup::new();
    let id = {
        let mut world = setup.world();
        world.image(PROD, WEST, NAME).put();
        let key = world.add_kms_key(PROD, EAST, "alias/images");
        world.image(PROD, EAST, NAME).encrypted(&key).put()
    };
    let line = "share web --public --region us-west-2,us-east-1";
    let place = format!("{NAME} ({id}) in account {PROD}, region us-east-1 is encrypted");
    refuses(&setup, line, 4, "Encrypted", &[&place, "share it with accounts"]);
    let ran = setup.run(&format!("share web --with {OTHER} --region us-west-2,us-east-1")).ended(0);
    ran.says(&["to launch it, they also need to use its KMS key: arn:aws:kms:us-east-1:111111111111:key/"]);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
}

#[test]
fn what_is_under_the_key_of_aws_cannot_be_shared() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).snapshots(2).encrypted_by_default().put();
    setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    let copy = format!("amictl copy {id} --to us-east-1 --encrypt --kms-key KEY --name NAME --region us-east-1");
    for whom in [OTHER, ORGANIZATION] {
        let said = [&*id, "AWS managed key aws/ebs", &copy];
        refuses(&setup, &format!("share web:v2 web:v1 --with {whom}"), 4, "DefaultKey", &said);
    }
    assert_eq!(setup.calls("DescribeKey").len(), 1, "a key is asked about once");
}

#[test]
fn the_hint_for_what_is_under_the_key_of_aws_leads_on() {
    let setup = Setup::new();
    let key = setup.world().add_kms_key(PROD, EAST, "alias/images");
    setup.world().image(PROD, EAST, NAME).encrypted_by_default().put();
    let error = refuses(&setup, &format!("share web --with {OTHER}"), 4, "DefaultKey", &[]);
    let hint = error["hint"].as_str().unwrap().split_once("amictl ").unwrap().1;
    let line = hint.replace("KEY", &key).replace("NAME", "web-v2-2026-01-02");
    setup.run(&line).ended(0);
    setup.run(&format!("share web:v2 --with {OTHER}")).ended(0);
}

#[test]
fn a_key_that_cannot_be_looked_at_is_left_to_ec2() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).encrypted_by_default().put();
    setup.fake.fault(Fault::error("DescribeKey", "AccessDeniedException", "No looking at keys."));
    let ran = setup.run(&format!("share web --with {OTHER} -o json")).ended(1);
    assert_eq!(ran.error()["code"], "InvalidParameter");
    ran.says(&[
        "can be shared is unknown",
        "No looking at keys.",
        "encrypted with the AWS Managed CMK can't be shared",
    ]);
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn where_public_images_are_blocked_it_is_said_who_blocks_them() {
    let setup = Setup::new();
    for region in [EAST, EUROPE] {
        setup.world().image(PROD, region, NAME).put();
    }
    let place = (PROD.to_owned(), EUROPE.to_owned());
    setup.world().block_public_access.insert(place.clone());
    let line = "share web --public --region us-east-1,eu-west-1";
    let said = ["block public access for AMIs is on in account 111111111111, region eu-west-1"];
    let off = "aws ec2 disable-image-block-public-access --region eu-west-1";
    refuses(&setup, line, 4, "BlockPublicAccess", &[said[0], off, "10 minutes"]);
    setup.world().settings_by_policy.insert(place);
    refuses(&setup, line, 4, "BlockPublicAccess", &[said[0], "declarative policy of the organization"]);
    setup.run(&format!("share web --with {OTHER} --region us-east-1,eu-west-1")).ended(0);
}

#[test]
fn snapshots_have_a_block_of_their_own_that_keeps_images_from_being_copied_by_everybody() {
    let setup = Setup::new();
    let [web, _] = [EAST, EUROPE].map(|region| setup.world().image(PROD, region, NAME).put());
    let place = (PROD.to_owned(), EUROPE.to_owned());
    let line = "share web --public --copyable --region us-east-1,eu-west-1";
    let on = "block public access for snapshots is on in account 111111111111, region eu-west-1";
    let off = "aws ec2 disable-snapshot-block-public-access --region eu-west-1";
    setup.world().block_public_snapshots.insert(place.clone(), "block-new-sharing");
    refuses(&setup, line, 4, "BlockPublicAccess", &[NAME, on, off, "without --copyable"]);
    setup.world().settings_by_policy.insert(place.clone());
    refuses(&setup, line, 4, "BlockPublicAccess", &[on, "declarative policy of the organization"]);
    // It is nothing to those who only launch it, and nothing to accounts.
    setup.run("share web --public --region us-east-1,eu-west-1").ended(0);
    setup.run(&format!("share web --copyable --with {OTHER} --region us-east-1,eu-west-1")).ended(0);
    setup.run("share web --public --copyable").ended(0);
    let snapshot = setup.image(&web).snapshots().next().unwrap().to_owned();
    assert_eq!(setup.world().snapshot_permissions(&snapshot), ["all", OTHER]);
    // What is public already stays so, unless nothing counts as public any more.
    let here = (PROD.to_owned(), EAST.to_owned());
    setup.world().block_public_snapshots.insert(here.clone(), "block-new-sharing");
    setup.run("share web --public --copyable").ended(0);
    setup.world().block_public_snapshots.insert(here, "block-all-sharing");
    refuses(
        &setup,
        "share web --public --copyable",
        4,
        "BlockPublicAccess",
        &["those that are public count as private"],
    );
}

#[test]
fn a_block_of_snapshots_that_cannot_be_read_is_left_to_ec2() {
    let setup = Setup::new();
    let web = setup.world().image(PROD, EAST, NAME).put();
    setup.world().block_public_snapshots.insert((PROD.into(), EAST.into()), "block-new-sharing");
    setup.fake.fault(Fault::error("GetSnapshotBlockPublicAccessState", "UnauthorizedOperation", "No settings."));
    let ran = setup.run("share web --public --copyable -o json").ended(3);
    ran.says(&["whether snapshots may be made public", "is unknown", "No settings.", "block public access is enabled"]);
    assert_eq!(setup.world().launch_permissions(&web), ["all"], "the report says that it can be launched");
}

#[test]
fn a_block_that_cannot_be_read_is_left_to_ec2() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    setup.fake.fault(Fault::error("GetImageBlockPublicAccessState", "UnauthorizedOperation", "No settings."));
    setup.run("share web --public").ended(0).says(&["may be made public", "is unknown", "No settings."]);
    setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    setup.world().block_public_access.insert((PROD.into(), EAST.into()));
    let ran = setup.run("share web --public -o json").ended(1);
    assert_eq!(ran.error()["code"], "OperationNotPermitted");
    assert!(ran.error()["message"].as_str().unwrap().contains("block public access is enabled"), "{}", ran.stderr);
}

#[test]
fn an_account_that_nobody_has_is_told_of_by_ec2() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.world().missing_accounts.insert("999999999999".into());
    let ran = setup.run(&format!("share web --with {OTHER},999999999999 -o json")).ended(1);
    assert_eq!(ran.error()["code"], "InvalidAMIAttributeItemValue");
    assert!(ran.error()["message"].as_str().unwrap().contains("999999999999"), "{}", ran.stderr);
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn a_refusal_tells_of_places_that_could_not_be_looked_into() {
    let setup = Setup::new();
    let theirs = setup.world().image(OTHER, EAST, NAME).shared_with(PROD).put();
    setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
    let [prod, other] = [PROD, OTHER].map(crate::changes::verbs::role);
    let ran = setup.run(&format!("share {theirs} --with 333333333333 {prod} {other}")).ended(1);
    ran.says(&[
        "account 222222222222, region us-east-1: ",
        "sts:AssumeRole",
        "belongs to 222222222222, not to account 111111111111",
    ]);
}

#[test]
fn an_image_with_a_watermark_is_not_made_public() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).watermark("golden base").watermark("approved").put();
    let detach = format!(
        "aws ec2 detach-image-watermark --region us-east-1 --image-id {id} --watermark-key '{PROD}:golden base'"
    );
    let said =
        [NAME, &id, "has a watermark (golden base, approved)", "in account 111111111111, region us-east-1", &detach];
    refuses(&setup, "share web --public", 4, "Watermark", &said);
    refuses(&setup, "share web --public --dry-run", 4, "Watermark", &said);
    setup.run(&format!("share web --with {OTHER}")).ended(0);
}
