//! Launch permissions and permissions on snapshots, and resources that cannot be shared.

use aws_sdk_ec2::types::{OperationType, PermissionGroup, SnapshotAttributeName};

use super::*;

const ORG: &str = "arn:aws:organizations::111111111111:organization/o-example123";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-example123/ou-ab12-cdefgh34";

fn account(id: &str) -> LaunchPermission {
    LaunchPermission::builder().user_id(id).build()
}

fn all() -> LaunchPermission {
    LaunchPermission::builder().group(PermissionGroup::All).build()
}

/// Adds launch permissions; gives the error code, or nothing.
async fn share(client: &Client, id: &str, add: Vec<LaunchPermission>) -> Option<String> {
    let change = LaunchPermissionModifications::builder().set_add(Some(add)).build();
    let sent = client.modify_image_attribute().image_id(id).launch_permission(change).send().await;
    sent.err().map(|error| error.code().unwrap().to_owned())
}

#[tokio::test]
async fn organizations_and_units_are_named_by_arn() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    let (client, theirs) = (prod(&fake, EAST), other(&fake, EAST));
    let organization = |arn: &str| LaunchPermission::builder().organization_arn(arn).build();
    let unit = |arn: &str| LaunchPermission::builder().organizational_unit_arn(arn).build();
    for bad in [organization("o-example123"), organization(UNIT), unit("ou-ab12-cdefgh34"), account("12345678901")] {
        let refused = share(&client, &id, vec![bad.clone()]).await;
        assert_eq!(refused.as_deref(), Some("InvalidAMIAttributeItemValue"), "{bad:?}");
    }
    assert_eq!(share(&client, &id, vec![organization(ORG), unit(UNIT)]).await, None);
    assert_eq!(fake.world().launch_permissions(&id), [ORG, UNIT]);
    assert_eq!(code(theirs.describe_images().image_ids(&id).send().await), "InvalidAMIID.NotFound");
    fake.world().memberships.entry(OTHER.into()).or_default().insert(UNIT.into());
    assert_eq!(state(&theirs, &id).await, "available");
    assert_eq!(
        code(theirs.cancel_image_launch_permission().image_id(&id).send().await),
        "OperationNotPermitted",
        "an account cannot take its organization off"
    );
    client.reset_image_attribute().image_id(&id).attribute("launchPermission".into()).send().await.unwrap();
    assert!(fake.world().launch_permissions(&id).is_empty());
}

#[tokio::test]
async fn a_share_ends_on_either_side() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").shared_with(OTHER).shared_with("333333333333").put();
    let (client, theirs) = (prod(&fake, EAST), other(&fake, EAST));
    let cancel = || theirs.cancel_image_launch_permission().image_id(&id);
    assert_eq!(code(cancel().dry_run(true).send().await), "DryRunOperation");
    assert_eq!(cancel().send().await.unwrap().r#return(), Some(true));
    assert_eq!(fake.world().launch_permissions(&id), ["333333333333"]);
    assert_eq!(code(cancel().send().await), "InvalidAMIID.NotFound");
    assert_eq!(code(client.cancel_image_launch_permission().image_id(&id).send().await), "OperationNotPermitted");
    let flat = |operation: OperationType| {
        let request = client.modify_image_attribute().image_id(&id).attribute("launchPermission");
        request.operation_type(operation).user_ids("333333333333").user_ids(OTHER).send()
    };
    flat(OperationType::Remove).await.unwrap();
    assert!(fake.world().launch_permissions(&id).is_empty());
    flat(OperationType::Add).await.unwrap();
    assert_eq!(fake.world().launch_permissions(&id), [OTHER, "333333333333"]);
    let hers = theirs.modify_image_attribute().image_id(&id).attribute("launchPermission");
    let hers = hers.operation_type(OperationType::Add).user_ids(OTHER).send().await;
    assert_eq!(code(hers), "AuthFailure");
}

#[tokio::test]
async fn sharing_is_refused_for_what_is_pending_or_disabled_and_with_nobody() {
    let fake = Fake::start();
    let (ready, pending, disabled);
    {
        let mut world = fake.world();
        ready = world.image(PROD, EAST, "ready").put();
        pending = world.image(PROD, EAST, "pending").state("pending").put();
        disabled = world.image(PROD, EAST, "disabled").state("disabled").put();
        world.missing_accounts.insert("999999999999".into());
    }
    let client = prod(&fake, EAST);
    for id in [&pending, &disabled] {
        assert_eq!(share(&client, id, vec![account(OTHER)]).await.as_deref(), Some("InvalidAMIID.Unavailable"));
    }
    let nobody = share(&client, &ready, vec![account(OTHER), account("999999999999")]).await;
    assert_eq!(nobody.as_deref(), Some("InvalidAMIAttributeItemValue"));
    assert!(fake.world().launch_permissions(&ready).is_empty(), "all or nothing");
    assert_eq!(share(&client, "ami-1", vec![account(OTHER)]).await.as_deref(), Some("InvalidAMIID.Malformed"));
    let neither = client.modify_image_attribute().image_id(&ready).send().await;
    assert_eq!(code(neither), "MissingParameter");
}

#[tokio::test]
async fn an_image_is_shared_with_a_thousand_and_five_are_public() {
    let fake = Fake::start();
    let (id, key, encrypted);
    {
        let mut world = fake.world();
        id = world.image(PROD, EAST, "web").put();
        key = world.add_kms_key(PROD, EAST, "alias/images");
        encrypted = world.image(PROD, EAST, "secret").encrypted(&key).put();
    }
    let client = prod(&fake, EAST);
    let thousand: Vec<_> = (0..1000).map(|n| account(&format!("{:012}", 400_000_000_000_u64 + n))).collect();
    assert_eq!(share(&client, &id, thousand).await, None);
    assert_eq!(fake.world().launch_permissions(&id).len(), 1000);
    assert_eq!(share(&client, &id, vec![account(OTHER)]).await.as_deref(), Some("ResourceLimitExceeded"));
    assert_eq!(share(&client, &id, vec![all()]).await, None, "the public does not count");

    assert_eq!(share(&client, &encrypted, vec![account(OTHER)]).await, None);
    assert_eq!(share(&client, &encrypted, vec![all()]).await.as_deref(), Some("InvalidParameter"));
    for number in 0..4 {
        fake.world().image(PROD, EAST, &format!("public-{number}")).public().put();
    }
    let sixth = fake.world().image(PROD, EAST, "sixth").put();
    assert_eq!(share(&client, &sixth, vec![all()]).await.as_deref(), Some("ResourceLimitExceeded"));
    fake.world().block_public_access.insert((PROD.into(), EAST.into()));
    assert_eq!(share(&client, &sixth, vec![all()]).await.as_deref(), Some("OperationNotPermitted"));
    assert_eq!(share(&client, &sixth, vec![account(OTHER)]).await, None);
}

#[tokio::test]
async fn snapshots_are_shared_with_accounts_or_all_in_steps() {
    let fake = Fake::start();
    let (plain, encrypted, archived);
    {
        let mut world = fake.world();
        let key = world.add_kms_key(PROD, EAST, "alias/images");
        plain = world.snapshot(PROD, EAST).put();
        encrypted = world.snapshot(PROD, EAST).encrypted(&key).put();
        archived = world.snapshot(PROD, EAST).tier("archive").put();
    }
    let client = prod(&fake, EAST);
    let user = |id: &str| CreateVolumePermission::builder().user_id(id).build();
    let all = CreateVolumePermission::builder().group(PermissionGroup::All).build();
    let change = async |id: &str, add: Vec<CreateVolumePermission>, remove: Vec<CreateVolumePermission>| {
        let change = CreateVolumePermissionModifications::builder();
        let change = change.set_add(Some(add)).set_remove(Some(remove)).build();
        let sent = client.modify_snapshot_attribute().snapshot_id(id).create_volume_permission(change).send().await;
        sent.err().map(|error| error.code().unwrap().to_owned())
    };
    let refused = |code: &str| Some(code.to_owned());
    assert_eq!(change(&plain, vec![user(OTHER)], vec![user(PROD)]).await, refused("InvalidParameterCombination"));
    let many = |count: u64| (0..count).map(|n| user(&format!("{:012}", 400_000_000_000_u64 + n))).collect::<Vec<_>>();
    assert_eq!(change(&plain, many(501), vec![]).await, refused("InvalidParameterValue"));
    assert_eq!(change(&plain, many(500), vec![]).await, None);
    assert_eq!(fake.world().snapshot_permissions(&plain).len(), 500);
    assert_eq!(change(&plain, vec![all.clone()], vec![]).await, None);
    assert_eq!(change(&encrypted, vec![all], vec![]).await, refused("InvalidParameter"));
    assert_eq!(change(&encrypted, vec![user(OTHER)], vec![]).await, None);
    assert_eq!(change(&archived, vec![user(OTHER)], vec![]).await, refused("IncorrectState"));
    fake.world().missing_accounts.insert(OTHER.into());
    assert_eq!(change(&plain, vec![user(OTHER)], vec![]).await, refused("InvalidParameterValue"));

    let permission = SnapshotAttributeName::CreateVolumePermission;
    let told = client.describe_snapshot_attribute().snapshot_id(&encrypted).attribute(permission.clone());
    assert_eq!(told.send().await.unwrap().create_volume_permissions(), [user(OTHER)]);
    let reset = |client: &Client| client.reset_snapshot_attribute().snapshot_id(&plain).attribute(permission.clone());
    assert_eq!(code(reset(&other(&fake, EAST)).send().await), "UnauthorizedOperation");
    reset(&client).send().await.unwrap();
    assert!(fake.world().snapshot_permissions(&plain).is_empty());
}

#[tokio::test]
async fn an_image_with_a_watermark_is_never_public_and_its_copies_have_it_too() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").watermark("approved").scanned(Some("high"), None).put();
    let (client, theirs) = (prod(&fake, EAST), other(&fake, EAST));
    assert_eq!(share(&client, &id, vec![all()]).await.as_deref(), Some("OperationNotPermitted"));
    assert_eq!(share(&client, &id, vec![account(OTHER)]).await, None);
    let copy = client.copy_image().name("copy").source_image_id(&id).source_region(EAST).send().await.unwrap();
    for (client, id) in [(&client, id.as_str()), (&theirs, &id), (&client, copy.image_id().unwrap())] {
        let found = client.describe_images().image_ids(id).send().await.unwrap();
        let image = &found.images()[0];
        let keys: Vec<_> = image.image_watermarks().iter().filter_map(|mark| mark.watermark_key()).collect();
        assert_eq!(keys, ["111111111111:approved"]);
        let severity = image.scan_results().and_then(|scan| scan.highest_finding_severity_label());
        assert_eq!(severity.map(|label| label.as_str()), image.source_image_id().is_none().then_some("high"));
    }
}
