//! `revoke --descendants`: images that are gone, sources that nobody names, and what EC2 is asked for.

use serde_json::json;

use super::{mark, marked, rows};
use crate::fake::{Fault, PROD, World};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const AMAZON: &str = "999999999999";

fn made(world: &mut World, name: &str, of: &str, untold: bool) -> String {
    let instance = world.instance(PROD, EAST).image(of).put();
    let seed = world.image(PROD, EAST, name).created("2026-02-01").copied_from(of, EAST).of_instance(&instance);
    let id = if untold { seed.untold_source() } else { seed }.put();
    world.end_instance(&instance);
    id
}

#[test]
fn what_came_of_an_image_that_is_gone_is_marked_and_its_own_row_is_skipped() {
    let setup = Setup::new();
    let (base, child, copy) = {
        let mut world = setup.world();
        let base = world.image(PROD, EAST, "base-v1-2026-01-01").created("2026-01-01").put();
        let child = made(&mut world, "web-v1-2026-02-01", &base, false);
        let copy = world.image(PROD, WEST, "base-v1-2026-01-01").copied_from(&base, EAST).put();
        (base, child, copy)
    };
    setup.run(&format!("deregister {base} --yes")).ended(0);
    let ran = setup.run(&format!("revoke {base} --reason bad -o json")).ended(1);
    assert!(ran.error()["hint"].as_str().unwrap().contains("--descendants"), "{}", ran.stderr);
    let two = "--region us-east-1,us-west-2";
    let ran = setup.run(&format!("revoke {base} --reason bad --descendants {two} -o json")).ended(0);
    let found = ran.json();
    let expected = [("revoke", "done", true), ("revoke", "done", true), ("revoke", "skipped", false)];
    assert_eq!(rows(&found), expected, "{found:#}");
    assert_eq!(found["results"][2]["image_id"], json!(base));
    assert!([&child, &copy].iter().all(|id| mark(&setup, id) == marked("bad")));
    setup.run(&format!("unrevoke {base} --descendants {two}")).ended(0);
    assert!([&child, &copy].iter().all(|id| mark(&setup, id).is_none()));
    // A mistyped id is nothing that is gone.
    setup.run("revoke ami-0123456789abcdef0 --reason bad --descendants").ended(1).says(&["nothing is called"]);
    // Where a place cannot be read, the line that finishes it names the gone image, too.
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "Not you.").in_region(WEST));
    let ran = setup.run(&format!("revoke {base} --reason bad --descendants {two} -o json")).ended(3);
    setup.fake.clear_faults();
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    setup.run(hint.split("amictl ").nth(1).unwrap().split(';').next().unwrap()).ended(0);
    assert_eq!(mark(&setup, &copy), marked("bad"), "{hint}");
}

#[test]
fn an_image_whose_source_is_not_told_does_not_escape() {
    let setup = Setup::new();
    let (base, child, lost, older) = {
        let mut world = setup.world();
        let base = world.image(PROD, EAST, "base-v1-2026-01-01").created("2026-01-01").put();
        let child = made(&mut world, "web-v1-2026-02-01", &base, true);
        // Of these not even the ancestry tells.
        let instance = world.instance(PROD, EAST).put();
        let seed = world.image(PROD, EAST, "lost-v1-2026-02-01").created("2026-02-01");
        let lost = seed.of_instance(&instance).put();
        let seed = world.image(PROD, EAST, "older-v1-2025-01-01").created("2025-01-01");
        (base, child, lost, seed.of_instance(&instance).put())
    };
    let ran = setup.run(&format!("revoke {base} --reason bad --descendants -o json")).ended(3);
    assert_eq!(mark(&setup, &child), marked("bad"));
    assert_eq!(mark(&setup, &lost), None);
    let errors = &ran.json()["errors"];
    assert_eq!(each(errors, "code"), ["UnknownSource"]);
    let message = errors[0]["message"].as_str().unwrap();
    assert!(message.contains(&lost) && !message.contains(&older), "what is older did not come of it: {message}");
    assert!(ran.error()["message"].as_str().unwrap().contains("1 place could not be read"), "{}", ran.stderr);
    let note = setup.run(&format!("lineage {base}")).ended(0).stderr;
    assert!(note.contains("other images EC2 names the instance"), "{note}");
    // The line above is asked for, too.
    let above = setup.json(&format!("lineage {child}"));
    assert_eq!(each(&above["images"], "id"), [&base, &child]);
}

#[test]
fn an_ancestry_that_cannot_be_read_comes_with_the_line_that_finishes() {
    let setup = Setup::new();
    let (base, child) = {
        let mut world = setup.world();
        let base = world.image(PROD, EAST, "base-v1-2026-01-01").created("2026-01-01").put();
        let child = made(&mut world, "web-v1-2026-02-01", &base, true);
        (base, child)
    };
    setup.fake.fault(Fault::error("GetImageAncestry", "UnauthorizedOperation", "Not you."));
    let ran = setup.run(&format!("revoke {base} --reason bad --descendants -o json")).ended(3);
    assert_eq!(mark(&setup, &child), None);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    setup.fake.clear_faults();
    setup.run(hint.split("amictl ").nth(1).unwrap()).ended(0);
    assert_eq!(mark(&setup, &child), marked("bad"), "{hint}");
}

#[test]
fn of_public_images_no_ancestry_is_asked_for() {
    let setup = Setup::new();
    let base = {
        let mut world = setup.world();
        for n in 1..=5 {
            let amazon = world.image(AMAZON, EAST, &format!("al2023-ami-{n}")).alias("amazon").public().put();
            made(&mut world, &format!("own-v{n}-2026-02-01"), &amazon, false);
        }
        let other = world.image(AMAZON, EUROPE, "stranger").public().put();
        world.image(PROD, EUROPE, "theirs-v1-2026-02-01").copied_from(&other, EUROPE).put();
        world.image(PROD, EAST, "base-v1-2026-01-01").put()
    };
    setup.fake.forget_calls();
    setup.run(&format!("revoke {base} --reason bad --descendants --region {EAST},{EUROPE}")).ended(0);
    assert_eq!(setup.calls("GetImageAncestry").len(), 1, "only for an image of nobody known");
    let looked = setup.calls("DescribeImages").into_iter().filter(|call| call.params.contains_key("ExecutableBy.1"));
    assert_eq!(looked.count(), 1);
}
