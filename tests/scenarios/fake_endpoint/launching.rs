//! Instances and their network.

use super::*;

#[tokio::test]
async fn instances_boot_and_managed_ones_hide() {
    let fake = Fake::start();
    let image = fake.world().image(PROD, EAST, "web").snapshots(2).put();
    fake.world().add_key_pair(PROD, EAST, "ops");
    fake.world().instance(PROD, EAST).image(&image).managed("eks.amazonaws.com").put();
    fake.world().boot_for = Duration::from_secs(30);
    let client = prod(&fake, EAST);
    let launch =
        || client.run_instances().image_id(&image).instance_type(InstanceType::T3Micro).min_count(2).max_count(2);
    assert_eq!(code(launch().key_name("nope").send().await), "InvalidKeyPair.NotFound");
    assert_eq!(code(launch().subnet_id("subnet-0123456789abcdef0").send().await), "InvalidSubnetID.NotFound");
    assert_eq!(code(launch().user_data("no base64!").send().await), "InvalidUserData.Malformed");
    let arm = launch().instance_type(InstanceType::T4gMicro);
    assert_eq!(code(arm.send().await), "InvalidParameterValue");
    let odd = launch().instance_type(InstanceType::from("t9.mega"));
    assert_eq!(code(odd.send().await), "InvalidParameterValue");
    assert_eq!(code(launch().key_name("ops").dry_run(true).send().await), "DryRunOperation");
    let first = launch().key_name("ops").client_token("once").send().await.unwrap();
    let again = launch().key_name("ops").client_token("once").send().await.unwrap();
    assert_eq!(first.instances().len(), 2);
    assert_eq!(first.reservation_id(), again.reservation_id());
    assert_eq!(first.instances()[0].public_ip_address(), None);

    let list = || client.describe_instances().filters(filter("image-id", &image));
    let shown = list().send().await.unwrap();
    assert_eq!(shown.reservations().len(), 1);
    let shown = list().include_managed_resources(true).send().await.unwrap();
    assert_eq!(shown.reservations().len(), 2);
    let id = first.instances()[0].instance_id().unwrap();
    let one = client.describe_instances().instance_ids(id);
    fake.world().advance(Duration::from_secs(30));
    let running = one.clone().send().await.unwrap();
    let instance = &running.reservations()[0].instances()[0];
    assert_eq!(instance.state().unwrap().name().unwrap().as_str(), "running");
    assert!(instance.public_ip_address().is_some() && instance.public_dns_name().is_some());
    assert_eq!(instance.block_device_mappings().len(), 2);
    let gone = client.terminate_instances().instance_ids(id).send().await.unwrap();
    assert_eq!(gone.terminating_instances()[0].previous_state().unwrap().name().unwrap().as_str(), "running");
    fake.world().advance(Duration::from_hours(2));
    assert_eq!(code(one.send().await), "InvalidInstanceID.NotFound");
}

#[tokio::test]
async fn volumes_are_found_by_their_instance_with_their_keys() {
    let fake = Fake::start();
    let (plain, encrypted, managed, key);
    {
        let mut world = fake.world();
        key = world.add_kms_key(PROD, EAST, "alias/volumes");
        plain = world.instance(PROD, EAST).volumes(2).put();
        encrypted = world.instance(PROD, EAST).encrypted(&key).put();
        managed = world.instance(PROD, EAST).managed("eks.amazonaws.com").put();
    }
    let of = |client: &Client, id: &str| {
        let call = client.describe_volumes().filters(filter("attachment.instance-id", id));
        async move { call.send().await.unwrap().volumes.unwrap_or_default() }
    };
    let client = prod(&fake, EAST);
    let two = of(&client, &plain).await;
    assert_eq!((two.len(), two[0].encrypted(), two[0].kms_key_id()), (2, Some(false), None));
    assert_eq!(two[0].attachments()[0].instance_id(), Some(plain.as_str()));
    assert_eq!(of(&client, &encrypted).await[0].kms_key_id(), Some(key.as_str()));
    assert!(of(&client, &managed).await.is_empty());
    assert!(of(&other(&fake, EAST), &plain).await.is_empty());
    let all = client.describe_volumes().include_managed_resources(true).into_paginator().page_size(5).send();
    assert_eq!(all.try_collect().await.unwrap().iter().map(|page| page.volumes().len()).sum::<usize>(), 4);
    assert_eq!(code(client.describe_volumes().dry_run(true).send().await), "DryRunOperation");
}

#[tokio::test]
async fn security_groups_and_the_default_network() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let vpcs = client.describe_vpcs().filters(filter("is-default", "true")).send().await.unwrap();
    let vpc = vpcs.vpcs()[0].vpc_id().unwrap();
    let create = || client.create_security_group().group_name("web").description("web").vpc_id(vpc).send();
    let group = create().await.unwrap().group_id.unwrap();
    assert_eq!(code(create().await), "InvalidGroup.Duplicate");
    let range = aws_sdk_ec2::types::IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let http = aws_sdk_ec2::types::IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(80)
        .to_port(80)
        .ip_ranges(range)
        .build();
    let open = || client.authorize_security_group_ingress().group_id(&group).ip_permissions(http.clone()).send();
    open().await.unwrap();
    assert_eq!(code(open().await), "InvalidPermission.Duplicate");
    let found = client.describe_security_groups().filters(filter("group-name", "web")).send().await.unwrap();
    assert_eq!(found.security_groups()[0].ip_permissions()[0].from_port(), Some(80));
    assert_eq!(client.describe_subnets().send().await.unwrap().subnets().len(), 3);
}

#[tokio::test]
async fn status_checks_take_their_time_and_may_fail() {
    let fake = Fake::start();
    let id = fake.world().instance(PROD, EAST).put();
    fake.world().instance(PROD, EAST).state("stopped").put();
    fake.world().checks_for = Duration::from_mins(2);
    let client = prod(&fake, EAST);
    let status = async || {
        let all = client.describe_instance_status().send().await.unwrap();
        assert_eq!(all.instance_statuses().len(), 1, "stopped instances are not listed");
        let one = &all.instance_statuses()[0];
        one.instance_status().unwrap().status().unwrap().as_str().to_owned()
    };
    assert_eq!(status().await, "initializing");
    fake.world().advance(Duration::from_mins(2));
    assert_eq!(status().await, "ok");
    fake.world().impaired.insert(id);
    assert_eq!(status().await, "impaired");
    let all = client.describe_instance_status().include_all_instances(true).send().await.unwrap();
    assert_eq!(all.instance_statuses().len(), 2);
}

#[tokio::test]
async fn a_launch_can_end_instead_of_run_and_be_unseen_at_first() {
    let fake = Fake::start();
    let image = fake.world().image(PROD, EAST, "web").put();
    {
        let mut world = fake.world();
        world.visible_after = Duration::from_secs(5);
        world.fail_next_launch = Some(("Server.InternalError".into(), "no luck".into()));
    }
    let client = prod(&fake, EAST);
    let launch = client.run_instances().image_id(image).instance_type(InstanceType::T3Micro);
    let made = launch.min_count(1).max_count(1).send().await.unwrap();
    let by_id = client.describe_instances().instance_ids(made.instances()[0].instance_id().unwrap());
    assert_eq!(code(by_id.clone().send().await), "InvalidInstanceID.NotFound");
    fake.world().advance(Duration::from_secs(5));
    let found = by_id.send().await.unwrap();
    let instance = &found.reservations()[0].instances()[0];
    assert_eq!(instance.state().unwrap().name().unwrap().as_str(), "terminated");
    assert_eq!(instance.state_reason().unwrap().message(), Some("no luck"));
}
