//! Retirement in stages: one stage a run, each after its time, and back again when an image is wanted.

use serde_json::{Value, json};

use crate::accounts::{OTHER_ROLE, TWO};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, PROD, Principal};
use crate::scene::{Plan, Scene, days_ago, sorted};
use crate::setup::{EAST, seconds};

const STAGES: &str = "retire = ['deprecate', 'disable@14d', 'deregister@30d']";
const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";

/// Writes a policy in which nothing but use keeps an image; gives the command line that follows it.
pub fn policy(setup: &Scene, more: &str) -> String {
    let text = format!("version = 1\nkeep = 0\nmax_delete = '100%'\n{STAGES}\n{more}\n");
    format!("prune --policy {} -o json", setup.home.write("staged.toml", &text))
}

/// The same, carried out.
fn retire(setup: &Scene) -> Ran {
    setup.run(&format!("{} --apply --yes", policy(setup, "")))
}

pub fn stamp(days: i64) -> String {
    days_ago(days).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An old image on which retirement has taken these steps, each so many days ago; gives its id.
pub fn retired(setup: &Scene, name: &str, steps: &[(&str, i64)]) -> String {
    let mut world = setup.world();
    let mut image = world.image(PROD, EAST, name).created(days_ago(100));
    for (step, days) in steps {
        image = match *step {
            "deprecate" => image.deprecated_at(days_ago(*days)),
            "disable" => image.state("disabled").tag("amictl:shares", OTHER),
            other => panic!("{other}"),
        };
    }
    let history: Vec<_> = steps.iter().map(|(step, days)| format!("{step}@{}", stamp(*days))).collect();
    image.tag("amictl:retire", &history.join(" ")).put()
}

/// The state of an image, whether it is deprecated, and its tag of retirement without the time of the day.
pub fn standing(setup: &Scene, id: &str) -> (String, bool, Option<String>) {
    let (image, now) = (setup.image(id), setup.world().now());
    let deprecated = image.deprecated.is_some_and(|at| at <= now + chrono::TimeDelta::minutes(1));
    let steps = |text: &String| {
        text.split(' ').map(|step| step.get(..step.len() - 10).unwrap_or_default()).collect::<Vec<_>>().join(" ")
    };
    (image.state(now).to_owned(), deprecated, image.tags.get("amictl:retire").map(steps))
}

/// What a report says of an image: action, status, and the code where there is one.
#[track_caller]
pub fn row<'a>(report: &'a Value, id: &str) -> (&'a str, &'a str, Option<&'a str>) {
    let row = result(report, id);
    (row["action"].as_str().unwrap(), row["status"].as_str().unwrap(), row["error"]["code"].as_str())
}

#[track_caller]
fn result<'a>(report: &'a Value, id: &str) -> &'a Value {
    let row = report["results"].as_array().unwrap().iter().find(|row| row["image_id"] == id);
    row.unwrap_or_else(|| panic!("{id} is not in {report:#}"))
}

fn day(days: i64) -> String {
    days_ago(days).format("%Y-%m-%d").to_string()
}

#[test]
fn every_image_goes_one_stage_and_those_whose_time_has_not_come_say_when_it_does() {
    let setup = Scene::new();
    let fresh = setup.old("web-v1-2025-01-01");
    let deprecated = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    let disabled = retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let early = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 3)]);
    let late = retired(&setup, "web-v5-2025-01-01", &[("deprecate", 60), ("disable", 29)]);
    let failed = setup.world().image(PROD, EAST, "web-v6-2025-01-01").created(days_ago(100)).state("failed").put();
    let gone: Vec<_> = [&disabled, &failed].into_iter().flat_map(|id| setup.snapshots_of(id)).collect();
    let kept = setup.snapshots_of(&deprecated);

    let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
    let action = |id: &str| plan.action(id)["action"].as_str().unwrap();
    assert_eq!(
        [&fresh, &deprecated, &disabled, &failed].map(|id| action(id)),
        ["deprecate", "disable", "deregister", "deregister"]
    );
    assert_eq!(plan.action(&deprecated)["snapshots"], json!([]));
    let why = plan.action(&deprecated)["reason"].as_str().unwrap();
    assert!(why.ends_with("not in use; deprecated 14d ago"), "{why}");
    let due = format!("deprecated 3d ago; disable is due {}", day(-11));
    assert_eq!(plan.reasons(&early), [("retiring", due.as_str())]);
    let due = format!("disabled 29d ago; deregister is due {}", day(-1));
    assert_eq!(plan.reasons(&late), [("retiring", due.as_str())]);
    let sums = &plan.0["summary"];
    let counts = ["actions", "deregister", "disable", "deprecate", "revive", "kept"].map(|name| sums[name].as_u64());
    assert_eq!((counts, &sums["size_gib"]), ([4, 2, 1, 1, 0, 2].map(Some), &16.into()));
    assert_eq!(plan.0["policy"]["retire"], json!(["deprecate", "disable@14d", "deregister@30d"]));
    setup.unchanged();

    let report = retire(&setup).ended(0).json();
    assert_eq!(row(&report, &fresh), ("deprecate", "done", None));
    assert_eq!(row(&report, &deprecated), ("disable", "done", None));
    assert_eq!(row(&report, &disabled), ("deregister", "done", None));
    assert_eq!(row(&report, &failed), ("deregister", "done", None));
    assert_eq!(report["summary"], json!({"done": 4, "failed": 0, "skipped": 0}));
    let (now, before) = (format!("@{}", day(0)), format!("deprecate@{}", day(14)));
    assert_eq!(standing(&setup, &fresh), ("available".into(), true, Some(format!("deprecate{now}"))));
    assert_eq!(standing(&setup, &deprecated), ("disabled".into(), true, Some(format!("{before} disable{now}"))));
    assert!(!setup.has(&disabled) && !setup.has(&failed) && setup.has(&early) && setup.has(&late));
    assert_eq!((setup.there(&gone), setup.there(&kept)), (0, 1));

    // On the same day there is nothing more to do.
    setup.fake.forget_calls();
    let again = retire(&setup).ended(0).json();
    assert_eq!(again["results"], json!([]));
    setup.unchanged();
}

#[test]
fn what_comes_into_use_again_is_put_back_as_it_was() {
    let setup = Scene::new();
    let deprecated = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 3)]);
    let mut world = setup.world();
    let seed = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100)).tag("Team", "core");
    let planned = days_ago(-700).format("%Y-%m-%dT%H:%M:00Z").to_string();
    let whole = seed.shared_with(OTHER).shared_with_arn(ORGANIZATION).deprecated_at(planned.as_str()).put();
    drop(world);
    let before = setup.image(&whole);
    retire(&setup).ended(0);
    // The stage after: fourteen days have passed, as the tag has it.
    let tag = format!("deprecate@{}/{planned}", stamp(14));
    setup.tag(&whole, "amictl:retire", &tag);
    retire(&setup).ended(0);
    let disabled = setup.image(&whole);
    assert_eq!((disabled.phase.after.as_str(), disabled.launch.len()), ("disabled", 0));
    assert_eq!(disabled.tags["amictl:shares"], format!("{OTHER} {ORGANIZATION}"));
    assert!(disabled.tags["amictl:retire"].starts_with(&format!("{tag} disable@{}", day(0))));

    setup.world().instance(PROD, EAST).image(&whole).put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &deprecated);
    let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
    assert_eq!(plan.action(&whole)["action"], "revive");
    let why = plan.action(&whole)["reason"].as_str().unwrap();
    assert!(why.starts_with("in-use: instance i-") && why.contains("; disabled "), "{why}");
    assert_eq!(plan.0["summary"]["revive"], 2);

    let report = retire(&setup).ended(0).json();
    assert_eq!(row(&report, &whole), ("revive", "done", None));
    assert_eq!(row(&report, &deprecated), ("revive", "done", None));
    assert_eq!(standing(&setup, &deprecated), ("available".into(), false, None));
    let after = setup.image(&whole);
    assert_eq!((after.tags, after.launch, after.deprecated), (before.tags, before.launch, before.deprecated));
    assert_eq!(after.phase.after, "available");
    // Put back means at rest: nothing is done to it any more.
    setup.fake.forget_calls();
    assert_eq!(retire(&setup).ended(0).json()["results"], json!([]));
    setup.unchanged();
}

#[test]
fn each_kind_of_being_wanted_revives_and_being_kept_for_another_reason_does_not() {
    let setup = Scene::new();
    let image = |n: u32| retired(&setup, &format!("web-v{n}-2025-01-01"), &[("deprecate", 60), ("disable", 10)]);
    let (keep, newest, protected, foreign, unused) = (image(1), image(9), image(3), image(4), image(5));
    setup.tag(&keep, "amictl:keep", "");
    setup.tag(&foreign, "CreatedBy", "EC2 Image Builder");
    setup.world().instance(PROD, EAST).image(&foreign).put();
    setup.ec2("EnableImageDeregistrationProtection", &[("ImageId", &protected)]);
    // The newest that works, so that the launch alone keeps the next.
    setup.old("web-v8-2025-01-01");
    let mut world = setup.world();
    let launched = world.image(PROD, EAST, "web-v6-2025-01-01").created(days_ago(100)).last_launched(days_ago(2));
    let launched = launched.deprecated_at(days_ago(20)).tag("amictl:retire", &format!("deprecate@{}", stamp(20))).put();
    drop(world);
    let line = policy(&setup, "unused_for = '30d'").replace("--policy", "--apply --yes --policy");
    let text = std::fs::read_to_string(setup.home.path().join("staged.toml")).unwrap();
    setup.home.write("staged.toml", &text.replace("keep = 0", "keep = 1"));
    setup.fake.forget_calls();
    let report = setup.run(&line).ended(0).json();
    for id in [&keep, &newest, &launched] {
        assert_eq!(row(&report, id), ("revive", "done", None));
        assert_eq!(standing(&setup, id), ("available".into(), false, None));
    }
    assert_eq!(report["summary"], json!({"done": 3, "failed": 0, "skipped": 0}));
    for id in [&protected, &foreign, &unused] {
        assert_eq!(standing(&setup, id).0, "disabled");
    }
}

#[test]
fn a_policy_may_leave_images_where_they_are() {
    let setup = Scene::new();
    let web = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 60), ("disable", 10)]);
    setup.world().instance(PROD, EAST).image(&web).put();
    let off = policy(&setup, "revive = false");
    assert_eq!(Plan::of(&setup.run(&off).ended(0)).codes(&web), ["in-use"]);
    // Flags know no stages, and so they put nothing back.
    assert_eq!(Plan::of(&setup.run("prune --keep 0 -o json").ended(0)).codes(&web), ["in-use"]);
    assert_eq!(Plan::of(&setup.run(&policy(&setup, "")).ended(0)).action(&web)["action"], "revive");
    setup.unchanged();
}

#[test]
fn doubt_neither_retires_nor_revives() {
    let setup = Scene::new();
    let due = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 14)]);
    let unknown = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 60), ("disable", 10)]);
    let used = retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 10)]);
    setup.world().instance(PROD, EAST).image(&used).put();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "no"));
    let ran = retire(&setup).ended(4);
    // What is in use for certain is put back all the same.
    assert_eq!(row(&ran.json(), &used), ("revive", "done", None));
    assert_eq!(ran.json()["summary"]["done"], 1);
    let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(4));
    assert_eq!((plan.codes(&due), plan.codes(&unknown)), (vec!["unverified"], vec!["unverified"]));
    assert_eq!((standing(&setup, &due).0, standing(&setup, &unknown).0), ("available".into(), "disabled".into()));
}

#[test]
fn use_in_another_account_revives_and_one_that_cannot_be_looked_into_keeps_what_was_shared_with_it() {
    let setup = Scene::new();
    let waiting = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 3)]);
    let disabled = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 60), ("disable", 3)]);
    let last = retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let alone = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    setup.tag(&alone, "amictl:shares", "");
    let mut world = setup.world();
    // What only EC2's own search finds, and what is found by listing.
    world.image_recipe(OTHER, EAST, "base", &waiting);
    world.launch_template(OTHER, EAST, "front").image(&disabled).put();
    drop(world);
    let line = format!("{} {TWO}", policy(&setup, ""));
    let plan = Plan::of(&setup.run(&line).ended(0));
    let step = |plan: &Plan, id: &str| plan.action(id)["action"].clone();
    assert_eq!([&waiting, &disabled, &last].map(|id| step(&plan, id)), ["revive", "revive", "deregister"]);
    assert!(plan.action(&disabled)["reason"].as_str().unwrap().contains(&format!("account {OTHER}: front:1")));

    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let plan = Plan::of(&setup.run(&line).ended(4));
    for id in [&disabled, &last] {
        assert_eq!(plan.codes(id), ["unverified"]);
    }
    assert_eq!((plan.codes(&waiting), step(&plan, &alone)), (vec!["retiring"], "deregister".into()));
}

#[test]
fn a_usage_report_is_asked_for_of_what_was_shared_before_it_was_disabled() {
    let setup = Scene::new();
    let mut world = setup.world();
    (world.report_takes, world.report_misses) = (seconds(0), seconds(0));
    drop(world);
    let used = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let alone = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    setup.tag(&alone, "amictl:shares", "");
    setup.world().instance(OTHER, EAST).image(&used).launched(days_ago(3)).put();
    let plan = Plan::of(&setup.run(&format!("{} --usage-reports", policy(&setup, ""))).ended(0));
    assert_eq!(
        (&plan.action(&used)["action"], &plan.action(&alone)["action"]),
        (&"revive".into(), &"deregister".into())
    );
    assert_eq!(setup.fake.count("CreateImageUsageReport"), 1);
}

#[test]
fn a_tag_that_cannot_be_read_keeps_the_image_and_says_so() {
    let setup = Scene::new();
    let web = setup.old("web-v1-2025-01-01");
    setup.tag(&web, "amictl:retire", "last tuesday");
    setup.fake.forget_calls();
    let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
    assert_eq!(plan.reasons(&web), [("retiring", "its tag amictl:retire cannot be read: 'last tuesday'")]);
    retire(&setup).ended(0);
    setup.unchanged();
}

#[test]
fn what_was_disabled_or_deprecated_by_hand_waits_as_long_as_everything_else() {
    let setup = Scene::new();
    let mut world = setup.world();
    let disabled = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).state("disabled").put();
    let seed = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100));
    let deprecated = seed.deprecated_at(days_ago(50)).put();
    drop(world);
    let report = retire(&setup).ended(0).json();
    for id in [&disabled, &deprecated] {
        assert_eq!(row(&report, id), ("deprecate", "done", None));
        assert_eq!(result(&report, id)["detail"], "it was so already");
        assert!(setup.image(id).tags["amictl:retire"].ends_with("/already"));
    }
    assert_eq!(setup.changes(), ["CreateTags", "CreateTags"]);
    // Used again, they are as they were: retirement has done nothing to them.
    for id in [&disabled, &deprecated] {
        setup.world().instance(PROD, EAST).image(id).put();
    }
    retire(&setup).ended(0);
    assert_eq!(standing(&setup, &disabled), ("disabled".into(), false, None));
    assert_eq!(standing(&setup, &deprecated), ("available".into(), true, None));
}

#[test]
fn a_snapshot_of_an_image_that_only_goes_a_step_stays() {
    let setup = Scene::new();
    let last = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let snapshots = setup.snapshots_of(&last);
    let mut world = setup.world();
    let seed = world.image(PROD, EAST, "api-v1-2025-01-01").created(days_ago(100));
    let first = seed.on_snapshots(&[&snapshots[0]]).put();
    drop(world);
    let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
    assert_eq!((&plan.action(&last)["snapshots"], &plan.0["summary"]["size_gib"]), (&json!([]), &0.into()));
    let report = retire(&setup).ended(0).json();
    assert_eq!((row(&report, &last).0, row(&report, &first).0), ("deregister", "deprecate"));
    let kept = json!([{"id": snapshots[0], "result": "kept-shared", "detail": null, "error": null}]);
    assert_eq!(result(&report, &last)["snapshots"], kept);
    assert_eq!((setup.has(&last), setup.there(&snapshots)), (false, 1));
}

#[test]
fn a_saved_plan_is_carried_out_as_far_as_each_image_is_due_for_the_same_step() {
    let setup = Scene::new();
    let done = setup.old("web-v1-2025-01-01");
    let further = setup.old("web-v2-2025-01-01");
    let used = retired(&setup, "web-v3-2025-01-01", &[("deprecate", 14)]);
    let unused = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 60), ("disable", 3)]);
    let changed = retired(&setup, "web-v5-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    setup.tag(&unused, "amictl:keep", "");
    let file = setup.home.path().join("plan.json");
    let plan = Plan::of(&setup.run(&format!("{} --plan-out {}", policy(&setup, ""), file.display())).ended(0));
    let actions = [&done, &further, &used, &unused, &changed].map(|id| plan.action(id)["action"].clone());
    assert_eq!(actions, ["deprecate", "deprecate", "disable", "revive", "deregister"]);

    setup.ec2("EnableImageDeprecation", &[("ImageId", &further), ("DeprecateAt", &stamp(0))]);
    setup.tag(&further, "amictl:retire", &format!("deprecate@{}", stamp(20)));
    setup.world().instance(PROD, EAST).image(&used).put();
    setup.ec2("DeleteTags", &[("ResourceId.1", &unused), ("Tag.1.Key", "amictl:keep")]);
    setup.tag(&changed, "Team", "core");
    setup.fake.forget_calls();
    let ran = setup.run(&format!("apply {} --yes -o json", file.display())).ended(0);
    let report = ran.json();
    assert_eq!(row(&report, &done), ("deprecate", "done", None));
    assert_eq!(row(&report, &further), ("deprecate", "skipped", Some("other-step")));
    assert_eq!(row(&report, &used), ("disable", "skipped", Some("in-use")));
    assert_eq!(row(&report, &unused), ("revive", "skipped", Some("retiring")));
    assert_eq!(row(&report, &changed), ("deregister", "skipped", Some("changed")));
    ran.says(&["by now it would be disabled, not deprecated"]);
    assert_eq!(setup.changes(), ["CreateTags", "EnableImageDeprecation"]);
    assert_eq!(standing(&setup, &done).0, "available");
}

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
fn the_journal_has_a_line_before_and_one_after_with_who_loses_the_image() {
    let setup = Scene::new();
    let web = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 20)]);
    let before = setup.image(&web).tags["amictl:retire"].clone();
    // More than a tag holds.
    let many: Vec<String> = (1..=30).map(|n| format!("{n:012}")).collect();
    for account in &many {
        setup.ec2("ModifyImageAttribute", &[("ImageId", &web), ("LaunchPermission.Add.1.UserId", account)]);
    }
    let report = retire(&setup).ended(0).json();
    assert_eq!(row(&report, &web), ("disable", "done", None));
    assert_eq!(result(&report, &web)["detail"], "30 permissions kept in the journal only, too many for a tag");
    assert!(!setup.image(&web).tags.contains_key("amictl:shares"));
    let file = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [begin, end] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((&begin["phase"], &begin["action"]), (&"begin".into(), &"disable".into()));
    assert_eq!((&begin["launch_permissions"], &begin["delete_snapshots"]), (&json!(many), &json!([])));
    assert_eq!(begin["image"]["tags"]["amictl:retire"], before);
    assert_eq!((&end["phase"], &end["result"]["action"]), (&"end".into(), &"disable".into()));
    assert_eq!(end["result"]["status"], "done");
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

#[test]
fn the_limit_counts_every_step_but_not_what_is_put_back() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    for n in 4..=6 {
        let used = retired(&setup, &format!("web-v{n}-2025-01-01"), &[("deprecate", 60), ("disable", 3)]);
        setup.world().instance(PROD, EAST).image(&used).put();
    }
    let line = format!("{} --apply --yes --max-delete", policy(&setup, ""));
    let ran = setup.run(&format!("{line} 2")).ended(4);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("3 images would change (1 to deregister, 1 to disable, 1 to deprecate"), "{message}");
    setup.unchanged();
    setup.run(&format!("{line} 49%")).ended(4);
    let report = setup.run(&format!("{line} 50%")).ended(0).json();
    assert_eq!(report["summary"]["done"], 6);
}

#[test]
fn a_dry_run_asks_ec2_about_each_step_and_changes_nothing() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    let due = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let used = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 60), ("disable", 3)]);
    setup.world().instance(PROD, EAST).image(&used).put();
    let line = format!("{} --apply --dry-run", policy(&setup, ""));
    setup.run(&line).ended(0).says(&["dry run"]);
    setup.unchanged();
    for call in ["EnableImageDeprecation", "DisableImage", "DeregisterImage", "EnableImage", "CreateTags", "DeleteTags"]
    {
        assert!(setup.calls(call).iter().any(|call| call.dry_run), "{call}");
    }
    setup.fake.fault(Fault::error("DisableImage", "UnauthorizedOperation", "not yours"));
    setup.run(&line).ended(1).says(&["not yours"]);
    setup.fake.clear_faults();
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "not yours"));
    setup.run(&line).ended(1).says(&[&due, "would not be disabled", "not yours"]);
    setup.unchanged();
}

#[test]
fn people_see_which_step_each_image_goes() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let used = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 3)]);
    retired(&setup, "web-v5-2025-01-01", &[("deprecate", 3)]);
    setup.world().instance(PROD, EAST).image(&used).put();
    let line = policy(&setup, "").replace("-o json", "");
    let ran = setup.run(&line).ended(0);
    assert_eq!(ran.lines().len(), 6, "{}", ran.stdout);
    for (name, verdict) in [(1, "deprecate"), (2, "disable"), (3, "delete"), (4, "revive"), (5, "keep")] {
        let name = format!("web-v{name}-2025-01-01");
        let lines = ran.lines();
        let line = lines.iter().find(|line| line.contains(&name)).unwrap();
        assert!(line.contains(&format!("{verdict} ")), "{line}");
    }
    ran.says(&[
        "1 to deregister, 1 to disable, 1 to deprecate, 1 to revive; snapshots of 8 GiB go: up to $0.40 a month; \
         1 image stays as before",
        "kept: 1 retiring",
    ]);
    let csv = setup.run(&format!("{line} -o csv")).ended(0);
    for verdict in [",deprecate,", ",disable,", ",deregister,", ",revive,", ",keep,"] {
        assert!(csv.stdout.contains(verdict), "{}", csv.stdout);
    }
    let done = setup.run(&format!("{line} --apply --yes")).ended(0);
    for word in ["deprecated", "disabled", "deregistered", "revived"] {
        assert!(done.stdout.contains(word), "{}", done.stdout);
    }
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

/// An image that retirement has deregistered, and that the Recycle Bin holds.
fn retired_into_the_bin(setup: &Scene) -> String {
    for kind in ["EBS_SNAPSHOT", "EC2_IMAGE"] {
        setup.world().bin_rule(PROD, EAST, kind, 14).put();
    }
    let id = retired(setup, "web-v1-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    assert_eq!(row(&retire(setup).ended(0).json(), &id), ("deregister", "done", None));
    assert!(!setup.has(&id));
    setup.fake.forget_calls();
    id
}

#[test]
fn an_image_that_is_restored_begins_its_retirement_anew() {
    for forgets in [false, true] {
        let setup = Scene::new();
        let id = retired_into_the_bin(&setup);
        setup.world().restore_forgets = forgets;
        let report = setup.json(&format!("restore {id}"));
        let (removed, back) =
            ("tag amictl:retire removed, so that a retirement starts anew", "1 tag put back from the journal");
        assert_eq!(result(&report, &id)["detail"], if forgets { back } else { removed });
        assert_eq!(standing(&setup, &id), ("disabled".into(), true, None));
        assert_eq!(setup.image(&id).tags["amictl:shares"], OTHER, "who is to get a permission back stays known");
        // Its first stage is written down now, and the others have their time again.
        assert_eq!(row(&retire(&setup).ended(0).json(), &id).1, "done");
        let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
        assert_eq!((plan.going(), plan.codes(&id)), (vec![], vec!["retiring"]));
        assert!(setup.has(&id));
        // What came back once is left to its new retirement.
        setup.fake.forget_calls();
        let report = setup.json(&format!("restore {id}"));
        assert_eq!(result(&report, &id)["detail"], "its tag amictl:retire stays: its retirement goes on");
        setup.unchanged();
    }
}

#[test]
fn a_tag_of_retirement_that_stays_is_told_of_and_a_rerun_removes_it() {
    let setup = Scene::new();
    let id = retired_into_the_bin(&setup);
    setup.fake.fault(Fault::error("DeleteTags", "UnauthorizedOperation", "No tags."));
    let ran = setup.run(&format!("restore {id} -o json")).ended(3);
    let hint = format!("Remove it with: amictl tag {id} --remove amictl:retire --region us-east-1");
    let ran = ran.says(&["it is back, but its tag amictl:retire stays", "deregister it again: No tags.", &hint]);
    let report = ran.json();
    assert_eq!((row(&report, &id).1, &result(&report, &id)["changed"]), ("failed", &true.into()));
    setup.fake.clear_faults();
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!(standing(&setup, &id), ("disabled".into(), true, None));
    // And so does the command that was named.
    setup.tag(&id, "amictl:retire", &format!("disable@{}", stamp(40)));
    setup.run(&format!("tag {id} --remove amictl:retire --region us-east-1")).ended(0);
    assert_eq!(standing(&setup, &id).2, None);
}

#[test]
fn what_an_image_lacks_since_it_was_restored_is_put_back_after_a_stage_too() {
    let setup = Scene::new();
    for kind in ["EBS_SNAPSHOT", "EC2_IMAGE"] {
        setup.world().bin_rule(PROD, EAST, kind, 14).put();
    }
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    setup.run(&format!("deregister {id} --yes")).ended(0);
    setup.world().restore_forgets = true;
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "No sharing."));
    setup.run(&format!("restore {id}")).ended(3);
    setup.fake.clear_faults();
    assert_eq!(row(&retire(&setup).ended(0).json(), &id), ("deprecate", "done", None));
    let stage = standing(&setup, &id);
    let report = setup.json(&format!("restore {id}"));
    let said = "its tag amictl:retire stays: its retirement goes on; 1 launch permission put back from the journal";
    assert_eq!(result(&report, &id)["detail"], said);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    assert_eq!(standing(&setup, &id), stage, "a retirement that began since goes on");
}
