//! Columns of `list` with the last scan and the watermarks of an image.

use chrono::Utc;
use serde_json::{Value, json};

use crate::fake::PROD;
use crate::scene::days_ago;
use crate::setup::{EAST, Setup, WEST};
use crate::test::verdict_of;

/// Four images: with a fix to come by, without one, without a finding, never scanned. The first has two watermarks.
fn ready() -> Setup {
    let setup = Setup::new();
    let mut world = setup.world();
    let name = |n: u32| format!("web-v{n}-2026-01-0{n}");
    let first = world.image(PROD, EAST, &name(1)).watermark("golden base").watermark("approved");
    first.scanned(Some("critical"), Some(days_ago(9))).put();
    world.image(PROD, EAST, &name(2)).scanned(Some("low"), None).put();
    world.image(PROD, EAST, &name(3)).scanned(None, None).put();
    world.image(PROD, EAST, &name(4)).put();
    drop(world);
    setup
}

#[test]
fn scan_has_the_gravest_finding_and_since_when_it_can_be_fixed() {
    let setup = ready();
    let ran = setup.run("list --sort version --columns version,scan").ended(0);
    let rows: Vec<_> = ran.lines().iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows, ["VERSION SCAN", "4 -", "3 none", "2 low", "1 critical, fix for 9d"]);
    let csv = setup.run("list --sort version --columns version,SCAN -o csv").ended(0);
    assert_eq!(csv.lines(), ["version,scan", "4,", "3,none", "2,low", "1,\"critical, fix for 9d\""]);
}

#[test]
fn watermarks_has_their_names() {
    let setup = ready();
    let ran = setup.run("list --sort version --columns version,watermarks").ended(0);
    let rows: Vec<_> = ran.lines().iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows, ["VERSION WATERMARKS", "4 -", "3 -", "2 -", "1 golden base, approved"]);
}

#[test]
fn nobody_gets_them_unasked_but_programs() {
    let setup = ready();
    let table = setup.run("list").ended(0).stdout;
    assert!(!table.contains("SCAN") && !table.contains("golden"), "{table}");
    let csv = setup.run("list -o csv").ended(0);
    assert!(csv.lines()[0].ends_with(",snapshots,description"), "{}", csv.lines()[0]);
    let json = setup.json("list --sort version");
    let field = |n: usize, field: &str| json["images"][n][field].clone();
    assert_eq!((field(0, "scan"), field(0, "watermarks")), (Value::Null, json!([])));
    assert_eq!(field(2, "scan")["severity"], "low");
    assert_eq!(field(2, "scan")["fix_available_since"], Value::Null);
    assert_eq!(field(1, "scan")["severity"], Value::Null);
    let at = |text: &Value| chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap().to_utc();
    assert_eq!((Utc::now() - at(&field(3, "scan")["fix_available_since"])).num_days(), 9);
    assert!((Utc::now() - at(&field(3, "scan")["scanned_at"])).num_minutes() < 5);
    let keys = ["golden base", "approved"].map(|name| format!("{PROD}:{name}"));
    assert_eq!(field(3, "watermarks"), json!(keys));
}

#[test]
fn the_page_of_an_image_has_them() {
    let setup = ready();
    let page = setup.run("show web:v1").ended(0).stdout;
    for part in ["critical, fix for 9d", "111111111111:golden base", "111111111111:approved"] {
        assert!(page.contains(part), "{part} is not in:\n{page}");
    }
    assert!(!setup.run("show web:v4").ended(0).stdout.contains("Watermarks"));
}

#[test]
fn copies_and_images_of_instances_keep_watermarks_and_are_not_scanned() {
    let setup = ready();
    setup.run("copy web:v1 --to us-west-2").ended(0);
    let web = setup.world().image_named(PROD, EAST, "web-v1-2026-01-01").unwrap().id.clone();
    let instance = setup.world().instance(PROD, EAST).image(&web).put();
    setup.run(&format!("create api --instance {instance}")).ended(0);
    for line in ["list --family api", &format!("list --family web --region {WEST}")] {
        let ran = setup.run(&format!("{line} --columns scan,watermarks -o csv")).ended(0);
        assert_eq!(ran.lines()[1..], [",\"golden base, approved\""], "{line}");
    }
}

#[test]
fn an_unknown_column_is_refused_with_the_names_of_all() {
    let ran = Setup::new().run("list --columns scans").ended(2);
    ran.says(&["there is no column 'scans'", "used_by, scan, watermarks, tested, and tag:KEY"]);
}

#[test]
fn tested_has_the_verdict_and_its_age() {
    let setup = Setup::new();
    let mut world = setup.world();
    let name = |n: u32| format!("web-v{n}-2026-01-0{n}");
    let ids = [1, 2, 3, 4].map(|n| world.image(PROD, EAST, &name(n)).put());
    let (passed, failed) = (days_ago(3), Utc::now() - chrono::TimeDelta::hours(3));
    for (image, value) in [
        (&ids[0], verdict_of(&ids[0], "passed", passed)),
        (&ids[1], verdict_of(&ids[1], "failed", failed)),
        // Of another image, and of another hand.
        (&ids[2], verdict_of(&ids[0], "passed", passed)),
        (&ids[3], "passed".to_owned()),
    ] {
        world.image_mut(image).tags.insert("amictl:tested".to_owned(), value);
    }
    drop(world);
    let ran = setup.run("list --sort version --columns version,tested").ended(0);
    let rows: Vec<_> = ran.lines().iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows, ["VERSION TESTED", "4 -", "3 -", "2 failed 3h ago", "1 passed 3d ago"]);
    let csv = setup.run("list --sort version --columns version,tested -o csv").ended(0);
    let time = |at: chrono::DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let rows =
        ["version,tested", "4,", "3,", &format!("2,failed {}", time(failed)), &format!("1,passed {}", time(passed))];
    assert_eq!(csv.lines(), rows);
}
