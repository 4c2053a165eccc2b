//! Snapshots that launch templates and the like name: their image may go, and they stay.

use serde_json::Value;

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{ALL_AWAY, Plan, Scene, days_ago};
use crate::setup::EAST;

/// An old image of two volumes, and its snapshots.
fn ready() -> (Scene, String, Vec<String>) {
    let setup = Scene::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).put();
    let snapshots = setup.snapshots_of(&id);
    (setup, id, snapshots)
}

/// A launch template that makes a volume of a snapshot, and launches another image.
fn name(setup: &Scene, account: &str, snapshot: &str) {
    setup.world().launch_template(account, EAST, "data").image("ami-00000001").volume(snapshot).put();
}

/// What a report says of a snapshot, as result and detail.
#[track_caller]
fn said<'a>(report: &'a Value, snapshot: &str) -> (&'a str, Option<&'a str>) {
    let results = report["results"].as_array().unwrap();
    let mut all = results.iter().flat_map(|row| row["snapshots"].as_array().unwrap());
    let found = all.find(|entry| entry["id"] == *snapshot).unwrap_or_else(|| panic!("{snapshot} is not in {report:#}"));
    (found["result"].as_str().unwrap(), found["detail"].as_str())
}

#[test]
fn the_image_goes_and_what_a_template_names_stays() {
    let (setup, id, snapshots) = ready();
    name(&setup, PROD, &snapshots[0]);
    let plan = Plan::of(&setup.run("prune --keep 0 -o json").ended(0));
    let row = plan.action(&id);
    assert_eq!((&row["snapshots"], &row["size_gib"]), (&serde_json::json!([snapshots[1]]), &8.into()));
    assert_eq!(row["kept_snapshots"][0]["id"], *snapshots[0]);
    assert_eq!(row["kept_snapshots"][0]["result"], "kept-in-use");
    assert!(row["reason"].as_str().unwrap().contains("data:1"), "{row:#}");
    assert!(setup.run("prune --keep 0").ended(0).stdout.contains("data:1"));
    let report = setup.run(ALL_AWAY).ended(0).json();
    let (result, by) = said(&report, &snapshots[0]);
    assert!(result == "kept-in-use" && by.unwrap().contains("data:1"), "{report:#}");
    assert_eq!(said(&report, &snapshots[1]), ("deleted", None));
    assert_eq!((setup.there(&snapshots[..1]), setup.there(&snapshots[1..]), setup.left().len()), (1, 0, 0));
    let flag = |call: &crate::fake::Call| call.params.get("DeleteAssociatedSnapshots").is_some_and(|v| v == "true");
    assert!(!setup.calls("DeregisterImage").iter().any(flag));
}

#[test]
fn what_a_template_names_since_the_plan_was_made_stays() {
    let (setup, _, snapshots) = ready();
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 0 --plan-out {}", file.display())).ended(0);
    name(&setup, PROD, &snapshots[1]);
    let report = setup.run(&format!("apply {} --yes -o json", file.display())).ended(0).json();
    assert_eq!((said(&report, &snapshots[1]).0, said(&report, &snapshots[0]).0), ("kept-in-use", "deleted"));
    assert_eq!((setup.there(&snapshots[1..]), setup.left().len()), (1, 0));
}

#[test]
fn a_source_that_is_left_out_keeps_the_snapshots_that_it_may_name() {
    let (setup, id, snapshots) = ready();
    let line = "prune --keep 0 --without-source launch-configurations";
    let plan = Plan::of(&setup.run(&format!("{line} -o json")).ended(0));
    assert_eq!(plan.action(&id)["snapshots"], serde_json::json!([]));
    assert_eq!(plan.action(&id)["kept_snapshots"][1]["result"], "kept-unverified");
    let report = setup.run(&format!("{line} --apply --yes --max-delete 9 -o json")).ended(0).json();
    assert!(said(&report, &snapshots[0]).1.unwrap().contains("launch-configurations was not read"), "{report:#}");
    assert_eq!((setup.there(&snapshots), setup.left().len()), (2, 0));
}

#[test]
fn a_template_of_another_account_keeps_a_snapshot_too() {
    let (setup, _, snapshots) = ready();
    name(&setup, OTHER, &snapshots[0]);
    let roles = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";
    let report = setup.run(&format!("{ALL_AWAY} {roles}")).ended(0).json();
    let (result, by) = said(&report, &snapshots[0]);
    assert!(result == "kept-in-use" && by.unwrap().contains(OTHER), "{report:#}");
    assert_eq!((setup.there(&snapshots[..1]), setup.there(&snapshots[1..])), (1, 0));
}

/// Two orphans of one account, the second shared with another one of the run, which names the first.
fn orphans() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let gone = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    let orphan = || setup.world().snapshot(PROD, EAST).started(days_ago(100)).description(gone).put();
    let (named, plain) = (orphan(), orphan());
    let shared = setup.world().snapshot(PROD, EAST).started(days_ago(100)).description(gone).shared_with(OTHER).put();
    name(&setup, OTHER, &named);
    (setup, vec![named, shared, plain])
}

const BOTH: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

#[test]
fn an_orphan_that_a_template_of_another_account_names_stays() {
    let (setup, ids) = orphans();
    let report = setup.run(&format!("orphans {BOTH} --apply --yes --max-delete 5 -o json")).ended(0).json();
    let kept = &report["kept"][0];
    assert_eq!((&kept["id"], &kept["code"]), (&ids[0].clone().into(), &"in-use".into()), "{report:#}");
    assert!(kept["reason"].as_str().unwrap().contains(OTHER), "{kept}");
    assert_eq!((setup.there(&ids[..1]), setup.there(&ids[1..])), (1, 0));
}

#[test]
fn an_orphan_that_is_shared_with_an_account_whose_templates_cannot_be_read_stays() {
    let (setup, ids) = orphans();
    setup
        .fake
        .fault(Fault::error("DescribeLaunchTemplates", "UnauthorizedOperation", "Not yours to see.").of_account(OTHER));
    let ran = setup.run(&format!("orphans {BOTH} --apply --yes --max-delete 5 -o json")).ended(4);
    let report = ran.json();
    let kept = &report["kept"][0];
    assert_eq!((&kept["id"], &kept["code"]), (&ids[1].clone().into(), &"unverified".into()), "{report:#}");
    assert!(kept["reason"].as_str().unwrap().contains(OTHER), "{kept}");
    // A template names nothing that is not shared with its account.
    assert_eq!((setup.there(&ids[1..2]), setup.there(&ids[2..])), (1, 0));
}
