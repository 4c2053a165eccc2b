//! `show`: the verdict of a boot test, its own or that of a source.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST};
use crate::test::verdict_of;

const NAME: &str = "web-v3-2026-01-02";

fn days_ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

/// The lines of the page from `Tested` on, up to the next name.
#[track_caller]
fn tested(page: &str) -> String {
    let from = page.lines().skip_while(|line| !line.trim_start().starts_with("Tested"));
    let mut lines = from.take_while(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_else(|| panic!("{page}")).trim().trim_start_matches("Tested").trim().to_owned();
    lines.fold(first, |text, line| format!("{text} | {}", line.trim()))
}

#[test]
fn its_own_verdict_is_shown_with_its_checks_and_run() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    assert_eq!(tested(&setup.run("show web").ended(0).stdout), "no");
    let at = days_ago(3);
    setup.world().image_mut(&id).tags.insert("amictl:tested".to_owned(), verdict_of(&id, "passed", at));
    let page = tested(&setup.run("show web").ended(0).stdout);
    assert_eq!(
        page,
        format!("passed on t3.micro | system; instance | {}, 3d ago, by run r1", at.format("%Y-%m-%d %H:%M UTC"))
    );
    let found = setup.json("show web");
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let probes = json!(["system", "instance"]);
    let wanted = json!({"verdict": "passed", "types": ["t3.micro"], "at": at, "run": "r1", "probes": probes, "probes_left_out": 0});
    assert_eq!((&found["image"]["tested"], &found["tested_by_source"]), (&wanted, &Value::Null));
    assert_eq!(setup.json("list")["images"][0]["tested"], wanted);
}

#[test]
fn the_verdict_of_a_source_is_marked_as_such() {
    let setup = Setup::new();
    let mut world = setup.world();
    let root = world.image(PROD, EUROPE, NAME).put();
    let middle = world.image(PROD, WEST, NAME).copied_from(&root, EUROPE).put();
    let copy = world.image(PROD, EAST, NAME).copied_from(&middle, WEST).put();
    let value = verdict_of(&root, "failed", days_ago(2));
    world.image_mut(&root).tags.insert("amictl:tested".to_owned(), value.clone());
    // The tag came with the copies, and says nothing of them.
    world.image_mut(&copy).tags.insert("amictl:tested".to_owned(), value);
    drop(world);
    let page = tested(&setup.run("show web").ended(0).stdout);
    assert!(
        page.starts_with(&format!("as {NAME} ({root}) in eu-west-1: failed on t3.micro | system; instance | ")),
        "{page}"
    );
    let found = setup.json("show web");
    let source = &found["tested_by_source"];
    assert_eq!(
        (&source["image_id"], &source["region"], &source["verdict"]),
        (&json!(root), &json!(EUROPE), &json!("failed"))
    );
    assert_eq!(found["image"]["tested"], Value::Null);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours").in_region(EUROPE));
    let ran = setup.run("show web");
    assert!(tested(&ran.stdout).starts_with("unknown: ") && ran.stdout.contains("not yours"), "{}", ran.stdout);
}

#[test]
fn a_source_that_is_gone_or_another_s_has_no_verdict_to_be_seen() {
    let setup = Setup::new();
    let mut world = setup.world();
    let foreign = world.image(OTHER, EUROPE, NAME).public().put();
    world.image(PROD, EAST, NAME).copied_from(&foreign, EUROPE).put();
    world.image(PROD, WEST, NAME).copied_from("ami-0123456789abcdef0", EUROPE).put();
    drop(world);
    for line in ["show web".to_owned(), format!("show web --region {WEST}")] {
        assert_eq!(tested(&setup.run(&line).ended(0).stdout), "no", "{line}");
    }
    let page = tested(&setup.run(&format!("show {foreign} --region {EUROPE}")).ended(0).stdout);
    assert_eq!(page, "unknown: EC2 tells the owner only");
}
