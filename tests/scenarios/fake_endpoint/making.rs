//! Creating and registering images.

use aws_sdk_ec2::types::{ArchitectureValues, BootModeValues, TpmSupportValues, VolumeType};

use super::*;

#[tokio::test]
async fn creating_takes_one_snapshot_a_volume_and_the_name() {
    let fake = Fake::start();
    let instance = fake.world().instance(PROD, EAST).volumes(2).size(20).put();
    let client = prod(&fake, EAST);
    let create = |name: &str| client.create_image().instance_id(&instance).name(name);
    assert_eq!(code(create("web-v1").dry_run(true).send().await), "DryRunOperation");
    assert_eq!(fake.world().images(PROD, EAST).count(), 0);
    let made = create("web-v1")
        .tag_specifications(tags(ResourceType::Image, "a", "1"))
        .tag_specifications(tags(ResourceType::Snapshot, "b", "2"))
        .send()
        .await
        .unwrap();
    let id = made.image_id().unwrap();
    let snapshots = client.describe_snapshots().owner_ids("self").send().await.unwrap();
    let description = format!("Created by CreateImage({instance}) for {id}");
    assert_eq!(snapshots.snapshots().len(), 2);
    assert!(snapshots.snapshots().iter().all(|s| s.description() == Some(&description)));
    assert!(snapshots.snapshots().iter().all(|s| s.tags()[0].key() == Some("b")));
    assert_eq!(fake.world().find_instance(&instance).unwrap().reboots, 1);
    create("web-v2").no_reboot(true).send().await.unwrap();
    assert_eq!(fake.world().find_instance(&instance).unwrap().reboots, 1);

    let again = create("web-v1").send().await.unwrap_err();
    assert_eq!(again.code(), Some("InvalidAMIName.Duplicate"));
    let message = format!("AMI name web-v1 is already in use by AMI {id}");
    assert_eq!(again.message(), Some(message.as_str()));
    assert_eq!(code(create("no:colons").send().await), "InvalidAMIName.Malformed");
    let wrong = create("web-v3").tag_specifications(tags(ResourceType::Instance, "a", "1"));
    assert_eq!(code(wrong.send().await), "InvalidParameterValue");
    let missing = client.create_image().instance_id("i-0123456789abcdef0").name("web-v3");
    assert_eq!(code(missing.send().await), "InvalidInstanceID.NotFound");
    let dead = fake.world().instance(PROD, EAST).state("terminated").put();
    let dead = client.create_image().instance_id(dead).name("web-v3");
    assert_eq!(code(dead.send().await), "IncorrectInstanceState");
}

#[tokio::test]
async fn images_are_pending_for_a_while_and_then_available_or_failed() {
    let fake = Fake::start();
    let instance = fake.world().instance(PROD, EAST).put();
    {
        let mut world = fake.world();
        world.pending_for = Duration::from_mins(10);
        world.visible_after = Duration::from_secs(10);
    }
    let client = prod(&fake, EAST);
    let create = |name: &str| client.create_image().instance_id(&instance).name(name).send();
    let id = create("web-v1").await.unwrap().image_id.unwrap();
    let by_id = client.describe_images().image_ids(&id);
    assert_eq!(code(by_id.clone().send().await), "InvalidAMIID.NotFound");
    fake.world().advance(Duration::from_mins(5));
    assert_eq!(state(&client, &id).await, "pending");
    let snapshots = client.describe_snapshots().owner_ids("self").send().await.unwrap();
    assert_eq!(snapshots.snapshots()[0].progress(), Some("50%"));
    let launch = client.run_instances().image_id(&id).min_count(1).max_count(1);
    assert_eq!(code(launch.send().await), "InvalidAMIID.Unavailable");
    fake.world().advance(Duration::from_mins(5));
    assert_eq!(state(&client, &id).await, "available");

    fake.world().fail_next_image = Some(("Server.InternalError".into(), "oh no".into()));
    let id = create("web-v2").await.unwrap().image_id.unwrap();
    fake.world().advance(Duration::from_mins(10));
    let found = client.describe_images().image_ids(&id).send().await.unwrap();
    let image = &found.images()[0];
    assert_eq!(image.state().unwrap().as_str(), "failed");
    assert_eq!(image.state_reason().unwrap().message(), Some("oh no"));
    assert_eq!(code(create("web-v2").await), "InvalidAMIName.Duplicate");
}

#[tokio::test]
async fn registering_needs_a_snapshot_and_defaults_to_old_hardware() {
    let fake = Fake::start();
    let snapshot = fake.world().snapshot(PROD, EAST).size(8).put();
    let client = prod(&fake, EAST);
    let device = |ebs: EbsBlockDevice| BlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs).build();
    let good = EbsBlockDevice::builder().snapshot_id(&snapshot).build();
    let register = |name: &str, ebs: EbsBlockDevice| {
        let request = client.register_image().name(name).root_device_name("/dev/xvda");
        request.block_device_mappings(device(ebs))
    };
    let id = register("old", good.clone()).send().await.unwrap().image_id.unwrap();
    let found = client.describe_images().image_ids(&id).send().await.unwrap();
    assert_eq!(found.images()[0].architecture().unwrap().as_str(), "i386");
    let launch = client.run_instances().image_id(&id).min_count(1).max_count(1);
    let launch = launch.instance_type(InstanceType::T2Micro);
    assert_eq!(code(launch.send().await), "InvalidParameterCombination");
    let encrypted = EbsBlockDevice::builder().snapshot_id(&snapshot).encrypted(false).build();
    assert_eq!(code(register("new", encrypted).send().await), "InvalidBlockDeviceMapping");
    let small = EbsBlockDevice::builder().snapshot_id(&snapshot).volume_size(4).build();
    assert_eq!(code(register("new", small).send().await), "InvalidBlockDeviceMapping");
    let tagged = register("new", good).tag_specifications(tags(ResourceType::Snapshot, "a", "1"));
    assert_eq!(code(tagged.send().await), "InvalidParameterValue");
}

#[tokio::test]
async fn registering_refuses_what_does_not_go_together() {
    let fake = Fake::start();
    let snapshot = fake.world().snapshot(PROD, EAST).size(8).put();
    let client = prod(&fake, EAST);
    let register = |ebs: EbsBlockDevice| {
        let device = BlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs).build();
        client.register_image().name("new").root_device_name("/dev/xvda").block_device_mappings(device)
    };
    let ebs = || EbsBlockDevice::builder().snapshot_id(&snapshot);
    let plain = || register(ebs().build());
    for mode in [None, Some(BootModeValues::LegacyBios), Some(BootModeValues::UefiPreferred)] {
        let tpm = plain().tpm_support(TpmSupportValues::V20).set_boot_mode(mode.clone());
        assert_eq!(code(tpm.send().await), "InvalidParameterCombination", "{mode:?}");
        let data = plain().uefi_data("QUJD").set_boot_mode(mode.clone());
        assert_eq!(code(data.send().await), "InvalidParameterCombination", "{mode:?}");
    }
    let uefi = || plain().boot_mode(BootModeValues::Uefi);
    for data in ["", "QUJ", "no base64!!!", &"A".repeat(64_004)] {
        assert_eq!(code(uefi().uefi_data(data).send().await), "InvalidParameterValue");
    }
    let arm = plain().architecture(ArchitectureValues::Arm64).boot_mode(BootModeValues::LegacyBios);
    assert_eq!(code(arm.send().await), "InvalidParameterCombination");
    let typed = |kind: &str| ebs().volume_type(VolumeType::from(kind));
    assert_eq!(code(register(typed("gp9").build()).send().await), "InvalidParameterValue");
    assert_eq!(code(register(typed("io2").build()).send().await), "MissingParameter");
    assert_eq!(code(register(typed("gp2").iops(3000).build()).send().await), "InvalidParameterCombination");
    assert_eq!(
        code(register(typed("io2").iops(3000).throughput(200).build()).send().await),
        "InvalidParameterCombination"
    );
    assert_eq!(code(register(typed("standard").volume_size(2000).build()).send().await), "InvalidParameterValue");
    let all = register(typed("gp3").iops(4000).throughput(200).build()).boot_mode(BootModeValues::Uefi);
    all.tpm_support(TpmSupportValues::V20).uefi_data("QUJD").send().await.unwrap();
}

#[tokio::test]
async fn volumes_take_five_snapshots_at_once() {
    let fake = Fake::start();
    let instance = fake.world().instance(PROD, EAST).put();
    fake.world().pending_for = Duration::from_mins(10);
    let client = prod(&fake, EAST);
    let create =
        |n: usize| client.create_image().instance_id(&instance).name(format!("web-v{n}")).no_reboot(true).send();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(create(n).await.unwrap().image_id.unwrap());
    }
    assert_eq!(code(create(5).await), "ConcurrentSnapshotLimitExceeded");
    client.terminate_instances().instance_ids(&instance).send().await.unwrap();
    fake.world().advance(Duration::from_mins(10));
    let found = client.describe_images().image_ids(&ids[0]).send().await.unwrap();
    assert_eq!(found.images()[0].state_reason().unwrap().code(), Some("Client.InstanceTerminated"));
}

#[tokio::test]
async fn what_the_endpoint_does_not_know_it_refuses() {
    let fake = Fake::start();
    let instance = fake.world().instance(PROD, EAST).put();
    let client = prod(&fake, EAST);
    let create = client.create_image().instance_id(instance).name("web-v1");
    let odd = create.snapshot_location(aws_sdk_ec2::types::SnapshotLocationEnum::Local);
    assert_eq!(code(odd.send().await), "UnknownParameter");
    assert_eq!(code(client.describe_hosts().send().await), "InvalidAction");
}
