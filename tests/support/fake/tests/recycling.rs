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
