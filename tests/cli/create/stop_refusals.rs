//! `create --stop` of instances that must not be stopped, or cannot be: nothing is changed.

use super::stop::{running, runs_again, stop};
use crate::cli::Ran;
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

/// It is refused with this code, these words and this next step, and nothing was changed.
#[track_caller]
fn refused(setup: &Setup, ran: Ran, code: &str, words: &str, hint: &str) {
    let error = ran.ended(4).error();
    assert_eq!(error["code"], code);
    assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    setup.unchanged();
}

#[test]
fn a_member_of_a_group_would_be_replaced() {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "web-v1-2026-01-01").put();
    world.launch_template(PROD, EAST, "web").image(&image).put();
    world.auto_scaling_group(PROD, EAST, "web").launch_template("web", "1").put();
    let id = world.instance(PROD, EAST).put();
    world.join_group(PROD, EAST, "web", &id, false);
    drop(world);
    for options in ["", "--dry-run"] {
        let words = format!("{id} in us-east-1 is InService in the Auto Scaling group web, which would replace it");
        let hint = format!(
            "aws autoscaling enter-standby --region us-east-1 --instance-ids {id} --auto-scaling-group-name web"
        );
        refused(&setup, stop(&setup, &id, options), "InAutoScalingGroup", &words, &hint);
    }
}

#[test]
fn what_is_on_instance_store_would_be_lost() {
    let setup = Setup::new();
    let root = setup.world().instance(PROD, EAST).instance_store().put();
    refused(&setup, stop(&setup, &root, ""), "InstanceStore", "has no EBS root volume", "EBS root volume");
    let disks = setup.world().instance(PROD, EAST).kind("m5d.large").put();
    let words = "is a m5d.large, which has instance store volumes: a stop erases what is on them";
    refused(&setup, stop(&setup, &disks, ""), "InstanceStore", words, "leave out --stop");
}

#[test]
fn a_one_time_spot_instance_cannot_be_stopped() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).spot().put();
    let words = "is a Spot Instance of a one-time request: EC2 cannot stop it";
    refused(&setup, stop(&setup, &id, ""), "OneTimeSpot", words, "leave out --stop");
}

#[test]
fn a_protected_instance_says_how_to_take_the_protection_off() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).stop_protected().put();
    let line = format!("aws ec2 modify-instance-attribute --region us-east-1 --instance-id {id} --no-disable-api-stop");
    refused(&setup, stop(&setup, &id, ""), "StopProtection", "is protected from being stopped", &line);
}

#[test]
fn one_that_does_not_run_yet_is_not_stopped() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).state("pending").put();
    let error = stop(&setup, &id, "").ended(1).error();
    assert_eq!(error["code"], "IncorrectInstanceState");
    assert!(error["message"].as_str().unwrap().contains("is pending: --stop needs it running or stopped"), "{error}");
    setup.unchanged();
}

#[test]
fn what_cannot_be_checked_is_not_stopped() {
    for call in [
        "DescribeAutoScalingInstances",
        "DescribeInstanceAttribute",
        "DescribeInstanceTypes",
        "DescribeSpotInstanceRequests",
        "StopInstances",
        "StartInstances",
        "CreateTags",
        "DeleteTags",
        "CreateImage",
    ] {
        let setup = Setup::new();
        let id = setup.world().instance(PROD, EAST).persistent_spot().put();
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "You are not authorized."));
        let error = stop(&setup, &id, "").ended(1).error();
        assert_eq!(error["code"], "UnauthorizedOperation", "{call}");
        assert!(error["message"].as_str().unwrap().contains(call), "{error}");
        setup.unchanged();
        runs_again(&setup, &id);
    }
    let setup = Setup::new();
    let id = running(&setup);
    setup.fake.fault(Fault::error("DescribeInstances", "UnauthorizedOperation", "You are not authorized."));
    stop(&setup, &id, "").ended(1);
    setup.unchanged();
}
