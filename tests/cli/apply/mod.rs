//! `--plan-out` and `apply`: a plan that was saved is carried out as far as it still holds.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::Ran;
use crate::fake::{Fault, PROD};
use crate::scene::{Plan, Scene, days_ago, sorted};
use crate::setup::{EAST, WEST, each};

/// Saves the plan of a command line.
fn saved(setup: &Scene, line: &str) -> PathBuf {
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("{line} --plan-out {}", file.display())).ended(0);
    setup.fake.forget_calls();
    file
}

fn apply(setup: &Scene, file: &std::path::Path) -> Ran {
    setup.run(&format!("apply {} --yes -o json", file.display()))
}

/// What a report says of an image: status, and the code where there is one.
#[track_caller]
fn status<'a>(report: &'a Value, id: &str) -> (&'a str, Option<&'a str>) {
    let row = report["results"].as_array().unwrap().iter().find(|row| row["image_id"] == id);
    let row = row.unwrap_or_else(|| panic!("{id} is not in {report:#}"));
    (row["status"].as_str().unwrap(), row["error"]["code"].as_str())
}

#[test]
fn the_plan_that_is_shown_is_the_plan_that_is_saved() {
    let setup = Scene::new();
    setup.family("web", 5);
    let file = setup.home.path().join("plan.json");
    let shown = setup.run(&format!("prune -o json --plan-out {}", file.display())).ended(0).json();
    let plan = Plan::read(&file);
    assert_eq!(plan.0, shown);
    assert_eq!(plan.going().len(), 2);
    let fields: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    for field in
        ["version", "kind", "created_at", "account", "policy", "sources", "actions", "kept", "summary", "digest"]
    {
        assert!(fields.contains(&field), "{field} is not among {fields:?}");
    }
    assert_eq!((&shown["account"], &shown["version"]), (&PROD.into(), &1.into()));
}

#[test]
fn a_saved_plan_is_carried_out() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let snapshots = setup.snapshots_of(&web[0]);
    let file = saved(&setup, "prune");
    let report = apply(&setup, &file).ended(0).json();
    assert_eq!((&report["kind"], &report["summary"]["done"]), (&"report".into(), &2.into()));
    let mut gone = web[..2].to_vec();
    gone.sort();
    assert_eq!(setup.deregistered(), gone);
    assert_eq!((setup.left().len(), setup.there(&snapshots)), (3, 0));
    // Once more: all of it is gone by now, which is no failure.
    setup.fake.forget_calls();
    let again = apply(&setup, &file).ended(0).json();
    assert_eq!(status(&again, &web[0]), ("skipped", Some("gone")));
    setup.unchanged();
}

#[test]
fn a_plan_is_not_carried_out_without_a_yes() {
    let setup = Scene::new();
    setup.family("web", 5);
    let file = saved(&setup, "prune");
    let ran = setup.run(&format!("apply {}", file.display())).ended(4);
    assert!(ran.stderr.contains("web-v1-2025-01-01") && ran.stderr.contains("not confirmed"), "{}", ran.stderr);
    setup.unchanged();
}

#[test]
fn a_plan_that_was_edited_is_refused_before_anything_is_asked() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let file = saved(&setup, "prune");
    let plan = Plan::read(&file).0;
    let edits: [(&str, fn(&mut Value, &str)); 8] = [
        ("another image", |plan, newest| plan["actions"][0]["image_id"] = newest.into()),
        ("another snapshot", |plan, _| plan["actions"][0]["snapshots"] = json!(["snap-0123456789abcdef0"])),
        ("one row less", |plan, _| drop(plan["actions"].as_array_mut().unwrap().pop())),
        ("another date", |plan, _| plan["created_at"] = "2030-01-01T00:00:00Z".into()),
        ("another account", |plan, _| plan["account"] = "222222222222".into()),
        ("another limit", |plan, _| plan["policy"]["max_delete"] = "100%".into()),
        ("a field more", |plan, _| plan["extra"] = 1.into()),
        ("another digest", |plan, _| plan["digest"] = "0".repeat(64).into()),
    ];
    for (what, edit) in edits {
        let mut edited = plan.clone();
        edit(&mut edited, &web[4]);
        std::fs::write(&file, edited.to_string()).unwrap();
        let ran = apply(&setup, &file);
        assert_eq!((ran.code, &ran.error()["code"]), (4, &"UnusablePlan".into()), "{what}: {}", ran.stderr);
    }
    for text in ["", "{}", "web-v1", "{\"version\":1,\"kind\":\"report\",\"results\":[]}"] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(apply(&setup, &file).ended(4).error()["code"], "UnusablePlan", "{text}");
    }
    assert!(setup.fake.calls().is_empty());
    // The layout is not the content.
    std::fs::write(&file, plan.to_string()).unwrap();
    apply(&setup, &file).ended(0);
    assert_eq!(setup.left().len(), 3);
    setup.run("apply no-such-plan.json --yes").ended(2).says(&["no-such-plan.json"]);
}

#[test]
fn a_plan_that_is_too_old_is_refused() {
    let setup = Scene::new();
    setup.family("web", 5);
    let file = saved(&setup, "prune");
    let ran = setup.run(&format!("apply {} --yes --max-plan-age 0s", file.display())).ended(4);
    ran.says(&["made", "ago", "the limit is"]);
    setup.unchanged();
    setup.run(&format!("apply {} --yes --max-plan-age 1h", file.display())).ended(0);
    assert_eq!(setup.left().len(), 3);
}

#[test]
fn a_plan_of_another_account_is_refused() {
    let setup = Scene::new();
    setup.family("web", 5);
    let file = saved(&setup, "prune");
    let stranger = setup.amictl().env("AWS_ACCESS_KEY_ID", "AKIAOTHER");
    let ran = stranger.run(&format!("apply {} --yes", file.display())).ended(4);
    ran.says(&["made in account 111111111111", "this is account 222222222222"]);
    setup.unchanged();
}

#[test]
fn a_plan_is_carried_out_where_it_was_made() {
    let setup = Scene::new();
    setup.family("web", 2);
    let west = setup.world().image(PROD, WEST, "web-v1-2025-01-01").created(days_ago(100)).put();
    let file = saved(&setup, "prune --keep 0 --region us-west-2");
    let report = setup.run(&format!("apply {} --yes -o json --region us-east-1", file.display())).ended(0).json();
    assert_eq!(each(&report["results"], "image_id"), [west.as_str()]);
    assert_eq!((setup.left().len(), setup.names(PROD, WEST).len()), (2, 0));
}

#[test]
fn every_row_is_looked_at_again_and_what_has_changed_is_skipped_with_the_reason() {
    let setup = Scene::new();
    let web = setup.family("web", 12);
    let file = saved(&setup, "prune --keep 0");
    let image = |id: &str| [("ImageId", id.to_owned())];
    let ec2 = |action: &str, id: &str| {
        let params = image(id);
        let params: Vec<_> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        setup.ec2(action, &params);
    };
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    setup.world().launch_template(PROD, EAST, "web").image(&web[1]).put();
    setup.tag(&web[2], "amictl:keep", "");
    ec2("EnableImageDeregistrationProtection", &web[3]);
    setup.tag(&web[4], "Team", "core");
    ec2("DeregisterImage", &web[5]);
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &web[6]);
    setup.tag(&web[7], "CreatedBy", "EC2 Image Builder");
    ec2("DisableImage", &web[8]);
    setup.ec2("ModifyImageAttribute", &[("ImageId", &web[9]), ("LaunchPermission.Add.1.Group", "all")]);
    setup.fake.forget_calls();

    let ran = apply(&setup, &file).ended(0);
    let report = ran.json();
    let expected = [
        "in-use",
        "in-use",
        "protected-tag",
        "deregistration-protection",
        "changed",
        "gone",
        "alias",
        "managed-elsewhere",
        "changed",
        "changed",
    ];
    for (id, code) in web.iter().zip(expected) {
        assert_eq!(status(&report, id), ("skipped", Some(code)), "{id}");
        assert!(ran.stderr.contains(id.as_str()), "{}", ran.stderr);
    }
    assert_eq!(report["summary"], json!({"done": 2, "failed": 0, "skipped": 10}));
    let mut gone = setup.deregistered();
    gone.sort_unstable();
    assert_eq!(gone, sorted(&web[10..]));
    assert_eq!(setup.left().len(), 9);
}

#[test]
fn a_plan_with_the_marks_of_windows_is_read() {
    let setup = Scene::new();
    setup.family("web", 4);
    let file = saved(&setup, "prune --keep 2");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    apply(&setup, &file).ended(0);
    assert_eq!(setup.left().len(), 2);
}

#[test]
fn an_image_that_has_become_one_of_the_newest_is_skipped() {
    let setup = Scene::new();
    let web = setup.family("web", 4);
    let file = saved(&setup, "prune --keep 2");
    setup.ec2("DeregisterImage", &[("ImageId", &web[3])]);
    let report = apply(&setup, &file).ended(0).json();
    assert_eq!((status(&report, &web[1]), status(&report, &web[0])), (("skipped", Some("newest")), ("done", None)));
    assert!(setup.has(&web[1]) && !setup.has(&web[0]));
}

#[test]
fn a_source_that_fails_by_the_time_of_apply_keeps_everything() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let file = saved(&setup, "prune");
    setup.fake.fault(Fault::error("DescribeLaunchConfigurations", "AccessDenied", "no"));
    let dry = setup.run(&format!("apply {} --dry-run", file.display())).ended(4);
    dry.says(&[
        &format!("{} would be skipped: it is now kept: unverified", web[0]),
        "nothing would be done",
        "could not be read",
    ]);
    let ran = apply(&setup, &file).ended(4);
    assert_eq!(status(&ran.json(), &web[0]), ("skipped", Some("unverified")));
    assert_eq!(ran.error()["code"], "Unverified");
    setup.unchanged();
}

#[test]
fn a_source_left_out_of_the_plan_is_left_out_of_its_application() {
    let setup = Scene::new();
    setup.family("web", 5);
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "no"));
    let file = saved(&setup, "prune --without-source ec2-fleets");
    apply(&setup, &file).ended(0);
    assert_eq!((setup.left().len(), setup.fake.count("DescribeFleets")), (3, 0));
}

#[test]
fn the_limit_of_the_plan_holds_when_it_is_applied() {
    let setup = Scene::new();
    setup.family("web", 5);
    let file = saved(&setup, "prune --keep 0 --max-delete 4");
    assert_eq!(apply(&setup, &file).ended(4).error()["code"], "OverLimit");
    setup.unchanged();
}

#[test]
fn files_are_read_again_when_the_plan_is_applied() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let pins = setup.home.write("pins", "nothing yet");
    let file = saved(&setup, &format!("prune --keep 0 --refs-from {pins}"));
    setup.home.write("pins", &web[0]);
    let report = apply(&setup, &file).ended(0).json();
    assert_eq!((status(&report, &web[0]), status(&report, &web[1])), (("skipped", Some("in-use")), ("done", None)));
    std::fs::remove_file(&pins).unwrap();
    let report = apply(&setup, &file).ended(4).json();
    assert_eq!(status(&report, &web[0]), ("skipped", Some("unverified")));
    assert!(setup.has(&web[0]));
}

#[test]
fn a_plan_that_cannot_be_saved_is_not_carried_out() {
    let setup = Scene::new();
    setup.family("web", 5);
    let place = setup.home.path().join("no/such/folder/plan.json");
    let line = format!("prune --apply --yes --max-delete 2 --plan-out {}", place.display());
    setup.run(&line).ended(1).says(&["no/such/folder/plan.json"]);
    setup.unchanged();
}

#[test]
fn a_snapshot_that_the_plan_does_not_name_stays() {
    let setup = Scene::new();
    let web = setup.old("web-v1-2025-01-01");
    let shared = setup.snapshots_of(&web);
    let other = setup.world().image(PROD, EAST, "by hand").on_snapshots(&[&shared[0]]).put();
    let file = saved(&setup, "prune --keep 0");
    // By now nobody else needs the snapshot, but nobody was shown that it would go.
    setup.ec2("DeregisterImage", &[("ImageId", &other)]);
    let report = apply(&setup, &file).ended(0).json();
    assert_eq!(
        report["results"][0]["snapshots"],
        json!([{"id": shared[0], "result": "kept", "detail": null, "error": null}])
    );
    assert_eq!((setup.left().len(), setup.there(&shared)), (0, 1));
}

#[test]
fn a_dry_run_of_a_plan_changes_nothing_and_says_what_would_be_skipped() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let file = saved(&setup, "prune");
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    let ran = setup.run(&format!("apply {} --dry-run", file.display())).ended(0);
    ran.says(&[&format!("{} would be skipped", web[0]), "in-use"]);
    assert_eq!(setup.fake.count("DeregisterImage"), 1);
    setup.unchanged();
}
