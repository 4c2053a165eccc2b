//! Snapshots that other accounts or other resources may use: none is deleted on a guess.

use std::time::Instant;

use serde_json::Value;

use crate::fake::{Fault, FaultKind, OTHER, PROD, Principal};
use crate::prune::accounts::{OTHER_ROLE, TWO};
use crate::scene::{ALL_AWAY, Plan, Scene, days_ago};
use crate::setup::{EAST, each, seconds};

const APPLY: &str = "orphans --min-age 0s --apply --yes --max-delete 9 -o json";

/// A snapshot that EC2 took for an image which is gone.
fn orphan(setup: &Scene) -> String {
    let mut world = setup.world();
    let words = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    world.snapshot(PROD, EAST).started(days_ago(90)).description(words).put()
}

fn share(setup: &Scene, snapshot: &str, with: &str) {
    setup.world().snapshot_mut(snapshot).shared.insert(Principal::Account(with.to_owned()));
}

/// A template of the other account that makes a volume of a snapshot in a version that is not the last.
fn name(setup: &Scene, snapshot: &str) {
    let mut world = setup.world();
    let template = world.launch_template(OTHER, EAST, "data").image("ami-00000001").volume(snapshot);
    template.image("ami-00000001").image("ami-00000001").default_version(3).put();
}

/// What became of a snapshot, and what is said about it.
#[track_caller]
fn said<'a>(report: &'a Value, snapshot: &str) -> (&'a str, &'a str) {
    let results = report["results"].as_array().unwrap();
    let mut all = results.iter().flat_map(|row| row["snapshots"].as_array().unwrap());
    let found = all.find(|entry| entry["id"] == *snapshot).unwrap_or_else(|| panic!("{snapshot} is not in {report:#}"));
    (found["result"].as_str().unwrap(), found["detail"].as_str().unwrap_or_default())
}

#[test]
fn a_snapshot_that_a_template_of_another_account_names_is_no_orphan() {
    for short in [false, true] {
        let setup = Scene::new();
        let (named, free) = (orphan(&setup), orphan(&setup));
        share(&setup, &named, OTHER);
        name(&setup, &named);
        setup.world().short_pages = short;
        let report = setup.run(&format!("{APPLY} {TWO}")).ended(0).json();
        assert_eq!(each(&report["snapshots"], "id"), [free.as_str()]);
        let row = &report["kept"][0];
        assert_eq!((&row["id"], &row["code"]), (&named.as_str().into(), &"in-use".into()), "{report:#}");
        assert!(row["reason"].as_str().unwrap().contains(&format!("account {OTHER}: data:1")), "{row:#}");
        assert_eq!((setup.there(&[named]), setup.there(&[free])), (1, 0));
    }
}

#[test]
fn an_account_that_could_not_be_read_keeps_the_orphans_that_are_shared_with_it() {
    for denied in ["the role", "its templates", "who it is shared with"] {
        let setup = Scene::new();
        let (shared, public, private) = (orphan(&setup), orphan(&setup), orphan(&setup));
        share(&setup, &shared, OTHER);
        setup.world().snapshot_mut(&public).shared.insert(Principal::All);
        share(&setup, &private, "999999999999");
        let refusal = |call| Fault::error(call, "UnauthorizedOperation", "Not yours to see.");
        match denied {
            "the role" => drop(setup.world().denied_roles.insert(OTHER_ROLE.to_owned())),
            _ => setup.fake.fault(refusal("DescribeLaunchTemplates").of_account(OTHER)),
        }
        let unknown = denied == "who it is shared with";
        if unknown {
            setup.fake.fault(refusal("DescribeSnapshotAttribute"));
        }
        let ran = setup.run(&format!("{APPLY} {TWO}")).ended(4);
        assert_eq!(ran.error()["code"], "Unverified");
        let report = ran.json();
        assert!(each(&report["kept"], "code").iter().all(|code| *code == "unverified"), "{report:#}");
        assert_eq!(setup.there(&[shared, public]), 2, "{denied}");
        assert_eq!(setup.there(&[private]), usize::from(unknown), "{denied}");
    }
    // Where nothing is shared, nothing is in doubt.
    let setup = Scene::new();
    let id = orphan(&setup);
    setup.fake.fault(Fault::error("DescribeLaunchTemplates", "UnauthorizedOperation", "No.").of_account(OTHER));
    setup.run(&format!("{APPLY} {TWO}")).ended(0);
    assert_eq!(setup.there(&[id]), 0);
}

#[test]
fn an_image_may_go_in_spite_of_use_and_not_the_snapshot_that_another_account_names() {
    for (flags, there) in [("", 1), ("--allow-in-use", 1), ("--allow-in-use --without-source accounts", 0)] {
        let setup = Scene::new();
        let id = setup.old("web-v1-2025-01-01");
        let snapshots = setup.snapshots_of(&id);
        share(&setup, &snapshots[0], OTHER);
        name(&setup, &snapshots[0]);
        setup.run(&format!("deregister {id} --yes {flags} {TWO}")).ended(0);
        assert_eq!((setup.there(&snapshots), setup.left().len()), (there, 0), "{flags}");
    }
}

#[test]
fn an_account_whose_templates_could_not_be_read_keeps_the_snapshots_that_it_may_use_and_not_the_image() {
    let setup = Scene::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).put();
    let snapshots = setup.snapshots_of(&id);
    share(&setup, &snapshots[1], OTHER);
    let denied = Fault::error("DescribeLaunchTemplates", "UnauthorizedOperation", "Not yours to see.");
    setup.fake.fault(denied.of_account(OTHER));
    let plan = Plan::of(&setup.run(&format!("prune --keep 0 -o json {TWO}")));
    let row = plan.action(&id);
    assert_eq!((&row["snapshots"][0], row["snapshots"].as_array().unwrap().len()), (&snapshots[0].as_str().into(), 1));
    assert_eq!(row["kept_snapshots"][0]["result"], "kept-unverified");
    let report = setup.run(&format!("{ALL_AWAY} {TWO}")).json();
    let (result, why) = said(&report, &snapshots[1]);
    assert!(result == "kept-unverified" && why.contains(OTHER) && why.contains("Not yours to see."), "{report:#}");
    assert_eq!((setup.there(&snapshots[..1]), setup.there(&snapshots[1..]), setup.has(&id)), (0, 1, false));
    // The same where it is named.
    let named = setup.old("api-v1-2025-01-01");
    let snapshots = setup.snapshots_of(&named);
    share(&setup, &snapshots[0], OTHER);
    let report = setup.run(&format!("deregister {named} --yes -o json {TWO}")).json();
    assert_eq!((said(&report, &snapshots[0]).0, setup.there(&snapshots)), ("kept-unverified", 1));
}

#[test]
fn a_snapshot_that_is_enabled_for_fast_restores_is_not_said_to_be_needed_by_an_image() {
    for code in ["skipped", "client-error"] {
        let setup = Scene::new();
        let id = setup.old("web-v1-2025-01-01");
        let snapshots = setup.snapshots_of(&id);
        setup.world().delete_codes.insert(snapshots[0].clone(), code.to_owned());
        let words = format!(
            "The snapshot {} is currently enabled for fast restores in us-east-1a. Fast snapshot restores must be \
             disabled within all Availability Zones before the snapshot may be deleted.",
            snapshots[0]
        );
        setup.fake.fault(Fault::error("DeleteSnapshot", "InvalidSnapshot.InUse", &words));
        let begun = Instant::now();
        let ran = setup.run(&format!("deregister {id} --yes -o json")).ended(3);
        assert_eq!(said(&ran.json(), &snapshots[0]).0, "failed", "{code}");
        ran.says(&["enabled for fast restores in us-east-1a", "delete the remaining snapshots with"]);
        assert!(begun.elapsed() < seconds(10), "{code}: what does not pass is not waited for");
    }
}

#[test]
fn a_snapshot_that_is_locked_is_named_as_left() {
    let setup = Scene::new();
    let id = setup.old("web-v1-2025-01-01");
    let snapshots = setup.snapshots_of(&id);
    setup.world().delete_codes.insert(snapshots[0].clone(), "client-error".to_owned());
    setup.fake.fault(Fault::error("DeleteSnapshot", "SnapshotLocked", "The snapshot is locked in compliance mode."));
    let ran = setup.run(&format!("{ALL_AWAY} -q")).ended(3);
    assert_eq!(said(&ran.json(), &snapshots[0]).0, "failed");
    ran.says(&[&snapshots[0], "locked in compliance mode"]);
    assert_eq!((setup.there(&snapshots), setup.has(&id)), (1, false));
}

#[test]
fn tags_that_cannot_be_read_may_keep_a_snapshot() {
    let setup = Scene::new();
    let first = setup.old("web-v1-2025-01-01");
    let snapshots = setup.snapshots_of(&first);
    let ids: Vec<_> = snapshots.iter().map(String::as_str).collect();
    let second = setup.world().image(PROD, EAST, "api-v1-2025-01-01").on_snapshots(&ids).put();
    setup.run(&format!("deregister {first} --keep-snapshots --yes")).ended(0);
    setup.fake.fault(Fault::error("DescribeSnapshots", "RequestLimitExceeded", "Request limit exceeded.").times(20));
    let report = setup.once().run(&format!("deregister {second} --yes -o json")).json();
    setup.fake.clear_faults();
    let (result, why) = said(&report, &snapshots[0]);
    assert!(result == "kept-unverified" && why.contains("amictl:keep"), "{report:#}");
    assert_eq!((setup.there(&snapshots), setup.left().len()), (1, 0));
    let report = setup.run(APPLY).ended(0).json();
    assert_eq!((each(&report["snapshots"], "id").len(), setup.there(&snapshots)), (0, 1));
}

#[test]
fn a_parameter_that_is_listed_and_called_invalid_was_not_read() {
    let setup = Scene::new();
    let (used, other) = (setup.old("web-v1-2025-01-01"), setup.old("web-v2-2025-01-01"));
    let mut world = setup.world();
    world.parameter(PROD, EAST, "/golden/web", &used);
    world.parameter(PROD, EAST, "/golden/api", "ami-00000001");
    world.unread_parameters.extend(["/golden/web", "/golden/api"].map(str::to_owned));
    drop(world);
    // EC2's own search would find it, where it is asked.
    let plan = Plan::of(&setup.run("prune --keep 0 --without-source image-references -o json").ended(4));
    assert_eq!((plan.codes(&used), plan.codes(&other)), (vec!["unverified"], vec!["unverified"]));
    assert_eq!(plan.source("ssm-parameters")["status"], "failed");
    setup.world().unread_parameters.clear();
    let plan = setup.plan("prune --keep 0 --without-source image-references");
    assert_eq!((plan.codes(&used), plan.going()), (vec!["in-use"], vec![other.as_str()]));
}

/// An image that was deregistered by a run which could not delete its two snapshots.
fn half_done() -> (Scene, String, Vec<String>) {
    let setup = Scene::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).put();
    let snapshots = setup.snapshots_of(&id);
    setup.world().ignore_delete_snapshots = true;
    setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "No deleting."));
    setup.run(&format!("deregister {id} --yes")).ended(3);
    setup.fake.clear_faults();
    (setup, id, snapshots)
}

#[test]
fn a_rerun_keeps_the_snapshots_that_the_user_wants_kept_by_now() {
    let (setup, id, snapshots) = half_done();
    setup.run(&format!("deregister {id} --keep-snapshots --dry-run")).ended(0);
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tagging."));
    setup.run(&format!("deregister {id} --keep-snapshots --yes")).ended(3).says(&["amictl:keep", "No tagging."]);
    setup.fake.clear_faults();
    let report = setup.run(&format!("deregister {id} --keep-snapshots --yes -o json")).ended(0).json();
    assert!(snapshots.iter().all(|snapshot| said(&report, snapshot).0 == "kept"), "{report:#}");
    setup.run(APPLY).ended(0);
    assert_eq!(setup.there(&snapshots), 2);
}

#[test]
fn a_rerun_that_fails_or_is_interrupted_is_taken_up_by_the_next() {
    let (setup, id, snapshots) = half_done();
    for _ in 0..2 {
        setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "No deleting."));
        setup.run(&format!("deregister {id} --yes")).ended(3).says(&["No deleting."]);
        setup.fake.clear_faults();
    }
    setup.fake.fault(Fault::on("DeleteSnapshot", FaultKind::Latency(seconds(3))));
    setup.fake.forget_calls();
    let process = setup.process(&format!("deregister {id} --yes -o json")).spawn().unwrap();
    setup.until("DeleteSnapshot", 1);
    assert!(std::process::Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    assert_eq!(process.wait_with_output().unwrap().status.code(), Some(130));
    setup.fake.clear_faults();
    setup.run(&format!("deregister {id} --yes")).ended(0);
    assert_eq!(setup.there(&snapshots), 0);
}

#[test]
fn a_rerun_deletes_nothing_that_another_account_names_by_now() {
    let (setup, id, snapshots) = half_done();
    share(&setup, &snapshots[0], OTHER);
    name(&setup, &snapshots[0]);
    let report = setup.run(&format!("deregister {id} --yes -o json {TWO}")).ended(0).json();
    assert_eq!((said(&report, &snapshots[0]).0, said(&report, &snapshots[1]).0), ("kept-in-use", "deleted"));
}
