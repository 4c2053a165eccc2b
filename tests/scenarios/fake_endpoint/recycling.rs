//! The Recycle Bin.

use super::*;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

fn rule(fake: &Fake, days: (u32, u32)) {
    fake.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), days);
}

#[tokio::test]
async fn images_come_back_after_their_snapshots() {
    let fake = Fake::start();
    rule(&fake, (7, 14));
    let id = fake.world().image(PROD, EAST, "web-v1").shared_with(OTHER).snapshots(2).tag("Team", "web").put();
    let snapshots: Vec<String> = fake.world().find_image(&id).unwrap().snapshots().map(str::to_owned).collect();
    let client = prod(&fake, EAST);
    client.deregister_image().image_id(&id).delete_associated_snapshots(true).send().await.unwrap();
    assert!(fake.world().is_in_recycle_bin(&id) && fake.world().is_in_recycle_bin(&snapshots[0]));
    assert_eq!(code(client.describe_images().image_ids(&id).send().await), "InvalidAMIID.NotFound");
    let theirs = other(&fake, EAST);
    assert_eq!(code(theirs.describe_images().image_ids(&id).send().await), "InvalidAMIID.NotFound");
    assert!(theirs.list_images_in_recycle_bin().send().await.unwrap().images().is_empty());

    let binned = client.list_images_in_recycle_bin().image_ids(&id).send().await.unwrap();
    let [image] = binned.images() else { panic!("{binned:?}") };
    assert_eq!(image.name(), Some("web-v1"));
    let (enter, exit) = (image.recycle_bin_enter_time().unwrap(), image.recycle_bin_exit_time().unwrap());
    assert_eq!(exit.secs() - enter.secs(), 7 * 86_400);
    let listed = client.list_snapshots_in_recycle_bin().max_results(5).send().await.unwrap();
    assert_eq!(listed.snapshots().len(), 2);

    let restore = || client.restore_image_from_recycle_bin().image_id(&id);
    assert_eq!(code(restore().send().await), "InvalidSnapshot.NotFound");
    for snapshot in &snapshots {
        let back = client.restore_snapshot_from_recycle_bin().snapshot_id(snapshot).send().await.unwrap();
        assert_eq!(back.snapshot_id(), Some(snapshot.as_str()));
    }
    assert_eq!(code(restore().dry_run(true).send().await), "DryRunOperation");
    assert_eq!(restore().send().await.unwrap().r#return(), Some(true));
    assert_eq!(state(&client, &id).await, "available");
    assert_eq!(state(&theirs, &id).await, "available", "its sharing comes back too");
    let held = client.delete_snapshot().snapshot_id(&snapshots[0]);
    assert_eq!(code(held.send().await), "InvalidSnapshot.InUse");
    assert_eq!(code(restore().send().await), "InvalidAMIID.NotFound");
}

#[tokio::test]
async fn the_bin_is_emptied_in_time_and_takes_nothing_without_a_rule() {
    let fake = Fake::start();
    let gone = fake.world().image(PROD, EAST, "web-v1").put();
    let client = prod(&fake, EAST);
    client.deregister_image().image_id(&gone).send().await.unwrap();
    rule(&fake, (7, 0));
    let id = fake.world().image(PROD, EAST, "web-v2").put();
    let snapshot = fake.world().find_image(&id).unwrap().snapshots().next().unwrap().to_owned();
    client.deregister_image().image_id(&id).send().await.unwrap();
    let list = || client.list_images_in_recycle_bin().send();
    assert_eq!(list().await.unwrap().images().len(), 1);
    client.delete_snapshot().snapshot_id(&snapshot).send().await.unwrap();
    assert!(client.list_snapshots_in_recycle_bin().send().await.unwrap().snapshots().is_empty());
    let restore = client.restore_image_from_recycle_bin().image_id(&id);
    assert_eq!(code(restore.send().await), "InvalidSnapshot.NotFound", "it is beyond recovery");
    fake.world().advance(WEEK);
    assert!(list().await.unwrap().images().is_empty());
}

#[tokio::test]
async fn restoring_needs_the_name() {
    let fake = Fake::start();
    rule(&fake, (7, 7));
    let client = prod(&fake, EAST);
    let id = fake.world().image(PROD, EAST, "web-v1").put();
    client.deregister_image().image_id(&id).send().await.unwrap();
    let successor = fake.world().image(PROD, EAST, "web-v1").put();
    let restore = || client.restore_image_from_recycle_bin().image_id(&id).send();
    assert_eq!(code(restore().await), "InvalidAMIName.Duplicate");
    client.deregister_image().image_id(&successor).send().await.unwrap();
    restore().await.unwrap();
    for number in 0..30 {
        let image = fake.world().image(PROD, EAST, &format!("old-v{number}")).put();
        client.deregister_image().image_id(&image).send().await.unwrap();
    }
    let mut pages = client.list_images_in_recycle_bin().into_paginator().page_size(10).send();
    let mut found = 0;
    while let Some(page) = pages.next().await {
        found += page.unwrap().images().len();
    }
    assert_eq!(found, 31);
}

#[tokio::test]
async fn an_image_comes_back_as_it_was() {
    let fake = Fake::start();
    let (web, off, common);
    {
        let mut world = fake.world();
        world.add_member(OTHER, "dev", "ACTIVE");
        let arn = world.organization_arn();
        let deprecated = world.now() + chrono::Duration::days(30);
        common = world.snapshot(PROD, EAST).put();
        let seed = world.image(PROD, EAST, "web").created("2026-01-02").description("the web").tag("Team", "web");
        let seed = seed.shared_with("333333333333").shared_with_arn(&arn).copyable_by(OTHER).snapshot_tag("a", "b");
        web = seed.deprecated_at(deprecated).last_launched("2026-02-03").snapshots(2).put();
        off = world.image(PROD, EAST, "off").state("disabled").on_snapshots(&[&common]).put();
        world.image(PROD, EAST, "too").on_snapshots(&[&common]).put();
    }
    let client = prod(&fake, EAST);
    let told = async |id: &str| client.describe_images().image_ids(id).send().await.unwrap().images()[0].clone();
    let before = (told(&web).await, told(&off).await, fake.world().launch_permissions(&web));
    let snapshots: Vec<String> = fake.world().find_image(&web).unwrap().snapshots().map(str::to_owned).collect();
    let shared = fake.world().snapshot_permissions(&snapshots[0]);
    {
        let mut world = fake.world();
        world.put_in_recycle_bin(&web, 7);
        world.put_in_recycle_bin(&off, 3);
        assert!(world.in_recycle_bin_until(&off).unwrap() < world.in_recycle_bin_until(&web).unwrap());
        assert!(world.find_snapshot(&common).is_some(), "another image needs it");
    }
    assert_eq!(code(client.describe_images().image_ids(&web).send().await), "InvalidAMIID.NotFound");
    assert_eq!(code(client.deregister_image().image_id(&web).send().await), "InvalidAMIID.Unavailable");
    assert_eq!(code(client.delete_snapshot().snapshot_id(&snapshots[0]).send().await), "InvalidSnapshot.NotFound");
    let theirs = other(&fake, EAST);
    assert_eq!(code(theirs.restore_image_from_recycle_bin().image_id(&web).send().await), "InvalidAMIID.NotFound");
    let foreign = theirs.restore_snapshot_from_recycle_bin().snapshot_id(&snapshots[0]).send().await;
    assert_eq!(code(foreign), "InvalidSnapshot.NotFound");
    for snapshot in &snapshots {
        let restore = || client.restore_snapshot_from_recycle_bin().snapshot_id(snapshot);
        assert_eq!(code(restore().dry_run(true).send().await), "DryRunOperation");
        restore().send().await.unwrap();
        assert_eq!(code(restore().send().await), "InvalidSnapshot.NotFound", "it is not in the bin any more");
    }
    for image in [&web, &off] {
        client.restore_image_from_recycle_bin().image_id(image).send().await.unwrap();
    }
    let after = (told(&web).await, told(&off).await, fake.world().launch_permissions(&web));
    assert_eq!(before, after);
    assert_eq!(fake.world().snapshot_permissions(&snapshots[0]), shared);
    assert_eq!(fake.world().find_snapshot(&snapshots[0]).unwrap().tags["a"], "b");
}

#[tokio::test]
async fn an_image_without_all_its_snapshots_stays_where_it_is() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").snapshots(2).put();
    let snapshots: Vec<String> = fake.world().find_image(&id).unwrap().snapshots().map(str::to_owned).collect();
    fake.world().put_in_recycle_bin(&id, 7);
    fake.world().lose_snapshot(&snapshots[1]);
    let client = prod(&fake, EAST);
    client.restore_snapshot_from_recycle_bin().snapshot_id(&snapshots[0]).send().await.unwrap();
    let restore = |id: &str| client.restore_image_from_recycle_bin().image_id(id).send();
    let refused = restore(&id).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidSnapshot.NotFound"));
    assert!(refused.message().unwrap().contains(&snapshots[1]), "{refused:?}");
    assert!(fake.world().is_in_recycle_bin(&id));
    assert_eq!(code(restore("ami-1").await), "InvalidAMIID.Malformed");
    let list = client.list_images_in_recycle_bin();
    assert_eq!(code(list.clone().image_ids("ami-0123456789abcdef0").send().await), "InvalidAMIID.NotFound");
    let many = (0..21).map(|_| id.clone()).collect();
    assert_eq!(code(list.clone().set_image_ids(Some(many)).send().await), "InvalidParameterValue");
    assert_eq!(code(list.max_results(1001).send().await), "InvalidParameterValue");
}

#[tokio::test]
async fn the_world_changes_between_the_steps_of_a_test() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    let instance = fake.world().instance(OTHER, EAST).image(&id).put();
    fake.world().image_mut(&id).tags.insert("Team".into(), "web".into());
    fake.world().end_instance(&instance);
    let found = prod(&fake, EAST).describe_images().filters(filter("tag:Team", "web")).send().await.unwrap();
    assert_eq!(found.images()[0].image_id(), Some(id.as_str()));
    let ended = other(&fake, EAST).describe_instances().instance_ids(&instance).send().await.unwrap();
    let state = ended.reservations()[0].instances()[0].state().unwrap().name().unwrap().as_str().to_owned();
    assert_eq!(state, "terminated");
}

#[tokio::test]
async fn what_comes_back_takes_its_time_and_may_have_been_forgotten() {
    let fake = Fake::start();
    rule(&fake, (7, 7));
    let id =
        fake.world().image(PROD, EAST, "web-v1").shared_with(OTHER).tag("Team", "web").snapshot_tag("a", "b").put();
    let snapshot = fake.world().find_image(&id).unwrap().snapshots().next().unwrap().to_owned();
    let client = prod(&fake, EAST);
    client.deregister_image().image_id(&id).delete_associated_snapshots(true).send().await.unwrap();
    {
        let mut world = fake.world();
        world.restore_forgets = true;
        (world.recovering_for, world.pending_for) = (Duration::from_mins(1), Duration::from_mins(1));
    }
    let back = client.restore_snapshot_from_recycle_bin().snapshot_id(&snapshot).send().await.unwrap();
    assert_eq!(back.state().unwrap().as_str(), "recovering");
    let restore = || client.restore_image_from_recycle_bin().image_id(&id).send();
    assert_eq!(code(restore().await), "IncorrectState");
    fake.world().advance(Duration::from_mins(1));
    restore().await.unwrap();
    assert_eq!(state(&client, &id).await, "pending");
    fake.world().advance(Duration::from_mins(1));
    assert_eq!(state(&client, &id).await, "available");
    let world = fake.world();
    let (image, snapshot) = (world.find_image(&id).unwrap(), world.find_snapshot(&snapshot).unwrap());
    assert!(image.tags.is_empty() && image.launch.is_empty() && snapshot.tags.is_empty());
}
