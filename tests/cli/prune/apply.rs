//! `--apply`: what is shown is what goes, and nothing goes that was not shown.

use crate::fake::{Fault, FaultKind, PROD};
use crate::scene::{ALL_AWAY, Plan, Scene, days_ago};
use crate::setup::{EAST, WEST, each};

#[test]
fn nothing_is_changed_without_apply() {
    let setup = Scene::new();
    setup.family("web", 5);
    for line in ["prune", "prune --keep 0", "prune --keep 0 --max-delete 100%", "prune --dry-run", "prune -o ids"] {
        setup.run(line).ended(0);
    }
    // To say yes to a plan that is only shown makes no sense.
    setup.run("prune --keep 0 --yes --max-delete 100%").ended(2).says(&["--apply"]);
    setup.unchanged();
    assert_eq!(setup.left().len(), 5);
}

#[test]
fn without_a_person_to_ask_and_without_yes_nothing_is_changed() {
    let setup = Scene::new();
    setup.family("web", 5);
    for line in ["prune --apply", "prune --apply --max-delete 100%", "prune --apply -o json"] {
        let ran = setup.run(line).ended(4);
        assert!(ran.stderr.contains("not confirmed"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "", "{line}");
        // A person would have seen what was going to happen.
        assert!(ran.stderr.contains("web-v1-2025-01-01"), "{line}\n{}", ran.stderr);
    }
    setup.unchanged();
}

#[test]
fn what_the_plan_says_goes_with_its_snapshots_and_the_report_says_so() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let snapshots: Vec<_> = web.iter().flat_map(|id| setup.snapshots_of(id)).collect();
    let report = setup.run("prune --apply --yes --max-delete 50% -o json").ended(0).json();
    assert_eq!((&report["version"], &report["kind"]), (&1.into(), &"report".into()));
    assert_eq!(each(&report["results"], "image_id"), [web[0].as_str(), &web[1]]);
    let first = serde_json::json!({
        "account": PROD, "region": EAST, "image_id": web[0], "name": "web-v1-2025-01-01", "tags": {}, "action": "deregister",
        "status": "done", "changed": true, "detail": null, "error": null, "snapshots": [{"id": snapshots[0], "result": "deleted", "detail": null, "error": null}],
    });
    assert_eq!(report["results"][0], first);
    assert_eq!(setup.left(), ["web-v3-2025-01-01", "web-v4-2025-01-01", "web-v5-2025-01-01"]);
    assert_eq!((setup.there(&snapshots[..2]), setup.there(&snapshots[2..])), (0, 3));
    let mut gone = web[..2].to_vec();
    gone.sort();
    assert_eq!(setup.deregistered(), gone);
    assert_eq!(setup.changes(), ["DeregisterImage", "DeregisterImage"]);
    // A second run finds nothing to do.
    setup.fake.forget_calls();
    let again = setup.run("prune --apply --yes --max-delete 50% -o json").ended(0).json();
    assert_eq!(again["summary"], serde_json::json!({"done": 0, "failed": 0, "skipped": 0}));
    setup.unchanged();
}

#[test]
fn a_dry_run_asks_ec2_and_changes_nothing() {
    let setup = Scene::new();
    setup.family("web", 5);
    setup.run("prune --apply --dry-run").ended(0).says(&["dry run"]);
    let calls = setup.calls("DeregisterImage");
    assert_eq!((calls.len(), calls.iter().all(|call| call.dry_run)), (2, true));
    setup.unchanged();
    setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", "not yours"));
    setup.run("prune --apply --dry-run").ended(1).says(&["not yours"]);
    assert_eq!(setup.left().len(), 5);
}

#[test]
fn one_region_in_doubt_does_not_stop_the_others() {
    let setup = Scene::new();
    let east = setup.family("web", 4);
    let mut world = setup.world();
    let put = |n: u32| world.image(PROD, WEST, &format!("web-v{n}-2025-01-01")).created(days_ago(100)).put();
    let west: Vec<_> = (1..=4).map(put).collect();
    drop(world);
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "no").in_region(WEST));
    let line = "prune --region us-east-1,us-west-2 -o json";
    let plan = Plan::of(&setup.run(line).ended(4));
    assert_eq!((plan.going(), plan.codes(&west[0])), (vec![east[0].as_str()], vec!["unverified"]));
    let ran = setup.run(&format!("{line} --apply --yes --max-delete 50%")).ended(4);
    assert_eq!(each(&ran.json()["results"], "image_id"), [east[0].as_str()]);
    ran.says(&["ec2-fleets in us-west-2"]);
    assert_eq!((setup.left().len(), setup.names(PROD, WEST).len()), (3, 4));
    assert_eq!(setup.deregistered(), [east[0].as_str()]);
}

#[test]
fn a_listing_of_images_that_breaks_off_leaves_its_region_alone() {
    let setup = Scene::new();
    setup.family("web", 9);
    setup.world().image(PROD, WEST, "web-v1-2025-01-01").created(days_ago(100)).put();
    setup.world().image_page_limit = Some(4);
    // Of a part of a family nobody can tell which are the newest.
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not any more").in_region(EAST).skip(1));
    let line = "prune --region us-east-1,us-west-2 --keep 0 --apply --yes --max-delete 100%";
    setup.run(line).ended(3).says(&["not any more"]);
    assert_eq!((setup.left().len(), setup.names(PROD, WEST).len()), (9, 0));
    setup.fake.clear_faults();
    setup.run("prune --apply --yes --max-delete 100%").ended(0);
    assert_eq!(setup.left(), ["web-v7-2025-01-01", "web-v8-2025-01-01", "web-v9-2025-01-01"]);
}

#[test]
fn what_somebody_else_removed_in_between_counts_as_done() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::ResetAfter).matching(&web[0]).times(1));
    let report = setup.run(ALL_AWAY).ended(0).json();
    assert_eq!(report["summary"], serde_json::json!({"done": 2, "failed": 0, "skipped": 0}));
    assert_eq!((setup.left().len(), setup.world().snapshots(PROD, EAST).count()), (0, 0));
}
