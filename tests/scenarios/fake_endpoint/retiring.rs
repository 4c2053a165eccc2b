//! Deregistering images, deleting snapshots, tagging.

use super::*;

#[tokio::test]
async fn deregistering_spares_shared_snapshots_and_reports_each() {
    let fake = Fake::start();
    let (first, second, common);
    {
        let mut world = fake.world();
        common = world.snapshot(PROD, EAST).put();
        first = world.image(PROD, EAST, "web-v1").on_snapshots(&[&common]).put();
        second = world.image(PROD, EAST, "web-v2").on_snapshots(&[&common]).state("disabled").put();
        world.snapshot_in_use_for = Duration::from_mins(1);
        world.name_held_for = Duration::from_mins(1);
    }
    let client = prod(&fake, EAST);
    let drop_image = |id: &str| client.deregister_image().image_id(id).delete_associated_snapshots(true);
    assert_eq!(code(drop_image(&first).dry_run(true).send().await), "DryRunOperation");
    let result = drop_image(&first).send().await.unwrap();
    let codes: Vec<_> = result.delete_snapshot_results().iter().map(|r| r.return_code().unwrap().as_str()).collect();
    assert_eq!(codes, ["skipped"]);
    assert_eq!(code(drop_image(&first).send().await), "InvalidAMIID.Unavailable");
    let delete = || client.delete_snapshot().snapshot_id(&common).send();
    let refused = delete().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidSnapshot.InUse"));
    assert!(refused.message().unwrap().ends_with(&second), "{refused:?}");
    client.deregister_image().image_id(&second).send().await.unwrap();
    assert_eq!(code(delete().await), "InvalidSnapshot.InUse");
    let instance = fake.world().instance(PROD, EAST).put();
    let reuse = || client.create_image().instance_id(&instance).name("web-v2").send();
    assert_eq!(code(reuse().await), "InvalidAMIName.Duplicate");
    fake.world().advance(Duration::from_secs(61));
    delete().await.unwrap();
    reuse().await.unwrap();

    let alone = fake.world().image(PROD, EAST, "alone").snapshots(2).put();
    let stuck = fake.world().find_image(&alone).unwrap().snapshots().next().unwrap().to_owned();
    fake.world().delete_codes.insert(stuck.clone(), "missing-permissions".into());
    let result = drop_image(&alone).send().await.unwrap();
    let mut codes: Vec<_> =
        result.delete_snapshot_results().iter().map(|r| r.return_code().unwrap().as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["missing-permissions", "success"]);
    assert!(fake.world().find_snapshot(&stuck).is_some());
}

#[tokio::test]
async fn a_deregistered_image_may_be_listed_for_a_while() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web-v1").snapshots(2).put();
    let other = fake.world().image(PROD, EAST, "web-v2").put();
    fake.world().deregistered_shows_for = Duration::from_mins(1);
    let client = prod(&fake, EAST);
    let drop_image = || client.deregister_image().image_id(&id).delete_associated_snapshots(true);
    drop_image().send().await.unwrap();
    let listed = || async {
        let all = client.describe_images().owners("self").send().await.unwrap();
        all.images().iter().filter_map(|image| image.image_id().map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut both = [id.clone(), other.clone()];
    both.sort();
    assert_eq!(listed().await, both);
    assert_eq!(client.describe_images().image_ids(&id).send().await.unwrap().images().len(), 1);
    for dry_run in [true, false] {
        assert_eq!(code(drop_image().dry_run(dry_run).send().await), "InvalidAMIID.Unavailable");
    }
    fake.world().advance(Duration::from_secs(61));
    assert_eq!(listed().await, [other]);
    assert_eq!(code(client.describe_images().image_ids(&id).send().await), "InvalidAMIID.NotFound");
}

#[tokio::test]
async fn deregistering_is_refused_for_foreign_protected_and_backup_images() {
    let fake = Fake::start();
    let (foreign, hidden, protected, backup, ghost);
    {
        let mut world = fake.world();
        foreign = world.image(OTHER, EAST, "base").shared_with(PROD).put();
        hidden = world.image(OTHER, EAST, "hidden").put();
        protected = world.image(PROD, EAST, "protected").protected().put();
        backup = world.image(PROD, EAST, "backup").tag("aws:backup:source-resource", "i-1").put();
        ghost = world.image(PROD, EAST, "ghost").put();
        world.instance(PROD, EAST).image(&ghost).put();
    }
    let client = prod(&fake, EAST);
    let drop_image = |id: &str| client.deregister_image().image_id(id).send();
    let refused = drop_image(&foreign).await.unwrap_err();
    assert_eq!(refused.code(), Some("AuthFailure"));
    assert_eq!(refused.message(), Some(format!("Not authorized for image:{foreign}").as_str()));
    assert_eq!(code(drop_image(&hidden).await), "InvalidAMIID.NotFound");
    assert_eq!(code(drop_image(&protected).await), "OperationNotPermitted");
    assert_eq!(code(drop_image(&backup).await), "AuthFailure");
    drop_image(&ghost).await.unwrap();
    let found = client.describe_images().image_ids(&ghost).send().await.unwrap();
    assert!(found.images().is_empty(), "an instance still runs it, so the listing is empty, no error");
    client.disable_image_deregistration_protection().image_id(&protected).send().await.unwrap();
    drop_image(&protected).await.unwrap();
    assert_eq!(code(client.describe_images().image_ids(&protected).send().await), "InvalidAMIID.NotFound");
}

#[tokio::test]
async fn tags_are_checked_and_changed() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").tag("a", "1").put();
    let client = prod(&fake, EAST);
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let put = |key: &str| client.create_tags().resources(&id).tags(tag(key, "2")).send();
    put("b").await.unwrap();
    assert_eq!(code(put("aws:x").await), "InvalidParameterValue");
    assert_eq!(code(put(&"k".repeat(129)).await), "InvalidParameterValue");
    let many = (0..49).map(|n| tag(&n.to_string(), "")).collect();
    let many = client.create_tags().resources(&id).set_tags(Some(many)).send().await;
    assert_eq!(code(many), "TagLimitExceeded");
    client.delete_tags().resources(&id).tags(tag("a", "other")).send().await.unwrap();
    client.delete_tags().resources(&id).tags(Tag::builder().key("b").build()).send().await.unwrap();
    assert_eq!(fake.world().find_image(&id).unwrap().tags.len(), 1);
}

#[tokio::test]
async fn protection_deprecation_and_disabling() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    let client = prod(&fake, EAST);
    let drop_image = || client.deregister_image().image_id(&id).send();
    client.enable_image_deregistration_protection().image_id(&id).with_cooldown(true).send().await.unwrap();
    client.disable_image_deregistration_protection().image_id(&id).send().await.unwrap();
    let found = client.describe_images().image_ids(&id).send().await.unwrap();
    assert!(found.images()[0].deregistration_protection().unwrap().starts_with("disabled after "));
    assert_eq!(code(drop_image().await), "OperationNotPermitted");

    let deprecate = |seconds: i64| {
        let at = DateTime::from_secs(fake.world().now().timestamp() + seconds);
        client.enable_image_deprecation().image_id(&id).deprecate_at(at).send()
    };
    assert_eq!(code(deprecate(-3600).await), "InvalidParameterValue");
    assert_eq!(code(deprecate(11 * 365 * 86_400).await), "InvalidParameterValue");
    deprecate(3600).await.unwrap();
    let found = client.describe_images().image_ids(&id).send().await.unwrap();
    assert!(found.images()[0].deprecation_time().unwrap().ends_with(":00.000Z"));

    client.disable_image().image_id(&id).send().await.unwrap();
    assert_eq!(state(&client, &id).await, "disabled");
    let snapshot = fake.world().find_image(&id).unwrap().snapshots().next().unwrap().to_owned();
    let delete = || client.delete_snapshot().snapshot_id(&snapshot).send();
    assert_eq!(code(delete().await), "InvalidSnapshot.InUse");
    fake.world().advance(Duration::from_hours(24));
    drop_image().await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(delete().await), "InvalidSnapshot.NotFound");
}

#[tokio::test]
async fn an_endpoint_may_ignore_the_snapshots() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    fake.world().ignore_delete_snapshots = true;
    let client = prod(&fake, EAST);
    let request = client.deregister_image().image_id(&id).delete_associated_snapshots(true);
    assert!(request.send().await.unwrap().delete_snapshot_results().is_empty());
    assert_eq!(fake.world().snapshots(PROD, EAST).count(), 1);
}

#[tokio::test]
async fn public_images_are_deprecated_after_two_years_at_the_latest() {
    let fake = Fake::start();
    let now = fake.world().now();
    let created = now - chrono::Duration::days(100);
    let id = fake.world().image(PROD, EAST, "web").created(created).put();
    let client = prod(&fake, EAST);
    let public = |add: bool| {
        let all = LaunchPermission::builder().group("all".into()).build();
        let change = LaunchPermissionModifications::builder();
        let change = if add { change.add(all) } else { change.remove(all) };
        client.modify_image_attribute().image_id(&id).launch_permission(change.build()).send()
    };
    let deprecate = |days: i64| {
        let at = DateTime::from_secs((now + chrono::Duration::days(days)).timestamp());
        client.enable_image_deprecation().image_id(&id).deprecate_at(at).send()
    };
    let cancel = || client.disable_image_deprecation().image_id(&id).send();
    let set = || fake.world().find_image(&id).unwrap().deprecated;
    deprecate(3651).await.unwrap();
    assert_eq!(code(deprecate(3654).await), "InvalidParameterValue");
    public(true).await.unwrap();
    let latest = created.checked_add_months(chrono::Months::new(24)).unwrap();
    assert_eq!(set(), Some(latest), "two years after its creation");
    assert_eq!(code(deprecate(640).await), "InvalidParameterValue");
    deprecate(10).await.unwrap();
    assert_eq!(code(deprecate(20).await), "OperationNotPermitted");
    assert_eq!(code(cancel().await), "OperationNotPermitted");
    public(false).await.unwrap();
    deprecate(20).await.unwrap();
    assert_eq!(cancel().await.unwrap().r#return(), Some(true));
    assert_eq!(set(), None);
    deprecate(20).await.unwrap();
    public(true).await.unwrap();
    assert!(set().unwrap() < now + chrono::Duration::days(21), "an earlier time stays");
}

#[tokio::test]
async fn changes_of_state_are_refused_to_strangers_and_to_images_in_the_making() {
    let fake = Fake::start();
    let (own, pending, failed, foreign);
    {
        let mut world = fake.world();
        own = world.image(PROD, EAST, "own").shared_with(OTHER).put();
        pending = world.image(PROD, EAST, "pending").state("pending").put();
        failed = world.image(PROD, EAST, "failed").state("failed").put();
        foreign = world.image(OTHER, EAST, "foreign").shared_with(PROD).put();
    }
    let client = prod(&fake, EAST);
    let at = DateTime::from_secs(fake.world().now().timestamp() + 86_400);
    let changes = async |id: &str| {
        let mut refused = Vec::new();
        refused.push(client.disable_image().image_id(id).send().await.err().map(|e| e.code().unwrap().to_owned()));
        refused.push(client.enable_image().image_id(id).send().await.err().map(|e| e.code().unwrap().to_owned()));
        let protect = client.enable_image_deregistration_protection().image_id(id).send().await;
        refused.push(protect.err().map(|e| e.code().unwrap().to_owned()));
        let deprecate = client.enable_image_deprecation().image_id(id).deprecate_at(at).send().await;
        refused.push(deprecate.err().map(|e| e.code().unwrap().to_owned()));
        refused
    };
    let all = |code: &str| vec![Some(code.to_owned()); 4];
    assert_eq!(changes(&pending).await, all("InvalidAMIID.Unavailable"));
    assert_eq!(changes(&failed).await, all("InvalidAMIID.Unavailable"));
    assert_eq!(changes(&foreign).await, all("AuthFailure"));
    assert_eq!(changes("ami-1").await, all("InvalidAMIID.Malformed"));
    assert_eq!(changes("ami-0123456789abcdef0").await, all("InvalidAMIID.NotFound"));
    assert_eq!(changes(&own).await, vec![None; 4]);
    assert!(fake.world().launch_permissions(&own).is_empty(), "enabling does not bring the permissions back");
    let on = client.enable_image_deregistration_protection().image_id(&own).send().await.unwrap();
    assert_eq!(on.r#return(), Some("true"), "it is text");
    let off = client.disable_image_deregistration_protection().image_id(&own).send().await.unwrap();
    assert_eq!(off.r#return(), Some("true"));
}
