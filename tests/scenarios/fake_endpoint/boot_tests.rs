//! Launches with a network interface, timers, consoles and types, as boot tests use them.

use aws_sdk_ec2::types::{InstanceNetworkInterfaceSpecification, ShutdownBehavior};

use super::*;
use crate::fake::BadBoot;

fn interface(index: i32) -> InstanceNetworkInterfaceSpecification {
    InstanceNetworkInterfaceSpecification::builder().device_index(index).associate_public_ip_address(false).build()
}

#[tokio::test]
async fn a_public_address_belongs_to_one_new_interface_with_a_subnet() {
    let fake = Fake::start();
    let image = fake.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let subnet = fake.world().subnets(PROD, EAST).remove(0);
    let client = prod(&fake, EAST);
    let launch =
        || client.run_instances().image_id(&image).instance_type(InstanceType::T3Micro).min_count(1).max_count(1);
    let within = |index, subnet: Option<&str>| {
        let mut wanted = interface(index);
        wanted.subnet_id = subnet.map(str::to_owned);
        launch().network_interfaces(wanted)
    };
    let combination = "InvalidParameterCombination";
    assert_eq!(code(within(0, None).send().await), "MissingParameter");
    assert_eq!(code(within(1, Some(&subnet)).send().await), combination);
    assert_eq!(code(within(0, Some(&subnet)).subnet_id(&subnet).send().await), combination);
    assert_eq!(code(within(0, Some(&subnet)).security_group_ids("sg-0123456789abcdef0").send().await), combination);
    let answer = within(0, Some(&subnet)).send().await.unwrap();
    let id = answer.instances()[0].instance_id().unwrap();
    assert_eq!(fake.world().find_instance(id).unwrap().public_ip, None);
    fake.world().no_capacity.insert("t3.micro".to_owned());
    assert_eq!(code(launch().send().await), "InsufficientInstanceCapacity");
    fake.world().not_offered.insert(("t3.micro".to_owned(), format!("{EAST}a")));
    let zone_a = fake.world().subnets(PROD, EAST);
    let mut refused = Vec::new();
    for subnet in zone_a {
        refused.push(code(launch().subnet_id(subnet).send().await));
    }
    refused.sort();
    assert_eq!(refused, ["InsufficientInstanceCapacity", "InsufficientInstanceCapacity", "Unsupported"]);
}

#[tokio::test]
async fn a_timer_in_the_user_data_shuts_down_as_the_launch_says() {
    for (behavior, after) in [(Some(ShutdownBehavior::Terminate), "terminated"), (None, "stopped")] {
        let fake = Fake::start();
        let image = fake.world().image(PROD, EAST, "web-v1-2026-01-02").put();
        let client = prod(&fake, EAST);
        let script = aws_smithy_types::base64::encode("#!/bin/sh\nshutdown -h +5 &\n");
        let launch = || {
            let launch = client.run_instances().image_id(&image).instance_type(InstanceType::T3Micro);
            launch.min_count(1).max_count(1).user_data(&script)
        };
        let answer = launch().set_instance_initiated_shutdown_behavior(behavior).send().await.unwrap();
        let id = answer.instances()[0].instance_id().unwrap().to_owned();
        let state = || {
            let world = fake.world();
            world.find_instance(&id).unwrap().state(world.now()).to_owned()
        };
        fake.world().advance(Duration::from_mins(4));
        assert_eq!(state(), "running");
        fake.world().advance(Duration::from_mins(2));
        assert_eq!(state(), after);
        let shown = client.describe_instances().instance_ids(&id).send().await.unwrap();
        let reason = shown.reservations()[0].instances()[0].state_reason().unwrap().code().unwrap().to_owned();
        assert_eq!(reason, "Client.InstanceInitiatedShutdown");
        // What cannot be reached does not run its user data either.
        fake.world().bad_boots.insert(image.clone(), BadBoot::Impaired);
        let answer = launch().send().await.unwrap();
        let id = answer.instances()[0].instance_id().unwrap();
        assert_eq!(fake.world().find_instance(id).unwrap().timer, None);
    }
}

#[tokio::test]
async fn consoles_and_types_are_refused_as_ec2_refuses_them() {
    let fake = Fake::start();
    let old = fake.world().instance(PROD, EAST).kind("t2.micro").put();
    let client = prod(&fake, EAST);
    let console = || client.get_console_output().instance_id(&old);
    assert_eq!(code(console().latest(true).send().await), "UnsupportedOperation");
    assert!(console().send().await.unwrap().output().is_some());
    assert_eq!(
        code(client.get_console_output().instance_id("i-0123456789abcdef0").send().await),
        "InvalidInstanceID.NotFound"
    );
    let unknown = client.describe_instance_types().instance_types(InstanceType::from("t9.huge"));
    assert_eq!(code(unknown.send().await), "InvalidInstanceType");
}
