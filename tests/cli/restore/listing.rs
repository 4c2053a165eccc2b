//! `restore` without an id: the listing of the Recycle Bin.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::restore::basics::{DAY, NAME, deregister, hold, only, ready, refuses, rich, snapshots};
use crate::setup::{EAST, EUROPE, WEST, each, seconds, sorted};

#[test]
fn the_bin_is_listed_with_the_time_that_is_left() {
    let setup = ready();
    hold(&setup, EAST, (30, 10));
    setup.run("restore").ended(0).says(&["there are no images in the Recycle Bin"]);
    assert_eq!(setup.json("restore"), json!({"version": 1, "images": [], "errors": []}));
    let (id, unknown) = (rich(&setup), setup.world().image(PROD, EAST, "by hand").instance_store().put());
    let mut own = snapshots(&setup, &id);
    own.sort();
    deregister(&setup, &[&id]);
    setup.world().advance(seconds(60));
    setup.world().put_in_recycle_bin(&unknown, 1);
    let found = setup.json("restore");
    assert_eq!(each(&found["images"], "id"), [unknown.as_str(), &id], "the last one first");
    let [strange, image] = &found["images"].as_array().unwrap()[..] else { panic!("{found}") };
    let at = |field: &str| DateTime::parse_from_rfc3339(image[field].as_str().unwrap()).unwrap();
    assert_eq!((at("exits_at") - at("entered_at")).num_days(), 30);
    assert_eq!(
        (&image["name"], &image["description"], &image["account"]),
        (&NAME.into(), &"the first".into(), &PROD.into())
    );
    assert_eq!((&image["region"], &image["days_left"]), (&EAST.into(), &9.into()), "until its snapshots are gone");
    let mut listed: Vec<_> = image["snapshots"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    listed.sort_unstable();
    assert_eq!(listed, own);
    assert_eq!(
        (&strange["snapshots"], &strange["description"], &strange["days_left"]),
        (&Value::Null, &Value::Null, &1.into())
    );
    let table = setup.run("restore").ended(0).stdout;
    let lines: Vec<&str> = table.lines().collect();
    let words =
        |line: &str| line.split("  ").map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(lines[0]), ["NAME", "ID", "REGION", "DELETED", "LEFT"]);
    assert_eq!(words(lines[2])[..3], [NAME, &id, EAST]);
    assert!(lines[1].ends_with("24h") && lines[2].ends_with("9 days"), "{table}");
}

#[test]
fn the_listing_comes_in_every_format() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    assert_eq!(setup.run("restore -o ids").ended(0).lines(), [id.as_str()]);
    let csv = setup.run("restore -o csv").ended(0).stdout;
    let head = "name,id,region,account,entered_at,exits_at,days_left,snapshots,description,missing_snapshots\n";
    assert!(csv.starts_with(head) && csv.contains(&format!("{NAME},{id},{EAST},{PROD},20")), "{csv}");
    let line: Value = serde_json::from_str(&setup.run("restore -o jsonl").ended(0).stdout).unwrap();
    assert_eq!((&line["id"], &line["days_left"]), (&id.as_str().into(), &29.into()));
    setup.unchanged();
}

#[test]
fn every_region_and_account_is_listed_and_one_that_fails_hides_no_other() {
    let setup = ready();
    for region in [EAST, WEST, EUROPE] {
        let id = setup.world().image(PROD, region, NAME).put();
        setup.world().put_in_recycle_bin(&id, 7);
    }
    let theirs = setup.world().image(OTHER, EAST, NAME).put();
    setup.world().put_in_recycle_bin(&theirs, 7);
    let found = setup.json("restore --region all");
    assert_eq!(sorted(&found["images"], "region"), [EUROPE, EAST, WEST]);
    let roles = format!("arn:aws:iam::{PROD}:role/ami,arn:aws:iam::{OTHER}:role/ami");
    let found = setup.json(&format!("restore --role-arn {roles}"));
    assert_eq!(sorted(&found["images"], "account"), [PROD, OTHER]);
    let table = setup.run(&format!("restore --role-arn {roles}")).ended(0).stdout;
    assert!(table.contains("ACCOUNT") && table.contains(OTHER), "{table}");
    let report = setup.json(&format!("restore {theirs} --role-arn {roles}"));
    assert_eq!(only(&report)["account"], OTHER);

    setup.fake.fault(Fault::error("ListImagesInRecycleBin", "UnauthorizedOperation", "No looking.").in_region(WEST));
    let ran = setup.run(&format!("restore --region {EAST},{WEST} -o json")).ended(3).says(&["No looking."]);
    let found = ran.json();
    assert_eq!((found["images"].as_array().unwrap().len(), &found["errors"][0]["region"]), (1, &WEST.into()));
    assert_eq!(ran.error()["code"], "PartialListing");
    setup.fake.forget_calls();
    refuses(&setup, "--region us-west-2", 1, "UnauthorizedOperation", &["No looking."]);
}

#[test]
fn snapshots_that_may_not_be_listed_are_unknown_in_the_listing() {
    let setup = ready();
    let id = rich(&setup);
    setup.world().put_in_recycle_bin(&id, 7);
    setup.fake.fault(Fault::error("ListSnapshotsInRecycleBin", "UnauthorizedOperation", "No looking."));
    let ran =
        setup.run("restore -o json").ended(0).says(&["the snapshots in the Recycle Bin of us-east-1 are unknown"]);
    assert_eq!((&ran.json()["images"][0]["id"], &ran.json()["images"][0]["snapshots"]), (&id.into(), &Value::Null));
}

#[test]
fn a_large_bin_is_read_to_its_last_page() {
    let setup = ready();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 1100);
    for id in ids {
        setup.world().put_in_recycle_bin(&id, 7);
    }
    assert_eq!(setup.run("restore -o ids").ended(0).lines().len(), 1100);
    setup.world().advance(seconds(8 * DAY));
    assert_eq!(setup.run("restore -o ids").ended(0).lines().len(), 0);
}
