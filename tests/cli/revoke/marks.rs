//! `revoke`: the mark is set, changed, removed, and written down.

use serde_json::{Value, json};

use super::{NAME, mark, marked, ready, rows};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, today};

fn journal(setup: &Setup) -> Vec<Value> {
    let file = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_mark_has_the_date_and_the_reason_and_is_in_the_journal() {
    let (setup, id) = ready();
    let report = setup.json("revoke web --reason CVE-2026-1234");
    assert_eq!(mark(&setup, &id), marked("CVE-2026-1234"));
    assert_eq!(rows(&report), [("revoke", "done", true)]);
    let row = &report["results"][0];
    assert_eq!(row["detail"], format!("since {}: CVE-2026-1234", today()));
    assert_eq!(row["tags"]["amictl:revoked"], json!(mark(&setup, &id)));
    assert_eq!((&report["errors"], &report["warnings"]), (&json!([]), &json!([])));
    assert_eq!(setup.changes(), ["CreateTags"]);
    let lines = journal(&setup);
    let said: Vec<_> = lines.iter().map(|line| line["phase"].as_str().unwrap()).collect();
    assert_eq!(said, ["begin", "end"]);
    assert_eq!((&lines[0]["action"], &lines[0]["image"]["tags"]), (&json!("revoke"), &json!({})));
    assert_eq!((&lines[1]["result"]["action"], &lines[1]["result"]["changed"]), (&json!("revoke"), &json!(true)));
}

#[test]
fn a_second_revoke_keeps_the_date_and_takes_the_new_reason() {
    let (setup, id) = ready();
    setup.world().image_mut(&id).tags.insert("amictl:revoked".to_owned(), "2026-01-05 bad".to_owned());
    let report = setup.run(&format!("revoke {id} --reason bad -o json")).ended(0).json();
    assert_eq!(rows(&report), [("revoke", "done", false)]);
    setup.unchanged();
    assert!(journal(&setup).is_empty(), "nothing was done, so nothing is written down");
    let report = setup.run(&format!("revoke {id} --reason worse -o json")).ended(0).json();
    assert_eq!(rows(&report), [("revoke", "done", true)]);
    assert_eq!(mark(&setup, &id).as_deref(), Some("2026-01-05 worse"));
    let page = setup.run(&format!("revoke {id} --reason worse")).ended(0).stdout;
    assert!(page.contains("already revoked: since 2026-01-05: worse"), "{page}");
}

#[test]
fn unrevoke_takes_the_mark_away_and_is_harmless_twice() {
    let (setup, id) = ready();
    setup.run("revoke web:v1 --reason bad").ended(0);
    let report = setup.json("unrevoke web:v1");
    assert_eq!((rows(&report), mark(&setup, &id)), (vec![("unrevoke", "done", true)], None));
    assert_eq!(journal(&setup)[2]["image"]["tags"]["amictl:revoked"], json!(marked("bad")));
    assert_eq!(rows(&setup.json("unrevoke web:v1")), [("unrevoke", "done", false)]);
    assert_eq!(setup.changes(), ["CreateTags", "DeleteTags"]);
}

#[test]
fn every_place_that_has_the_image_gets_the_mark() {
    let (setup, id) = ready();
    let copy = setup.world().image(PROD, WEST, NAME).copied_from(&id, EAST).put();
    let report = setup.json("revoke web:v1 --reason bad --region us-east-1,us-west-2");
    assert_eq!(rows(&report), [("revoke", "done", true); 2]);
    assert_eq!((mark(&setup, &id), mark(&setup, &copy)), (marked("bad"), marked("bad")));
}

#[test]
fn an_odd_reason_is_data_and_cannot_steer_a_terminal() {
    let (setup, id) = ready();
    let reason = "\u{1b}[31m it's 'bad' $(rm) \u{202e}";
    let ran = setup.amictl().args(&["revoke", "web", "--reason", reason]).ended(0);
    assert_eq!(mark(&setup, &id), marked(reason.trim()));
    assert!(ran.stdout.contains("\\u{1b}[31m it's 'bad' $(rm)"), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'));
    let listed = setup.run("list --columns name,revoked").ended(0).stdout;
    assert!(listed.contains("\\u{1b}[31m"), "{listed}");
}

#[test]
fn what_cannot_be_meant_is_refused_before_any_call() {
    let (setup, id) = ready();
    setup.run("revoke web").ended(2).says(&["--reason"]);
    for (reason, said) in
        [("", "the reason is empty"), (" \t", "the reason is empty"), (&"x".repeat(201), "201 characters")]
    {
        setup.amictl().args(&["revoke", "web", "--reason", reason]).ended(2).says(&[said]);
    }
    setup.run("revoke --reason bad").ended(2);
    setup.run("revoke web --reason bad --yes").ended(2);
    assert!(setup.fake.calls().is_empty());
    setup.amictl().args(&["revoke", "web", "--reason", &"ü".repeat(200)]).ended(0);
    assert_eq!(mark(&setup, &id), marked(&"ü".repeat(200)));
}

#[test]
fn an_image_of_others_is_refused_and_its_owner_named() {
    let setup = Setup::new();
    let id = setup.world().image(OTHER, EAST, NAME).shared_with(PROD).put();
    let own = setup.world().image(PROD, EAST, "own-v1-2026-01-02").put();
    for verb in ["revoke --reason bad", "unrevoke"] {
        let ran = setup.run(&format!("{verb} {own} {id} -o json")).ended(1);
        let error = ran.error();
        assert_eq!(error["code"], "AuthFailure");
        assert!(error["message"].as_str().unwrap().contains(&format!("({id}) belongs to {OTHER}")), "{error}");
        assert!(error["hint"].as_str().unwrap().starts_with("only its owner can"), "{error}");
    }
    setup.unchanged();
}

#[test]
fn a_dry_run_asks_ec2_and_changes_nothing() {
    let (setup, id) = ready();
    let ran = setup.run("revoke web --reason bad --dry-run").ended(0);
    assert!(ran.stdout.is_empty());
    ran.says(&[&format!("dry run: {NAME} ({id}) in account {PROD}, region {EAST} would be revoked")]);
    let ran = setup.run("revoke web --reason bad --disable --dry-run").ended(0);
    ran.says(&["would be revoked"]);
    setup.run("unrevoke web --dry-run").ended(0).says(&["is not revoked"]);
    setup.unchanged();
    assert!(setup.calls("CreateTags").iter().all(|call| call.dry_run) && !setup.calls("CreateTags").is_empty());
    setup.fake.fault(crate::fake::Fault::error("CreateTags", "UnauthorizedOperation", "No tags."));
    setup.run("revoke web --reason bad --dry-run").ended(1).says(&["No tags."]);
    assert_eq!(mark(&setup, &id), None);
}

#[test]
fn an_image_without_room_for_the_tag_stops_no_other() {
    let (setup, id) = ready();
    let copy = setup.world().image(PROD, EAST, "web-copy").copied_from(&id, EAST).put();
    for n in 0..50 {
        setup.world().image_mut(&copy).tags.insert(format!("k{n}"), String::new());
    }
    let ran = setup.run(&format!("revoke {copy} --reason bad --dry-run")).ended(1);
    ran.says(&["it has as many tags as EC2 takes"]);
    let ran = setup.run(&format!("revoke {id} --reason bad --descendants -o json")).ended(3);
    assert_eq!(rows(&ran.json()), [("revoke", "done", true), ("revoke", "failed", false)]);
    assert_eq!((mark(&setup, &id), mark(&setup, &copy)), (marked("bad"), None));
    let said = ran.json()["results"][1]["error"]["message"].as_str().unwrap().to_owned();
    let room = said.split("amictl ").nth(1).unwrap();
    assert_eq!(room, format!("tag {copy} --remove KEY --region us-east-1"));
    setup.run(&room.replace("KEY", "k7")).ended(0);
    setup.run(ran.error()["hint"].as_str().unwrap().split("amictl ").nth(1).unwrap()).ended(0);
    assert_eq!(mark(&setup, &copy), marked("bad"));
}
