//! `copy` over several accounts: each gets its own copy in each region, with its own result.

use serde_json::Value;

use crate::cli::Ran;
use crate::fake::{Fault, Image, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

pub const THIRD: &str = "333333333333";
pub const OWNER: &str = "444444444444";
pub const THREE: [&str; 3] = [PROD, OTHER, THIRD];
pub const NAME: &str = "base-v3-2026-01-02";
pub const TO: &str = "--to us-west-2,eu-west-1";

pub fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/ami")
}

/// The options that lead to these accounts.
pub fn to(accounts: &[&str]) -> String {
    accounts.iter().map(|account| format!(" --role-arn {}", role(account))).collect()
}

/// An endpoint with three accounts and one more, which owns an image that some of them may copy; gives its id too.
pub fn ready(owner: &str, friends: &[&str]) -> (Setup, String) {
    let setup = Setup::new();
    let mut world = setup.world();
    world.add_account("AKIATHIRD", THIRD);
    world.add_account("AKIAOWNER", OWNER);
    let image = world.image(owner, EAST, NAME).snapshots(2).tag("Name", NAME).tag("Team", "core");
    let id = friends.iter().fold(image, |image, friend| image.shared_with(friend).copyable_by(friend)).put();
    drop(world);
    (setup, id)
}

/// The image of that name in an account and region.
pub fn found(setup: &Setup, account: &str, region: &str) -> Option<Image> {
    setup.world().image_named(account, region, NAME).cloned()
}

/// Where there are images of that name, beside the region of the source.
pub fn made(setup: &Setup) -> Vec<(&'static str, &'static str)> {
    let places = THREE.iter().flat_map(|account| [EUROPE, WEST].map(|region| (*account, region)));
    places.filter(|(account, region)| found(setup, account, region).is_some()).collect()
}

pub const ALL: [(&str, &str); 6] =
    [(PROD, EUROPE), (PROD, WEST), (OTHER, EUROPE), (OTHER, WEST), (THIRD, EUROPE), (THIRD, WEST)];

/// The account and the region of every element of an array.
fn places<'a>(list: &'a Value, account: &str) -> Vec<(&'a str, &'a str)> {
    each(list, account).into_iter().zip(each(list, "region")).collect()
}

#[track_caller]
pub fn hint(ran: &Ran) -> String {
    ran.error()["hint"].as_str().unwrap_or_default().to_owned()
}

/// Runs the command lines of a hint, one after the other.
#[track_caller]
pub fn follow(setup: &Setup, hint: &str) {
    let lines: Vec<_> = hint.split(" && ").map(|line| line.split_once("amictl ").unwrap().1).collect();
    lines.iter().for_each(|line| drop(setup.run(&line.replace('\'', "")).ended(0)));
}

#[test]
fn three_accounts_get_copies_in_two_regions_from_a_fourth() {
    let (setup, source) = ready(OWNER, &THREE);
    let line = format!("copy base {TO} --from-role-arn {}{}", role(OWNER), to(&THREE));
    let ran = setup.run(&format!("{line} -o json")).ended(0);
    assert_eq!(places(&ran.json()["images"], "owner_id"), ALL);
    assert_eq!(ran.json()["errors"], serde_json::json!([]));
    ran.says(&[&format!("copying {source} to account {THIRD}, region us-west-2 as ami-")]);
    for (account, region) in ALL {
        let copy = found(&setup, account, region).unwrap();
        assert_eq!((copy.source_ami.as_ref(), copy.tags["Team"].as_str()), (Some(&source), "core"));
        for snapshot in copy.snapshots() {
            let snapshot = setup.world().find_snapshot(snapshot).unwrap().clone();
            assert_eq!((snapshot.owner.as_str(), setup.snapshot_tags(&snapshot.id)), (account, copy.tags.clone()));
        }
    }
    let begun = setup.calls("CopyImage");
    assert_eq!((begun.len(), begun.iter().filter(|call| call.account == OTHER).count()), (6, 2));
    assert_eq!(setup.calls("DescribeSnapshotAttribute").len(), 2, "who may copy is read once for all accounts");

    setup.fake.forget_calls();
    let again = setup.run(&line).ended(0);
    setup.unchanged();
    let said = format!("in account {OTHER}, region eu-west-1 is a copy of {source} already");
    assert!(again.stderr.contains(&said), "{}", again.stderr);
    let table = again.lines();
    assert!(table[0].contains("OWNER") && table.len() == 7, "{}", again.stdout);
    assert!(table[1].contains(PROD) && table[6].contains(THIRD), "{}", again.stdout);
    let listed = setup.run(&format!("list --region us-west-2{}", to(&[PROD, OTHER]))).ended(0);
    assert!(listed.lines()[0].contains("OWNER") && listed.stdout.contains(OTHER), "{}", listed.stdout);
    assert!(!setup.run(&format!("list --region us-west-2{}", to(&[PROD]))).ended(0).stdout.contains("OWNER"));
}

#[test]
fn an_account_that_an_id_is_not_shared_with_is_reported_and_finished_later() {
    let (setup, source) = ready(OWNER, &[PROD, OTHER]);
    let line = format!("copy {source} {TO} --no-tags -o json");
    let ran = setup.run(&format!("{line}{}", to(&THREE))).ended(3);
    assert_eq!(places(&ran.json()["images"], "owner_id"), ALL[..4]);
    let errors = &ran.json()["errors"];
    assert_eq!(places(errors, "account"), [(THIRD, EAST)]);
    assert_eq!(each(errors, "code"), ["InvalidAMIID.NotFound"]);
    assert_eq!(ran.error()["code"], "PartialCopy");
    assert_eq!(ran.error()["message"], "2 of 6 copies failed");
    assert!(ran.stderr.contains(&format!("account {THIRD}: nothing is called '{source}'")), "{}", ran.stderr);
    let share = format!("amictl share {source} --with {THIRD} --copyable --region us-east-1");
    assert!(ran.stderr.contains(&format!("its owner shares it with: {share};")), "{}", ran.stderr);
    let rest = format!(
        "finish it with: amictl copy {source} --to eu-west-1,us-west-2 --name '{NAME}' --no-tags --region us-east-1{}",
        to(&[THIRD])
    );
    assert_eq!(hint(&ran), rest);

    follow(&setup, &format!("{share} --role-arn {}", role(OWNER)));
    follow(&setup, &rest);
    assert_eq!(made(&setup), ALL);
}

#[test]
fn what_is_not_shared_is_known_before_ec2_is_asked_where_the_owner_is() {
    let (setup, source) = ready(OWNER, &[PROD]);
    let snapshots = {
        let mut world = setup.world();
        world.image_mut(&source).launch.insert(crate::fake::Principal::Account(OTHER.to_owned()));
        world.find_image(&source).unwrap().snapshots().map(str::to_owned).collect::<Vec<_>>()
    };
    let line = format!("copy base {TO} --from-role-arn {}{} -o json", role(OWNER), to(&THREE));
    let ran = setup.run(&line).ended(3);
    assert_eq!(made(&setup), ALL[..2]);
    assert!(setup.calls("CopyImage").iter().all(|call| call.account == PROD));
    let errors = &ran.json()["errors"];
    assert_eq!(each(errors, "account"), [OTHER, THIRD]);
    assert_eq!(each(errors, "code"), ["SnapshotNotShared", "InvalidAMIID.NotFound"]);
    let message = errors[0]["message"].as_str().unwrap();
    assert!(snapshots.iter().all(|snapshot| message.contains(snapshot)) && message.contains(OTHER), "{message}");
    let lines: Vec<String> = hint(&ran).split(" && ").map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, account) in lines.iter().zip([OTHER, THIRD]) {
        let end = format!("--from-role-arn {} --region us-east-1{}", role(OWNER), to(&[account]));
        assert!(line.ends_with(&end), "{line}");
    }
    let owner = format!("--copyable --region us-east-1 --role-arn {}", role(OWNER));
    for account in [OTHER, THIRD] {
        let share = format!("amictl share {source} --with {account} {owner}");
        assert!(ran.stderr.contains(&share), "{}", ran.stderr);
        follow(&setup, &share);
    }
    follow(&setup, &hint(&ran));
    assert_eq!(made(&setup), ALL);
    assert!(ALL.iter().all(|(account, region)| found(&setup, account, region).unwrap().tags["Team"] == "core"));
}

#[test]
fn an_image_that_one_of_the_accounts_owns_is_found_by_name_and_by_id() {
    for by_id in [false, true] {
        let (setup, source) = ready(OTHER, &[PROD, THIRD]);
        let line = format!("--to us-east-1,us-west-2{}", to(&THREE));
        let reference = if by_id { source.as_str() } else { "base" };
        let ran = setup.run(&format!("copy {reference} {line} -o json")).ended(0);
        let expected = [(PROD, EAST), (PROD, WEST), (OTHER, WEST), (THIRD, EAST), (THIRD, WEST)];
        assert_eq!(places(&ran.json()["images"], "owner_id"), expected);
        let left = format!("{NAME} ({source}) is in account {OTHER}, region us-east-1 already, under that name");
        ran.says(&[&left]);
        for (account, region) in expected {
            let copy = found(&setup, account, region).unwrap();
            assert_eq!((copy.source_ami.as_ref(), copy.tags["Team"].as_str()), (Some(&source), "core"));
        }
        // The copies in the region of the source have its name, and do not stand in its way.
        setup.fake.forget_calls();
        setup.run(&format!("copy {reference} {line}")).ended(0);
        setup.unchanged();

        let newer = {
            let mut world = setup.world();
            let image = world.image(OTHER, EAST, "base-v4-2026-01-03").tag("Team", "edge");
            image.shared_with(PROD).copyable_by(PROD).shared_with(THIRD).copyable_by(THIRD).put()
        };
        let ran = setup.run(&format!("copy base {line} -o json")).ended(0);
        assert_eq!(each(&ran.json()["images"], "name"), ["base-v4-2026-01-03"; 5]);
        assert_eq!(ran.json()["images"][0]["source"]["image_id"], newer.as_str());
    }
}

#[test]
fn the_owner_among_the_accounts_makes_copies_under_another_name_where_the_image_is() {
    let (setup, source) = ready(OTHER, &[PROD]);
    let line = format!("copy base --to us-east-1 --name again{} -o json", to(&[PROD, OTHER]));
    let ran = setup.run(&line).ended(0);
    assert_eq!(places(&ran.json()["images"], "owner_id"), [(PROD, EAST), (OTHER, EAST)]);
    assert_eq!(setup.image(&source).name, NAME);
    let alone = setup.run(&format!("copy base --to us-east-1{}", to(&[OTHER]))).ended(2);
    alone.says(&["is in us-east-1 already, under that name", "--name"]);
}

#[test]
fn a_name_that_several_accounts_have_is_refused() {
    let (setup, source) = ready(OTHER, &[PROD, THIRD]);
    let ours = setup.world().image(PROD, EAST, "base-v7-2026-02-02").put();
    setup.world().parameter(PROD, EAST, "/amictl/base/prod", &ours);
    setup.world().parameter(OTHER, EAST, "/amictl/base/prod", &source);
    for reference in ["base", "base:prod"] {
        let ran = setup.run(&format!("copy {reference} {TO}{} -o json", to(&THREE))).ended(1);
        assert_eq!(ran.error()["code"], "AmbiguousReference");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        for (image, account) in [(&ours, PROD), (&source, OTHER)] {
            assert!(message.contains(&format!("({image}) in account {account}, region us-east-1")), "{message}");
        }
        assert!(hint(&ran).contains("its id") && hint(&ran).contains("--from-role-arn"), "{}", hint(&ran));
    }
    setup.unchanged();
    setup.run(&format!("copy base {TO} --from-role-arn {}{}", role(OTHER), to(&THREE))).ended(0);
    assert_eq!(made(&setup), ALL);
}

#[test]
fn one_alias_of_several_accounts_may_name_one_image() {
    let (setup, source) = ready(OTHER, &[PROD, THIRD]);
    for account in [PROD, OTHER] {
        setup.world().parameter(account, EAST, "/amictl/base/prod", &source);
    }
    setup.run(&format!("copy base:prod {TO}{}", to(&THREE))).ended(0);
    assert_eq!(made(&setup), ALL);
    let (setup, source) = ready(OWNER, &THREE);
    setup.world().parameter(PROD, EAST, "/amictl/base/prod", &source);
    let ran = setup.run(&format!("copy base:prod {TO}{}", to(&THREE))).ended(0);
    assert_eq!(made(&setup), ALL, "the image of an alias is looked for by its id in the other accounts");
    assert_eq!(ran.stderr.matches("the tags that account").count(), 1, "{}", ran.stderr);
}

#[test]
fn an_account_that_cannot_be_entered_does_not_hold_up_the_others() {
    for by_owner in [String::new(), format!(" --from-role-arn {}", role(OWNER))] {
        let (setup, source) = ready(OWNER, &THREE);
        setup.world().denied_roles.insert(role(THIRD));
        let line = format!("copy {source} {TO}{by_owner} -o json");
        let ran = setup.run(&format!("{line}{}", to(&THREE))).ended(3);
        assert_eq!(made(&setup), ALL[..4]);
        let errors = &ran.json()["errors"];
        assert_eq!((each(errors, "account"), each(errors, "code")), (vec![THIRD], vec!["AccessDenied"]));
        assert!(ran.stderr.contains(&format!("account {THIRD}: ")), "{}", ran.stderr);
        let rest = hint(&ran);
        assert!(rest.ends_with(&format!("--region us-east-1{}", to(&[THIRD]))), "{rest}");
        assert_eq!(rest.matches("--role-arn").count(), 1, "{rest}");
        setup.world().denied_roles.clear();
        follow(&setup, &rest);
        assert_eq!(made(&setup), ALL);
    }
}

#[test]
fn where_nothing_can_be_copied_each_account_says_why() {
    let (setup, source) = ready(OWNER, &[]);
    let ran = setup.run(&format!("copy {source} {TO}{} -o json", to(&THREE))).ended(1);
    assert_eq!((&ran.error()["code"], ran.stdout.as_str()), (&"InvalidAMIID.NotFound".into(), ""));
    for account in THREE {
        assert!(ran.stderr.contains(&format!("--with {account} --copyable")), "{}", ran.stderr);
    }
    let ran = setup.run(&format!("copy base {TO} --from-role-arn {}{} -o json", role(OWNER), to(&THREE))).ended(1);
    assert_eq!(each(&ran.json()["errors"], "account"), THREE);
    assert_eq!(ran.error()["code"], "InvalidAMIID.NotFound");
    assert!(ran.error()["message"].as_str().unwrap().contains(&format!("account {PROD}")), "{}", ran.stderr);
    setup.run(&format!("copy nothing {TO}{}", to(&THREE))).ended(1).says(&["nothing is called 'nothing'"]);
    for account in THREE {
        setup.world().denied_roles.insert(role(account));
    }
    let ran = setup.run(&format!("copy {source} {TO}{} -o json", to(&THREE))).ended(1);
    assert_eq!(ran.error()["code"], "AccessDenied");
    setup.unchanged();
    assert!(setup.calls("CopyImage").is_empty());
}

#[test]
fn a_region_that_fails_in_one_account_leaves_the_others_done() {
    let (setup, source) = ready(OTHER, &[PROD, THIRD]);
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE).of_account(THIRD).times(1));
    let ran = setup.run(&format!("copy base {TO}{} -o json", to(&THREE))).ended(3);
    let left: Vec<_> = ALL.into_iter().filter(|place| *place != (THIRD, EUROPE)).collect();
    assert_eq!(places(&ran.json()["images"], "owner_id"), left);
    assert_eq!(places(&ran.json()["errors"], "account"), [(THIRD, EUROPE)]);
    assert_eq!(ran.error()["message"], "1 of 6 copies failed");
    assert!(ran.stderr.contains(&format!("account {THIRD}, region eu-west-1: CopyImage")), "{}", ran.stderr);
    let rest = format!(
        "finish it with: amictl copy {source} --to eu-west-1 --name '{NAME}' --from-role-arn {} --region us-east-1{}",
        role(OTHER),
        to(&[THIRD])
    );
    assert_eq!(hint(&ran), rest);
    follow(&setup, &rest);
    assert_eq!(found(&setup, THIRD, EUROPE).unwrap().tags["Team"], "core");
}

#[test]
fn an_account_that_may_not_be_looked_into_is_reported() {
    let (setup, _) = ready(OTHER, &[PROD, THIRD]);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "No looking.").of_account(THIRD));
    let ran = setup.run(&format!("copy base {TO}{} -o json", to(&THREE))).ended(3);
    assert_eq!(made(&setup), ALL[..4]);
    let errors = &ran.json()["errors"];
    assert_eq!((each(errors, "account"), each(errors, "code")), (vec![THIRD], vec!["UnauthorizedOperation"]));
    setup.fake.clear_faults();
    follow(&setup, &hint(&ran));
    assert_eq!(made(&setup), ALL);
}

/// The keys of the snapshots of the copy in an account and region.
fn keys(setup: &Setup, account: &str, region: &str) -> Vec<String> {
    let copy = found(setup, account, region).unwrap();
    let world = setup.world();
    copy.snapshots().map(|id| world.find_snapshot(id).unwrap().kms_key.clone().unwrap_or_default()).collect()
}

#[test]
fn an_alias_is_the_key_of_each_account() {
    let (setup, _) = ready(OWNER, &THREE);
    let own = |account: &str| setup.world().add_kms_key(account, WEST, "alias/ami");
    let (prod, other) = (own(PROD), own(OTHER));
    let from = format!("--to us-west-2 --encrypt --from-role-arn {}{} -o json", role(OWNER), to(&THREE));
    let ran = setup.run(&format!("copy base {from} --kms-key alias/ami")).ended(3);
    assert_eq!((keys(&setup, PROD, WEST), keys(&setup, OTHER, WEST)), (vec![prod.clone(); 2], vec![other; 2]));
    let errors = &ran.json()["errors"];
    assert_eq!((places(errors, "account"), each(errors, "code")), (vec![(THIRD, WEST)], vec!["KeyNotUsable"]));
    assert!(hint(&ran).contains("--encrypt --kms-key us-west-2=KEY"), "{}", hint(&ran));
    let failed = found(&setup, THIRD, WEST).unwrap().id;
    let remove = format!("amictl deregister {failed} --region us-west-2{}", to(&[THIRD]));
    assert!(ran.stderr.contains(&remove), "{}", ran.stderr);

    // The key of one account may be one that others may use, or not: EC2 tells.
    setup.world().share_kms_key(&prod, OTHER);
    let ran = setup.run(&format!("copy base {from} --name again --kms-key {prod}")).ended(3);
    assert_eq!(each(&ran.json()["images"], "owner_id"), [PROD, OTHER]);
    assert_eq!(each(&ran.json()["errors"], "account"), [THIRD]);
}

#[test]
fn an_account_whose_copies_could_not_be_shared_makes_none() {
    let (setup, _) = ready(OWNER, &THREE);
    for account in [PROD, THIRD] {
        let key = setup.world().add_kms_key(account, WEST, "alias/ami");
        setup.world().set_ebs_default_key(account, WEST, &key);
    }
    let from = format!("--from-role-arn {}{} -o json", role(OWNER), to(&THREE));
    let ran = setup.run(&format!("copy base --to us-west-2 --encrypt --share-with {OWNER} {from}")).ended(3);
    assert_eq!(made(&setup), [(PROD, WEST), (THIRD, WEST)]);
    let errors = &ran.json()["errors"];
    assert_eq!((each(errors, "account"), each(errors, "code")), (vec![OTHER], vec!["DefaultKey"]));
    let said = format!("the copy in account {OTHER}, region us-west-2 would be encrypted");
    assert!(errors[0]["message"].as_str().unwrap().starts_with(&said), "{errors}");
}

#[test]
fn every_copy_is_finished_and_a_step_that_fails_is_taken_up_in_its_account() {
    let (setup, _) = ready(OTHER, &[PROD, THIRD]);
    let refusal = Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(WEST).of_account(THIRD));
    let line = format!("copy base {TO} --share-with {OWNER} --deprecate-after 90d --protect{} -o json", to(&THREE));
    let ran = setup.run(&line).ended(3);
    let steps = ran.json()["steps"].as_array().unwrap().clone();
    assert_eq!(steps.len(), 18);
    let failed: Vec<_> = steps.iter().filter(|step| step["status"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["account"], &failed[0]["region"]), (&THIRD.into(), &WEST.into()));
    assert_eq!(ran.error()["message"], "1 of 18 steps are not done");
    let id = found(&setup, THIRD, WEST).unwrap().id;
    let rest = format!("finish it with: amictl share {id} --with {OWNER} --region us-west-2{}", to(&[THIRD]));
    assert_eq!(hint(&ran), rest);
    ran.says(&[&format!("{id} in account {THIRD}, region us-west-2: not shared"), "eu-west-1: deprecated: 20"]);
    setup.fake.clear_faults();
    follow(&setup, &rest);
    assert!(setup.run(&line).ended(0).json()["steps"].as_array().unwrap().iter().all(|step| step["changed"] == false));
    let source = found(&setup, OTHER, EAST).unwrap();
    assert!(source.deprecated.is_none(), "the source is left as it is");
}

#[test]
fn commands_of_one_account_and_one_region_say_so() {
    let (setup, source) = ready(PROD, &[]);
    for command in [
        "create web --instance i-0123456789abcdef0".to_owned(),
        "launch base --type t3.micro".to_owned(),
        format!("wait {source}"),
    ] {
        let ran = setup.run(&format!("{command}{} -o json", to(&THREE))).ended(2);
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert_eq!(message, "this command works in one account at a time, and 3 are given");
        assert!(hint(&ran).contains("at most one --role-arn, and run it once for each"), "{}", hint(&ran));
    }
    let ran = setup.run(&format!("copy base {TO} --region us-east-1,us-west-2{} -o json", to(&THREE))).ended(2);
    assert!(ran.error()["message"].as_str().unwrap().contains("one region at a time, and 2 are given"));
    assert!(hint(&ran).contains("--to"), "{}", hint(&ran));
    assert!(setup.fake.calls().is_empty());
}
