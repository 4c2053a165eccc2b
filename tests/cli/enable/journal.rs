//! `enable --restore-shares` without the tag that records permissions: the journal has them.

use serde_json::json;

use crate::changes::verbs::{NAME, changed};
use crate::cli::Amictl;
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Home, Setup};

const THIRD: &str = "333333333333";

/// An endpoint with one image that was shared with these accounts and is disabled; gives its id.
pub fn ready(accounts: &[String]) -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.run(&format!("share web --with {}", accounts.join(","))).ended(0);
    setup.run("disable web").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
    (setup, id)
}

/// So many accounts that no tag holds them.
fn many() -> Vec<String> {
    (0..40).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect()
}

fn two() -> Vec<String> {
    [OTHER, THIRD].map(str::to_owned).into()
}

#[test]
fn what_fits_no_tag_comes_back_once() {
    let accounts = many();
    let (setup, id) = ready(&accounts);
    let elsewhere = Home::new();
    let ran = Amictl::at(&setup.fake.url(), elsewhere.path()).run("enable web:v1 --restore-shares").ended(0);
    assert!(ran.stdout.contains("no launch permissions were recorded for it"), "{}", ran.stdout);
    let report = setup.json("enable web --restore-shares");
    assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!("40 permissions restored")));
    assert_eq!(setup.world().launch_permissions(&id), accounts);
    setup.run(&format!("unshare web --with {}", accounts[0])).ended(0);
    let again = setup.json("enable web --restore-shares");
    assert_eq!(changed(&again), [false], "what was taken back since on purpose does not come back");
    setup.run("disable web").ended(0);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), accounts[1..], "the newest line counts");
}

#[test]
fn what_is_given_back_in_part_is_finished_by_another_run() {
    let accounts = many();
    let (setup, id) = ready(&accounts);
    setup.world().missing_accounts.insert(accounts[7].clone());
    let ran = setup.run("enable web:v1 --restore-shares -o json").ended(3);
    assert_eq!(ran.json()["results"][0]["detail"], "39 permissions restored");
    setup.world().missing_accounts.clear();
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), accounts);
    setup.run("unshare web --all").ended(0);
    assert_eq!(changed(&setup.json("enable web --restore-shares")), [false]);
}

#[test]
fn what_another_machine_gave_back_is_not_given_twice() {
    let (setup, id) = ready(&two());
    let elsewhere = Home::new();
    Amictl::at(&setup.fake.url(), elsewhere.path()).run("enable web:v1 --restore-shares").ended(0);
    setup.run(&format!("unshare web --with {OTHER}")).ended(0);
    assert_eq!(changed(&setup.json("enable web --restore-shares")), [false], "the journal here does not know");
    assert_eq!(setup.world().launch_permissions(&id), [THIRD]);
}

#[test]
fn a_tag_that_somebody_removed_is_in_the_journal_still() {
    let (setup, id) = ready(&two());
    setup.run("tag web:v1 --remove amictl:shares").ended(0);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), two());
}

#[test]
fn a_journal_that_cannot_be_read_is_told_of_only_where_it_is_needed() {
    let (setup, id) = ready(&two());
    let folder = setup.home.path().to_str().unwrap().to_owned();
    let other = setup.world().image(PROD, EAST, "db-v1-2026-01-02").state("disabled").put();
    let line = format!("--restore-shares --journal {folder}");
    setup.fake.forget_calls();
    setup.run(&format!("enable web:v1 db:v1 {line}")).ended(1).says(&["journal", &folder]);
    setup.unchanged();
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), two());
    let ran = setup.run("enable db:v1 --restore-shares").ended(0);
    assert!(ran.stdout.contains("no launch permissions were recorded for it"), "{}", ran.stdout);
    assert_eq!(setup.image(&other).phase.after, "available");
}

#[test]
fn what_a_journal_may_have_beside_the_tag_is_not_passed_over() {
    // Written down in the journal alone, and since then somebody else has a part of it in the tag.
    let accounts = many();
    let (setup, id) = ready(&accounts);
    setup.world().image_mut(&id).tags.insert("amictl:shares".to_owned(), OTHER.to_owned());
    let line = format!("enable {id} --restore-shares --journal {}", setup.home.path().display());
    let said = ["more launch permissions may have to be restored: the journal", "the tag amictl:shares stays"];
    setup.fake.forget_calls();
    setup.run(&format!("{line} --dry-run")).ended(1).says(&said);
    setup.unchanged();
    let ran = setup.run(&format!("{line} -o json")).ended(3).says(&said);
    let result = &ran.json()["results"][0];
    assert_eq!((&result["status"], &result["changed"]), (&json!("failed"), &json!(true)));
    assert_eq!(
        (&result["detail"], &result["error"]["code"]),
        (&json!("1 permission restored"), &json!("UnreadableJournal"))
    );
    assert_eq!(setup.image(&id).phase.after, "available");
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    assert_eq!(setup.image(&id).tags["amictl:shares"], OTHER);
    // Nothing is left to be done by this, and it is not done either.
    setup.run(&line).ended(1).says(&said);
    assert_eq!(setup.image(&id).tags["amictl:shares"], OTHER);
    setup.run(&format!("enable {id} --restore-shares")).ended(0);
    let all: Vec<_> = [OTHER.to_owned()].into_iter().chain(accounts).collect();
    assert_eq!(setup.world().launch_permissions(&id), all);
    assert!(!setup.image(&id).tags.contains_key("amictl:shares"));
}

#[test]
fn a_dry_run_writes_nothing_down() {
    let (setup, _) = ready(&many());
    let file = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let before = std::fs::read_to_string(&file).unwrap();
    setup.run("enable web:v1 --restore-shares --dry-run").ended(0).says(&["would be enabled"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}
