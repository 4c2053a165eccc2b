//! KMS keys: what they are, and what becomes of images under a key that the caller may not use.

use aws_sdk_ec2::types::ManagedBy;
use aws_sdk_kms::types::{KeyManagerType, KeyState};

use super::*;

#[tokio::test]
async fn keys_are_described_by_every_name_they_have() {
    let fake = Fake::start();
    let arn = fake.world().add_kms_key(PROD, EAST, "alias/images");
    let id = arn.rsplit('/').next().unwrap();
    let client = kms(&fake, "AKIAPROD", EAST);
    let alias_arn = format!("arn:aws:kms:{EAST}:{PROD}:alias/images");
    for name in [arn.as_str(), id, "alias/images", &alias_arn] {
        let found = client.describe_key().key_id(name).send().await.unwrap();
        let key = found.key_metadata().unwrap();
        assert_eq!((key.arn(), key.key_id()), (Some(arn.as_str()), id), "{name}");
        assert_eq!(key.key_manager(), Some(&KeyManagerType::Customer));
        assert_eq!((key.enabled(), key.key_state()), (true, Some(&KeyState::Enabled)));
        assert_eq!((key.aws_account_id(), key.creation_date().is_some()), (Some(PROD), true));
    }
    let default = client.describe_key().key_id("alias/aws/ebs").send().await.unwrap();
    assert_eq!(default.key_metadata().unwrap().key_manager(), Some(&KeyManagerType::Aws));
    fake.world().set_kms_key_state(&arn, "PendingDeletion");
    let dying = client.describe_key().key_id(id).send().await.unwrap();
    let key = dying.key_metadata().unwrap();
    assert_eq!((key.enabled(), key.key_state()), (false, Some(&KeyState::PendingDeletion)));
    assert!(key.deletion_date().is_some());
}

#[tokio::test]
async fn keys_that_are_not_there_or_not_shared_are_refused() {
    let fake = Fake::start();
    let theirs = fake.world().add_kms_key(OTHER, EAST, "alias/theirs");
    let west = fake.world().add_kms_key(PROD, WEST, "alias/west");
    let client = kms(&fake, "AKIAPROD", EAST);
    let describe = |name: &str| client.describe_key().key_id(name).send();
    let missing = format!("arn:aws:kms:{EAST}:{PROD}:key/11111111-2222-3333-4444-555555555555");
    for name in ["alias/none", "alias/theirs", "11111111-2222-3333-4444-555555555555", "key", &missing, &west] {
        let refused = describe(name).await.unwrap_err();
        assert!(refused.as_service_error().unwrap().is_not_found_exception(), "{name}: {refused:?}");
    }
    assert_eq!(code(describe("arn:aws:kms:key").await), "InvalidArnException");
    assert_eq!(code(client.describe_key().send().await), "ValidationException");
    assert_eq!(code(describe(&theirs).await), "AccessDeniedException");
    fake.world().share_kms_key(&theirs, PROD);
    let shared = describe(&theirs).await.unwrap();
    assert_eq!(shared.key_metadata().unwrap().aws_account_id(), Some(OTHER));
    let alias = describe(&format!("arn:aws:kms:{EAST}:{OTHER}:alias/theirs")).await.unwrap();
    assert_eq!(alias.key_metadata().unwrap().arn(), Some(theirs.as_str()));
    let default = describe(&format!("arn:aws:kms:{EAST}:{OTHER}:alias/aws/ebs")).await;
    assert_eq!(code(default), "AccessDeniedException");
}

#[tokio::test]
async fn an_image_under_a_key_that_is_not_shared_is_copied_in_vain() {
    let fake = Fake::start();
    let (image, key);
    {
        let mut world = fake.world();
        key = world.add_kms_key(OTHER, EAST, "alias/theirs");
        image = world.image(OTHER, EAST, "base").encrypted(&key).shared_with(PROD).copyable_by(PROD).put();
    }
    let client = prod(&fake, EAST);
    let copy = async |name: &str| {
        let request = client.copy_image().source_image_id(&image).source_region(EAST).name(name);
        let id = request.send().await.unwrap().image_id.unwrap();
        client.describe_images().image_ids(id).send().await.unwrap().images()[0].clone()
    };
    let failed = copy("one").await;
    assert_eq!(failed.state().unwrap().as_str(), "failed");
    let reason = failed.state_reason().unwrap().message().unwrap();
    assert!(reason.starts_with("Given key ID is not accessible."), "{reason}");
    let launch =
        || client.run_instances().image_id(&image).instance_type(InstanceType::T3Micro).min_count(1).max_count(1);
    let ended = launch().send().await.unwrap();
    let ended =
        client.describe_instances().instance_ids(ended.instances()[0].instance_id().unwrap()).send().await.unwrap();
    let instance = &ended.reservations()[0].instances()[0];
    assert_eq!(instance.state().unwrap().name().unwrap().as_str(), "terminated");
    assert_eq!(instance.state_reason().unwrap().code(), Some("Client.InternalError"));

    fake.world().share_kms_key(&key, PROD);
    assert_eq!(copy("two").await.state().unwrap().as_str(), "available");
    let runs = launch().send().await.unwrap();
    let id = runs.instances()[0].instance_id().unwrap();
    let volume = fake.world().find_instance(id).unwrap().volumes[0].kms_key.clone().unwrap();
    assert!(volume.contains(&format!(":{PROD}:")), "it is encrypted anew: {volume}");
    fake.world().set_kms_key_state(&key, "Disabled");
    assert_eq!(copy("three").await.state().unwrap().as_str(), "failed");
}

#[tokio::test]
async fn the_settings_of_an_account_and_region_are_told() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let default = async || client.get_ebs_default_kms_key_id().send().await.unwrap().kms_key_id.unwrap();
    let encrypts =
        async || client.get_ebs_encryption_by_default().send().await.unwrap().ebs_encryption_by_default.unwrap();
    assert_eq!(default().await, "alias/aws/ebs");
    assert!(!encrypts().await);
    let (key, image);
    {
        let mut world = fake.world();
        key = world.add_kms_key(PROD, EAST, "alias/volumes");
        world.set_ebs_default_key(PROD, EAST, &key);
        world.encrypt_by_default.insert((PROD.into(), EAST.into()));
        image = world.image(PROD, EAST, "web").put();
    }
    assert_eq!(default().await, key);
    assert!(encrypts().await);
    let copied = client.copy_image().source_image_id(&image).source_region(EAST).name("copy").send().await.unwrap();
    {
        let world = fake.world();
        let copy = world.find_image(copied.image_id().unwrap()).unwrap();
        let snapshot = world.find_snapshot(copy.snapshots().next().unwrap()).unwrap();
        assert_eq!(snapshot.kms_key.as_ref(), Some(&key), "copies take the default key that is set");
    }

    let block = async || {
        let state = client.get_image_block_public_access_state().send().await.unwrap();
        (state.image_block_public_access_state.unwrap(), state.managed_by.unwrap())
    };
    assert_eq!(block().await, ("unblocked".to_owned(), ManagedBy::Account));
    fake.world().block_public_access.insert((PROD.into(), EAST.into()));
    fake.world().settings_by_policy.insert((PROD.into(), EAST.into()));
    assert_eq!(block().await, ("block-new-sharing".to_owned(), ManagedBy::DeclarativePolicy));
    let of_snapshots = async || {
        let state = client.get_snapshot_block_public_access_state().send().await.unwrap();
        (state.state.unwrap().as_str().to_owned(), state.managed_by.unwrap())
    };
    assert_eq!(of_snapshots().await, ("unblocked".to_owned(), ManagedBy::DeclarativePolicy));
    fake.world().block_public_snapshots.insert((PROD.into(), EAST.into()), "block-all-sharing");
    assert_eq!(of_snapshots().await, ("block-all-sharing".to_owned(), ManagedBy::DeclarativePolicy));
    let west = prod(&fake, WEST).get_image_block_public_access_state().send().await.unwrap();
    assert_eq!(west.image_block_public_access_state(), Some("unblocked"));
    assert_eq!(code(client.get_ebs_default_kms_key_id().dry_run(true).send().await), "DryRunOperation");
}
