//! `deregister`: snapshots that launch templates name, and such as the user wants kept.

use serde_json::Value;

use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

const NAME: &str = "web-v1-2026-01-02";

/// An endpoint with one image of two volumes; gives its id and those of its snapshots.
fn ready() -> (Setup, String, Vec<String>) {
    Setup::with_two_volumes(NAME)
}

/// What a report says of a snapshot of its first image.
#[track_caller]
fn said<'a>(report: &'a Value, snapshot: &str) -> (&'a str, &'a Value) {
    let all = report["results"][0]["snapshots"].as_array().unwrap();
    let found = all.iter().find(|entry| entry["id"] == *snapshot);
    let found = found.unwrap_or_else(|| panic!("{snapshot} is not in {report}"));
    (found["result"].as_str().unwrap(), &found["detail"])
}

/// The snapshots that are left.
fn left(setup: &Setup) -> Vec<String> {
    let world = setup.world();
    world.snapshots(PROD, EAST).map(|snapshot| snapshot.id.clone()).collect()
}

fn kept(setup: &Setup, snapshot: &str) -> Option<String> {
    setup.world().find_snapshot(snapshot).unwrap().tags.get("amictl:keep").cloned()
}

#[test]
fn a_snapshot_that_a_launch_template_names_stays_when_the_image_goes() {
    for flags in ["", "--allow-in-use"] {
        let (setup, id, snapshots) = ready();
        setup.world().launch_template(PROD, EAST, "data").image("ami-00000001").volume(&snapshots[0]).put();
        let line = format!("deregister {id} {flags}");
        let refused = setup.run(&line).ended(4);
        refused.says(&["in use by launch-template", "data:1"]);
        let report = setup.json(&format!("{line} --yes"));
        let (result, by) = said(&report, &snapshots[0]);
        assert_eq!((result, said(&report, &snapshots[1])), ("kept-in-use", ("deleted", &Value::Null)));
        assert!(by.as_str().unwrap().contains("data:1"), "{report:#}");
        assert_eq!((&report["results"][0]["status"], left(&setup)), (&"done".into(), vec![snapshots[0].clone()]));
        let together = setup.calls("DeregisterImage").remove(0).params.get("DeleteAssociatedSnapshots").cloned();
        assert_ne!(together.as_deref(), Some("true"), "EC2 is not asked for more than is to go");
    }
}

#[test]
fn a_source_that_was_not_read_keeps_the_snapshots_that_it_may_name() {
    for flags in
        ["--allow-in-use", "--without-source launch-templates", "--allow-in-use --without-source spot-requests"]
    {
        let (setup, id, snapshots) = ready();
        setup.fake.fault(Fault::error("DescribeLaunchTemplates", "UnauthorizedOperation", "Not yours to see."));
        let report = setup.json(&format!("deregister {id} --yes {flags}"));
        for snapshot in &snapshots {
            let (result, why) = said(&report, snapshot);
            assert_eq!(result, "kept-unverified", "{flags}");
            assert!(why.as_str().unwrap().contains("unknown"), "{why}");
        }
        assert_eq!((setup.names(PROD, EAST).len(), left(&setup).len()), (0, 2), "{flags}");
    }
}

#[test]
fn snapshots_that_are_kept_are_tagged_before_the_image_goes() {
    let (setup, id, snapshots) = ready();
    let other = setup.world().image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&snapshots[1]]).put();
    let report = setup.json(&format!("deregister {id} --yes --keep-snapshots"));
    assert_eq!((said(&report, &snapshots[0]).0, said(&report, &snapshots[1]).0), ("kept", "kept-shared"));
    assert_eq!(setup.changes(), ["CreateTags", "DeregisterImage"]);
    assert!(snapshots.iter().all(|snapshot| kept(&setup, snapshot).as_ref() == Some(&id)));
    // The other image that stands on one of them does not take it along either.
    let report = setup.json(&format!("deregister {other} --yes"));
    assert_eq!((said(&report, &snapshots[1]).0, left(&setup).len()), ("kept", 2));
}

#[test]
fn an_image_stays_when_its_snapshots_cannot_be_marked_as_kept() {
    let (setup, id, snapshots) = ready();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tagging."));
    let ran = setup.run(&format!("deregister {id} --yes --keep-snapshots -o json")).ended(1);
    let result = &ran.json()["results"][0];
    assert_eq!((&result["status"], &result["changed"]), (&"failed".into(), &false.into()));
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.contains("No tagging.") && message.contains("the image stays"), "{message}");
    assert_eq!((setup.names(PROD, EAST).len(), left(&setup).len()), (1, 2));
    assert_eq!(setup.calls("DeregisterImage").len(), 0);
    assert!(snapshots.iter().all(|snapshot| kept(&setup, snapshot).is_none()));
    setup.run(&format!("deregister {id} --keep-snapshots --dry-run")).ended(1).says(&["No tagging."]);
    setup.fake.clear_faults();
    setup.fake.forget_calls();
    setup.run(&format!("deregister {id} --keep-snapshots --dry-run")).ended(0);
    setup.unchanged();
    setup.run(&format!("deregister {id} --keep-snapshots --yes")).ended(0);
}

#[test]
fn what_is_marked_already_is_not_marked_again() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).snapshots(2).snapshot_tag("amictl:keep", "for the auditors").put();
    let snapshots = setup.snapshots_of(&id);
    setup.run(&format!("deregister {id} --keep-snapshots --yes")).ended(0);
    assert_eq!(setup.changes(), ["DeregisterImage"]);
    assert_eq!(kept(&setup, &snapshots[0]).as_deref(), Some("for the auditors"));
}

#[test]
fn a_tag_by_hand_on_a_snapshot_does_not_keep_it_when_its_image_is_named() {
    let (setup, id, snapshots) = ready();
    setup.world().snapshot_mut(&snapshots[0]).tags.insert("amictl:keep".to_owned(), "yes".to_owned());
    let report = setup.json(&format!("deregister {id} --yes"));
    assert_eq!((said(&report, &snapshots[0]).0, said(&report, &snapshots[1]).0), ("deleted", "deleted"));
}
