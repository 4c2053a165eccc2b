//! Others who write the same alias, and answers that are lost.

use serde_json::json;

use super::{PARAMETER, TWO, V3, codes, now_in, ready, rows, written};
use crate::fake::{Fault, FaultKind, Outcome, PROD};
use crate::setup::{EAST, Setup, WEST, seconds};

const LINE: &str = "promote web:v3 --to prod --region us-east-1 -o json";

fn other(setup: &Setup, image: &str) {
    let words = [PROD, EAST, PARAMETER, image].map(str::to_owned);
    setup.world().late_values.others.push(words);
}

#[test]
fn somebody_else_in_between_is_named() {
    let setup = Setup::new();
    let ([old, _], [new, _]) = ready(&setup);
    let third = setup.world().image(PROD, EAST, "web-v4-2026-01-03").put();
    other(&setup, &third);
    let ran = setup.run(LINE).ended(3);
    let row = &ran.json()["results"][0];
    assert_eq!(
        (&row["changed"], &row["parameter_version"], &row["from_image_id"]),
        (&json!(true), &json!(3), &json!(old))
    );
    let error = ran.error();
    assert_eq!(error["code"], "ConcurrentChange");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("it now names {new}, but arn:aws:iam::{PROD}:user/operator (version 2)")),
        "{message}"
    );
    assert!(message.contains(&format!("wrote {third} in between")), "{message}");
    assert!(!ran.stderr.contains("finish with"), "{}", ran.stderr);
    // The same image does no harm.
    setup.world().parameter(PROD, EAST, PARAMETER, &old);
    other(&setup, &new);
    setup.run(LINE).ended(0);
}

#[test]
fn an_alias_that_is_deleted_between_check_and_write_is_a_race() {
    let setup = Setup::new();
    let (_, [new, _]) = ready(&setup);
    setup.fake.fault(Fault::on("GetParameterHistory", FaultKind::Latency(seconds(2))).times(1));
    let process = setup.process(LINE).spawn().unwrap();
    setup.until("GetParameterHistory", 1);
    setup.world().forget_parameter(PROD, EAST, PARAMETER);
    let begun = std::time::Instant::now();
    let ran = crate::cli::Ran::from(process.wait_with_output().unwrap()).ended(3);
    assert!(begun.elapsed() < seconds(30), "{:?}", begun.elapsed());
    let row = &ran.json()["results"][0];
    assert_eq!((&row["error"]["code"], &row["changed"]), (&json!("ConcurrentChange"), &json!(true)));
    assert_eq!(row["parameter_version"], 1);
    ran.says(&["it was deleted after the check", &format!("it now names {new}")]);
    assert_eq!(now_in(&setup, PROD, EAST), Some((1, new)));
}

#[test]
fn an_alias_that_another_makes_at_the_same_time_is_left_to_them() {
    let setup = Setup::new();
    let third = {
        let mut world = setup.world();
        world.image(PROD, EAST, V3).put();
        world.image(PROD, EAST, "web-v4-2026-01-03").put()
    };
    other(&setup, &third);
    let ran = setup.run(LINE).ended(3);
    let row = &ran.json()["results"][0];
    assert_eq!((&row["error"]["code"], &row["changed"]), (&json!("ConcurrentChange"), &json!(false)));
    assert_eq!((now_in(&setup, PROD, EAST), written(&setup)), (Some((1, third)), 1));
}

#[test]
fn ssm_is_asked_again_only_over_the_value_that_was_checked() {
    let setup = Setup::new();
    let (_, [new, _]) = ready(&setup);
    setup.fake.fault(Fault::error("PutParameter", "TooManyUpdates", "slow down").times(2));
    setup.run(LINE).ended(0);
    assert_eq!((now_in(&setup, PROD, EAST), written(&setup)), (Some((2, new)), 3));

    let setup = Setup::new();
    ready(&setup);
    let third = setup.world().image(PROD, EAST, "web-v4-2026-01-03").put();
    setup.fake.fault(Fault::error("PutParameter", "TooManyUpdates", "slow down"));
    let process = setup.process(LINE).spawn().unwrap();
    setup.until("PutParameter", 1);
    setup.world().parameter(PROD, EAST, PARAMETER, &third);
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((codes(&report), rows(&report, "changed")), (vec!["ConcurrentChange".to_owned()], vec![json!(false)]));
    assert_eq!(now_in(&setup, PROD, EAST), Some((2, third)));
}

#[test]
fn a_lost_answer_is_looked_at_and_not_guessed() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated] {
        for fresh in [false, true] {
            let setup = Setup::new();
            let (_, [new, _]) = ready(&setup);
            if fresh {
                setup.world().forget_parameter(PROD, EAST, PARAMETER);
            }
            setup.fake.fault(Fault::on("PutParameter", kind.clone()).times(1));
            let report = setup.run(LINE).ended(0).json();
            assert_eq!((rows(&report, "status"), rows(&report, "changed")), (vec![json!("done")], vec![json!(true)]));
            assert_eq!(now_in(&setup, PROD, EAST).unwrap().1, new);
            if fresh && matches!(kind, FaultKind::ResetAfter) {
                assert_eq!(setup.outcomes("PutParameter")[1], Outcome::Error("ParameterAlreadyExists".to_owned()));
            }
        }
    }
}

#[test]
fn a_call_that_never_arrives_is_a_failure() {
    let setup = Setup::new();
    let ([old, _], _) = ready(&setup);
    setup.fake.fault(Fault::error("PutParameter", "AccessDeniedException", "no"));
    let ran = setup.run(LINE).ended(1);
    assert_eq!(
        (codes(&ran.json()), ran.error()["code"].as_str()),
        (vec!["AccessDeniedException".to_owned()], Some("AccessDeniedException"))
    );
    assert_eq!(now_in(&setup, PROD, EAST), Some((1, old)));
}

#[test]
fn of_two_at_once_each_place_has_one_winner_and_both_say_who() {
    let setup = Setup::new();
    let (_, [new, new_west]) = ready(&setup);
    let mut world = setup.world();
    let fourth = world.image(PROD, EAST, "web-v4-2026-01-03").put();
    let fourth_west = world.image(PROD, WEST, "web-v4-2026-01-03").copied_from(&fourth, EAST).put();
    world.late_values.shown_after = seconds(600);
    drop(world);
    let start = |line: String| setup.process(&line).spawn().unwrap();
    // Both are checked before either is shown, and both see it when it is.
    let both = ["web:v3", "web:v4"].map(|reference| start(format!("promote {reference} --to prod {TWO} -o json")));
    setup.until("PutParameter", 4);
    setup.until("GetParameterHistory", 4);
    setup.world().advance(seconds(600));
    let [third, fourth_ran] = both.map(|process| process.wait_with_output().unwrap());
    for (output, mine, theirs) in [
        (&third, [&new, &new_west], [&fourth, &fourth_west]),
        (&fourth_ran, [&fourth, &fourth_west], [&new, &new_west]),
    ] {
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{text}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(codes(&report), ["ConcurrentChange"; 2]);
        for (at, region) in [EAST, WEST].into_iter().enumerate() {
            let winner = now_in(&setup, PROD, region).unwrap().1;
            assert!([mine[at], theirs[at]].contains(&&winner));
            let message = report["results"][at]["error"]["message"].as_str().unwrap();
            assert!(message.contains(&format!("it now names {winner}")) && message.contains(", run "), "{message}");
            assert!(winner == *mine[at] || !message.contains("in between"), "{message}");
        }
    }
}
