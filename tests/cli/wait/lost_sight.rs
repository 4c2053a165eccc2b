//! Work at AWS that can no longer be looked at: its id and the way back are always reported.

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

/// From now on nobody can look at images by their id: the credentials have run out.
fn expire(setup: &Setup, action: &str, text: &str) {
    setup.fake.fault(Fault::error(action, "RequestExpired", "Request has expired.").matching(text).times(99));
}

fn created(setup: &Setup) -> String {
    setup.world().images(PROD, EAST).next().unwrap().id.clone()
}

#[test]
fn create_names_the_image_and_how_to_go_on() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    expire(&setup, "DescribeImages", "ami-");
    let line = format!("create web --instance {instance} --copy-to us-west-2 --share-with {OTHER} -q -o json");
    let ran = setup.run(&line).ended(1);
    let (id, error) = (created(&setup), ran.error());
    assert_eq!(error["code"], "RequestExpired");
    assert!(error["message"].as_str().unwrap().contains(&format!("{id} in us-east-1 was pending")), "{error}");
    let hint = error["hint"].as_str().unwrap();
    for part in ["sign in again", &format!("amictl wait {id} --region us-east-1"), "amictl share", "amictl copy"] {
        assert!(hint.contains(part), "{part}: {hint}");
    }
    assert_eq!(each(&ran.json()["steps"], "status"), ["skipped"]);
    assert_eq!(each(&ran.json()["errors"], "code"), ["RequestExpired"]);
    // What the hint says does the rest.
    setup.fake.clear_faults();
    let (_, lines) = hint.split_once("wait for it with: ").unwrap();
    for line in lines.split(" && ") {
        setup.run(line.strip_prefix("amictl ").unwrap()).ended(0);
    }
    assert_eq!(setup.names(PROD, WEST), setup.names(PROD, EAST));
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
}

#[test]
fn so_does_create_without_waiting() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    expire(&setup, "DescribeImages", "ami-");
    let ran = setup.run(&format!("create web --instance {instance} --no-wait -o json")).ended(1);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("amictl wait {}", created(&setup))), "{hint}");
}

#[test]
fn a_snapshot_that_could_not_be_tagged_is_told_of_whatever_comes_after() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "You are not authorized.").times(9));
    expire(&setup, "DescribeImages", "ami-");
    let ran = setup.run(&format!("create web --snapshot {snapshot} -q")).ended(1);
    ran.says(&["could not be tagged", "Request has expired"]);
}

#[test]
fn launch_names_the_instances_and_how_to_go_on() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    expire(&setup, "DescribeInstances", "i-");
    let ran = setup.run("launch web --type t3.micro --count 2 -q -o json").ended(1);
    let (error, world) = (ran.error(), setup.world());
    let hint = error["hint"].as_str().unwrap();
    let ids: Vec<_> = world.instances(PROD, EAST).map(|instance| instance.id.clone()).collect();
    assert_eq!((ids.len(), &error["code"]), (2, &"RequestExpired".into()));
    for id in ids {
        assert!(error["message"].as_str().unwrap().contains(&id) && hint.contains(&id), "{error}");
    }
    assert!(hint.contains("amictl wait i-"), "{hint}");
}

#[test]
fn a_deregistration_that_ec2_accepted_counts_as_a_change() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").snapshots(2).put();
    let snapshots = setup.snapshots_of(&id);
    // The look at what is left comes after all others.
    let looks = {
        let probe = Setup::new();
        let id = probe.world().image(PROD, EAST, "web-v1-2026-01-02").snapshots(2).put();
        probe.run(&format!("deregister {id} --yes")).ended(0);
        probe.calls("DescribeImages").len()
    };
    let expired = Fault::error("DescribeImages", "RequestExpired", "Request has expired.");
    setup.fake.fault(expired.skip(looks - 1).times(99));
    let report = setup.run(&format!("deregister {id} --yes -o json")).ended(3).json();
    let row = &report["results"][0];
    assert_eq!((&row["status"], &row["changed"]), (&"failed".into(), &true.into()));
    let message = row["error"]["message"].as_str().unwrap();
    for part in ["EC2 accepted the call", &snapshots[0], &snapshots[1], "Request has expired"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_copy_that_failed_over_its_key_can_be_made_again_with_another() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let key = setup.world().add_kms_key(PROD, WEST, "alias/right");
    setup.run("copy web --to us-west-2 --encrypt --kms-key alias/wrong").ended(1);
    let failed = setup.world().images(PROD, WEST).next().unwrap().id.clone();
    setup.run(&format!("deregister {failed} --region us-west-2 --yes")).ended(0);
    let made = setup.json("copy web --to us-west-2 --encrypt --kms-key alias/right");
    let snapshot = made["images"][0]["snapshots"][0]["id"].as_str().unwrap();
    assert_eq!(setup.world().find_snapshot(snapshot).unwrap().kms_key.as_ref(), Some(&key));
}

#[test]
fn a_copy_under_another_key_is_not_taken_for_the_one_asked_for() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().add_kms_key(PROD, WEST, "alias/old");
    let new = setup.world().add_kms_key(PROD, WEST, "alias/new");
    setup.run("copy web --to us-west-2 --encrypt --kms-key alias/old").ended(0);
    setup.run("copy web --to us-west-2 --encrypt --kms-key alias/old").ended(0).says(&["already"]);
    setup.fake.forget_calls();
    for key in ["alias/new", &new] {
        let ran = setup.run(&format!("copy web --to us-west-2 --encrypt --kms-key {key} -o json")).ended(1);
        assert_eq!(ran.error()["code"], "InvalidAMIName.Duplicate");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("is encrypted with arn:aws:kms:us-west-2") && message.contains(key), "{message}");
    }
    setup.unchanged();
}
