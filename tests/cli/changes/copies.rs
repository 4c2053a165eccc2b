//! `--copies`: copies of an image in all regions, and copies of copies, under any name.

use crate::changes::verbs::{NAME, ROWS, Row, changed, role};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, part};

const ALL: &str = "--region all --copies";

/// An image, a copy of another name, a copy of that under a third name, and an image that is no copy though it stems
/// from the first: it was made from an instance.
fn ready(row: &Row, setup: &Setup) -> ([String; 3], String) {
    let root = row.image(setup, PROD, EAST, NAME);
    let copy = row.image(setup, PROD, WEST, "golden");
    let second = row.image(setup, PROD, EUROPE, "web-v9-2026-01-02");
    let other = row.image(setup, PROD, EAST, "db-v1-2026-01-02");
    let mut world = setup.world();
    for (id, source, region) in [(&copy, &root, EAST), (&second, &copy, WEST), (&other, &root, EAST)] {
        let image = world.image_mut(id);
        (image.source_ami, image.source_region) = (Some(source.clone()), Some(region.to_owned()));
    }
    world.image_mut(&other).source_instance = Some("i-0123456789abcdef0".to_owned());
    drop(world);
    ([root, copy, second], other)
}

#[test]
fn copies_of_other_names_and_copies_of_copies_go_along_in_all_regions() {
    for row in part(&ROWS, 3, 0) {
        let setup = Setup::new();
        let (ids, other) = ready(row, &setup);
        let report = setup.json(&format!("{} {ALL}", row.on("web:v1")));
        assert_eq!(each(&report["results"], "image_id"), ids, "{}", row.line);
        assert_eq!(each(&report["results"], "region"), [EAST, WEST, EUROPE], "{}", row.line);
        assert_eq!(changed(&report), [true; 3], "{}", row.line);
        assert!(ids.iter().all(|id| row.done(&setup, id)), "{}", row.line);
        assert!(!row.done(&setup, &other), "{}: what was made from an instance is no copy", row.line);
        setup.fake.forget_calls();
        assert_eq!(changed(&setup.json(&format!("{} {ALL}", row.on(&ids[0])))), [false; 3], "{}", row.line);
        setup.unchanged();
    }
}

#[test]
fn without_the_option_or_their_region_copies_stay_as_they_are() {
    for row in part(&ROWS, 3, 1) {
        let setup = Setup::new();
        let (ids, _) = ready(row, &setup);
        let done = || ids.each_ref().map(|id| row.done(&setup, id));
        setup.run(&format!("{} --region all", row.on("web:v1"))).ended(0);
        assert_eq!(done(), [true, false, false], "{}", row.line);
        setup.run(&format!("{} --region us-east-1,us-west-2 --copies", row.on("web:v1"))).ended(0);
        assert_eq!(done(), [true, true, false], "{}", row.line);
    }
}

#[test]
fn a_dry_run_names_the_copies_and_changes_nothing() {
    for row in part(&ROWS, 3, 2) {
        let setup = Setup::new();
        let (ids, _) = ready(row, &setup);
        let ran = setup.run(&format!("{} {ALL} --dry-run", row.on("web:v1"))).ended(0);
        assert_eq!(ran.stderr.matches("would be").count(), 3, "{}: {}", row.line, ran.stderr);
        ran.says(&ids.each_ref().map(String::as_str));
        setup.unchanged();
    }
}

#[test]
fn copies_of_each_account_are_its_own() {
    let setup = Setup::new();
    let row = &ROWS[5];
    let (ids, _) = ready(row, &setup);
    let theirs = setup.world().image(OTHER, WEST, "taken").copied_from(&ids[0], EAST).put();
    let line = row.on(&ids[0]);
    setup.run(&format!("{line} {ALL}")).ended(0);
    assert!(!row.done(&setup, &theirs), "nobody asked for that account");
    let report = setup.json(&format!("{line} {ALL} {} {}", role(PROD), role(OTHER)));
    let rows = report["results"].as_array().unwrap();
    let of = |account: &str| {
        let own = rows.iter().filter(|row| row["account"] == account);
        own.map(|row| row["changed"] == true).collect::<Vec<_>>()
    };
    assert_eq!(of(PROD), [false, false, false]);
    assert_eq!(of(OTHER), [true]);
}

#[test]
fn one_copy_in_use_keeps_all_of_them_from_being_disabled() {
    for in_use in 0..3 {
        let setup = Setup::new();
        let (ids, _) = ready(&ROWS[5], &setup);
        let region = setup.image(&ids[in_use]).region;
        setup.world().launch_template(PROD, &region, "front").image(&ids[in_use]).put();
        let ran = setup.run(&format!("disable web:v1 {ALL} -o json")).ended(4);
        assert_eq!(ran.error()["code"], "InUse");
        ran.says(&[&ids[in_use], &region, "is in use by launch-template", "front:1"]);
        setup.unchanged();
        setup.run(&format!("disable web:v1 {ALL} --allow-in-use")).ended(0);
        assert!(ids.iter().all(|id| ROWS[5].done(&setup, id)));
    }
}

#[test]
fn use_by_another_account_of_the_run_keeps_an_image_from_being_disabled() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).shared_with(OTHER).put();
    let free = setup.world().image(PROD, EAST, "web-v2-2026-01-02").shared_with(OTHER).put();
    setup.world().instance(OTHER, EAST).image(&id).put();
    let roles = format!("{} {}", role(PROD), role(OTHER));
    let ran = setup.run(&format!("disable web:v2 web:v1 {roles} -o json")).ended(4);
    assert_eq!(ran.error()["code"], "InUse");
    ran.says(&[&id, "is in use by", "instance", &format!("account {OTHER}")]);
    setup.unchanged();
    setup.run(&format!("disable web:v2 {roles}")).ended(0);
    assert_eq!([&id, &free].map(|id| setup.image(id).phase.after), ["available", "disabled"]);
    setup.run(&format!("disable web:v1 {roles} --without-source accounts")).ended(0);
}
