//! `revoke`: the lines that take aliases back work, and none goes to an image that is revoked.

use super::{mark, marked};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST};

const PARAMETER: &str = "/amictl/web/prod";

/// The command lines that stderr offers.
fn lines(stderr: &str) -> Vec<&str> {
    stderr.lines().filter_map(|line| line.strip_prefix("  amictl ")).collect()
}

/// What the alias names.
fn named(setup: &Setup, account: &str) -> String {
    setup.world().find_parameter(account, EAST, PARAMETER).unwrap().latest().unwrap().value.clone()
}

/// Versions of `web` in the caller's own account, shared with another one, where the alias named each; gives their ids.
fn shared(setup: &Setup, count: usize) -> Vec<String> {
    let mut world = setup.world();
    for (account, name) in [(PROD, "management"), (OTHER, "shop")] {
        world.add_member(account, name, "ACTIVE");
    }
    let mut ids = Vec::new();
    for n in 1..=count {
        let id = world.image(PROD, EAST, &format!("web-v{n}-2026-01-02")).shared_with(OTHER).put();
        world.parameter(OTHER, EAST, PARAMETER, &id);
        ids.push(id);
    }
    ids
}

#[test]
fn an_account_that_does_not_see_the_mark_goes_to_an_image_checked_by_the_owner() {
    let setup = Setup::new();
    let ids = shared(&setup, 4);
    // The owner is the caller: there is no role by which the other account could see its marks.
    setup.run("revoke web:v3 --reason bad --org-role ami").ended(0);
    let ran = setup.run("revoke web:v4 --reason bad --org-role ami").ended(0);
    let printed = lines(&ran.stderr);
    let there = format!("--region us-east-1 --role-arn arn:aws:iam::{OTHER}:role/ami");
    assert_eq!(printed, [format!("rollback web:prod --to {} --reason bad {there}", ids[1])], "{}", ran.stderr);
    setup.run(printed[0]).ended(0);
    assert_eq!(named(&setup, OTHER), ids[1]);
}

#[test]
fn without_an_image_to_go_back_to_there_is_no_line_but_a_word() {
    let setup = Setup::new();
    shared(&setup, 2);
    {
        let mut world = setup.world();
        for n in 1..=2 {
            let id = world.image_named(PROD, EAST, &format!("web-v{n}-2026-01-02")).unwrap().id.clone();
            world.parameter(PROD, EAST, PARAMETER, &id);
        }
    }
    let ran = setup.run("revoke web:v1 web:v2 --reason bad --org-role ami -o json").ended(0);
    assert_eq!(lines(&ran.stderr), [""; 0], "{}", ran.stderr);
    let json = ran.json();
    let ends = json["warnings"].as_array().unwrap().iter().filter(|warning| warning["code"] == "NoWayBack");
    let ends: Vec<_> = ends.map(|warning| warning["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ends.len(), 2, "{json:#}");
    let own = ends.iter().find(|message| !message.contains(OTHER)).unwrap();
    let line = own.split("amictl ").nth(1).unwrap();
    assert_eq!(line, "promote web --to prod --region us-east-1");
    let good = setup.world().image(PROD, EAST, "web-v3-2026-01-02").put();
    setup.run(line).ended(0);
    assert_eq!(named(&setup, PROD), good);
}

#[test]
fn places_that_go_back_to_other_images_get_a_line_each() {
    let setup = Setup::new();
    {
        let mut world = setup.world();
        for n in 1..=3 {
            let name = format!("web-v{n}-2026-01-02");
            let east = world.image(PROD, EAST, &name).put();
            let west = world.image(PROD, WEST, &name).copied_from(&east, EAST).put();
            world.parameter(PROD, EAST, PARAMETER, &east);
            // The west left out the second version.
            if n != 2 {
                world.parameter(PROD, WEST, PARAMETER, &west);
            }
        }
    }
    let ran = setup.run("revoke web:v3 --reason bad --region us-east-1,us-west-2").ended(0);
    let printed = lines(&ran.stderr);
    assert_eq!(printed.len(), 2, "{}", ran.stderr);
    for line in printed {
        setup.run(line).ended(0);
    }
}

#[test]
fn a_history_that_cannot_be_read_leaves_a_line_only_where_the_marks_are_seen() {
    let setup = Setup::new();
    let ids = shared(&setup, 2);
    for id in &ids {
        setup.world().parameter(PROD, EAST, PARAMETER, id);
    }
    // The first such call is of the search for use.
    let fault = Fault::error("DescribeImages", "UnauthorizedOperation", "Not you.").of_account(OTHER);
    setup.fake.fault(fault.matching(&ids[0]).skip(1));
    let ran = setup.run("revoke web:v2 --reason bad --org-role ami");
    assert_eq!(mark(&setup, &ids[1]), marked("bad"));
    assert_eq!(lines(&ran.stderr), ["rollback web:prod --reason bad --region us-east-1"], "{}", ran.stderr);
    assert!(ran.stderr.contains("where the alias web:prod can go back to is not known"), "{}", ran.stderr);
}
