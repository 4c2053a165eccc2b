//! `--share-with` of images under an AWS managed key: refused before anything is created.

use crate::fake::{Fault, OTHER, PROD};
use crate::follow_up::steps::{NAME, hint, ready, steps};
use crate::setup::{EAST, EUROPE, Setup, WEST};

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
        assert!(
            message.starts_with(&format!("the copy in {region} would be encrypted with the AWS managed key ")),
            "{message}"
        );
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
    setup.run(&line).ended(4).says(&["AWS managed key aws/ebs, and could not be shared"]);
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
