//! Reversible changes of which some fail: each failure is reported, and the others are made.

use crate::changes::verbs::{NAME, ROWS, Row, changed, disabled, role};
use crate::fake::{Fault, OTHER, PROD, Principal};
use crate::setup::{EAST, EUROPE, Setup, WEST, at_the_same_time, each};

#[test]
fn what_fails_somewhere_is_reported_and_the_others_go_on() {
    for row in &ROWS {
        let setup = Setup::new();
        let ids: Vec<_> = [EAST, WEST, EUROPE].map(|region| row.image(&setup, PROD, region, NAME)).into();
        let denied = || Fault::error(row.call, "UnauthorizedOperation", "You are not authorized.");
        setup.fake.fault(denied().in_region(WEST));
        setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "No looking.").in_region(EUROPE));
        let line = format!("{} --region us-east-1,us-west-2,eu-west-1 -o json", row.on("web:v1"));
        let ran = setup.run(&line).ended(3);
        let report = ran.json();
        assert_eq!(each(&report["results"], "status"), ["done", "failed"], "{}", row.line);
        assert_eq!(report["results"][1]["error"]["code"], "UnauthorizedOperation", "{}", row.line);
        let error = &report["errors"][0];
        assert_eq!((&error["account"], &error["region"]), (&PROD.into(), &EUROPE.into()), "{}", row.line);
        assert_eq!((&error["code"], &ran.error()["code"]), (&"UnauthorizedOperation".into(), &"PartialChange".into()));
        assert_eq!(ids.iter().map(|id| row.done(&setup, id)).collect::<Vec<_>>(), [true, false, false], "{}", row.line);
        let failed = format!("{NAME} ({}) in account {PROD}, region us-west-2: You are not authorized.", ids[1]);
        ran.says(&[&failed, "account 111111111111, region eu-west-1: No looking. [UnauthorizedOperation]\n"]);
        setup.fake.clear_faults();
        let report = setup.run(&line).ended(0).json();
        assert_eq!(changed(&report), [false, true, true], "{}: a rerun finishes the rest", row.line);
    }
}

#[test]
fn what_fails_everywhere_ends_with_what_ec2_said() {
    for row in &ROWS {
        let setup = Setup::new();
        let id = row.image(&setup, PROD, EAST, NAME);
        setup.fake.fault(Fault::error(row.call, "UnauthorizedOperation", "You are not authorized."));
        let ran = setup.run(&format!("{} -o json", row.on("web:v1"))).ended(1);
        assert_eq!(ran.error()["code"], "UnauthorizedOperation", "{}", row.line);
        let said = format!("{NAME} ({id}) in account {PROD}, region us-east-1: ");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&said) && message.contains("You are not authorized."), "{}: {message}", row.line);
        assert!(ran.error()["hint"].as_str().unwrap().contains("add the permission"), "{}", row.line);
        assert_eq!(changed(&ran.json()), [false], "{}", row.line);
        assert!(!row.done(&setup, &id), "{}", row.line);
        setup.fake.clear_faults();
        setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "No looking."));
        let ran = setup.run(&format!("{} --region us-east-1,us-west-2 -o json", row.on("web:v1"))).ended(1);
        assert_eq!((&ran.error()["code"], ran.stdout.as_str()), (&"UnauthorizedOperation".into(), ""), "{}", row.line);
    }
}

#[test]
fn an_account_that_cannot_be_entered_fails_alone() {
    for row in &ROWS {
        let setup = Setup::new();
        let ids = [row.image(&setup, PROD, EAST, NAME), row.image(&setup, OTHER, EAST, NAME)];
        setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
        let line = format!("{} {} {} -o json", row.on("web:v1"), role(PROD), role(OTHER));
        let ran = setup.run(&line).ended(3);
        assert_eq!(each(&ran.json()["results"], "account"), [PROD], "{}", row.line);
        assert_eq!(each(&ran.json()["errors"], "account"), [OTHER], "{}", row.line);
        assert_eq!(ids.map(|id| row.done(&setup, &id)), [true, false], "{}", row.line);
        setup.world().denied_roles.insert(format!("arn:aws:iam::{PROD}:role/ami"));
        let ran = setup.run(&line).ended(1);
        ran.says(&["is not authorized to perform: sts:AssumeRole"]);
    }
}

#[test]
fn a_reference_that_is_found_nowhere_stops_all_of_them() {
    for row in &ROWS {
        let setup = Setup::new();
        row.image(&setup, PROD, EAST, NAME);
        let line = format!("{} --region us-east-1,us-west-2 -o json", row.on("web:v1 web:v2"));
        let ran = setup.run(&line).ended(1);
        assert_eq!(ran.error()["code"], "InvalidAMIID.NotFound", "{}", row.line);
        assert!(ran.error()["message"].as_str().unwrap().contains("'web:v2'"), "{}", row.line);
        assert!(ran.stdout.is_empty());
        setup.unchanged();
    }
}

#[test]
fn an_image_of_another_account_is_not_ours_to_change() {
    for row in &ROWS {
        let setup = Setup::new();
        let ours = row.image(&setup, PROD, EAST, NAME);
        let theirs = row.image(&setup, OTHER, EAST, NAME);
        setup.world().image_mut(&theirs).launch.insert(Principal::Account(PROD.to_owned()));
        // A disabled image is shared with nobody, and so nobody sees it.
        let code = if disabled(&setup.image(&theirs)) { "InvalidAMIID.NotFound" } else { "AuthFailure" };
        let ran = setup.run(&format!("{} -o json", row.on(&format!("{ours} {theirs}")))).ended(1);
        assert_eq!(ran.error()["code"], code, "{}", row.line);
        assert!(ran.error()["message"].as_str().unwrap().contains(&theirs), "{}: {}", row.line, ran.stderr);
        setup.unchanged();
    }
}

#[test]
fn calls_that_are_throttled_are_made_again() {
    // The pauses between tries are long, so all commands take them together.
    let throttled = |row: &Row| {
        let setup = Setup::new();
        let ids: Vec<_> = (1..=3).map(|n| row.image(&setup, PROD, EAST, &format!("web-v{n}-2026-01-02"))).collect();
        setup.fake.fault(Fault::error("*", "RequestLimitExceeded", "Request limit exceeded.").skip(2).times(3));
        let report = setup.json(&row.on("web:v1 web:v2 web:v3"));
        assert_eq!((changed(&report), &report["summary"]["done"]), (vec![true; 3], &3.into()), "{}", row.line);
        assert!(ids.iter().all(|id| row.done(&setup, id)), "{}", row.line);
    };
    at_the_same_time(&ROWS, throttled);
}

#[test]
fn an_answer_that_is_lost_is_settled_by_looking() {
    use crate::fake::FaultKind::{HtmlError, ResetAfter, Truncated};
    for row in &ROWS {
        for (kind, done) in [(ResetAfter, true), (Truncated, true), (HtmlError(502), false)] {
            let setup = Setup::new();
            let id = row.image(&setup, PROD, EAST, NAME);
            setup.fake.fault(Fault::on(row.call, kind.clone()).times(1));
            // Where nothing was done EC2 is looked at for half a minute: one try is enough to know that it is retried.
            let amictl = if done { setup.once() } else { setup.amictl() };
            let report = amictl.run(&format!("{} -o json", row.on("web:v1"))).ended(0).json();
            assert_eq!(changed(&report), [true], "{} {kind:?}", row.line);
            assert!(row.done(&setup, &id), "{} {kind:?}", row.line);
        }
    }
}
