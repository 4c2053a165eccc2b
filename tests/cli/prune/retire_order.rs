//! Retirement in stages: the order of the work, warnings of a plan, several accounts and regions.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::prune::accounts::{THIRD, THREE};
use crate::prune::retire::{policy, retired, row, stamp, standing};
use crate::scene::{Plan, Scene, days_ago};
use crate::setup::{EAST, WEST};

/// Where in the run an operation was asked for.
#[track_caller]
fn places(changes: &[String], call: &str) -> Vec<usize> {
    let found: Vec<_> = changes.iter().enumerate().filter(|(_, name)| *name == call).map(|(at, _)| at).collect();
    assert!(!found.is_empty(), "{call} is not in {changes:?}");
    found
}

#[test]
fn what_is_wanted_is_put_back_first_and_what_is_final_is_not_kept_waiting() {
    let setup = Scene::new();
    for n in 1..=3 {
        setup.old(&format!("web-v{n}-2025-01-01"));
        retired(&setup, &format!("web-v1{n}-2025-01-01"), &[("deprecate", 14)]);
        retired(&setup, &format!("web-v2{n}-2025-01-01"), &[("deprecate", 60), ("disable", 30)]);
        let used = retired(&setup, &format!("web-v3{n}-2025-01-01"), &[("deprecate", 60), ("disable", 3)]);
        setup.world().instance(PROD, EAST).image(&used).put();
    }
    let line = format!("{} --apply --yes", policy(&setup, ""));
    setup.fake.forget_calls();
    let report = setup.run(&line).ended(0).json();
    assert_eq!(report["summary"], json!({"done": 12, "failed": 0, "skipped": 0}));
    let actions: Vec<_> =
        report["results"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    let expected = ["revive", "deregister", "disable", "deprecate"].map(|action| [action; 3]).concat();
    assert_eq!(actions, expected);
    let changes = setup.changes();
    let order = ["EnableImage", "DeregisterImage", "DisableImage", "EnableImageDeprecation"];
    for pair in order.windows(2) {
        let (before, after) = (places(&changes, pair[0]), places(&changes, pair[1]));
        assert!(before.iter().max() < after.iter().min(), "{} comes before {}: {changes:?}", pair[0], pair[1]);
    }
}

#[test]
fn what_fails_in_one_step_keeps_no_other_from_being_taken() {
    let setup = Scene::new();
    let fresh = setup.old("web-v1-2025-01-01");
    let due = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    let last = retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let used = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 60), ("disable", 3)]);
    setup.world().instance(PROD, EAST).image(&used).put();
    for call in ["EnableImage", "DeregisterImage", "DisableImage"] {
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "No."));
    }
    let report = setup.run(&format!("{} --apply --yes", policy(&setup, ""))).ended(3).json();
    for (id, action) in [(&due, "disable"), (&last, "deregister"), (&used, "revive")] {
        assert_eq!(row(&report, id), (action, "failed", Some("UnauthorizedOperation")));
    }
    assert_eq!(row(&report, &fresh), ("deprecate", "done", None));
}

#[test]
fn a_plan_says_of_a_public_image_that_its_deprecation_is_hard_to_take_back() {
    let setup = Scene::new();
    let private = setup.old("web-v1-2025-01-01");
    let public = setup.world().image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100)).public().put();
    let mut world = setup.world();
    let seed = world.image(PROD, EAST, "web-v3-2025-01-01").created(days_ago(100)).public();
    let already = seed.deprecated_at(days_ago(5)).put();
    let seed = world.image(PROD, EAST, "web-v4-2025-01-01").created(days_ago(100)).public();
    let later = seed.deprecated_at(days_ago(14)).tag("amictl:retire", &format!("deprecate@{}", stamp(14))).put();
    drop(world);
    let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
    let word = "; it is public: EC2 cancels this only once it is private";
    let says = |id: &str| plan.action(id)["reason"].as_str().unwrap().ends_with(word);
    assert_eq!(plan.action(&later)["action"], "disable");
    assert_eq!([&private, &public, &already, &later].map(|id| says(id)), [false, true, false, false]);
    let shown = setup.run(&policy(&setup, "").replace("-o json", "-o csv")).ended(0).stdout;
    assert_eq!(shown.matches("cancels this only once it is private").count(), 1, "{shown}");
}

/// An image in each account and region at each stage; the last of them is in use.
fn everywhere(setup: &Scene) -> Vec<[String; 4]> {
    let places = [PROD, OTHER, THIRD].into_iter().flat_map(|account| [EAST, WEST].map(|region| (account, region)));
    let one = |(account, region): (&str, &str)| {
        let mut world = setup.world();
        let mut put = |n: u32, history: &str, disabled: bool| {
            let seed = world.image(account, region, &format!("web-v{n}-2025-01-01")).created(days_ago(100));
            let seed =
                if history.is_empty() { seed } else { seed.tag("amictl:retire", history).deprecated_at(days_ago(14)) };
            if disabled {
                seed.state("disabled").tag("amictl:shares", "").put()
            } else {
                seed.shared_with("444444444444").put()
            }
        };
        let fresh = put(1, "", false);
        let due = put(2, &format!("deprecate@{}", stamp(14)), false);
        let last = put(3, &format!("deprecate@{} disable@{}", stamp(60), stamp(30)), true);
        let used = put(4, &format!("deprecate@{} disable@{}", stamp(14), stamp(3)), true);
        world.instance(account, region).image(&used).put();
        [fresh, due, last, used]
    };
    places.map(one).collect()
}

#[test]
fn a_staged_policy_is_carried_out_in_three_accounts_and_two_regions() {
    for saved in [false, true] {
        let setup = Scene::new();
        setup.world().add_account("AKIATHIRD", THIRD);
        let all = everywhere(&setup);
        let where_to = format!("{THREE} --region us-east-1,us-west-2");
        let line = format!("{} {where_to}", policy(&setup, ""));
        let file = setup.home.path().join("plan.json");
        let file = file.to_str().unwrap();
        let plan = Plan::of(&setup.run(&format!("{line} --plan-out {file}")).ended(0));
        let sums = ["deregister", "disable", "deprecate", "revive"].map(|step| plan.0["summary"][step].as_u64());
        assert_eq!(sums, [Some(6); 4]);
        setup.unchanged();
        let ran = match saved {
            true => setup.run(&format!("apply {file} --yes {THREE} -o json")),
            false => setup.run(&format!("{line} --apply --yes")),
        };
        let report: Value = ran.ended(0).json();
        assert_eq!(report["summary"], json!({"done": 24, "failed": 0, "skipped": 0}));
        for [fresh, due, last, used] in &all {
            assert_eq!(row(&report, fresh), ("deprecate", "done", None));
            assert_eq!(row(&report, due), ("disable", "done", None));
            assert_eq!(row(&report, last), ("deregister", "done", None));
            assert_eq!(row(&report, used), ("revive", "done", None));
            let now = |id: &str| (standing(&setup, id).0, standing(&setup, id).1);
            assert_eq!(now(fresh), ("available".to_owned(), true));
            assert_eq!(now(due), ("disabled".to_owned(), true));
            assert_eq!(standing(&setup, used), ("available".to_owned(), false, None));
            assert!(!setup.has(last));
            assert_eq!(setup.image(due).tags["amictl:shares"], "444444444444");
        }
        for call in
            setup.fake.calls().iter().filter(|call| call.action == "DisableImage" || call.action == "EnableImage")
        {
            let image = setup.image(&call.params["ImageId"]);
            assert_eq!((&call.account, &call.region), (&image.owner, &image.region));
        }
        // On the same day nothing is left to do, in any of them.
        setup.fake.forget_calls();
        let again = setup.run(&format!("{line} --apply --yes")).ended(0).json();
        assert_eq!(again["results"], json!([]));
        setup.unchanged();
    }
}
