//! `disable`: launch permissions are recorded first, and images in use stay enabled.

use serde_json::{Value, json};

use crate::changes::verbs::{NAME, changed};
use crate::cli::Amictl;
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, Home, Setup, WEST, refused, seconds};

const SHARES: &str = "amictl:shares";
const THIRD: &str = "333333333333";

/// An endpoint with one image that is shared with two accounts; gives its id.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).shared_with(OTHER).shared_with(THIRD).put();
    (setup, id)
}

/// The lines of the journal.
fn journal(setup: &Setup) -> Vec<Value> {
    let file = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn is_disabled(setup: &Setup, id: &str) -> bool {
    setup.image(id).phase.after == "disabled"
}

/// Checks that a run was refused with this code, and that nothing was changed or written down.
#[track_caller]
fn refuses(setup: &Setup, line: &str, exit: i32, code: &str, said: &[&str]) {
    setup.fake.forget_calls();
    let ran = setup.run(&format!("disable {line} -o json")).ended(exit);
    assert_eq!(ran.error()["code"], code);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    ran.says(said);
    setup.unchanged();
    assert!(journal(setup).is_empty());
}

#[test]
fn permissions_are_in_the_journal_and_in_a_tag_before_they_go() {
    let (setup, id) = ready();
    let report = setup.json("disable web");
    assert_eq!(report["results"][0]["detail"], "2 permissions kept in tag amictl:shares");
    assert!(is_disabled(&setup, &id) && setup.world().launch_permissions(&id).is_empty());
    assert_eq!(setup.image(&id).tags[SHARES], format!("{OTHER} {THIRD}"));
    assert_eq!(setup.changes(), ["CreateTags", "DisableImage"]);
    let lines = journal(&setup);
    assert_eq!(lines.iter().map(|line| line["phase"].as_str().unwrap()).collect::<Vec<_>>(), ["begin", "end"]);
    let begin = &lines[0];
    assert_eq!((&begin["action"], &begin["launch_permissions"]), (&"disable".into(), &json!([OTHER, THIRD])));
    assert_eq!((&begin["image"]["id"], &begin["delete_snapshots"]), (&json!(id), &json!([])));
    let result = &lines[1]["result"];
    assert_eq!(
        (&result["action"], &result["status"], &result["changed"]),
        (&"disable".into(), &"done".into(), &true.into())
    );
    assert_eq!(changed(&setup.json("disable web:v1")), [false]);
    assert_eq!(journal(&setup).len(), 2, "nothing was done, so nothing is written down");
}

#[test]
fn too_many_for_a_tag_are_in_the_journal_and_it_is_said() {
    let setup = Setup::new();
    let accounts: Vec<_> = (0..40).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect();
    let id = {
        let mut world = setup.world();
        let seed = world.image(PROD, EAST, NAME).tag(SHARES, "444444444444");
        accounts.iter().fold(seed, |seed, account| seed.shared_with(account)).put()
    };
    let ran = setup.run("disable web").ended(0);
    let said = "41 permissions kept in the journal only, too many for a tag; 1 of them from an earlier time";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    let begin = &journal(&setup)[0];
    assert_eq!(begin["launch_permissions"], json!(accounts));
    let all: Vec<_> = accounts.iter().map(String::as_str).chain(["444444444444"]).collect();
    assert_eq!(begin["shares_due"], json!({"launch_permissions": all, "tag": false}));
    assert!(!setup.image(&id).tags.contains_key(SHARES), "a part of them in a tag would mislead");
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), all, "what an earlier time left in the tag comes back as well");
}

#[test]
fn what_was_not_given_back_since_an_earlier_time_is_kept() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag(SHARES, OTHER).tag("Team", "core").put();
    let report = setup.json("disable web");
    let said = "1 permission kept in tag amictl:shares; 1 of them from an earlier time, not yet restored";
    assert_eq!(report["results"][0]["detail"], said);
    assert_eq!(setup.image(&id).tags[SHARES], OTHER);
    for line in ["enable web:v1", "disable web", "enable web:v1", "disable web"] {
        setup.run(line).ended(0);
    }
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    assert_eq!(setup.image(&id).tags.keys().collect::<Vec<_>>(), ["Team"]);
}

#[test]
fn that_an_image_was_not_shared_is_written_down_too() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let report = setup.json("disable web");
    assert_eq!(report["results"][0]["detail"], "it was not shared");
    assert_eq!(setup.changes(), ["CreateTags", "DisableImage"]);
    assert_eq!(setup.image(&id).tags[SHARES], "");
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert!(!setup.image(&id).tags.contains_key(SHARES) && setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn what_was_withdrawn_elsewhere_before_it_was_disabled_there_does_not_come_back() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).shared_with(OTHER).put();
    let home = Home::new();
    let elsewhere = |line: &str| Amictl::at(&setup.fake.url(), home.path()).run(line).ended(0);
    setup.run("disable web").ended(0);
    elsewhere("enable web:v1 --restore-shares");
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    elsewhere(&format!("unshare web --with {OTHER}"));
    elsewhere("disable web");
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty(), "the journal here tells of an earlier time");
}

#[test]
fn an_image_that_was_not_shared_does_without_the_tag_where_ec2_refuses_it() {
    for room in [1, 0] {
        let setup = Setup::new();
        let id = setup.world().image(PROD, EAST, NAME).put();
        crowd(&setup, &id, room);
        setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tags."));
        setup.run("disable web --dry-run").ended(0).says(&["would be disabled"]);
        let report = setup.json("disable web");
        let refused = "it was not shared; the tag amictl:shares cannot be written: No tags.";
        let said = if room == 0 { "it was not shared" } else { refused };
        assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!(said)));
        assert!(is_disabled(&setup, &id) && !setup.image(&id).tags.contains_key(SHARES));
    }
    // A throttle refuses nothing.
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.fake.fault(Fault::error("CreateTags", "RequestLimitExceeded", "Slowly."));
    setup.once().run("disable web").ended(1);
    assert!(!is_disabled(&setup, &id));
}

#[test]
fn what_is_given_back_in_part_only_is_not_forgotten_when_it_is_disabled_again() {
    let (setup, id) = ready();
    setup.run("disable web").ended(0);
    setup.world().missing_accounts.insert(THIRD.into());
    setup.run("enable web:v1 --restore-shares").ended(3);
    assert_eq!(setup.image(&id).tags[SHARES], THIRD, "who is left stays remembered, and nobody else");
    setup.run("disable web").ended(0);
    assert_eq!(setup.image(&id).tags[SHARES], format!("{OTHER} {THIRD}"));
    setup.world().missing_accounts.clear();
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD]);
}

#[test]
fn a_disabling_that_ec2_shows_late_loses_nothing() {
    let many: Vec<_> = (0..40).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect();
    for accounts in [vec![OTHER.to_owned(), THIRD.to_owned()], many] {
        let setup = Setup::new();
        let id = {
            let mut world = setup.world();
            let seed = world.image(PROD, EAST, NAME);
            accounts.iter().fold(seed, |seed, account| seed.shared_with(account)).put()
        };
        // Nobody hears that the work is done, and EC2 shows the image as it was, but for the permissions.
        setup.fake.fault(Fault::on("DisableImage", FaultKind::Hang(seconds(60))));
        let mut process = setup.process("disable web").spawn().unwrap();
        setup.until("DisableImage", 1);
        process.kill().unwrap();
        process.wait().unwrap();
        setup.world().image_mut(&id).launch.clear();
        setup.fake.clear_faults();
        setup.run("disable web").ended(0);
        setup.run("enable web:v1 --restore-shares").ended(0);
        assert_eq!(setup.world().launch_permissions(&id), accounts);
    }
}

#[test]
fn a_disabling_that_was_refused_leaves_the_memory_as_it_was() {
    for (count, before) in [(2, None), (2, Some("444444444444")), (40, None)] {
        let accounts: Vec<_> = (0..count).map(|n| format!("{:012}", 500_000_000_000_u64 + n)).collect();
        let setup = Setup::new();
        let id = {
            let mut world = setup.world();
            let seed = accounts.iter().fold(world.image(PROD, EAST, NAME), |seed, account| seed.shared_with(account));
            if let Some(before) = before { seed.tag(SHARES, before) } else { seed }.put()
        };
        setup.fake.fault(Fault::error("DisableImage", "UnauthorizedOperation", "No."));
        setup.run("disable web").ended(1);
        assert_eq!(setup.image(&id).tags.get(SHARES).map(String::as_str), before);
        setup.fake.clear_faults();
        // Taken away by other means than amictl: nothing of a disabling that never was gives it back.
        setup.world().image_mut(&id).launch.clear();
        setup.run("enable web --restore-shares").ended(0);
        let due: Vec<&str> = before.into_iter().collect();
        assert_eq!(setup.world().launch_permissions(&id), due, "{count} {before:?}");
    }
}

#[test]
fn a_refusal_after_an_answer_that_was_lost_cancels_nothing() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::on("DisableImage", FaultKind::ResetAfter).times(1));
    setup.fake.fault(Fault::error("DisableImage", "UnauthorizedOperation", "Not any more."));
    setup.run("disable web").ended(1);
    assert!(is_disabled(&setup, &id));
    assert_eq!(setup.image(&id).tags[SHARES], format!("{OTHER} {THIRD}"));
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD]);
}

/// As many tags as an image can have, less so many.
fn crowd(setup: &Setup, id: &str, room: usize) {
    let mut world = setup.world();
    let tags = &mut world.image_mut(id).tags;
    tags.insert("aws:not-counted".to_owned(), String::new());
    (0..50 - room).for_each(|n| drop(tags.insert(format!("k{n}"), String::new())));
}

#[test]
fn where_there_is_no_room_for_a_tag_the_journal_has_it() {
    let (setup, web) = ready();
    let other = setup.world().image(PROD, EAST, "db-v1-2026-01-02").shared_with(OTHER).put();
    let last = setup.world().image(PROD, EAST, "api-v1-2026-01-02").shared_with(OTHER).put();
    crowd(&setup, &web, 0);
    crowd(&setup, &last, 1);
    setup.run("disable db web api --dry-run").ended(0);
    let report = setup.json("disable db web api");
    let details: Vec<_> = report["results"].as_array().unwrap().iter().map(|row| row["detail"].clone()).collect();
    let alone = "2 permissions kept in the journal only, as the image has no room for another tag";
    let kept = "1 permission kept in tag amictl:shares";
    assert_eq!(details, [kept, alone, kept]);
    assert!([&web, &other, &last].iter().all(|id| is_disabled(&setup, id)));
    setup.run("enable db:v1 web:v1 api:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&web), [OTHER, THIRD]);
    assert_eq!([&other, &last].map(|id| setup.world().launch_permissions(id)), [[OTHER], [OTHER]]);
    assert_eq!(setup.image(&web).tags.len(), 51);
}

#[test]
fn an_image_that_is_shared_with_somebody_who_cannot_be_read_is_left_alone() {
    let (setup, id) = ready();
    let strange = crate::fake::Principal::Organization("arn:aws:organizations::1:org/x".to_owned());
    setup.world().image_mut(&id).launch.insert(strange);
    let ran = setup.run("disable web -o json").ended(1);
    assert_eq!(ran.error()["code"], "UnreadablePrincipal");
    ran.says(&["left alone, as who it is shared with is unknown", "arn:aws:organizations::1:org/x"]);
    setup.unchanged();
    // The way out is there all the same.
    setup.run("unshare web --all").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
    setup.run("disable web").ended(0);
}

#[test]
fn what_cannot_be_written_down_is_left_alone() {
    for (call, code, said) in [
        ("CreateTags", "UnauthorizedOperation", "its tag amictl:shares cannot be written: No."),
        ("CreateTags", "TagLimitExceeded", "its tag amictl:shares cannot be written: No."),
        ("DescribeImageAttribute", "UnauthorizedOperation", "who it is shared with is unknown"),
    ] {
        let (setup, id) = ready();
        setup.fake.fault(Fault::error(call, code, "No."));
        let ran = setup.run("disable web -o json").ended(1);
        assert_eq!(ran.error()["code"], code);
        let result = &ran.json()["results"][0];
        assert_eq!((&result["status"], &result["changed"]), (&"failed".into(), &false.into()));
        ran.says(&["left alone", said]);
        assert!(!is_disabled(&setup, &id));
        assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD]);
        assert!(setup.calls("DisableImage").is_empty());
    }
    let (setup, id) = ready();
    let file = setup.home.write("file", "");
    setup.run(&format!("disable web --journal {file}/journal.jsonl")).ended(1).says(&["journal", &file]);
    setup.unchanged();
    assert!(!is_disabled(&setup, &id));
}

#[test]
fn what_is_in_use_is_refused_and_its_users_are_named() {
    let (setup, id) = ready();
    let free = setup.world().image(PROD, EAST, "db-v1-2026-01-02").put();
    let instance = setup.world().instance(PROD, EAST).image(&id).put();
    let said = ["is in use by", &instance, &id, "us-east-1", "--allow-in-use"];
    refuses(&setup, "db web", 4, "InUse", &said);
    refuses(&setup, "db web --dry-run", 4, "InUse", &said);
    setup.run("disable db web --allow-in-use").ended(0);
    assert!(is_disabled(&setup, &id) && is_disabled(&setup, &free));
    setup.run("disable db:v1 web:v1").ended(0);
}

#[test]
fn use_in_every_region_counts() {
    let setup = Setup::new();
    let [_, west] = [EAST, WEST].map(|region| setup.world().image(PROD, region, NAME).put());
    setup.world().launch_template(PROD, WEST, "web").image(&west).put();
    refuses(&setup, "web --region us-east-1,us-west-2", 4, "InUse", &[&west, "us-west-2", "web:1"]);
    setup.run("disable web").ended(0);
}

#[test]
fn a_source_that_cannot_be_read_leaves_doubt_and_doubt_keeps() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "No fleets."));
    refuses(&setup, "web", 4, "Unverified", &["cannot be verified", "ec2-fleets: No fleets.", "--without-source"]);
    setup.run("disable web --without-source ec2-fleets").ended(0);
    assert!(is_disabled(&setup, &id));
}

#[test]
fn what_is_pending_or_failed_is_refused_with_the_way_out() {
    let (setup, _) = ready();
    let pending = setup.world().image(PROD, EAST, "web-v2-2026-01-02").state("pending").put();
    let failed = setup.world().image(PROD, EAST, "web-v3-2026-01-02").state("failed").put();
    let code = "InvalidAMIID.Unavailable";
    let said =
        ["cannot disable web-v2-2026-01-02", "it is pending", &format!("amictl wait {pending} --region us-east-1")];
    refuses(&setup, "web:v1 web:v2", 1, code, &said);
    let said = ["it is failed", &format!("amictl deregister {failed} --region us-east-1")];
    refuses(&setup, "web:v1 web:v3", 1, code, &said);
}

#[test]
fn a_run_that_was_cut_off_is_taken_up() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::on("DisableImage", FaultKind::Hang(seconds(60))));
    let mut process = setup.process("disable web").spawn().unwrap();
    setup.until("DisableImage", 1);
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(setup.image(&id).tags[SHARES], format!("{OTHER} {THIRD}"));
    assert!(!is_disabled(&setup, &id));
    assert_eq!(journal(&setup).len(), 1, "a beginning without an end");
    setup.fake.clear_faults();
    setup.fake.forget_calls();
    let report = setup.json("disable web");
    assert_eq!(report["results"][0]["detail"], "2 permissions kept in tag amictl:shares");
    assert_eq!(setup.changes(), ["DisableImage"], "the tag is there already");
    assert!(is_disabled(&setup, &id));
    assert_eq!(journal(&setup).len(), 3);
}

#[test]
fn an_attempt_after_a_lost_one_may_be_refused_as_the_work_is_done() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::on("DisableImage", FaultKind::ResetAfter).times(1));
    setup.fake.fault(Fault::error("DisableImage", "InvalidAMIID.Unavailable", "It is disabled.").times(1));
    let report = setup.json("disable web");
    assert_eq!((changed(&report), setup.calls("DisableImage").len()), (vec![true], 2));
    assert!(is_disabled(&setup, &id));
}

#[test]
fn a_dry_run_asks_about_the_tag_as_well() {
    let (setup, id) = ready();
    setup.run("disable web --dry-run").ended(0).says(&["would be disabled"]);
    assert_eq!(setup.outcomes("CreateTags"), [refused("DryRunOperation")]);
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tags."));
    setup.run("disable web --dry-run").ended(1).says(&["No tags."]);
    setup.unchanged();
    assert!(!is_disabled(&setup, &id) && journal(&setup).is_empty());
}
