//! `deregister`: what becomes of the snapshots, and of answers that are lost.

use std::thread;

use serde_json::Value;

use crate::fake::{Fault, FaultKind, Outcome, PROD};
use crate::setup::{EAST, Setup, refused, seconds};

const NAME: &str = "web-v1-2026-01-02";

/// An endpoint with one image of two volumes; gives its id and those of its snapshots.
fn ready() -> (Setup, String, Vec<String>) {
    Setup::with_two_volumes(NAME)
}

/// What a report says of a snapshot of its first image.
#[track_caller]
fn result(report: &Value, snapshot: &str) -> String {
    let all = report["results"][0]["snapshots"].as_array().unwrap();
    let found = all.iter().find(|entry| entry["id"] == *snapshot);
    found.unwrap_or_else(|| panic!("{snapshot} is not in {report}"))["result"].as_str().unwrap().to_owned()
}

/// The snapshots that are left.
fn left(setup: &Setup) -> Vec<String> {
    let world = setup.world();
    world.snapshots(PROD, EAST).map(|snapshot| snapshot.id.clone()).collect()
}

#[test]
fn a_snapshot_of_another_image_stays_also_when_that_image_is_disabled() {
    for state in ["available", "disabled", "failed", "pending"] {
        let (setup, id, snapshots) = ready();
        let other =
            setup.world().image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&snapshots[1]]).state(state).put();
        let report = setup.json(&format!("deregister {id} --yes"));
        assert_eq!(result(&report, &snapshots[0]), "deleted", "{state}");
        assert_eq!(result(&report, &snapshots[1]), "kept-shared", "{state}");
        assert_eq!(left(&setup), [snapshots[1].clone()], "{state}");
        assert_eq!(setup.image(&other).snapshots().collect::<Vec<_>>(), [&snapshots[1]]);
        let together = setup.calls("DeregisterImage").remove(0).params.get("DeleteAssociatedSnapshots").cloned();
        assert_ne!(together.as_deref(), Some("true"), "{state}: EC2 is not asked for more than is to go");
        let asked: Vec<_> = setup.calls("DeleteSnapshot").into_iter().map(|c| c.params["SnapshotId"].clone()).collect();
        assert_eq!(asked, [snapshots[0].clone()], "{state}");
    }
}

#[test]
fn what_images_that_go_together_share_goes_too() {
    let (setup, id, snapshots) = ready();
    let other = setup.world().image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&snapshots[1]]).put();
    let report = setup.json(&format!("deregister {id} {other} --yes"));
    assert_eq!(report["summary"]["done"], 2);
    assert!(left(&setup).is_empty(), "{:?}", left(&setup));
}

#[test]
fn snapshots_stay_when_the_user_wants_them() {
    let (setup, id, snapshots) = ready();
    let report = setup.json(&format!("deregister {id} --yes --keep-snapshots"));
    assert!(snapshots.iter().all(|snapshot| result(&report, snapshot) == "kept"), "{report}");
    assert_eq!((setup.names(PROD, EAST).len(), left(&setup).len()), (0, 2));
    assert_eq!(setup.changes(), ["CreateTags", "DeregisterImage"]);
}

#[test]
fn an_image_without_snapshots_has_none_to_delete() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).instance_store().put();
    let unrelated = setup.world().snapshot(PROD, EAST).put();
    let report = setup.json(&format!("deregister {id} --yes"));
    assert_eq!((&report["summary"]["done"], &report["results"][0]["snapshots"]), (&1.into(), &serde_json::json!([])));
    assert_eq!(left(&setup), [unrelated]);
}

#[test]
fn an_endpoint_that_leaves_the_snapshots_gets_them_deleted_one_by_one() {
    let (setup, id, snapshots) = ready();
    setup.world().ignore_delete_snapshots = true;
    let report = setup.json(&format!("deregister {id} --yes"));
    assert!(snapshots.iter().all(|snapshot| result(&report, snapshot) == "deleted"), "{report}");
    assert!(left(&setup).is_empty());
    assert_eq!(setup.changes(), ["DeregisterImage", "DeleteSnapshot", "DeleteSnapshot"]);
}

#[test]
fn a_snapshot_that_is_in_use_for_a_while_longer_is_waited_for() {
    let (setup, id, _) = ready();
    setup.world().ignore_delete_snapshots = true;
    setup.world().snapshot_in_use_for = seconds(2);
    let report = setup.json(&format!("deregister {id} --yes"));
    assert_eq!(report["summary"]["done"], 1);
    assert!(left(&setup).is_empty());
    let outcomes = setup.outcomes("DeleteSnapshot");
    assert_eq!(outcomes[0], refused("InvalidSnapshot.InUse"), "{outcomes:?}");
}

#[test]
fn a_snapshot_that_may_not_be_deleted_is_reported() {
    let (setup, id, snapshots) = ready();
    setup.world().delete_codes.insert(snapshots[0].clone(), "missing-permissions".to_owned());
    setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run(&format!("deregister {id} --yes -o json")).ended(3);
    let report = ran.json();
    assert_eq!((result(&report, &snapshots[0]), result(&report, &snapshots[1])), ("failed".into(), "deleted".into()));
    let failed =
        report["results"][0]["snapshots"].as_array().unwrap().iter().find(|s| s["id"] == *snapshots[0]).unwrap();
    assert_eq!(failed["error"]["code"], "UnauthorizedOperation");
    assert_eq!(report["results"][0]["status"], "failed");
    assert_eq!(report["summary"], serde_json::json!({"done": 0, "failed": 1, "skipped": 0}));
    ran.says(&["the image is deregistered, but", &snapshots[0], "is left"]);
    assert_eq!(left(&setup), [snapshots[0].clone()]);
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn what_ec2_could_not_delete_at_first_is_tried_again() {
    let (setup, id, snapshots) = ready();
    setup.world().delete_codes.insert(snapshots[0].clone(), "internal-error".to_owned());
    let report = setup.json(&format!("deregister {id} --yes"));
    assert_eq!(result(&report, &snapshots[0]), "deleted");
    assert!(left(&setup).is_empty());
}

#[test]
fn a_snapshot_that_another_image_takes_meanwhile_is_left() {
    let (setup, id, snapshots) = ready();
    // The last look before the image goes; behind it another image is made.
    setup.fake.fault(Fault::on("DescribeImageAttribute", FaultKind::Latency(seconds(1))));
    let report = thread::scope(|scope| {
        let run = scope.spawn(|| setup.json(&format!("deregister {id} --yes")));
        setup.until("DescribeImageAttribute", 1);
        setup.world().image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&snapshots[0]]).put();
        run.join().unwrap()
    });
    assert_eq!(
        (result(&report, &snapshots[0]), result(&report, &snapshots[1])),
        ("kept-shared".into(), "deleted".into())
    );
    assert_eq!(report["summary"]["done"], 1);
    assert_eq!(left(&setup), [snapshots[0].clone()]);
}

#[test]
fn a_lost_answer_is_found_out_by_looking_again() {
    for attempts in ["1", "4"] {
        let (setup, id, snapshots) = ready();
        setup.fake.fault(Fault::on("DeregisterImage", FaultKind::ResetAfter).times(1));
        let ran = setup.amictl().env("AWS_MAX_ATTEMPTS", attempts).run(&format!("deregister {id} --yes -o json"));
        let report = ran.ended(0).json();
        assert!(snapshots.iter().all(|snapshot| result(&report, snapshot) == "deleted"), "{attempts}: {report}");
        assert_eq!(setup.outcomes("DeregisterImage")[0], Outcome::Lost);
        assert!(left(&setup).is_empty(), "{attempts}");
    }
}

#[test]
fn a_lost_answer_of_a_snapshot_counts_as_deleted() {
    let (setup, id, snapshots) = ready();
    setup.world().ignore_delete_snapshots = true;
    setup.fake.fault(Fault::on("DeleteSnapshot", FaultKind::ResetAfter).times(1));
    let report = setup.json(&format!("deregister {id} --yes"));
    assert!(snapshots.iter().all(|snapshot| result(&report, snapshot) == "deleted"), "{report}");
    assert_eq!(setup.outcomes("DeleteSnapshot")[1], refused("InvalidSnapshot.NotFound"));
}

#[test]
fn a_call_that_never_arrived_is_a_failure_and_nothing_is_gone() {
    let (setup, id, _) = ready();
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::ResetBefore));
    // The image is looked for as long as a deregistered one may still be shown.
    let ran = setup.once().run(&format!("deregister {id} --yes -o json")).ended(1);
    assert_eq!(ran.json()["results"][0]["status"], "failed");
    assert_eq!((setup.names(PROD, EAST).len(), left(&setup).len()), (1, 2));
}

#[test]
fn an_image_still_shown_without_its_instances_gone_counts_as_deregistered() {
    let (setup, id, _) = ready();
    setup.world().ghost_for = seconds(600);
    setup.world().instance(PROD, EAST).image(&id).put();
    let report = setup.json(&format!("deregister {id} --yes --allow-in-use"));
    assert_eq!(report["summary"]["done"], 1);
    assert!(left(&setup).is_empty());
}
