//! `revoke --descendants`: all that came of an image, in every place given.

use super::{NAME, ROLES, mark, marked, rows};
use crate::fake::{Fault, OTHER, PROD, World};
use crate::setup::{EAST, Setup, WEST, each};

const TWO: &str = "--region us-east-1,us-west-2";

/// An image made from an instance of another one.
fn made(world: &mut World, account: &str, region: &str, name: &str, of: &str) -> String {
    let instance = world.instance(account, region).image(of).put();
    let id = world.image(account, region, name).copied_from(of, region).of_instance(&instance).put();
    world.end_instance(&instance);
    id
}

/// A base, its copy in another region, what was made of both, and an image that has nothing to do with them.
fn family(setup: &Setup) -> ([String; 4], String) {
    let mut world = setup.world();
    let base = world.image(PROD, EAST, "base-v1-2026-01-01").put();
    let copy = world.image(PROD, WEST, "base-v1-2026-01-01").copied_from(&base, EAST).put();
    let child = made(&mut world, PROD, EAST, NAME, &base);
    let of_copy = made(&mut world, PROD, WEST, NAME, &copy);
    let other = world.image(PROD, EAST, "other-v1-2026-01-01").put();
    ([base, copy, child, of_copy], other)
}

#[test]
fn copies_and_children_are_marked_and_nothing_else() {
    let setup = Setup::new();
    let (family, other) = family(&setup);
    let report = setup.json(&format!("revoke {} --reason bad --descendants {TWO}", family[0]));
    assert_eq!(rows(&report), [("revoke", "done", true); 4]);
    assert!(family.iter().all(|id| mark(&setup, id) == marked("bad")));
    assert_eq!(mark(&setup, &other), None);
    let report = setup.json(&format!("revoke {} --reason bad --descendants {TWO}", family[0]));
    assert_eq!(rows(&report), [("revoke", "done", false); 4], "again does no harm");
    setup.run(&format!("unrevoke {} --descendants {TWO}", family[0])).ended(0);
    assert!(family.iter().all(|id| mark(&setup, id).is_none()));
}

#[test]
fn other_accounts_of_the_run_are_searched() {
    let setup = Setup::new();
    let (family, _) = family(&setup);
    let theirs = {
        let mut world = setup.world();
        let copy = world.image(OTHER, WEST, "base-v1-2026-01-01").copied_from(&family[1], WEST).put();
        [copy.clone(), made(&mut world, OTHER, WEST, NAME, &copy)]
    };
    let report = setup.json(&format!("revoke {} --reason bad --descendants {TWO} {ROLES}", family[0]));
    assert_eq!(report["results"].as_array().unwrap().len(), 6);
    assert!(theirs.iter().all(|id| mark(&setup, id) == marked("bad")));
    // Their owner makes the call.
    let calls = setup.calls("CreateTags").into_iter().filter(|call| call.account == OTHER).count();
    assert_eq!(calls, 2);
}

#[test]
fn an_image_does_not_escape_because_one_between_is_deregistered() {
    let setup = Setup::new();
    let (family, other) = family(&setup);
    let (web, late, twin) = {
        let mut world = setup.world();
        let late = made(&mut world, PROD, EAST, "web-v2-2026-01-02", &family[2]);
        let twin = world.image(PROD, WEST, "web-v2-2026-01-02").copied_from(&late, EAST).put();
        (family[2].clone(), late, twin)
    };
    setup.run(&format!("deregister {web} --yes")).ended(0);
    let report = setup.json(&format!("revoke base:v1 --reason bad --descendants {TWO}"));
    assert_eq!(report["results"].as_array().unwrap().len(), 5, "{report:#}");
    for id in [&late, &twin] {
        assert_eq!(mark(&setup, id), marked("bad"));
    }
    assert_eq!(mark(&setup, &other), None);
    assert_eq!(setup.calls("GetImageAncestry").len(), 1, "one image for each source that is not listed");
}

#[test]
fn a_place_that_cannot_be_read_is_told_with_the_line_that_finishes() {
    let setup = Setup::new();
    let (family, _) = family(&setup);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "Not you.").in_region(WEST));
    let base = &family[0];
    let ran = setup.run(&format!("revoke {base} --reason bad --descendants {TWO} -o json")).ended(3);
    assert_eq!(each(&ran.json()["errors"], "region"), [WEST]);
    assert_eq!((mark(&setup, base), mark(&setup, &family[1])), (marked("bad"), None));
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    setup.fake.clear_faults();
    let line = hint.split("amictl ").nth(1).unwrap().split(';').next().unwrap();
    assert!(line.contains("--descendants"), "{hint}");
    setup.run(line).ended(0);
    assert!(family.iter().all(|id| mark(&setup, id) == marked("bad")), "{hint}");
}

#[test]
fn where_ec2_does_not_tell_the_ancestry_it_is_said() {
    let setup = Setup::new();
    let (family, _) = family(&setup);
    let gone = setup.world().image(PROD, EAST, "gone-v1-2026-01-01").put();
    let orphan = setup.world().image(PROD, EAST, "orphan-v1-2026-01-01").copied_from(&gone, EAST).put();
    setup.run(&format!("deregister {gone} --yes")).ended(0);
    setup.fake.fault(Fault::error("GetImageAncestry", "UnauthorizedOperation", "Not you."));
    let ran = setup.run(&format!("revoke {} --reason bad --descendants {TWO} -o json", family[0])).ended(3);
    assert_eq!(ran.json()["errors"][0]["message"], format!("what {orphan} came of: Not you."));
    assert!(family.iter().all(|id| mark(&setup, id) == marked("bad")));
    assert_eq!(mark(&setup, &orphan), None);
}
