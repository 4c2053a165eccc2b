//! Retirement in stages where steps fail, answers are lost or the run is stopped.

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, PROD, Principal};
use crate::prune::retire::{day, policy, result, retire, retired, row, standing};
use crate::scene::{Scene, sorted};
use crate::setup::{EAST, seconds};

#[test]
fn what_fails_does_not_stop_the_others_and_the_next_run_takes_it_up() {
    let setup = Scene::new();
    let ids: Vec<_> = (1..=5).map(|n| retired(&setup, &format!("web-v{n}-2025-01-01"), &[("deprecate", 20)])).collect();
    let refused = Fault::error("DisableImage", "UnauthorizedOperation", "You are not authorized.").matching(&ids[1]);
    setup.fake.fault(refused);
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "not yours").matching(&ids[3]));
    let ran = setup.once().run(&format!("{} --apply --yes", policy(&setup, ""))).ended(3);
    let report = ran.json();
    assert_eq!(row(&report, &ids[1]), ("disable", "failed", Some("UnauthorizedOperation")));
    assert_eq!(row(&report, &ids[3]), ("disable", "failed", Some("UnauthorizedOperation")));
    assert_eq!(report["summary"], json!({"done": 3, "failed": 2, "skipped": 0}));
    assert_eq!(ran.error()["code"], "PartialChange");
    assert_eq!((standing(&setup, &ids[1]).0, standing(&setup, &ids[3]).0), ("available".into(), "available".into()));
    setup.fake.clear_faults();
    setup.fake.forget_calls();
    let report = retire(&setup).ended(0).json();
    assert_eq!(report["summary"], json!({"done": 2, "failed": 0, "skipped": 0}));
    let (before, now) = (format!("deprecate@{}", day(20)), format!("disable@{}", day(0)));
    for id in &ids {
        assert_eq!(standing(&setup, id), ("disabled".into(), true, Some(format!("{before} {now}"))));
    }
}

#[test]
fn a_lost_answer_is_settled_by_looking() {
    let setup = Scene::new();
    let web = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 20)]);
    setup.fake.fault(Fault::on("DisableImage", FaultKind::ResetAfter));
    setup.fake.fault(Fault::on("CreateTags", FaultKind::ResetAfter).times(1));
    let ran = setup.once().run(&format!("{} --apply --yes", policy(&setup, ""))).ended(0);
    assert_eq!(row(&ran.json(), &web), ("disable", "done", None));
    assert_eq!(standing(&setup, &web).0, "disabled");
}

#[test]
fn a_run_that_dies_between_the_tag_and_the_step_is_finished_by_the_next() {
    let setup = Scene::new();
    let web = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 20)]);
    setup.ec2("ModifyImageAttribute", &[("ImageId", &web), ("LaunchPermission.Add.1.UserId", OTHER)]);
    for (fault, dead) in [("DisableImage", "available"), ("EnableImage", "disabled")] {
        setup.fake.fault(Fault::on(fault, FaultKind::Hang(seconds(60))));
        setup.fake.forget_calls();
        let mut child = setup.process(&format!("{} --apply --yes", policy(&setup, ""))).spawn().unwrap();
        setup.until(fault, 1);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(standing(&setup, &web).0, dead);
        setup.fake.clear_faults();
        retire(&setup).ended(0);
        let disabled = fault == "DisableImage";
        assert_eq!(standing(&setup, &web).0, if disabled { "disabled" } else { "available" });
        setup.world().instance(PROD, EAST).image(&web).put();
    }
    assert_eq!(setup.image(&web).launch, [Principal::Account(OTHER.to_owned())].into());
}

#[test]
fn permissions_that_do_not_come_back_at_first_come_back_with_the_next_run() {
    let setup = Scene::new();
    let web = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 60), ("disable", 10)]);
    setup.world().instance(PROD, EAST).image(&web).put();
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "You are not authorized."));
    let report = retire(&setup).ended(3).json();
    assert_eq!(row(&report, &web), ("revive", "failed", Some("UnauthorizedOperation")));
    assert_eq!(result(&report, &web)["changed"], true);
    setup.fake.clear_faults();
    retire(&setup).ended(0);
    assert_eq!(standing(&setup, &web), ("available".into(), false, None));
    let image = setup.image(&web);
    assert_eq!((image.launch, image.tags.len()), ([Principal::Account(OTHER.to_owned())].into(), 0));
}

#[test]
fn nothing_is_disabled_while_nobody_may_know_who_would_lose_it() {
    let setup = Scene::new();
    let fresh = setup.old("web-v1-2025-01-01");
    let web = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 20)]);
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "You are not authorized."));
    let report = retire(&setup).ended(3).json();
    assert_eq!(row(&report, &fresh), ("deprecate", "done", None));
    assert_eq!(row(&report, &web), ("disable", "failed", Some("UnauthorizedOperation")));
    let message = result(&report, &web)["error"]["message"].as_str().unwrap();
    assert!(message.contains("the launch permissions of a disabled image"), "{message}");
    assert_eq!(setup.fake.count("DisableImage"), 0);
}

#[test]
fn the_deprecation_of_a_public_image_cannot_be_taken_back_and_the_others_are() {
    let setup = Scene::new();
    let public = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 3)]);
    setup.ec2("ModifyImageAttribute", &[("ImageId", &public), ("LaunchPermission.Add.1.Group", "all")]);
    let private = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 3)]);
    for id in [&public, &private] {
        setup.world().instance(PROD, EAST).image(id).put();
    }
    let report = retire(&setup).ended(3).json();
    assert_eq!(row(&report, &public), ("revive", "failed", Some("Public")));
    assert_eq!(row(&report, &private), ("revive", "done", None));
    let message = result(&report, &public)["error"]["message"].as_str().unwrap();
    assert!(message.contains("make it private first"), "{message}");
    assert!(standing(&setup, &public).2.is_some());
    setup.ec2("ResetImageAttribute", &[("ImageId", &public), ("Attribute", "launchPermission")]);
    retire(&setup).ended(0);
    assert_eq!(standing(&setup, &public), ("available".into(), false, None));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_all_it_did_and_all_it_left() {
    let setup = Scene::new();
    let ids = setup.family("web", 60);
    setup.fake.fault(Fault::on("EnableImageDeprecation", FaultKind::Latency(seconds(1))));
    let child = setup.process(&format!("{} --apply --yes", policy(&setup, ""))).spawn().unwrap();
    setup.until("EnableImageDeprecation", 1);
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let with = |status: &str| -> Vec<&String> { ids.iter().filter(|id| row(&report, id).1 == status).collect() };
    let (done, skipped) = (with("done"), with("skipped"));
    assert_eq!(done.len() + skipped.len(), 60, "{}", report["summary"]);
    assert!(!done.is_empty() && !skipped.is_empty(), "{}", report["summary"]);
    for id in done {
        assert!(standing(&setup, id).1, "{id}");
    }
    let untouched = ("available".to_owned(), false, None);
    assert!(skipped.iter().all(|id| standing(&setup, id) == untouched));
    // The next run does the rest.
    setup.fake.clear_faults();
    let report = retire(&setup).ended(0).json();
    let rest: Vec<String> = skipped.into_iter().cloned().collect();
    let again: Vec<String> =
        report["results"].as_array().unwrap().iter().map(|row| row["image_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sorted(&again), sorted(&rest));
}
