//! `test`: the verdict is a tag on the image, and the launch that was the test's own is noted in it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, seconds};

const NAME: &str = "web-v1-2026-01-02";
const LINE: &str = "test web --type t3.micro";

fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    (setup, id)
}

fn tag(setup: &Setup, id: &str) -> Option<String> {
    setup.image(id).tags.get("amictl:tested").cloned()
}

/// A word of the tag, such as `launch`.
#[track_caller]
fn word(tag: &str, name: &str) -> String {
    let found = tag.split(' ').find_map(|word| word.strip_prefix(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("{name} is not in {tag}")).to_owned()
}

#[track_caller]
fn time(tag: &str, name: &str) -> DateTime<Utc> {
    word(tag, name).parse().unwrap()
}

/// When the last instance was launched, in whole seconds.
fn launched(setup: &Setup) -> DateTime<Utc> {
    let last = setup.world().instances(PROD, EAST).map(|instance| instance.launched).max().unwrap();
    DateTime::from_timestamp(last.timestamp(), 0).unwrap()
}

#[test]
fn a_test_that_passes_is_on_the_image_with_all_that_counts() {
    let (setup, id) = ready();
    setup.run(LINE).ended(0);
    let tag = tag(&setup, &id).unwrap();
    assert!(tag.starts_with(&format!("passed {id} on=t3.micro at=")), "{tag}");
    let run = setup.world().instances(PROD, EAST).next().unwrap().tags["amictl:test"].clone();
    assert_eq!((word(&tag, "run"), time(&tag, "launch")), (run, launched(&setup)));
    assert_eq!(word(&tag, "before"), "never");
    assert!((Utc::now() - time(&tag, "at")).num_seconds() < 60 && tag.contains(" checks=system; instance"), "{tag}");
    let csv = setup.run("list --columns id,tested -o csv").ended(0);
    assert!(csv.lines()[1].starts_with(&format!("{id},passed ")), "{}", csv.stdout);
    let page = setup.run("show web").ended(0).stdout;
    assert!(page.contains("passed on t3.micro"), "{page}");
    let copy = setup.world().image(PROD, WEST, NAME).copied_from(&id, EAST).put();
    let promoted =
        setup.json("promote web:v1 --to prod --require-tested --tested-within 1h --region us-east-1,us-west-2");
    assert_eq!(promoted["results"][1]["image_id"], copy);
}

#[test]
fn a_test_that_fails_replaces_the_verdict_before() {
    let (setup, id) = ready();
    setup.run(LINE).ended(0);
    setup.world().fail_next_launch = Some(("Server.InternalError".to_owned(), "Internal error on launch".to_owned()));
    setup.run(LINE).ended(1);
    let tag = tag(&setup, &id).unwrap();
    assert!(tag.starts_with(&format!("failed {id} ")), "{tag}");
    setup.run("promote web:v1 --to prod --require-tested").ended(4).says(&["failed its boot test"]);
    assert_eq!(setup.image(&id).tags.len(), 1);
}

#[test]
fn a_note_carries_on_what_the_one_before_had() {
    let (setup, id) = ready();
    setup.world().launches_told_after = Some(seconds(0));
    let production = Utc::now() - TimeDelta::hours(3);
    setup.world().image_mut(&id).last_launched = Some(production);
    setup.run(LINE).ended(0);
    let first = tag(&setup, &id).unwrap();
    assert_eq!(time(&first, "before").timestamp(), production.timestamp());
    let told = setup.json("list")["images"][0]["last_launched_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(told, launched(&setup), "EC2 tells of the launch of the test");
    setup.run(LINE).ended(0);
    let second = tag(&setup, &id).unwrap();
    assert_eq!(time(&second, "before"), time(&first, "before"), "the launch of the first test is none");
    assert_eq!(time(&second, "launch"), launched(&setup));
    // Somebody else launched it since.
    setup.world().advance(seconds(3600));
    let other = setup.world().now();
    setup.world().image_mut(&id).last_launched = Some(other);
    setup.run(LINE).ended(0);
    assert_eq!(time(&tag(&setup, &id).unwrap(), "before").timestamp(), other.timestamp());
}

#[test]
fn a_launch_that_is_refused_leaves_the_verdict_before() {
    let (setup, id) = ready();
    setup.run(LINE).ended(0);
    let before = tag(&setup, &id);
    setup.fake.fault(Fault::error("RunInstances", "InsufficientInstanceCapacity", "no room").skip(1));
    setup.run(LINE).ended(1);
    assert_eq!(tag(&setup, &id), before);
}

#[test]
fn an_image_of_another_account_gets_no_tag_and_that_is_said() {
    let setup = Setup::new();
    let id = setup.world().image(OTHER, EAST, NAME).shared_with(PROD).put();
    setup.run(&format!("test {id} --type t3.micro")).ended(0).says(&["belongs to another account"]);
    assert_eq!((tag(&setup, &id), setup.fake.count("CreateTags")), (None, 0));
}

#[test]
fn a_verdict_that_cannot_be_written_is_no_quiet_success() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "not yours"));
    let ran = setup.run(&format!("{LINE} -o json"));
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    let ran = ran.says(&["VerdictNotWritten", "not yours"]);
    let report = ran.json();
    assert_eq!((&report["tests"][0]["verdict"], &report["tests"][0]["terminated"]), (&"passed".into(), &true.into()));
    assert_eq!(tag(&setup, &id), None);
    setup.fake.clear_faults();
    setup.fake.fault(Fault::on("CreateTags", FaultKind::ResetAfter).times(1));
    setup.run(LINE).ended(0);
    assert!(tag(&setup, &id).is_some(), "a lost answer is no loss");
}

#[test]
fn an_image_full_of_tags_is_refused_before_a_launch() {
    let (setup, id) = ready();
    for number in 0..50 {
        setup.world().image_mut(&id).tags.insert(format!("tag-{number}"), String::new());
    }
    let ran = setup.run(&format!("{LINE} -o json"));
    assert_ne!(ran.code, 0);
    ran.says(&["50 tags", &format!("amictl tag {id} --remove KEY")]);
    assert_eq!(setup.world().instances(PROD, EAST).count(), 0);
    // With a verdict among them there is room for the next.
    let mut world = setup.world();
    world.image_mut(&id).tags.remove("tag-0");
    world.image_mut(&id).tags.insert("amictl:tested".to_owned(), "old".to_owned());
    drop(world);
    setup.run(LINE).ended(0);
    assert!(tag(&setup, &id).unwrap().starts_with("passed "));
}

#[test]
fn a_verdict_is_there_while_others_are_still_tested() {
    let (setup, id) = ready();
    let slow = setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
    // The dry run is let by.
    setup.fake.fault(Fault::on("RunInstances", FaultKind::Latency(seconds(30))).matching(&slow).skip(1));
    let mut run = setup.process("test api web --type t3.micro").spawn().unwrap();
    setup.until("CreateTags", 1);
    run.kill().unwrap();
    run.wait().unwrap();
    setup.run("promote web:v1 --to prod --require-tested").ended(0);
    assert!(tag(&setup, &id).unwrap().starts_with("passed "));
    assert_eq!(tag(&setup, &slow), None);
}

#[test]
fn the_last_launch_of_several_is_noted() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::Latency(seconds(2))).matching("t3.small"));
    setup.run("test web --type t3.micro,t3.small").ended(0);
    let tag = tag(&setup, &id).unwrap();
    assert_eq!((word(&tag, "on"), time(&tag, "launch")), ("t3.micro,t3.small".to_owned(), launched(&setup)));
    assert_eq!(setup.fake.count("CreateTags"), 1);
}
