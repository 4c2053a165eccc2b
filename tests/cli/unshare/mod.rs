//! `unshare` of what is yet to be given back: what was withdrawn on purpose does not come back.

use serde_json::json;

use crate::changes::verbs::{NAME, changed};
use crate::enable::journal;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, refused};

const SHARES: &str = "amictl:shares";
const THIRD: &str = "333333333333";

/// An endpoint with one image that was shared with these accounts and is disabled; gives its id.
fn ready(accounts: &[String]) -> (Setup, String) {
    let (setup, id) = journal::ready(accounts);
    setup.fake.forget_calls();
    (setup, id)
}

fn two() -> Vec<String> {
    [OTHER, THIRD].map(str::to_owned).into()
}

/// So many accounts that no tag holds them.
fn many() -> Vec<String> {
    (0..40).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect()
}

#[test]
fn a_disabled_image_gives_nothing_back_to_whom_it_was_withdrawn_from() {
    let (setup, id) = ready(&two());
    let report = setup.json(&format!("unshare web:v1 --with {OTHER}"));
    let said = format!("no longer to be restored: {OTHER}");
    assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!(said)));
    assert_eq!(setup.image(&id).tags[SHARES], THIRD);
    assert_eq!(changed(&setup.json(&format!("unshare web:v1 --with {OTHER}"))), [false]);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [THIRD]);
}

#[test]
fn from_everybody_nobody_is_left() {
    for (accounts, public) in [(two(), false), (two(), true), (many(), false)] {
        let setup = Setup::new();
        let id = setup.world().image(PROD, EAST, NAME).put();
        let with = format!("--with {} {}", accounts.join(","), if public { "--public" } else { "" });
        setup.run(&format!("share web {with}")).ended(0);
        setup.run("disable web").ended(0);
        assert_eq!(changed(&setup.json("unshare web:v1 --all")), [true]);
        setup.run("enable web:v1 --restore-shares").ended(0);
        assert!(setup.world().launch_permissions(&id).is_empty());
        // Nor does the next disabling remember any of it.
        setup.run("disable web").ended(0);
        setup.run("enable web:v1 --restore-shares").ended(0);
        assert!(setup.world().launch_permissions(&id).is_empty());
    }
}

#[test]
fn everybody_is_withdrawn_by_name() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.run(&format!("share web --public --with {OTHER}")).ended(0);
    setup.run("disable web").ended(0);
    setup.run("unshare web:v1 --public").ended(0);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
}

#[test]
fn an_enabled_image_that_remembers_them_still_forgets_them_too() {
    let (setup, id) = ready(&two());
    setup.run("enable web:v1").ended(0);
    assert_eq!(changed(&setup.json(&format!("unshare web --with {OTHER}"))), [true]);
    setup.run("disable web").ended(0);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [THIRD]);
    assert!(!setup.image(&id).tags.contains_key(SHARES));
}

#[test]
fn what_only_the_journal_remembers_is_withdrawn_there() {
    let accounts = many();
    let (setup, id) = ready(&accounts);
    let report = setup.json(&format!("unshare web:v1 --with {},{OTHER}", accounts[3]));
    let said = format!("no longer to be restored: {}", accounts[3]);
    assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!(said)));
    setup.unchanged();
    setup.run("enable web:v1 --restore-shares").ended(0);
    let rest: Vec<_> = accounts.iter().filter(|account| **account != accounts[3]).cloned().collect();
    assert_eq!(setup.world().launch_permissions(&id), rest);
}

#[test]
fn where_nobody_here_knows_it_is_said() {
    let (setup, _) = ready(&many());
    let file = setup.home.path().join("other.jsonl");
    let report = setup.json(&format!("unshare web:v1 --all --journal {}", file.display()));
    assert_eq!(changed(&report), [false]);
    assert_eq!(report["results"][0]["detail"], "the journal of the machine that disabled it may still have them");
    assert!(!file.exists());
}

#[test]
fn what_stays_written_down_is_a_failure_though_nothing_is_shared() {
    let (setup, id) = ready(&two());
    setup.run("enable web:v1").ended(0);
    setup.run(&format!("share web --with {OTHER}")).ended(0);
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tags."));
    let ran = setup.run(&format!("unshare web --with {OTHER} -o json")).ended(3);
    let result = &ran.json()["results"][0];
    assert_eq!((&result["status"], &result["changed"]), (&json!("failed"), &json!(true)));
    ran.says(&["it is no longer shared, but the record of permissions to restore stays: No tags."]);
    assert!(setup.world().launch_permissions(&id).is_empty());
    setup.fake.clear_faults();
    setup.run(&format!("unshare web --with {OTHER}")).ended(0);
    assert_eq!(setup.image(&id).tags[SHARES], THIRD);
}

#[test]
fn a_tag_that_cannot_be_read_is_withdrawn_as_a_whole_or_not_at_all() {
    let (setup, id) = ready(&two());
    setup.run(&format!("tag web:v1 {SHARES}=everybody")).ended(0);
    setup.run(&format!("unshare web:v1 --with {OTHER}")).ended(1).says(&["its tag amictl:shares is damaged"]);
    setup.run("unshare web:v1 --all").ended(0);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn a_dry_run_asks_about_the_tag_as_well() {
    let (setup, id) = ready(&two());
    setup.run(&format!("unshare web:v1 --with {OTHER} --dry-run")).ended(0).says(&["would be unshared"]);
    assert_eq!(setup.outcomes("CreateTags"), [refused("DryRunOperation")]);
    setup.unchanged();
    assert_eq!(setup.image(&id).tags[SHARES], format!("{OTHER} {THIRD}"));
}
