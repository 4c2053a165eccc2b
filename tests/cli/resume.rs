//! Hints that finish a run: the command line names images by id, as names may mean others by then.

use crate::changes::verbs::{ROWS, role};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, PROD, Principal, Protection};
use crate::setup::{EAST, EUROPE, Setup, WEST, part};

const GOOD: &str = "web-v6-2026-01-02";
const BAD: &str = "web-v7-2026-01-03";
const REGIONS: [&str; 3] = [EAST, WEST, EUROPE];
const THREE: &str = "--region us-east-1,us-west-2,eu-west-1";

/// The good version and the bad one in three regions; gives the ids of both.
fn ready(account: &str, setup: &Setup) -> ([String; 3], [String; 3]) {
    let put = |name: &str| REGIONS.map(|region| setup.world().image(account, region, name).put());
    (put(GOOD), put(BAD))
}

fn denied(call: &str) -> Fault {
    Fault::error(call, "UnauthorizedOperation", "No.")
}

/// The command lines of amictl in the hint of a run that failed in part.
#[track_caller]
fn lines(ran: &Ran) -> Vec<String> {
    let error = ran.error();
    let hint = error["hint"].as_str().unwrap_or_else(|| panic!("{error}"));
    hint.split("amictl ").skip(1).map(|line| line.split("; ").next().unwrap().trim().to_owned()).collect()
}

/// The only one.
#[track_caller]
fn line(ran: &Ran) -> String {
    let mut lines = lines(ran);
    assert_eq!(lines.len(), 1, "{}", ran.stderr);
    lines.remove(0)
}

#[test]
fn the_rest_of_the_newest_version_is_done_and_the_one_before_is_left_alone() {
    for (command, call) in [
        ("disable web", "DisableImage"),
        ("deprecate web --after 0s", "EnableImageDeprecation"),
        ("deregister web --yes", "DeregisterImage"),
    ] {
        let setup = Setup::new();
        let (good, bad) = ready(PROD, &setup);
        let before = good.clone().map(|id| setup.image(&id));
        setup.fake.fault(denied(call).in_region(EUROPE));
        let ran = setup.run(&format!("{command} {THREE} -o json")).ended(3);
        let again = line(&ran);
        let named = format!("{} {}", command.split(' ').next().unwrap(), bad[2]);
        assert!(again.starts_with(&named) && again.ends_with("--region eu-west-1"), "{again}");
        assert!(!again.contains(&bad[0]) && !again.contains("web"), "{again}");
        setup.fake.clear_faults();
        setup.fake.forget_calls();
        let report = setup.json(&again);
        assert_eq!(report["results"].as_array().unwrap().len(), 1, "{command}");
        assert_eq!(
            (&report["results"][0]["image_id"], &report["results"][0]["status"]),
            (&bad[2].as_str().into(), &"done".into())
        );
        let calls = setup.calls(call);
        assert!(calls.iter().all(|call| call.params["ImageId"] == bad[2]) && calls.len() == 1, "{command}");
        for (id, before) in good.iter().zip(&before) {
            let now = setup.image(id);
            assert_eq!(
                (&now.phase.after, now.deprecated, &now.tags),
                (&before.phase.after, before.deprecated, &before.tags)
            );
        }
    }
}

#[test]
fn every_command_that_changes_images_says_how_to_do_the_rest() {
    for row in part(&ROWS, 2, 0) {
        let setup = Setup::new();
        let ids = REGIONS.map(|region| row.image(&setup, PROD, region, GOOD));
        let other = row.image(&setup, PROD, EUROPE, BAD);
        setup.fake.fault(denied(row.call).in_region(EUROPE));
        setup.fake.fault(denied(row.call).in_region(WEST));
        let ran = setup.run(&format!("{} {THREE} -o json", row.on("web:v6"))).ended(3);
        let again = line(&ran);
        assert!(
            again.ends_with("--region eu-west-1,us-west-2") || again.contains("--region eu-west-1,us-west-2 "),
            "{again}"
        );
        setup.fake.clear_faults();
        setup.run(&again).ended(0);
        assert!(ids.iter().all(|id| row.done(&setup, id)) && !row.done(&setup, &other), "{again}");
    }
}

#[test]
fn what_is_left_in_several_accounts_has_a_line_for_each_with_its_role() {
    let setup = Setup::new();
    let [(_, prod), (_, other)] = [PROD, OTHER].map(|account| ready(account, &setup));
    setup.fake.fault(denied("EnableImageDeprecation").in_region(WEST));
    setup.fake.fault(denied("EnableImageDeprecation").of_account(OTHER).in_region(EUROPE));
    let ran = setup.run(&format!("deprecate web --after 0s {THREE} {} {} -o json", role(PROD), role(OTHER))).ended(3);
    let lines = lines(&ran);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], format!("deprecate {} --after 0s --region us-west-2 {}", prod[1], role(PROD)));
    let both = format!("{} {}", other[1], other[2]);
    assert_eq!(lines[1], format!("deprecate {both} --after 0s --region eu-west-1,us-west-2 {}", role(OTHER)));
    setup.fake.clear_faults();
    for line in &lines {
        setup.run(line).ended(0);
    }
    for id in prod.iter().chain(&other) {
        assert!(setup.image(id).deprecated.is_some());
    }
    assert_eq!(setup.fake.count("EnableImageDeprecation"), 6 + 3, "and nothing else");
}

#[test]
fn where_use_counts_one_line_leads_into_all_accounts_again() {
    for (command, call) in [("disable web", "DisableImage"), ("deregister web --yes", "DeregisterImage")] {
        let setup = Setup::new();
        let [(_, prod), (_, other)] = [PROD, OTHER].map(|account| ready(account, &setup));
        setup.world().image_mut(&prod[1]).launch.insert(Principal::Account(OTHER.to_owned()));
        setup.fake.fault(denied(call).in_region(WEST));
        setup.fake.fault(denied(call).of_account(OTHER).in_region(EUROPE));
        let roles = format!("{} {}", role(PROD), role(OTHER));
        let again = line(&setup.run(&format!("{command} {THREE} {roles} -o json")).ended(3));
        let (verb, options) = command.split_once(" web").unwrap();
        let ids = format!("{} {} {}", prod[1], other[1], other[2]);
        let mut words: Vec<_> = again.split(' ').skip(1).take(3).collect();
        words.sort_unstable();
        let mut sorted: Vec<_> = ids.split(' ').collect();
        sorted.sort_unstable();
        assert_eq!(words, sorted);
        assert!(again.starts_with(verb), "{again}");
        assert!(again.ends_with(&format!("{options} --region eu-west-1,us-west-2 {roles}")), "{again}");
        setup.fake.clear_faults();
        // The other account has put it to use since.
        let instance = setup.world().instance(OTHER, WEST).image(&prod[1]).put();
        setup.fake.forget_calls();
        let ran = setup.run(&format!("{again} -o json")).ended(4);
        assert_eq!(ran.error()["code"], "InUse");
        ran.says(&[&instance, OTHER]);
        assert!(setup.calls(call).is_empty(), "{again}");
        setup.world().end_instance(&instance);
        setup.run(&again).ended(0);
        assert_eq!(setup.calls(call).len(), 3, "what is left, and nothing else");
    }
}

#[test]
fn copies_that_are_left_in_several_accounts_are_found_with_all_of_them() {
    let setup = Setup::new();
    let root = setup.world().image(PROD, EAST, BAD).put();
    let copy = setup.world().image(PROD, WEST, "copied").copied_from(&root, EAST).put();
    setup.fake.fault(denied("DescribeImages").in_region(WEST).of_account(PROD).matching("source-image-id"));
    let roles = format!("{} {}", role(PROD), role(OTHER));
    let again = line(&setup.run(&format!("disable web --copies {THREE} {roles} -o json")).ended(3));
    assert_eq!(again, format!("disable {root} --copies --region us-east-1,us-west-2 {roles}"));
    setup.fake.clear_faults();
    setup.run(&again).ended(0);
    assert_eq!(setup.image(&copy).phase.after, "disabled");
}

#[test]
fn options_go_along() {
    let setup = Setup::new();
    let (_, bad) = ready(PROD, &setup);
    for id in &bad {
        let region = setup.image(id).region;
        setup.world().instance(PROD, &region).image(id).put();
    }
    let journal = setup.home.path().join("journal.jsonl");
    let journal = journal.to_str().unwrap();
    setup.fake.fault(denied("DisableImage").in_region(WEST));
    let line_of = format!("disable web --allow-in-use --journal {journal} {THREE} -o json");
    let again = line(&setup.run(&line_of).ended(3));
    assert_eq!(again, format!("disable {} --allow-in-use --journal {journal} --region us-west-2", bad[1]));
    setup.fake.clear_faults();
    setup.run(&again).ended(0);
    assert_eq!(setup.image(&bad[1]).phase.after, "disabled");
}

#[test]
fn copies_that_are_left_are_named_themselves() {
    let setup = Setup::new();
    let root = setup.world().image(PROD, EAST, BAD).put();
    let good = setup.world().image(PROD, EAST, GOOD).put();
    let copies =
        [WEST, EUROPE].map(|region| setup.world().image(PROD, region, "copied").copied_from(&root, EAST).put());
    setup.fake.fault(denied("DisableImage").in_region(WEST));
    let again = line(&setup.run(&format!("disable web --copies {THREE} -o json")).ended(3));
    assert_eq!(again, format!("disable {} --region us-west-2", copies[0]));
    setup.fake.clear_faults();
    setup.run(&again).ended(0);
    assert_eq!(copies.map(|id| setup.image(&id).phase.after), ["disabled", "disabled"]);
    assert_eq!(setup.image(&good).phase.after, "available");
}

#[test]
fn a_region_that_cannot_be_read_is_left_alone_and_the_command_is_right_there() {
    let setup = Setup::new();
    let (good, bad) = ready(PROD, &setup);
    let api = setup.world().image(PROD, WEST, "api-v1-2026-01-02").put();
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
    // The first reference is found there, the second cannot be looked for.
    setup.fake.fault(denied("DescribeImages").in_region(WEST).matching("api-v*"));
    let ran = setup.run(&format!("disable web api {THREE} -o json")).ended(3);
    assert_eq!(setup.image(&bad[1]).phase.after, "available");
    ran.says(&["run the same command again for them: with --region us-west-2"]);
    setup.fake.clear_faults();
    setup.run("disable web api --region us-west-2").ended(0);
    assert_eq!([&bad[1], &api].map(|id| setup.image(id).phase.after), ["disabled", "disabled"]);
    assert_eq!(good.map(|id| setup.image(&id).phase.after), ["available", "available", "available"]);
}

#[test]
fn copies_that_could_not_be_looked_for_are_found_by_the_line_of_the_hint() {
    let setup = Setup::new();
    let root = setup.world().image(PROD, EAST, BAD).put();
    let good = setup.world().image(PROD, EAST, GOOD).put();
    let copies =
        [WEST, EUROPE].map(|region| setup.world().image(PROD, region, "copied").copied_from(&root, EAST).put());
    setup.fake.fault(denied("DescribeImages").in_region(WEST).matching("source-image-id"));
    let again = line(&setup.run(&format!("disable web --copies {THREE} -o json")).ended(3));
    assert_eq!(again, format!("disable {root} --copies --region us-east-1,us-west-2"));
    assert_eq!(setup.image(&copies[0]).phase.after, "available");
    setup.fake.clear_faults();
    setup.run(&again).ended(0);
    assert_eq!(copies.map(|id| setup.image(&id).phase.after), ["disabled", "disabled"]);
    assert_eq!(setup.image(&good).phase.after, "available");
}

#[test]
fn an_account_that_could_not_be_entered_is_named() {
    let setup = Setup::new();
    ready(PROD, &setup);
    let (_, theirs) = ready(OTHER, &setup);
    setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
    let ran = setup.run(&format!("protect web {} {}", role(PROD), role(OTHER))).ended(3);
    ran.says(&["run the same command again for them: with the role of account 222222222222"]);
    setup.world().denied_roles.clear();
    setup.run(&format!("protect web {}", role(OTHER))).ended(0);
    assert_eq!(setup.image(&theirs[0]).protection, Protection::Enabled { cooldown: false });
}

#[test]
fn where_use_counts_what_nobody_could_look_at_is_named_with_all_accounts() {
    let setup = Setup::new();
    let (good, _) = ready(PROD, &setup);
    let (_, theirs) = ready(OTHER, &setup);
    let roles = format!("{} {}", role(PROD), role(OTHER));
    setup.fake.fault(denied("DescribeImages").in_region(WEST).of_account(OTHER).matching("web-v"));
    let europe = setup.world().image(OTHER, EUROPE, "db-v1-2026-01-02").put();
    let ran = setup.run(&format!("disable web {THREE} {roles} -o json")).ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    let there = format!("were skipped; see what is there: amictl list --region us-west-2 {};", role(OTHER));
    assert!(hint.contains(&there) && hint.contains("with those ids and all accounts of this run"), "{hint}");
    assert!(!hint.contains("the same command"), "{hint}");
    setup.fake.clear_faults();
    setup.run(&format!("disable {} --region us-west-2 {roles}", theirs[1])).ended(0);
    assert_eq!(setup.image(&theirs[1]).phase.after, "disabled");
    assert!(good.iter().chain([&europe]).all(|id| setup.image(id).phase.after == "available"));
    // The same of an account that cannot be entered.
    setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
    let ran = setup.run(&format!("disable {} {roles} -o json", good[0])).ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("see what is there: amictl list with the role of account 222222222222;"), "{hint}");
    assert!(!hint.contains("the same command"), "{hint}");
}

#[test]
fn an_answer_that_is_lost_may_be_of_work_that_is_done() {
    let setup = Setup::new();
    let (good, bad) = ready(PROD, &setup);
    // Its tag is there already, so that the disabling is the first change that is looked at.
    setup.world().image_mut(&bad[0]).tags.insert("amictl:shares".to_owned(), String::new());
    setup.fake.fault(Fault::on("DisableImage", FaultKind::ResetAfter));
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::ResetBefore).matching(&bad[0]));
    let ran = setup.once().run("disable web -o json").ended(1);
    assert_eq!(setup.image(&bad[0]).phase.after, "disabled");
    let again = line(&ran);
    assert_eq!(again, format!("disable {} --region us-east-1", bad[0]));
    setup.fake.clear_faults();
    setup.run(&again).ended(0);
    assert_eq!(setup.image(&good[0]).phase.after, "available");
}

#[test]
fn snapshots_that_are_left_of_an_image_that_is_gone_are_named() {
    let setup = Setup::new();
    let (good, bad) = ready(PROD, &setup);
    let snapshots = setup.snapshots_of(&bad[0]);
    setup.world().delete_codes.insert(snapshots[0].clone(), "missing-permissions".to_owned());
    setup.fake.fault(denied("DeleteSnapshot"));
    let ran = setup.run("deregister web --yes -o json").ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(
        hint.contains(&format!("aws ec2 delete-snapshot --region us-east-1 --snapshot-id {}", snapshots[0])),
        "{hint}"
    );
    assert!(!hint.contains("amictl"), "{hint}");
    assert_eq!(setup.image(&good[0]).phase.after, "available");
}

#[test]
fn so_are_those_that_prune_leaves() {
    let setup = Setup::new();
    let (_, bad) = ready(PROD, &setup);
    let snapshots = setup.snapshots_of(&bad[0]);
    setup.world().delete_codes.insert(snapshots[0].clone(), "missing-permissions".to_owned());
    setup.fake.fault(denied("DeleteSnapshot"));
    let ran = setup.run("prune --keep 0 --min-age 0s --apply --yes --max-delete 100% -o json").ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("run the command again for those that failed; delete the remaining snapshots"), "{hint}");
    assert!(hint.contains(&format!("--snapshot-id {}", snapshots[0])), "{hint}");
}
