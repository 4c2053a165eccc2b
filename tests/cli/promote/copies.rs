//! The image of each place: copies along the lineage, and images shared with the account.

use super::{PARAMETER, THREE, TWO, V3, codes, now_in, role, rows, to, written};
use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST};

/// Runs the command lines of the hint of a refusal.
#[track_caller]
fn follow(setup: &Setup, ran: &Ran) {
    let error = ran.error();
    let hint = error["hint"].as_str().unwrap_or_else(|| panic!("{error}"));
    let lines = hint.strip_prefix("run first: ").unwrap().split("; ");
    for line in lines {
        setup.run(line.strip_prefix("amictl ").unwrap()).ended(0);
    }
}

#[test]
fn copies_are_found_up_and_down_the_lineage_also_when_the_first_is_gone() {
    let setup = Setup::new();
    let mut world = setup.world();
    // The first image is deregistered: both copies still name it.
    let gone = "ami-0123456789abcdef0";
    let east = world.image(PROD, EAST, V3).copied_from(gone, EUROPE).put();
    let west = world.image(PROD, WEST, "other-name").tag("amictl:copied-from", &format!("{EUROPE}/{gone}")).put();
    let stranger = world.image(PROD, EUROPE, V3).put();
    drop(world);
    let report = setup.json(&format!("promote web:v3 --to prod {TWO}"));
    assert_eq!(rows(&report, "image_id"), [east.clone(), west]);
    let ran = setup.run(&format!("promote {east} --to prod {THREE} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "NotBegun", "NoImage"], "the same name is not enough: {stranger}");
}

#[test]
fn of_several_copies_the_newest_that_can_be_launched_counts() {
    let setup = Setup::new();
    let mut world = setup.world();
    let first = world.image(PROD, EAST, V3).put();
    world.image(PROD, WEST, "one").copied_from(&first, EAST).created("2026-01-03T00:00:00Z").put();
    let newer = world.image(PROD, WEST, "two").copied_from(&first, EAST).created("2026-01-04T00:00:00Z").put();
    let newest = world.image(PROD, WEST, "three").copied_from(&first, EAST).created("2026-01-05T00:00:00Z");
    newest.deprecated_at("2026-01-06T00:00:00Z").put();
    drop(world);
    let report = setup.json(&format!("promote web:v3 --to prod {TWO}"));
    assert_eq!(rows(&report, "image_id"), [first, newer]);
}

#[test]
fn another_account_gets_its_own_copy_or_what_is_shared_with_it() {
    let setup = Setup::new();
    let mut world = setup.world();
    world.add_account("AKIATHIRD", "333333333333");
    let east = world.image(PROD, EAST, V3).shared_with(OTHER).shared_with("333333333333").tag("Team", "core").put();
    let own = world.image(OTHER, EAST, V3).copied_from(&east, EAST).put();
    let west =
        world.image(PROD, WEST, V3).copied_from(&east, EAST).shared_with(OTHER).shared_with("333333333333").put();
    drop(world);
    let consumers = to(&[OTHER, "333333333333"]);
    let report = setup.json(&format!("promote web:v3 --to prod {TWO} --from-role-arn {}{consumers}", role(PROD)));
    assert_eq!(rows(&report, "account"), [OTHER, OTHER, "333333333333", "333333333333"]);
    assert_eq!(rows(&report, "image_id"), [&own, &west, &east, &west].map(String::as_str));
    assert_eq!(report["results"][2]["tags"]["Team"], "core", "the owner's tags");
    assert_eq!(now_in(&setup, "333333333333", WEST), Some((1, west)));
    assert_eq!(now_in(&setup, PROD, EAST), None, "the owner is no consumer");
}

#[test]
fn no_copy_takes_the_place_of_an_image_that_the_account_owns() {
    let scene = || {
        let setup = Setup::new();
        let mut world = setup.world();
        let named = world.image(PROD, EAST, V3).shared_with(OTHER).put();
        let copy = world.image(PROD, EAST, "copy").copied_from(&named, EAST).created("2026-01-05T00:00:00Z").put();
        drop(world);
        (setup, named, copy)
    };
    // The account is entered twice; or another account sees the image first.
    for roles in [format!("--from-role-arn {}{}", role(PROD), to(&[PROD])), to(&[OTHER, PROD])] {
        let (setup, named, _) = scene();
        let report = setup.json(&format!("promote {named} --to prod {roles}"));
        assert!(rows(&report, "image_id").iter().all(|id| *id == named.as_str()), "{roles}: {report}");
        setup.world().image_mut(&named).tags.insert("amictl:revoked".to_owned(), "bad".to_owned());
        let ran = setup.run(&format!("promote {named} --to canary {roles} -o json")).ended(4);
        assert!(codes(&ran.json()).iter().all(|code| code == "Revoked"), "{roles}: {}", ran.stderr);
    }
    // It is judged as it is.
    let (setup, named, copy) = scene();
    setup.world().image_mut(&named).deprecated = Some(chrono::Utc::now() - chrono::TimeDelta::hours(1));
    let ran = setup.run(&format!("promote {named} --to prod -o json")).ended(4);
    assert_eq!(
        (codes(&ran.json()), rows(&ran.json(), "image_id")),
        (vec!["Deprecated".to_owned()], vec![named.into()])
    );
    setup.run(&format!("promote {copy} --to prod --family web")).ended(0);
    // An account that does not own it takes its own copy first, whoever sees the image first.
    let (setup, named, _) = scene();
    let own = setup.world().image(OTHER, EAST, V3).copied_from(&named, EAST).put();
    let report = setup.json(&format!("promote {named} --to prod {}", to(&[OTHER, PROD])));
    assert_eq!(rows(&report, "image_id"), [own, named]);
}

#[test]
fn what_is_shared_by_an_account_outside_the_run_is_found_by_its_source() {
    let setup = Setup::new();
    let mut world = setup.world();
    let east = world.image(OTHER, EAST, V3).shared_with(PROD).put();
    let west = world.image(OTHER, WEST, V3).copied_from(&east, EAST).shared_with(PROD).put();
    drop(world);
    let report = setup.json(&format!("promote {east} --to prod {TWO}"));
    assert_eq!(rows(&report, "image_id"), [east, west]);
}

#[test]
fn the_line_that_copies_helps() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, V3).put();
    let line = format!("promote web:v3 --to prod {THREE} -o json");
    let ran = setup.run(&line).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "NoImage", "NoImage"]);
    assert_eq!((ran.error()["code"].as_str(), written(&setup)), (Some("NoImage"), 0));
    follow(&setup, &ran);
    setup.run(&line).ended(0);
}

#[test]
fn the_lines_that_copy_for_and_share_with_another_account_help() {
    let setup = Setup::new();
    let mut world = setup.world();
    let east = world.image(PROD, EAST, V3).put();
    world.image(PROD, WEST, V3).copied_from(&east, EAST).put();
    drop(world);
    let line = format!("promote web:v3 --to prod {THREE} --from-role-arn {}{} -o json", role(PROD), to(&[OTHER]));
    let ran = setup.run(&line).ended(4);
    assert_eq!(codes(&ran.json()), ["NoImage"; 3]);
    follow(&setup, &ran);
    assert_eq!(rows(&setup.run(&line).ended(0).json(), "status"), ["done"; 3]);
}

#[test]
fn a_place_that_cannot_be_read_stops_all() {
    let setup = Setup::new();
    let mut world = setup.world();
    let east = world.image(PROD, EAST, V3).put();
    world.image(PROD, WEST, V3).copied_from(&east, EAST).put();
    drop(world);
    for action in ["DescribeImages", "GetParameters", "GetParameterHistory"] {
        setup.fake.fault(Fault::error(action, "UnauthorizedOperation", "no").in_region(WEST));
        let ran = setup.run(&format!("promote web:v3 --to prod {TWO} -o json")).ended(4);
        assert_eq!(codes(&ran.json()), ["NotBegun", "UnauthorizedOperation"], "{action}");
        setup.fake.clear_faults();
    }
    setup.world().denied_roles.insert(role(OTHER));
    let ran = setup.run(&format!("promote web:v3 --to prod {} -o json", to(&[PROD, OTHER]))).ended(4);
    assert_eq!(ran.json()["errors"][0]["account"], OTHER);
    assert_eq!((written(&setup), now_in(&setup, PROD, EAST)), (0, None));
    assert!(setup.world().find_parameter(PROD, EAST, PARAMETER).is_none());
}
