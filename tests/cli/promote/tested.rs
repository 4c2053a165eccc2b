//! `--require-tested`: an image, or what it was copied from, must have passed a boot test.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{TWO, V3, codes, ready, role, rows, to, written};
use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST};
use crate::test::verdict_of;

const LINE: &str = "promote web:v3 --to prod --require-tested --region us-east-1,us-west-2 -o json";

fn days_ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

/// Puts a verdict on an image, as its test does.
fn judge(setup: &Setup, id: &str, word: &str, days: i64) {
    let value = verdict_of(id, word, days_ago(days));
    setup.world().image_mut(id).tags.insert("amictl:tested".to_owned(), value);
}

/// The command lines of the hint.
#[track_caller]
fn hint(ran: &Ran) -> String {
    ran.error()["hint"].as_str().unwrap_or_else(|| panic!("{}", ran.stderr)).to_owned()
}

#[test]
fn an_untested_image_is_refused_everywhere_with_the_line_that_tests_it() {
    let setup = Setup::new();
    let (_, [new, new_west]) = ready(&setup);
    let ran = setup.run(LINE).ended(4);
    assert_eq!(codes(&ran.json()), ["NotTested", "NotTested"]);
    assert_eq!(hint(&ran), format!("run first: amictl test {new} --type t3.micro --region us-east-1"));
    let ran =
        ran.says(&[&format!("{V3} ({new}) was not tested"), &format!("neither {V3} ({new_west}) nor {V3} ({new})")]);
    assert_eq!((ran.error()["code"].as_str(), written(&setup)), (Some("NotTested"), 0));
    setup.run(&format!("{LINE} --dry-run")).ended(4);
    setup.world().image_mut(&new).architecture = "arm64".to_owned();
    assert!(hint(&setup.run(&format!("{LINE} --allow-arch-change")).ended(4)).contains("--type t4g.micro"));
    setup.run(&format!("promote web:v3 --to prod {TWO} --dry-run --allow-arch-change")).ended(0);
}

#[test]
fn a_copy_stands_on_the_verdict_of_its_source_and_on_no_copied_tag() {
    let setup = Setup::new();
    let (_, [new, new_west]) = ready(&setup);
    // The copy has the tag of its source, as CopyImage makes it; the source has lost it.
    let value = verdict_of(&new, "passed", days_ago(1));
    setup.world().image_mut(&new_west).tags.insert("amictl:tested".to_owned(), value);
    assert_eq!(codes(&setup.run(LINE).ended(4).json()), ["NotTested", "NotTested"]);
    judge(&setup, &new, "passed", 1);
    let report = setup.run(LINE).ended(0).json();
    assert_eq!(rows(&report, "image_id"), [new, new_west]);
}

#[test]
fn the_image_s_own_verdict_comes_first() {
    let setup = Setup::new();
    let (_, [new, new_west]) = ready(&setup);
    judge(&setup, &new, "passed", 1);
    judge(&setup, &new_west, "failed", 1);
    let ran = setup.run(LINE).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "TestFailed"]);
    assert_eq!(hint(&ran), format!("run first: amictl test {new_west} --type t3.micro --region us-west-2"));
    assert_eq!(written(&setup), 0);
    judge(&setup, &new_west, "passed", 1);
    judge(&setup, &new, "failed", 1);
    let ran = setup.run(LINE).ended(4);
    assert_eq!(codes(&ran.json()), ["TestFailed", "NotBegun"]);
    ran.says(&["failed its boot test 24h ago: system; instance"]);
}

#[test]
fn a_verdict_may_be_too_old() {
    let setup = Setup::new();
    let (_, [new, _]) = ready(&setup);
    judge(&setup, &new, "passed", 8);
    let ran = setup.run(&format!("{LINE} --tested-within 7d")).ended(4);
    assert_eq!(codes(&ran.json()), ["TestTooOld", "TestTooOld"]);
    let ran = ran.says(&["passed its boot test 8d ago, and --tested-within asks for 7d", "of which"]);
    assert_eq!(hint(&ran), format!("run first: amictl test {new} --type t3.micro --region us-east-1"));
    setup.run(&format!("{LINE} --tested-within 9d --dry-run")).ended(0);
    setup.run(&format!("{LINE} --dry-run")).ended(0);
    setup.run("promote web:v3 --to prod --tested-within 7d").ended(2).says(&["--require-tested"]);
}

#[test]
fn a_chain_of_copies_is_followed_into_regions_outside_the_run() {
    let setup = Setup::new();
    let mut world = setup.world();
    let root = world.image(PROD, EUROPE, V3).put();
    let middle = world.image(PROD, WEST, V3).copied_from(&root, EUROPE).put();
    world.image(PROD, EAST, V3).copied_from(&middle, WEST).put();
    drop(world);
    let line = "promote web:v3 --to prod --require-tested -o json";
    let ran = setup.run(line).ended(4);
    assert_eq!(codes(&ran.json()), ["NotTested"]);
    assert_eq!(hint(&ran), format!("run first: amictl test {root} --type t3.micro --region eu-west-1"));
    judge(&setup, &root, "passed", 1);
    setup.run(&format!("{line} --dry-run")).ended(0);
    judge(&setup, &middle, "failed", 1);
    assert_eq!(codes(&setup.run(line).ended(4).json()), ["TestFailed"], "the nearest verdict counts");
}

#[test]
fn a_source_that_cannot_be_read_refuses() {
    let setup = Setup::new();
    let mut world = setup.world();
    let gone = "ami-0123456789abcdef0";
    let copy = world.image(PROD, EAST, V3).copied_from(gone, EUROPE).put();
    drop(world);
    let line = "promote web:v3 --to prod --require-tested -o json";
    let ran = setup.run(line).ended(4).says(&[gone, "in eu-west-1 is gone, or not shared with these accounts"]);
    assert_eq!(codes(&ran.json()), ["VerdictUnread"]);
    assert_eq!(hint(&ran), format!("run first: amictl test {copy} --type t3.micro --region us-east-1"));
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours").in_region(EUROPE));
    let ran = setup.run(line).ended(4).says(&["not yours"]);
    assert_eq!(codes(&ran.json()), ["VerdictUnread"]);
    // A verdict of its own needs no source.
    judge(&setup, &copy, "passed", 1);
    setup.run(line).ended(0);
}

#[test]
fn the_owner_s_tags_decide_about_an_image_that_is_shared() {
    let setup = Setup::new();
    let mut world = setup.world();
    let shared = world.image(PROD, EAST, V3).shared_with(OTHER).put();
    let source = world.image(PROD, WEST, V3).put();
    let copy = world.image(OTHER, WEST, V3).copied_from(&source, WEST).put();
    drop(world);
    judge(&setup, &shared, "passed", 1);
    let line = format!("promote {shared} --to prod --require-tested{}", to(&[OTHER]));
    let ran = setup.run(&format!("{line} -o json")).ended(4).says(&["EC2 shows its tags to the owner only", PROD]);
    assert_eq!((codes(&ran.json()), ran.error()["hint"].as_str()), (vec!["VerdictUnread".to_owned()], None));
    let line = format!("{line} --from-role-arn {}", role(PROD));
    assert_eq!(rows(&setup.json(&line), "image_id"), [json!(shared)]);
    // The source of another account's copy, which only its owner sees.
    let line = format!("promote {copy} --to canary --require-tested --region us-west-2{}", to(&[OTHER]));
    let ran = setup.run(&format!("{line} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["VerdictUnread"]);
    judge(&setup, &source, "passed", 1);
    setup.run(&format!("{line} --from-role-arn {}", role(PROD))).ended(0);
}
