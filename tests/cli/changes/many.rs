//! Every reversible change on one image and many, in one region and three, one account and three.

use serde_json::Value;

use crate::changes::verbs::{NAME, ROWS, changed, role};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, part, refused, sorted};

const THIRD: &str = "333333333333";

#[test]
fn one_image_is_changed_once() {
    for row in &ROWS {
        let setup = Setup::new();
        let id = row.image(&setup, PROD, EAST, NAME);
        let other = row.image(&setup, PROD, EAST, "web-v2-2026-01-02");
        let first = setup.json(&row.on("web:v1"));
        assert!(row.done(&setup, &id), "{}", row.line);
        assert!(!row.done(&setup, &other), "{}: another image is changed", row.line);
        let result = &first["results"][0];
        assert_eq!(
            (&result["image_id"], &result["status"], &result["changed"]),
            (&id.into(), &"done".into(), &true.into())
        );
        assert_eq!(
            (&result["account"], &result["region"], &result["name"]),
            (&PROD.into(), &EAST.into(), &NAME.into())
        );
        assert_eq!(setup.calls(row.call).len(), 1, "{}", row.line);
        setup.fake.forget_calls();
        let second = setup.json(&row.on("web:v1"));
        assert_eq!((changed(&second), &second["summary"]["done"]), (vec![false], &1.into()), "{}", row.line);
        setup.unchanged();
    }
}

#[test]
fn many_images_are_changed_side_by_side_and_each_once() {
    for row in part(&ROWS, 2, 0) {
        let setup = Setup::new();
        let ids: Vec<_> = (1..=12).map(|n| row.image(&setup, PROD, EAST, &format!("web-v{n}-2026-01-02"))).collect();
        let references: Vec<_> =
            (1..=12).map(|n| format!("web:v{n}")).chain([ids[0].clone(), NAME.to_owned()]).collect();
        let report = setup.json(&row.on(&references.join(" ")));
        assert_eq!(each(&report["results"], "image_id"), ids, "{}: in the order asked for", row.line);
        assert_eq!(changed(&report), [true; 12], "{}", row.line);
        assert!(ids.iter().all(|id| row.done(&setup, id)), "{}", row.line);
    }
}

#[test]
fn three_regions_are_worked_in_at_once() {
    for row in part(&ROWS, 2, 0) {
        let setup = Setup::new();
        let ids: Vec<_> = [EAST, WEST, EUROPE].map(|region| row.image(&setup, PROD, region, NAME)).into();
        let report = setup.json(&format!("{} --region us-east-1,us-west-2,eu-west-1", row.on("web:v1")));
        assert_eq!(each(&report["results"], "region"), [EAST, WEST, EUROPE], "{}", row.line);
        assert!(ids.iter().all(|id| row.done(&setup, id)), "{}", row.line);
        setup.fake.forget_calls();
        let again = setup.json(&format!("{} --region all", row.on("web:v1")));
        assert_eq!(changed(&again), [false; 3], "{}", row.line);
        setup.unchanged();
    }
}

#[test]
fn three_accounts_are_worked_in_at_once() {
    for row in part(&ROWS, 2, 1) {
        let setup = Setup::new();
        setup.world().add_account("AKIATHIRD", THIRD);
        let ids: Vec<_> = [PROD, OTHER, THIRD].map(|account| row.image(&setup, account, EAST, NAME)).into();
        let roles = [PROD, OTHER, THIRD].map(role).join(" ");
        let report = setup.json(&format!("{} {roles}", row.on("web:v1")));
        assert_eq!(each(&report["results"], "account"), [PROD, OTHER, THIRD], "{}", row.line);
        assert!(ids.iter().all(|id| row.done(&setup, id)), "{}", row.line);
    }
}

#[test]
fn a_dry_run_asks_ec2_and_changes_nothing() {
    for row in part(&ROWS, 3, 0) {
        let setup = Setup::new();
        let ids = [row.image(&setup, PROD, EAST, NAME), row.image(&setup, PROD, WEST, NAME)];
        let line = format!("{} --region us-east-1,us-west-2 --dry-run", row.on("web:v1"));
        let ran = setup.run(&line).ended(0);
        assert!(ran.stdout.is_empty(), "{}: {}", row.line, ran.stdout);
        ran.says(&[&format!("dry run: {NAME} ({}) in account {PROD}, region us-west-2 would be ", ids[1])]);
        assert_eq!(setup.outcomes(row.call), [refused("DryRunOperation"), refused("DryRunOperation")], "{}", row.line);
        setup.unchanged();
        let denied = || Fault::error(row.call, "UnauthorizedOperation", "You are not authorized.");
        setup.fake.fault(denied().in_region(WEST));
        let ran = setup.run(&line).ended(3).says(&["region us-west-2: You are not authorized."]);
        ran.says(&["dry run: 1 would work, 1 would not", "nothing was changed"]);
        setup.fake.fault(denied());
        setup.run(&line).ended(1).says(&["You are not authorized.", "add the permission"]);
        setup.unchanged();
        assert!(ids.iter().all(|id| !row.done(&setup, id)), "{}", row.line);
        setup.fake.clear_faults();
        setup.run(&row.on("web:v1")).ended(0);
        let ran = setup.run(&line).ended(0);
        let already = format!("dry run: {NAME} ({}) in account {PROD}, region us-east-1 is ", ids[0]);
        ran.says(&[&already, &format!("({}) in account {PROD}, region us-west-2 would be ", ids[1])]);
    }
}

#[test]
fn the_report_comes_in_every_format() {
    for row in part(&ROWS, 3, 1) {
        let setup = Setup::new();
        let ids: Vec<_> = (1..=2).map(|n| row.image(&setup, PROD, EAST, &format!("web-v{n}-2026-01-02"))).collect();
        let shown = |format: &str| setup.run(&format!("{} -o {format}", row.on("web:v1 web:v2"))).ended(0).stdout;
        let table = shown("table");
        assert!(table.starts_with("NAME ") && table.lines().count() == 3, "{}: {table}", row.line);
        assert!(ids.iter().all(|id| table.contains(id)) && !table.contains("ACCOUNT"), "{}: {table}", row.line);
        assert_eq!(shown("ids"), format!("{}\n{}\n", ids[0], ids[1]), "{}", row.line);
        let csv = shown("csv");
        assert!(
            csv.starts_with("account,region,image_id,name,action,status,error,snapshots,changed,detail\n"),
            "{csv}"
        );
        assert_eq!(csv.matches(",done,,,false,").count(), 2, "{}: {csv}", row.line);
        let lines: Vec<Value> = shown("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines.iter().map(|line| line["image_id"].as_str().unwrap()).collect::<Vec<_>>(),
            ids,
            "{}",
            row.line
        );
    }
}

#[test]
fn every_verb_has_its_word() {
    let words: Vec<_> = ROWS
        .iter()
        .map(|row| {
            let setup = Setup::new();
            row.image(&setup, PROD, EAST, NAME);
            let report = setup.json(&row.on("web:v1"));
            each(&report["results"], "action").join(" ")
        })
        .collect();
    let expected = "share unshare unshare deprecate cancel-deprecation disable enable protect unprotect tag tag";
    assert_eq!(words.join(" "), expected);
}

#[test]
fn a_place_that_is_named_and_has_none_is_told_of() {
    for row in part(&ROWS, 3, 2) {
        let setup = Setup::new();
        let id = row.image(&setup, PROD, EAST, NAME);
        let said = format!(
            "left out: nothing is called 'web:v1': no own image of that name in account {PROD}, region eu-west-1"
        );
        let ran = setup.run(&format!("{} --region us-east-1,eu-west-1 -o json", row.on("web:v1"))).ended(0);
        assert_eq!(sorted(&ran.json()["results"], "region"), [EAST], "{}", row.line);
        assert_eq!(ran.json()["errors"], serde_json::json!([]), "{}", row.line);
        ran.says(&[&said]);
        for elsewhere in [row.on("web:v1") + " --region all", row.on(&id) + " --region us-east-1,eu-west-1"] {
            let ran = setup.run(&elsewhere).ended(0);
            assert!(!ran.stderr.contains("nothing is called"), "{elsewhere}: {}", ran.stderr);
        }
    }
}
