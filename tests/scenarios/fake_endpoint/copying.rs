//! Copying and sharing images.

use super::*;

#[tokio::test]
async fn copies_are_idempotent_by_token_and_checked() {
    let fake = Fake::start();
    let (own, shared, secret);
    {
        let mut world = fake.world();
        own = world.image(PROD, EAST, "web-v1").tag("Env", "prod").shared_with(OTHER).put();
        shared = world.image(OTHER, EAST, "base").shared_with(PROD).copyable_by(PROD).tag("Env", "x").put();
        secret = world.image(OTHER, EAST, "secret").shared_with(PROD).put();
    }
    let client = prod(&fake, WEST);
    let copy = |source: &str, name: &str, token: &str| {
        let request = client.copy_image().source_image_id(source).source_region(EAST);
        request.name(name).client_token(token)
    };
    let first = copy(&own, "web-v1", "t1").copy_image_tags(true).send().await.unwrap();
    let again = copy(&own, "web-v1", "t1").copy_image_tags(true).send().await.unwrap();
    assert_eq!(first.image_id(), again.image_id());
    assert_eq!(code(copy(&own, "web-v2", "t1").send().await), "IdempotentParameterMismatch");
    assert_eq!(code(copy(&own, "web-v1", "t2").send().await), "InvalidAMIName.Duplicate");
    {
        let world = fake.world();
        let image = world.find_image(first.image_id().unwrap()).unwrap();
        assert_eq!(image.tags["Env"], "prod");
        assert!(image.launch.is_empty());
        assert_eq!(image.source_ami.as_deref(), Some(own.as_str()));
        assert_eq!(image.source_region.as_deref(), Some(EAST));
        let snapshot = world.find_snapshot(image.snapshots().next().unwrap()).unwrap();
        assert!(
            snapshot.description.starts_with(&format!("Copied for DestinationAmi {} from SourceAmi {own}", image.id))
        );
        assert!(snapshot.tags.is_empty());
    }
    let foreign = copy(&shared, "base", "t3").copy_image_tags(true).send().await.unwrap();
    assert!(fake.world().find_image(foreign.image_id().unwrap()).unwrap().tags.is_empty());
    assert_eq!(code(copy(&secret, "secret", "t4").send().await), "InvalidRequest");
    let gone = copy("ami-0123456789abcdef0", "gone", "t5");
    assert_eq!(code(gone.send().await), "InvalidAMIID.NotFound");
    let keyed = copy(&own, "keyed", "t6").kms_key_id("alias/none");
    assert_eq!(code(keyed.send().await), "InvalidParameterCombination");
    let keyed = copy(&own, "keyed", "t7").encrypted(true).kms_key_id("alias/none");
    let id = keyed.send().await.unwrap().image_id.unwrap();
    assert_eq!(state(&client, &id).await, "failed");
}

#[tokio::test]
async fn time_based_copies_come_in_steps_and_have_a_speed() {
    let fake = Fake::start();
    let source = fake.world().image(PROD, EAST, "web-v1").size(500).put();
    let client = prod(&fake, WEST);
    let copy = |minutes: i64| {
        let request = client.copy_image().source_image_id(&source).source_region(EAST).name("web-v1");
        request.snapshot_copy_completion_duration_minutes(minutes)
    };
    for minutes in [0, 14, 20, 2895, 15] {
        assert_eq!(code(copy(minutes).send().await), "InvalidParameterValue", "{minutes}");
    }
    copy(30).send().await.unwrap();
}

#[tokio::test]
async fn copies_follow_the_encryption_table() {
    let fake = Fake::start();
    let (plain, own, shared, key, west_key);
    {
        let mut world = fake.world();
        key = world.add_kms_key(PROD, EAST, "alias/images");
        west_key = world.add_kms_key(PROD, WEST, "alias/images");
        let foreign_key = world.add_kms_key(OTHER, EAST, "alias/theirs");
        world.share_kms_key(&foreign_key, PROD);
        plain = world.image(PROD, EAST, "plain").put();
        own = world.image(PROD, EAST, "own").encrypted(&key).put();
        let theirs = world.image(OTHER, EAST, "shared").encrypted(&foreign_key);
        shared = theirs.shared_with(PROD).copyable_by(PROD).put();
    }
    let mut number = 0;
    let mut copy = async |source: &str, to: &str, encrypt: bool, kms: Option<&str>| {
        number += 1;
        let client = prod(&fake, to);
        let request = client.copy_image().source_image_id(source).source_region(EAST);
        let request = request.name(format!("copy-{number}")).set_kms_key_id(kms.map(str::to_owned));
        let made = request.encrypted(encrypt).send().await.unwrap();
        let world = fake.world();
        let image = world.find_image(made.image_id().unwrap()).unwrap();
        let snapshot = world.find_snapshot(image.snapshots().next().unwrap()).unwrap();
        snapshot.kms_key.clone()
    };
    let default = |key: Option<String>, region: &str| {
        let key = key.unwrap();
        key.starts_with(&format!("arn:aws:kms:{region}:{PROD}:key/")) && key != west_key
    };
    assert_eq!(copy(&plain, EAST, false, None).await, None);
    assert!(default(copy(&plain, WEST, true, None).await, WEST));
    assert_eq!(copy(&plain, WEST, true, Some("alias/images")).await.as_ref(), Some(&west_key));
    assert_eq!(copy(&own, EAST, false, None).await.as_ref(), Some(&key));
    assert_eq!(copy(&own, EAST, true, None).await.as_ref(), Some(&key));
    assert!(default(copy(&own, WEST, false, None).await, WEST));
    assert!(default(copy(&shared, EAST, false, None).await, EAST));
    assert_eq!(copy(&shared, WEST, true, Some(&west_key)).await.as_ref(), Some(&west_key));
    fake.world().encrypt_by_default.insert((PROD.into(), WEST.into()));
    assert!(default(copy(&plain, WEST, false, None).await, WEST));
}

#[tokio::test]
async fn sharing_lets_the_other_account_launch() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    let (mine, theirs) = (prod(&fake, EAST), other(&fake, EAST));
    let launch = || theirs.run_instances().image_id(&id).instance_type(InstanceType::T3Micro).min_count(1).max_count(1);
    assert_eq!(code(launch().send().await), "InvalidAMIID.NotFound");
    let share = |account: &str| {
        let who = LaunchPermission::builder().user_id(account).build();
        let change = LaunchPermissionModifications::builder().add(who).build();
        mine.modify_image_attribute().image_id(&id).launch_permission(change).send()
    };
    assert_eq!(code(share("bob").await), "InvalidAMIAttributeItemValue");
    share(OTHER).await.unwrap();
    let seen = mine.describe_image_attribute().image_id(&id).attribute(ImageAttributeName::LaunchPermission);
    assert_eq!(seen.send().await.unwrap().launch_permissions()[0].user_id(), Some(OTHER));
    let peek = theirs.describe_image_attribute().image_id(&id).attribute(ImageAttributeName::LaunchPermission);
    assert_eq!(code(peek.send().await), "AuthFailure");
    launch().send().await.unwrap();
    mine.disable_image().image_id(&id).send().await.unwrap();
    assert_eq!(code(launch().send().await), "InvalidAMIID.NotFound");
    mine.enable_image().image_id(&id).send().await.unwrap();
    assert!(fake.world().find_image(&id).unwrap().launch.is_empty());
}

#[tokio::test]
async fn snapshots_are_shared_by_account_unless_the_default_key_forbids_it() {
    let fake = Fake::start();
    let (plain, locked, image);
    {
        let mut world = fake.world();
        plain = world.snapshot(PROD, EAST).put();
        image = world.image(PROD, EAST, "locked").encrypted_by_default().put();
        locked = world.find_image(&image).unwrap().snapshots().next().unwrap().to_owned();
    }
    let client = prod(&fake, EAST);
    let share = |id: &str, account: &str| {
        let who = CreateVolumePermission::builder().user_id(account).build();
        let change = CreateVolumePermissionModifications::builder().add(who).build();
        client.modify_snapshot_attribute().snapshot_id(id).create_volume_permission(change).send()
    };
    assert_eq!(code(share(&plain, "bob").await), "InvalidParameterValue");
    assert_eq!(code(share(&locked, OTHER).await), "InvalidParameter");
    let public = LaunchPermission::builder().group("all".into()).build();
    let public = LaunchPermissionModifications::builder().add(public).build();
    let public = client.modify_image_attribute().image_id(&image).launch_permission(public).send().await;
    assert_eq!(code(public), "InvalidParameter");
    let theirs = other(&fake, EAST);
    let by_id = theirs.describe_snapshots().snapshot_ids(&plain);
    assert_eq!(code(by_id.clone().send().await), "InvalidSnapshot.NotFound");
    share(&plain, OTHER).await.unwrap();
    assert_eq!(by_id.send().await.unwrap().snapshots().len(), 1);
    let small = theirs.describe_snapshots().max_results(4).send().await;
    assert_eq!(code(small), "InvalidParameterValue");
    assert_eq!(code(theirs.delete_snapshot().snapshot_id(&plain).send().await), "UnauthorizedOperation");
}
