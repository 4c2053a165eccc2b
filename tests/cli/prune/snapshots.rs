//! Snapshots of the images that go.

use crate::fake::{Fault, PROD};
use crate::scene::{ALL, ALL_AWAY, Plan, Scene, days_ago};
use crate::setup::{EAST, seconds};

/// An image of a hundred days on these snapshots.
fn on(setup: &Scene, name: &str, snapshots: &[String]) -> String {
    let snapshots: Vec<_> = snapshots.iter().map(String::as_str).collect();
    setup.world().image(PROD, EAST, name).created(days_ago(100)).on_snapshots(&snapshots).put()
}

/// What a report says of the snapshots of an image, as `id: result`.
fn said(report: &serde_json::Value, image: &str) -> Vec<(String, String)> {
    let row = report["results"].as_array().unwrap().iter().find(|row| row["image_id"] == image).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    row["snapshots"].as_array().unwrap().iter().map(|s| (text(&s["id"]), text(&s["result"]))).collect()
}

#[test]
fn a_snapshot_of_two_images_survives_the_first() {
    let setup = Scene::new();
    let old = setup.old("web-v1-2025-01-01");
    let shared = setup.snapshots_of(&old);
    on(&setup, "web-v2-2025-01-01", &shared);
    let plan = setup.plan("prune --keep 1");
    assert_eq!(plan.action(&old)["snapshots"], serde_json::json!([]));
    assert_eq!((&plan.action(&old)["size_gib"], &plan.0["summary"]["size_gib"]), (&0.into(), &0.into()));
    let report = setup.run("prune --keep 1 --apply --yes --max-delete 1 -o json").ended(0).json();
    assert_eq!(said(&report, &old), [(shared[0].clone(), "kept-shared".to_owned())]);
    assert_eq!((setup.there(&shared), setup.left().len()), (1, 1));
    assert!(setup.calls("DeregisterImage")[0].params.get("DeleteAssociatedSnapshots").is_none_or(|v| v == "false"));
}

#[test]
fn a_snapshot_of_two_images_that_both_go_is_deleted_once_and_nothing_is_left() {
    let setup = Scene::new();
    let first = setup.old("web-v1-2025-01-01");
    let shared = setup.snapshots_of(&first);
    on(&setup, "web-v2-2025-01-01", &shared);
    let plan = Plan::of(&setup.run(ALL).ended(0));
    assert_eq!((plan.going().len(), &plan.0["summary"]["size_gib"]), (2, &8.into()));
    let report = setup.run(ALL_AWAY).ended(0).json();
    assert_eq!(report["summary"]["done"], 2);
    assert_eq!((setup.left().len(), setup.world().snapshots(PROD, EAST).count()), (0, 0));
    let results: Vec<_> =
        report["results"].as_array().unwrap().iter().flat_map(|r| r["snapshots"].as_array()).collect();
    let deleted = results.iter().flat_map(|list| list.iter()).filter(|s| s["result"] == "deleted").count();
    assert_eq!(deleted, 1, "{report:#}");
}

#[test]
fn a_chain_of_shared_snapshots_goes_whole() {
    let setup = Scene::new();
    let spare = |n: usize| -> Vec<String> { (0..n).map(|_| setup.world().snapshot(PROD, EAST).put()).collect() };
    let s = spare(5);
    let pick = |list: &[usize]| -> Vec<String> { list.iter().map(|n| s[*n].clone()).collect() };
    on(&setup, "web-v1-2025-01-01", &pick(&[0, 1]));
    on(&setup, "web-v2-2025-01-01", &pick(&[1, 2]));
    on(&setup, "web-v3-2025-01-01", &pick(&[3]));
    on(&setup, "web-v4-2025-01-01", &pick(&[2, 3, 4]));
    setup.run(ALL_AWAY).ended(0);
    assert_eq!((setup.left().len(), setup.there(&s)), (0, 0));
}

#[test]
fn when_one_of_two_images_fails_their_snapshot_stays() {
    let setup = Scene::new();
    let first = setup.old("web-v1-2025-01-01");
    let shared = setup.snapshots_of(&first);
    let second = on(&setup, "web-v2-2025-01-01", &shared);
    for bad in [&first, &second] {
        setup.fake.fault(Fault::error("DeregisterImage", "OperationNotPermitted", "locked").matching(bad).times(1));
    }
    setup.run(ALL_AWAY).ended(1);
    assert_eq!((setup.left().len(), setup.there(&shared)), (2, 1));
    setup.fake.clear_faults();
    setup.fake.fault(Fault::error("DeregisterImage", "OperationNotPermitted", "locked").matching(&first));
    setup.run(ALL_AWAY);
    assert_eq!((setup.left(), setup.there(&shared)), (vec!["web-v1-2025-01-01".to_owned()], 1));
    setup.fake.clear_faults();
    setup.run(ALL_AWAY).ended(0);
    assert_eq!((setup.left().len(), setup.there(&shared)), (0, 0));
}

#[test]
fn the_snapshot_of_a_disabled_image_survives() {
    let setup = Scene::new();
    let old = setup.old("web-v1-2025-01-01");
    let shared = setup.snapshots_of(&old);
    let disabled = on(&setup, "web-v2-2025-01-01", &shared);
    setup.tag(&disabled, "amictl:keep", "");
    setup.ec2("DisableImage", &[("ImageId", &disabled)]);
    let report = setup.run(ALL_AWAY).ended(0).json();
    assert_eq!(said(&report, &old), [(shared[0].clone(), "kept-shared".to_owned())]);
    assert_eq!((setup.left(), setup.there(&shared)), (vec!["web-v2-2025-01-01".to_owned()], 1));
}

#[test]
fn the_snapshot_of_an_image_that_was_not_asked_about_survives() {
    let setup = Scene::new();
    let old = setup.old("web-v1-2025-01-01");
    let shared = setup.snapshots_of(&old);
    on(&setup, "by hand", &shared);
    setup.run("prune web --keep 0 --apply --yes --max-delete 1").ended(0);
    assert_eq!((setup.left(), setup.there(&shared)), (vec!["by hand".to_owned()], 1));
}

#[test]
fn an_image_of_many_volumes_loses_all_its_snapshots_and_one_of_none_has_none() {
    let setup = Scene::new();
    let mut world = setup.world();
    let many = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(5).size(10).put();
    let none = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100)).instance_store().put();
    drop(world);
    let snapshots = setup.snapshots_of(&many);
    let plan = Plan::of(&setup.run(ALL).ended(0));
    assert_eq!(plan.action(&many)["snapshots"].as_array().unwrap().len(), 5);
    assert_eq!((&plan.action(&many)["size_gib"], &plan.action(&none)["size_gib"]), (&50.into(), &0.into()));
    assert_eq!(plan.0["summary"]["monthly_saving_usd_at_most"], 2.5);
    let report = setup.run(ALL_AWAY).ended(0).json();
    assert_eq!((said(&report, &many).len(), said(&report, &none).len()), (5, 0));
    assert!(said(&report, &many).iter().all(|(_, result)| result == "deleted"), "{report:#}");
    assert_eq!((setup.left().len(), setup.there(&snapshots)), (0, 0));
    assert_eq!(setup.fake.count("DeleteSnapshot"), 0, "EC2 deletes them with the image");
}

#[test]
fn an_endpoint_that_ignores_the_snapshots_is_made_up_for() {
    let setup = Scene::new();
    setup.world().ignore_delete_snapshots = true;
    setup.world().snapshot_in_use_for = seconds(1);
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).put();
    let snapshots = setup.snapshots_of(&id);
    let report = setup.run(ALL_AWAY).ended(0).json();
    assert!(said(&report, &id).iter().all(|(_, result)| result == "deleted"), "{report:#}");
    assert_eq!(setup.there(&snapshots), 0);
    assert!(setup.fake.count("DeleteSnapshot") >= 2);
}

#[test]
fn a_snapshot_that_ec2_does_not_delete_is_reported_and_the_run_is_partly_done() {
    let setup = Scene::new();
    let id = setup.old("web-v1-2025-01-01");
    let snapshots = setup.snapshots_of(&id);
    setup.world().delete_codes.insert(snapshots[0].clone(), "missing-permissions".to_owned());
    setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "not your snapshot"));
    let ran = setup.run(ALL_AWAY).ended(3);
    let row = &ran.json()["results"][0];
    assert_eq!((&row["status"], &row["snapshots"][0]["result"]), (&"failed".into(), &"failed".into()));
    assert_eq!(row["snapshots"][0]["error"]["code"], "UnauthorizedOperation");
    assert_eq!((setup.left().len(), setup.there(&snapshots)), (0, 1));
    assert!(ran.stderr.contains(&snapshots[0]), "{}", ran.stderr);
}

#[test]
fn a_snapshot_that_another_image_took_up_since_the_plan_stays() {
    let setup = Scene::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).put();
    let snapshots = setup.snapshots_of(&id);
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("{ALL} --plan-out {}", file.display())).ended(0);
    on(&setup, "by hand", &snapshots[..1]);
    let report = setup.run(&format!("apply {} --yes -o json", file.display())).ended(0).json();
    assert_eq!(said(&report, &id).into_iter().filter(|(_, result)| result == "kept-shared").count(), 1);
    assert_eq!((setup.there(&snapshots[..1]), setup.there(&snapshots[1..])), (1, 0));
    assert_eq!(setup.left(), ["by hand"]);
}
