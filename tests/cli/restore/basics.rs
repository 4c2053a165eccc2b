//! `restore`: what is in the Recycle Bin, and how it comes back whole.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, refused, seconds, sorted};

pub const NAME: &str = "web-v1-2026-01-02";
const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
pub const DAY: u64 = 86_400;

/// An endpoint whose bin holds everything for thirty days.
pub fn ready() -> Setup {
    let setup = Setup::new();
    for region in [EAST, WEST, EUROPE] {
        hold(&setup, region, (30, 30));
    }
    setup
}

pub fn hold(setup: &Setup, region: &str, days: (u32, u32)) {
    setup.world().recycle_bin.insert((PROD.to_owned(), region.to_owned()), days);
}

/// An image with all that an image can have, tags on its snapshots that are not its own included.
pub fn rich(setup: &Setup) -> String {
    let mut world = setup.world();
    let image = world.image(PROD, EAST, NAME).snapshots(3).size(20).tag("Team", "web").tag("Name", NAME);
    let image = image.snapshot_tag("Team", "storage").shared_with(OTHER).shared_with_arn(ORGANIZATION);
    image.copyable_by(OTHER).description("the first").put()
}

/// The image and its snapshots as the endpoint has them, without when they came to be in their state.
pub fn portrait(setup: &Setup, id: &str) -> String {
    let mut image = setup.image(id);
    (image.phase.before, image.phase.turn) = ("", DateTime::<Utc>::MIN_UTC);
    let world = setup.world();
    let snapshots: BTreeMap<_, _> =
        image.snapshots().map(|id| (id.to_owned(), world.find_snapshot(id).cloned())).collect();
    let snapshots = snapshots.into_iter().map(|(id, found)| {
        let mut snapshot = found.unwrap_or_else(|| panic!("there is no {id}"));
        (snapshot.phase.before, snapshot.phase.turn, snapshot.busy) = ("", DateTime::<Utc>::MIN_UTC, None);
        format!("{snapshot:#?}")
    });
    format!("{image:#?}{}", snapshots.collect::<String>())
}

pub fn gone(setup: &Setup, id: &str) {
    assert!(setup.world().find_image(id).is_none() && setup.world().is_in_recycle_bin(id), "{id}");
}

/// Deregisters images with their snapshots, by amictl and so with a line in the journal.
#[track_caller]
pub fn deregister(setup: &Setup, ids: &[&String]) {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    setup.run(&format!("deregister {} --yes", ids.join(" "))).ended(0);
    ids.iter().for_each(|id| gone(setup, id));
    setup.fake.forget_calls();
}

pub fn journal(setup: &Setup) -> PathBuf {
    setup.home.path().join(".local/state/amictl/journal.jsonl")
}

pub fn snapshots(setup: &Setup, id: &str) -> Vec<String> {
    setup.image(id).snapshots().map(str::to_owned).collect()
}

pub fn only(report: &Value) -> &Value {
    let [result] = &report["results"].as_array().unwrap()[..] else { panic!("{report}") };
    result
}

/// Checks that a run ended so, with this code, and that nothing was changed.
#[track_caller]
pub fn refuses(setup: &Setup, arguments: &str, exit: i32, code: &str, said: &[&str]) {
    let ran = setup.run(&format!("restore {arguments} -o json")).ended(exit);
    assert_eq!((&ran.error()["code"], &ran.error()["exit_code"]), (&code.into(), &exit.into()), "{}", ran.stderr);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    ran.says(said);
    setup.unchanged();
}

#[test]
fn what_is_deregistered_comes_back_the_same() {
    let setup = ready();
    let id = rich(&setup);
    let (before, tags) = (portrait(&setup, &id), setup.image(&id).tags);
    let mut own = snapshots(&setup, &id);
    own.sort();
    deregister(&setup, &[&id]);
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 0);
    let report = setup.json(&format!("restore {id}"));
    let back = |id: &String| json!({"id": id, "result": "restored", "detail": null, "error": null});
    let expected = json!({
        "account": PROD, "region": EAST, "image_id": id, "name": NAME, "tags": tags, "action": "restore",
        "status": "done", "changed": true, "detail": null, "error": null, "snapshots": own.iter().map(back).collect::<Vec<_>>(),
    });
    assert_eq!((only(&report), &report["summary"]), (&expected, &json!({"done": 1, "failed": 0, "skipped": 0})));
    assert_eq!(portrait(&setup, &id), before);
    let changes = setup.changes();
    let image = changes.iter().position(|call| call == "RestoreImageFromRecycleBin").unwrap();
    assert_eq!((image, changes.len()), (3, 4), "snapshots first, and nothing else: {changes:?}");
    assert!(!setup.world().is_in_recycle_bin(&id));
}

#[test]
fn what_ec2_forgets_is_put_back_from_the_journal() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().restore_forgets = true;
    let report = setup.json(&format!("restore {id}"));
    let detail = only(&report)["detail"].as_str().unwrap();
    assert_eq!(detail, "5 tags, 2 launch permissions and 3 snapshot permissions put back from the journal");
    assert_eq!(portrait(&setup, &id), before);
    let table = {
        deregister(&setup, &[&id]);
        setup.run(&format!("restore {id}")).ended(0).stdout
    };
    assert!(
        table.contains("restored: 5 tags, 2 launch permissions and 3 snapshot permissions put back")
            && table.contains("3 restored"),
        "{table}"
    );
}

#[test]
fn what_was_changed_on_purpose_since_is_not_put_back() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    setup.run(&format!("restore {id}")).ended(0);
    setup.world().image_mut(&id).launch.clear();
    setup.world().image_mut(&id).tags.clear();
    setup.fake.forget_calls();
    let report = setup.json(&format!("restore {id}"));
    assert_eq!((&only(&report)["status"], &only(&report)["changed"]), (&"done".into(), &false.into()));
    setup.unchanged();
    // Somebody else deregisters it: the line in the journal is about the time before.
    setup.world().put_in_recycle_bin(&id, 30);
    setup.run(&format!("restore {id}")).ended(0);
    let now = setup.image(&id);
    assert!(now.tags.is_empty() && now.launch.is_empty(), "{now:?}");
}

#[test]
fn a_line_about_an_earlier_time_tells_the_snapshots_only() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    let snapshots_then = std::fs::read_to_string(journal(&setup)).unwrap();
    setup.run(&format!("restore {id}")).ended(0);
    // As on another machine, where nobody knows that it was restored, two hours before it is deregistered again.
    std::fs::write(journal(&setup), snapshots_then).unwrap();
    setup.world().image_mut(&id).launch.clear();
    setup.world().advance(seconds(7200));
    setup.world().put_in_recycle_bin(&id, 30);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(only(&report)["snapshots"].as_array().unwrap().len(), 3);
    assert!(setup.image(&id).launch.is_empty());
}

#[test]
fn a_snapshot_that_is_gone_for_good_is_a_refusal_before_anything_changes() {
    let setup = ready();
    let (id, other) = (rich(&setup), setup.world().image(PROD, EAST, "api-v1-2026-01-02").put());
    let lost = snapshots(&setup, &id)[1].clone();
    deregister(&setup, &[&id, &other]);
    setup.world().lose_snapshot(&lost);
    let said = [NAME, &id, &lost, "neither there nor in the Recycle Bin", "nothing was changed"];
    refuses(&setup, &id, 4, "MissingSnapshots", &said);
    refuses(&setup, &format!("{other} {id}"), 4, "MissingSnapshots", &said);
    refuses(&setup, &format!("{id} --dry-run"), 4, "MissingSnapshots", &said);
    gone(&setup, &other);
    setup.run(&format!("restore {other}")).ended(0);
    // With a rule for images only, their snapshots are lost at once.
    let setup = ready();
    hold(&setup, EAST, (30, 0));
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    refuses(&setup, &id, 4, "MissingSnapshots", &[NAME]);
}

#[test]
fn snapshots_that_stayed_are_kept_and_count() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    setup.run(&format!("deregister {id} --yes --keep-snapshots")).ended(0);
    setup.fake.forget_calls();
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(each(&only(&report)["snapshots"], "result"), ["kept"; 3]);
    for snapshot in snapshots(&setup, &id) {
        let kept = setup.world().snapshot_mut(&snapshot).tags.remove("amictl:keep");
        assert_eq!(kept.as_ref(), Some(&id), "they were kept on purpose");
    }
    assert_eq!((setup.changes(), portrait(&setup, &id)), (vec!["RestoreImageFromRecycleBin".to_owned()], before));
}

#[test]
fn several_images_come_back_together_and_share_what_they_shared() {
    let setup = ready();
    let first = rich(&setup);
    let shared = snapshots(&setup, &first)[0].clone();
    let second = setup.world().image(PROD, EAST, "web-v2-2026-01-02").on_snapshots(&[&shared]).put();
    let third = setup.world().image(PROD, EAST, "web-v3-2026-01-02").snapshots(2).put();
    let ids = [&first, &second, &third];
    let before = ids.map(|id| portrait(&setup, id));
    deregister(&setup, &ids);
    let report = setup.json(&format!("restore {third} {first} {second} {first}"));
    assert_eq!((&report["summary"]["done"], report["results"].as_array().unwrap().len()), (&3.into(), 3));
    assert_eq!(ids.map(|id| portrait(&setup, id)), before);
    assert_eq!(setup.calls("RestoreSnapshotFromRecycleBin").len(), 5);
}

#[test]
fn images_of_several_regions_are_found_where_they_are() {
    let setup = ready();
    let put = |region: &str| setup.world().image(PROD, region, NAME).put();
    let [east, west, europe] = [EAST, WEST, EUROPE].map(put);
    for (id, region) in [(&east, EAST), (&west, WEST), (&europe, EUROPE)] {
        setup.run(&format!("deregister {id} --yes --region {region}")).ended(0);
    }
    setup.fake.forget_calls();
    let regions = format!("--region {EAST},{WEST},{EUROPE}");
    let report = setup.json(&format!("restore {west} {europe} {regions}"));
    assert_eq!(sorted(&report["results"], "region"), [EUROPE, WEST]);
    gone(&setup, &east);
    let asked: Vec<_> = setup.calls("RestoreImageFromRecycleBin").into_iter().map(|call| call.region).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    setup.fake.forget_calls();
    let said = [&east, "is not in the Recycle Bin of us-west-2 (images there: 0)", "--region all", "gone for good"];
    refuses(&setup, &format!("{east} --region us-west-2"), 1, "InvalidAMIID.NotFound", &said);
    setup.run(&format!("restore {east} --region all")).ended(0);
}

#[test]
fn without_a_journal_the_descriptions_of_snapshots_tell() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    setup.world().put_in_recycle_bin(&id, 30);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(each(&only(&report)["snapshots"], "result"), ["restored"; 3]);
    assert_eq!(portrait(&setup, &id), before);
    assert!(!journal(&setup).exists());
}

#[test]
fn without_any_word_about_a_snapshot_ec2_names_it() {
    let setup = ready();
    let spare: Vec<String> = (0..2).map(|_| setup.world().snapshot(PROD, EAST).description("by hand").put()).collect();
    let id = setup.world().image(PROD, EAST, NAME).on_snapshots(&[&spare[0], &spare[1]]).put();
    let before = portrait(&setup, &id);
    setup.world().put_in_recycle_bin(&id, 30);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(each(&only(&report)["snapshots"], "result"), ["restored"; 2]);
    assert_eq!(portrait(&setup, &id), before);
    // One of them is gone for good: that is for EC2 to say, as nobody else knows.
    setup.world().put_in_recycle_bin(&id, 30);
    setup.world().lose_snapshot(&spare[1]);
    let ran = setup.once().run(&format!("restore {id} -o json")).ended(3);
    let report = ran.json();
    let error = &only(&report)["error"];
    assert_eq!((&error["code"], &only(&report)["changed"]), (&"InvalidSnapshot.NotFound".into(), &true.into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&spare[1]) && message.contains("--journal FILE"), "{message}");
    assert_eq!(sorted(&only(&report)["snapshots"], "id"), [spare[0].as_str()]);
}

#[test]
fn a_state_that_ec2_has_not_noticed_yet_is_asked_about_again() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    let late = || Fault::error("RestoreImageFromRecycleBin", "IncorrectState", "A snapshot is recovering.");
    setup.fake.fault(late().times(2));
    setup.run(&format!("restore {id}")).ended(0);
    // What EC2 names in the bin, and does not give, is told.
    let spare = setup.world().snapshot(PROD, EAST).description("by hand").put();
    let other = setup.world().image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&spare]).put();
    setup.world().put_in_recycle_bin(&other, 30);
    setup.fake.fault(Fault::error("RestoreSnapshotFromRecycleBin", "UnauthorizedOperation", "Not that one."));
    let ran = setup.run(&format!("restore {other} -o json")).ended(1);
    let message = only(&ran.json())["error"]["message"].clone();
    assert_eq!(message, format!("its snapshot {spare} is not back: Not that one."));
}

#[test]
fn an_image_that_is_nowhere_is_an_error_and_one_that_is_there_is_done() {
    let setup = ready();
    let id = rich(&setup);
    let report = setup.json(&format!("restore {id}"));
    let result = only(&report);
    assert_eq!((&result["status"], &result["changed"], &result["name"]), (&"done".into(), &false.into(), &NAME.into()));
    assert!(setup.run(&format!("restore {id}")).ended(0).stdout.contains("already there"));
    let lost = setup.world().image(PROD, WEST, NAME).put();
    for name in [lost.as_str(), "ami-0123456789abcdef0"] {
        refuses(
            &setup,
            &format!("{id} {name}"),
            1,
            "InvalidAMIID.NotFound",
            &[name, "Recycle Bin of us-east-1 (images there: 0)"],
        );
    }
    setup.run("restore web:v1").ended(2).says(&["is not an image id"]);
    setup.run("restore snap-0123456789abcdef0").ended(2).says(&["is not an image id"]);
    // Of another account.
    let theirs = setup.world().image(OTHER, EAST, NAME).put();
    setup.world().put_in_recycle_bin(&theirs, 30);
    refuses(&setup, &theirs, 1, "InvalidAMIID.NotFound", &[]);
}

#[test]
fn a_bin_that_cannot_be_read_leaves_the_question_open() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    let no = Fault::error("ListImagesInRecycleBin", "UnauthorizedOperation", "No looking.");
    setup.fake.fault(no.in_region(WEST));
    let stray = "ami-0123456789abcdef0";
    let said = ["No looking.", "was not found, and the Recycle Bin of us-west-2 could not be read"];
    refuses(&setup, &format!("{stray} --region us-east-1,us-west-2"), 1, "UnauthorizedOperation", &said);
    // What was found elsewhere comes back, and the place is reported.
    let ran = setup.run(&format!("restore {id} --region us-east-1,us-west-2 -o json")).ended(3).says(&["No looking."]);
    assert_eq!((&ran.json()["summary"]["done"], each(&ran.json()["errors"], "region")), (&1.into(), vec![WEST]));
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    setup.fake.fault(Fault::error("ListSnapshotsInRecycleBin", "UnauthorizedOperation", "No looking."));
    refuses(&setup, &id, 1, "UnauthorizedOperation", &["No looking."]);
}

#[test]
fn a_name_that_another_image_has_taken_is_said_before_anything_changes() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    let successor = setup.world().image(PROD, EAST, NAME).put();
    let said = [id.as_str(), &format!("cannot come back: {successor} has its name")];
    refuses(&setup, &id, 1, "InvalidAMIName.Duplicate", &said);
    // Taken behind the back of the run, EC2 says so.
    deregister(&setup, &[&successor]);
    let message = "AMI name is already in use by AMI ami-x";
    setup.fake.fault(Fault::error("RestoreImageFromRecycleBin", "InvalidAMIName.Duplicate", message).times(1));
    let ran = setup.run(&format!("restore {id} -o json")).ended(3);
    assert_eq!(only(&ran.json())["error"]["message"], message);
    setup.run(&format!("restore {id}")).ended(0);
}

#[test]
fn a_dry_run_asks_ec2_and_changes_nothing() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    let line = format!("restore {id} --dry-run");
    let ran =
        setup.run(&line).ended(0).says(&[&id, "would be restored, with 3 of its snapshots", "nothing was changed"]);
    assert!(ran.stdout.is_empty());
    assert_eq!(setup.outcomes("RestoreSnapshotFromRecycleBin"), vec![refused("DryRunOperation"); 3]);
    for call in ["RestoreSnapshotFromRecycleBin", "RestoreImageFromRecycleBin"] {
        setup.fake.clear_faults();
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "No restoring."));
        refuses(&setup, &format!("{id} --dry-run"), 1, "UnauthorizedOperation", &["No restoring."]);
    }
    setup.unchanged();
    gone(&setup, &id);
}

#[test]
fn a_disabled_image_comes_back_disabled() {
    let setup = ready();
    let id = setup.world().image(PROD, EAST, NAME).state("disabled").tag("a", "b").put();
    deregister(&setup, &[&id]);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(report["summary"]["done"], 1);
    assert_eq!(setup.image(&id).state(Utc::now()), "disabled");
}
