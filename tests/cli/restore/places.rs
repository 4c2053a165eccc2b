//! `restore` in several places, of which some fail, and of images that cannot come back.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::restore::basics::{NAME, deregister, gone, hold, portrait, ready, refuses, rich, snapshots};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds, sorted};

const THIRD: &str = "333333333333";
const OTHER_ROLE: &str = "arn:aws:iam::222222222222:role/ami";
const TWO: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";
const THREE: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami,\
                     arn:aws:iam::333333333333:role/ami";

/// An image in the bin of an account and region.
fn binned(setup: &Setup, account: &str, region: &str) -> String {
    let mut world = setup.world();
    let id = world.image(account, region, NAME).tag("Team", account).put();
    world.put_in_recycle_bin(&id, 30);
    id
}

fn is_back(setup: &Setup, id: &str) -> bool {
    setup.world().find_image(id).is_some()
}

#[test]
fn images_of_three_accounts_and_three_regions_come_back_in_one_call() {
    let setup = ready();
    setup.world().add_account("AKIATHIRD", THIRD);
    let places =
        [PROD, OTHER, THIRD].into_iter().flat_map(|account| [EAST, WEST, EUROPE].map(|region| (account, region)));
    let places: Vec<_> = places.collect();
    let put = |(account, region): &(&str, &str)| setup.world().image(account, region, NAME).tag("Team", account).put();
    let ids: Vec<String> = places.iter().map(put).collect();
    let before: Vec<_> = ids.iter().map(|id| portrait(&setup, id)).collect();
    ids.iter().for_each(|id| setup.world().put_in_recycle_bin(id, 30));
    let line = format!("restore {} {THREE} --region {EAST},{WEST},{EUROPE}", ids.join(" "));
    let report = setup.json(&line);
    assert_eq!(report["summary"], json!({"done": 9, "failed": 0, "skipped": 0}));
    for ((account, region), id) in places.iter().zip(&ids) {
        let results = report["results"].as_array().unwrap();
        let result = results.iter().find(|result| result["image_id"] == **id).unwrap();
        assert_eq!((&result["account"], &result["region"]), (&(*account).into(), &(*region).into()), "{result}");
    }
    assert_eq!(ids.iter().map(|id| portrait(&setup, id)).collect::<Vec<_>>(), before);
}

#[test]
fn a_role_that_cannot_be_assumed_is_reported_and_the_others_go_on() {
    let setup = ready();
    let (ours, theirs) = (binned(&setup, PROD, EAST), binned(&setup, OTHER, EAST));
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let dry = setup.run(&format!("restore {ours} {theirs} {TWO} --dry-run -o json")).ended(3);
    dry.says(&["would be restored, with 1 of its snapshots", &format!("{theirs} was not found, and account {OTHER}")]);
    setup.unchanged();
    let ran = setup.run(&format!("restore {ours} {theirs} {TWO} -o json")).ended(3);
    let report = ran.json();
    assert_eq!(report["summary"], json!({"done": 1, "failed": 1, "skipped": 0}));
    assert_eq!((each(&report["errors"], "account"), &ran.error()["code"]), (vec![OTHER], &"PartialChange".into()));
    let lost = report["results"].as_array().unwrap().iter().find(|result| result["image_id"] == *theirs).unwrap();
    assert_eq!((&lost["account"], &lost["error"]["code"]), (&OTHER.into(), &report["errors"][0]["code"]));
    let message = lost["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("{theirs} was not found, and account {OTHER} could not be read")),
        "{message}"
    );
    assert!(is_back(&setup, &ours) && !is_back(&setup, &theirs));
    // All that was wanted is there: the account is reported all the same.
    let ran = setup.run(&format!("restore {ours} {TWO} -o json")).ended(3).says(&[OTHER]);
    assert_eq!((&ran.json()["summary"]["done"], each(&ran.json()["errors"], "account")), (&1.into(), vec![OTHER]));
    // None was found.
    setup.fake.forget_calls();
    refuses(&setup, &format!("{theirs} {TWO}"), 1, "Failed", &[&theirs, "was not found", OTHER]);
    setup.world().denied_roles.clear();
    setup.run(&format!("restore {theirs} {TWO}")).ended(0);
}

#[test]
fn a_place_that_cannot_be_looked_into_holds_no_other_up() {
    for call in ["ListSnapshotsInRecycleBin", "DescribeImages"] {
        let setup = ready();
        let (east, west) = (binned(&setup, PROD, EAST), binned(&setup, PROD, WEST));
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "No looking.").in_region(WEST));
        let ran = setup.run(&format!("restore {east} {west} --region {EAST},{WEST} -o json")).ended(3);
        let report = ran.json();
        assert_eq!(sorted(&report["results"], "status"), ["done", "failed"], "{call}");
        let lost = report["results"].as_array().unwrap().iter().find(|result| result["image_id"] == *west).unwrap();
        assert_eq!((&lost["region"], &lost["name"]), (&WEST.into(), &NAME.into()), "{call}");
        assert_eq!(lost["error"]["message"], "the Recycle Bin could not be read: No looking.", "{call}");
        assert!(is_back(&setup, &east) && !is_back(&setup, &west), "{call}");
        setup.fake.clear_faults();
        setup.run(&format!("restore {east} {west} --region {EAST},{WEST}")).ended(0);
    }
    // A refusal tells of the place first.
    let setup = ready();
    let (east, west) = (rich(&setup), binned(&setup, PROD, WEST));
    let lost = snapshots(&setup, &east)[0].clone();
    deregister(&setup, &[&east]);
    setup.world().lose_snapshot(&lost);
    setup.fake.fault(Fault::error("ListSnapshotsInRecycleBin", "UnauthorizedOperation", "No looking.").in_region(WEST));
    let line = format!("{east} {west} --region {EAST},{WEST}");
    refuses(&setup, &line, 4, "MissingSnapshots", &["No looking.", &lost]);
}

#[test]
fn two_images_of_one_name_cannot_come_back_together() {
    let setup = ready();
    let (first, second) = (binned(&setup, PROD, EAST), binned(&setup, PROD, EAST));
    let said = [first.as_str(), &second, "which is to come back too, has the same name", "restore one of them"];
    refuses(&setup, &format!("{first} {second}"), 1, "InvalidAMIName.Duplicate", &said);
    refuses(&setup, &format!("{first} {second} --dry-run"), 1, "InvalidAMIName.Duplicate", &said);
    gone(&setup, &first);
    setup.run(&format!("restore {second}")).ended(0);
    // Names are unique in an account and region only.
    let (west, theirs) = (binned(&setup, PROD, WEST), binned(&setup, OTHER, EAST));
    setup.run(&format!("restore {west} {theirs} {TWO} --region {EAST},{WEST}")).ended(0);
}

#[test]
fn what_cannot_come_back_has_no_days_left() {
    let setup = ready();
    hold(&setup, EAST, (30, 0));
    let lost = rich(&setup);
    let own = snapshots(&setup, &lost);
    deregister(&setup, &[&lost]);
    // Of another, some snapshots stayed.
    let stayed = setup.world().image(PROD, EAST, "api-v1-2026-01-02").snapshots(2).put();
    setup.run(&format!("deregister {stayed} --yes --keep-snapshots")).ended(0);
    // Of a third nobody has written anything down.
    let unknown = setup.world().image(PROD, EAST, "by hand").put();
    setup.world().put_in_recycle_bin(&unknown, 30);
    setup.world().advance(seconds(60));
    setup.fake.forget_calls();
    let found = setup.json("restore");
    assert_eq!(setup.calls("DescribeSnapshots").len(), 1, "for all of them");
    let of = |id: &str| found["images"].as_array().unwrap().iter().find(|image| image["id"] == id).unwrap().clone();
    let missing = |id: &str| (of(id)["missing_snapshots"].clone(), of(id)["days_left"].clone());
    assert_eq!(missing(&lost), (json!(own), json!(0)));
    assert_eq!(missing(&stayed), (json!([]), json!(29)));
    assert_eq!(missing(&unknown), (Value::Null, json!(29)));
    let table = setup.run("restore").ended(0).stdout;
    let line = |id: &str| table.lines().find(|line| line.contains(id)).unwrap().to_owned();
    assert!(line(&lost).ends_with("cannot come back") && line(&stayed).ends_with("29 days"), "{table}");
    let csv = setup.run("restore -o csv").ended(0).stdout;
    assert!(csv.lines().any(|line| line.contains(&lost) && line.ends_with(&own.join(" "))), "{csv}");
    refuses(&setup, &lost, 4, "MissingSnapshots", &[&own[0]]);
    // What cannot be looked up is not known.
    setup.fake.fault(Fault::error("DescribeSnapshots", "UnauthorizedOperation", "No looking."));
    let ran = setup.run("restore -o json").ended(0).says(&["the snapshots of us-east-1 are unknown", "No looking."]);
    assert!(each_null(&ran.json()["images"]), "{}", ran.stdout);
    setup.fake.clear_faults();
    setup.fake.fault(Fault::error("ListSnapshotsInRecycleBin", "UnauthorizedOperation", "No looking."));
    assert!(each_null(&setup.json("restore")["images"]));
}

fn each_null(images: &Value) -> bool {
    images.as_array().unwrap().iter().all(|image| image["missing_snapshots"] == Value::Null)
}

#[test]
fn the_snapshots_of_many_images_are_looked_up_in_few_calls() {
    let setup = ready();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 300);
    let mut lines = String::new();
    for id in &ids {
        let own = snapshots(&setup, id);
        let made_of: Vec<_> = own.iter().map(|id| json!({"id": id})).collect();
        let image = json!({"id": id, "name": "x", "snapshots": made_of});
        let at = "2026-01-02T03:04:05Z";
        let line = json!({"version": 1, "phase": "begin", "at": at, "action": "deregister", "image": image});
        lines.push_str(&format!("{line}\n"));
        setup.world().put_in_recycle_bin(id, 7);
        own.iter().for_each(|id| setup.world().lose_snapshot(id));
    }
    let file = setup.home.write("journal.jsonl", &lines);
    let found = setup.json(&format!("restore --journal {file}"));
    assert_eq!((found["images"].as_array().unwrap().len(), &found["images"][7]["days_left"]), (300, &json!(0)));
    assert_eq!(setup.calls("DescribeSnapshots").len(), 2);
}
