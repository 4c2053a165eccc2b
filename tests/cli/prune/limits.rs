//! Limits on how much one run deletes, and its cost in calls.

use std::collections::BTreeMap;

use crate::fake::{Fault, PROD};
use crate::scene::{ALL_AWAY, Scene, days_ago, sorted};
use crate::setup::{EAST, each, everything, refused};

#[test]
fn without_a_person_and_without_a_limit_nothing_is_done() {
    let setup = Scene::new();
    setup.family("web", 5);
    let ran = setup.run("prune --apply --yes").ended(2);
    ran.says(&["--apply --yes needs a limit", "--max-delete"]);
    let file = setup.home.write("p.toml", "version = 1\nkeep = 1\n");
    setup.run(&format!("prune --policy {file} --apply --yes")).ended(2).says(&["max_delete"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn over_the_limit_nothing_is_changed() {
    let setup = Scene::new();
    setup.family("web", 10);
    for (keep, limit) in [(5, "4"), (5, "0"), (4, "59%"), (4, "40%"), (0, "99%"), (9, "9%")] {
        let line = format!("prune --keep {keep} --apply --yes --max-delete {limit} -o json");
        let ran = setup.run(&line).ended(4);
        assert_eq!(ran.error()["code"], "OverLimit", "{limit}");
        assert_eq!(ran.stdout, "", "{limit}");
        assert_eq!(setup.left().len(), 10, "{limit}");
    }
    setup.unchanged();
    setup.run("prune --keep 5 --apply --yes --max-delete 5").ended(0);
    assert_eq!(setup.left().len(), 5);
    setup.run("prune --keep 2 --apply --yes --max-delete 60%").ended(0);
    assert_eq!(setup.left().len(), 2);
    for wrong in ["101%", "-1", "all", "1.5"] {
        setup.run(&format!("prune --max-delete={wrong}")).ended(2).says(&["is not a limit"]);
    }
}

#[test]
fn a_share_is_one_of_the_images_in_scope() {
    let setup = Scene::new();
    setup.family("web", 10);
    setup.family("api", 90);
    // Five of ten are half, however many images other families have.
    setup.run("prune web --keep 5 --apply --yes --max-delete 49%").ended(4).says(&["allows 4 of 10"]);
    setup.run("prune web --keep 5 --apply --yes --max-delete 50%").ended(0);
    assert_eq!(setup.left().len(), 95);
}

#[test]
fn the_limit_holds_over_all_regions_together() {
    let setup = Scene::new();
    setup.family("web", 3);
    let mut world = setup.world();
    for n in 1..=3 {
        world.image(PROD, "us-west-2", &format!("web-v{n}-2025-01-01")).created(days_ago(100)).put();
    }
    drop(world);
    let line = "prune --region us-east-1,us-west-2 --keep 1 --apply --yes --max-delete";
    setup.run(&format!("{line} 3")).ended(4).says(&["4 images would be deregistered"]);
    setup.unchanged();
    setup.run(&format!("{line} 4")).ended(0);
    assert_eq!((setup.left().len(), setup.names(PROD, "us-west-2").len()), (1, 1));
}

/// Ten families of a hundred old versions each; of ten where not everything is tested.
fn thousand(setup: &Scene) -> Vec<String> {
    let each = if everything() { 100 } else { 10 };
    (0..10).flat_map(|n| setup.family(&format!("family{n}"), each)).collect()
}

#[test]
fn of_a_thousand_images_three_fail_and_a_rerun_touches_only_those() {
    let setup = Scene::new();
    let ids = thousand(&setup);
    let bad = [&ids[7], &ids[ids.len() / 2], &ids[ids.len() - 1]];
    let snapshots = setup.snapshots_of(&ids[0]);
    for id in bad {
        setup
            .fake
            .fault(Fault::error("DeregisterImage", "OperationNotPermitted", "locked by the auditors").matching(id));
    }
    let at_full_speed = || setup.amictl().env("AMICTL_REQUEST_LIMITS", "off").run(ALL_AWAY);
    let ran = at_full_speed().ended(3);
    let report = ran.json();
    assert_eq!(report["summary"], serde_json::json!({"done": ids.len() - 3, "failed": 3, "skipped": 0}));
    let results = report["results"].as_array().unwrap();
    let failed: Vec<_> = results.iter().filter(|row| row["status"] == "failed").collect();
    for row in &failed {
        assert_eq!(row["error"]["code"], "OperationNotPermitted");
        assert_eq!(row["error"]["message"], "locked by the auditors");
    }
    let mut named: Vec<_> = failed.iter().map(|row| row["image_id"].as_str().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, sorted(bad));
    assert!(bad.iter().all(|id| ran.stderr.contains(id.as_str())), "{}", ran.stderr);
    assert_eq!(setup.left().len(), 3);
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 3);
    assert_eq!(setup.there(&snapshots), 0);
    let mut asked = setup.deregistered();
    asked.sort_unstable();
    assert_eq!(asked, sorted(&ids), "one call for each image");

    setup.fake.clear_faults();
    setup.fake.forget_calls();
    let again = at_full_speed().ended(0).json();
    assert_eq!(again["summary"], serde_json::json!({"done": 3, "failed": 0, "skipped": 0}));
    let mut asked = setup.deregistered();
    asked.sort_unstable();
    assert_eq!(asked, sorted(bad));
    assert_eq!(setup.left(), [""; 0]);
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 0);
}

#[test]
fn when_nothing_could_be_done_the_run_has_failed() {
    let setup = Scene::new();
    setup.family("web", 3);
    setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", "not yours"));
    let ran = setup.run(ALL_AWAY).ended(1);
    assert_eq!(ran.json()["summary"], serde_json::json!({"done": 0, "failed": 3, "skipped": 0}));
    assert_eq!(each(&ran.json()["results"], "status"), ["failed"; 3]);
    assert_eq!(setup.outcomes("DeregisterImage"), [(); 3].map(|()| refused("UnauthorizedOperation")));
    assert_eq!((setup.left().len(), setup.fake.count("DeleteSnapshot")), (3, 0));
}

#[test]
fn planning_asks_for_no_image_by_itself() {
    let setup = Scene::new();
    let ids = setup.family("web", 300);
    let mut world = setup.world();
    for (n, id) in ids.iter().take(20).enumerate() {
        world.launch_template(PROD, EAST, &format!("t{n}")).image(id).put();
        world.parameter(PROD, EAST, &format!("/p/{n}"), id);
    }
    drop(world);
    let plan = setup.plan("prune --keep 100");
    assert_eq!(plan.going().len(), 180);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for call in setup.fake.calls() {
        *counts.entry(call.action).or_default() += 1;
    }
    let expected = [
        ("DescribeAutoScalingGroups", 1),
        ("DescribeFleets", 1),
        // The 200 beside the newest hundred, ten a call.
        ("DescribeImageReferences", 20),
        ("DescribeImages", 1),
        ("DescribeInstances", 1),
        ("DescribeLaunchConfigurations", 1),
        ("DescribeLaunchTemplateVersions", 1),
        ("DescribeLaunchTemplates", 1),
        ("DescribeParameters", 1),
        ("DescribeSpotFleetRequests", 1),
        ("DescribeSpotInstanceRequests", 1),
        ("GetCallerIdentity", 1),
        ("GetParameters", 2),
    ];
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(call, count)| (call.to_owned(), count)).collect();
    assert_eq!(counts, expected);
}

#[test]
fn sources_are_read_side_by_side() {
    let setup = Scene::new();
    setup.family("web", 60);
    setup.fake.fault(Fault::on("*", crate::fake::FaultKind::Latency(std::time::Duration::from_millis(200))));
    setup.plan("prune --keep 0");
    assert!(setup.fake.peak() >= 7, "{} at once", setup.fake.peak());
}
