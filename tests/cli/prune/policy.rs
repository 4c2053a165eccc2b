//! Rules of a policy, given as options: the images each keeps and lets go.

use crate::fake::PROD;
use crate::scene::{Scene, days_ago, sorted};
use crate::setup::{EAST, WEST};

#[test]
fn the_newest_three_of_each_family_stay_by_number_and_not_as_text() {
    let setup = Scene::new();
    let (web, api) = (setup.family("web", 12), setup.family("api", 2));
    setup.old("web-api-v1-2025-01-01");
    let plan = setup.plan("prune");
    assert_eq!(plan.going(), sorted(&web[..9]));
    for (place, id) in [&web[11], &web[10], &web[9]].into_iter().enumerate() {
        let detail = format!("number {} of the newest 3", place + 1);
        assert_eq!(plan.reasons(id), [("newest", detail.as_str())]);
    }
    assert_eq!(plan.codes(&api[0]), ["newest"]);
    assert_eq!(setup.plan("prune --keep 11").going(), [web[0].as_str()]);
    setup.unchanged();
}

#[test]
fn a_version_counts_by_its_number_and_not_by_its_date() {
    let setup = Scene::new();
    let mut world = setup.world();
    let v2 = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(300)).put();
    let v1 = world.image(PROD, EAST, "web-v1-2025-06-01").created(days_ago(100)).put();
    drop(world);
    let plan = setup.plan("prune --keep 1");
    assert_eq!((plan.going(), plan.codes(&v2)), (vec![v1.as_str()], vec!["newest"]));
}

#[test]
fn of_the_same_version_the_one_made_last_is_the_newer() {
    let setup = Scene::new();
    let mut world = setup.world();
    let first = world.image(PROD, EAST, "web-v1-2025-09-01").created(days_ago(200)).put();
    let last = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).put();
    drop(world);
    let plan = setup.plan("prune --keep 1");
    assert_eq!((plan.going(), plan.codes(&last)), (vec![first.as_str()], vec!["newest"]));
}

#[test]
fn each_region_is_counted_by_itself() {
    let setup = Scene::new();
    let east = setup.family("web", 4);
    let mut world = setup.world();
    let put = |n: u32| world.image(PROD, WEST, &format!("web-v{n}-2025-01-01")).created(days_ago(100)).put();
    let west: Vec<_> = (3..=7).map(put).collect();
    drop(world);
    let plan = setup.plan("prune --region us-east-1,us-west-2");
    assert_eq!(plan.going(), sorted([&east[0], &west[0], &west[1]]));
    assert_eq!((&plan.action(&east[0])["region"], &plan.action(&west[0])["region"]), (&EAST.into(), &WEST.into()));
}

#[test]
fn failed_images_take_nobodys_place_and_pending_ones_stay() {
    let setup = Scene::new();
    let web = setup.family("web", 4);
    let mut world = setup.world();
    let failed = world.image(PROD, EAST, "web-v5-2025-01-01").created(days_ago(100)).state("failed").put();
    let pending = world.image(PROD, EAST, "web-v6-2025-01-01").created(days_ago(100)).state("pending").put();
    drop(world);
    let plan = setup.plan("prune");
    assert_eq!(plan.going(), sorted([&web[0], &failed]));
    assert_eq!((plan.codes(&web[1]), plan.codes(&pending)), (vec!["newest"], vec!["pending"]));
}

#[test]
fn a_disabled_image_stays_while_it_is_among_the_newest_and_takes_nobodys_place() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    for id in [&web[4], &web[0]] {
        setup.ec2("DisableImage", &[("ImageId", id)]);
    }
    let plan = setup.plan("prune --keep 2");
    assert_eq!(plan.going(), sorted([&web[0], &web[1]]));
    assert_eq!((plan.codes(&web[4]), plan.codes(&web[2])), (vec!["newest"], vec!["newest"]));
}

#[test]
fn the_young_stay_for_a_week_or_as_long_as_is_asked() {
    let setup = Scene::new();
    let mut world = setup.world();
    let young = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(6)).put();
    let old = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(8)).put();
    drop(world);
    let plan = setup.plan("prune --keep 0");
    assert_eq!(plan.going(), [old.as_str()]);
    assert_eq!(plan.reasons(&young), [("too-young", "made 6d ago, less than 7d")]);
    assert_eq!(setup.plan("prune --keep 0 --min-age 5d").going().len(), 2);
    assert!(setup.plan("prune --keep 0 --min-age 9d").going().is_empty());
}

#[test]
fn what_was_launched_lately_stays_where_that_is_asked() {
    let setup = Scene::new();
    let mut world = setup.world();
    let image = |n: u32| format!("web-v{n}-2025-01-01");
    let lately = world.image(PROD, EAST, &image(1)).created(days_ago(100)).last_launched(days_ago(20)).put();
    let long_ago = world.image(PROD, EAST, &image(2)).created(days_ago(100)).last_launched(days_ago(40)).put();
    let never = world.image(PROD, EAST, &image(3)).created(days_ago(100)).put();
    drop(world);
    let plan = setup.plan("prune --keep 0 --unused-for 30d");
    assert_eq!(plan.going(), sorted([&long_ago, &never]));
    assert_eq!(plan.reasons(&lately), [("recently-launched", "launched 20d ago, less than 30d")]);
    assert_eq!(setup.plan("prune --keep 0").going().len(), 3);
}

#[test]
fn each_of_two_protect_tags_keeps_and_a_key_counts_only_as_a_whole() {
    let setup = Scene::new();
    let put = |n: u32, key: &str, value: &str| {
        let name = format!("web-v{n}-2025-01-01");
        setup.world().image(PROD, EAST, &name).created(days_ago(100)).tag(key, value).put()
    };
    let kept = [put(1, "amictl:keep", ""), put(2, "Release", "gold"), put(3, "hold", "anything")];
    let longer = [put(4, "amictl:keep-not", "x"), put(5, "Release2", "gold"), put(6, "household", "x")];
    let shorter = [put(7, "amictl", "keep"), put(8, "Rel", "gold"), put(9, "hol", "x")];
    let other = [put(10, "Release", "golden"), put(11, "release", "gold"), put(12, "x", "Release=gold")];
    let plan = setup.plan("prune --keep 0 --protect-tag Release=gold --protect-tag hold");
    assert_eq!(plan.going(), sorted(longer.iter().chain(&shorter).chain(&other)));
    for (id, tag) in kept.iter().zip(["amictl:keep", "Release=gold", "hold"]) {
        assert_eq!(plan.reasons(id), [("protected-tag", tag)]);
    }
    assert_eq!(setup.plan("prune --keep 0").codes(&kept[0]), ["protected-tag"]);
    assert_eq!(setup.plan("prune --keep 0").going().len(), 11);
}

#[test]
fn only_what_carries_all_the_tags_asked_for_may_go() {
    let setup = Scene::new();
    let mut world = setup.world();
    let make = |world: &mut crate::fake::World, n: u32, tags: &[(&str, &str)]| {
        let image = world.image(PROD, EAST, &format!("web-v{n}-2025-01-01")).created(days_ago(100));
        tags.iter().fold(image, |image, (key, value)| image.tag(key, value)).put()
    };
    let both = make(&mut world, 1, &[("temp", "yes"), ("Team", "core")]);
    let one = make(&mut world, 2, &[("temp", "yes")]);
    let none = make(&mut world, 3, &[("temporary", "yes"), ("Team", "core")]);
    drop(world);
    let plan = setup.plan("prune --keep 0 --only-tag temp=yes --only-tag Team");
    assert_eq!(plan.going(), [both.as_str()]);
    assert_eq!((plan.codes(&one), plan.codes(&none)), (vec!["out-of-scope"], vec!["out-of-scope"]));
    assert_eq!(setup.plan("prune --keep 0 --only-tag temp").going(), sorted([&both, &one]));
}

#[test]
fn unmanaged_images_go_only_when_asked_for_in_families_by_a_tag() {
    let setup = Scene::new();
    let put = |name: &str, days: i64, role: &str| {
        let mut world = setup.world();
        let image = world.image(PROD, EAST, name).created(days_ago(days));
        if role.is_empty() { image.put() } else { image.tag("role", role).put() }
    };
    let db: Vec<_> = (1..=3).map(|n| put(&format!("Golden {n}"), 100 - n, "db")).collect();
    let web = put("Nightly", 100, "web");
    let untagged = put("by hand", 100, "");
    let managed = setup.family("web", 1);
    let plan = setup.plan("prune --keep 1");
    assert!(plan.going().is_empty());
    assert_eq!((plan.codes(&db[0]), plan.codes(&untagged)), (vec!["unmanaged"], vec!["unmanaged"]));
    let plan = setup.plan("prune --keep 1 --unmanaged --family-tag role");
    assert!(plan.going().contains(&db[0].as_str()) && plan.going().contains(&db[1].as_str()), "{plan:?}");
    assert_eq!((plan.codes(&db[2]), plan.codes(&untagged)), (vec!["newest"], vec!["unmanaged"]));
    assert_eq!(plan.action(&db[0])["family"], "db");
    // One word for a family, whether the name says it or the tag: the managed image is the newest of them.
    assert_eq!((plan.codes(&managed[0]), plan.codes(&web)), (vec!["newest"], vec![]));
    for half in ["--unmanaged", "--family-tag role"] {
        setup.run(&format!("prune {half}")).ended(2).says(&["required"]);
    }
}

#[test]
fn the_families_named_on_the_command_line_are_the_scope() {
    let setup = Scene::new();
    let (web, api, other) = (setup.family("web", 4), setup.family("api", 4), setup.family("web-api", 4));
    let plan = setup.plan("prune web api --keep 3");
    assert_eq!(plan.going(), sorted([&web[0], &api[0]]));
    assert!(other.iter().all(|id| plan.codes(id).contains(&"out-of-scope")), "{plan:?}");
    setup.run("prune Web").ended(2).says(&["Web"]);
}
