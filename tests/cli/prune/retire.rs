//! Retirement in stages: one stage a run, each after its time, and back when an image is wanted.

use serde_json::{Value, json};

use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD};
use crate::prune::accounts::{OTHER_ROLE, TWO};
use crate::scene::{Plan, Scene, days_ago};
use crate::setup::{EAST, seconds};

const STAGES: &str = "retire = ['deprecate', 'disable@14d', 'deregister@30d']";
const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";

/// Writes a policy in which nothing but use keeps an image; gives the command line that follows it.
pub fn policy(setup: &Scene, more: &str) -> String {
    let text = format!("version = 1\nkeep = 0\nmax_delete = '100%'\n{STAGES}\n{more}\n");
    format!("prune --policy {} -o json", setup.home.write("staged.toml", &text))
}

/// The same, carried out.
pub fn retire(setup: &Scene) -> Ran {
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
pub fn result<'a>(report: &'a Value, id: &str) -> &'a Value {
    let row = report["results"].as_array().unwrap().iter().find(|row| row["image_id"] == id);
    row.unwrap_or_else(|| panic!("{id} is not in {report:#}"))
}

pub fn day(days: i64) -> String {
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

    // A revival is work, too, though no limit counts it.
    setup
        .run(&format!("{} --apply --dry-run --max-delete 0", policy(&setup, "")))
        .ended(0)
        .says(&["all of it would be done"]);
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
