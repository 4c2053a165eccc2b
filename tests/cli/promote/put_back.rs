//! The lines that put back what a partial promotion wrote.

use std::process::Command;

use serde_json::json;

use super::{PARAMETER, THREE, TWO, V2, V3, codes, now_in, ready, rows, to, written};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, seconds};

fn hint(ran: &Ran) -> String {
    ran.error()["hint"].as_str().unwrap_or_else(|| panic!("{}", ran.stderr)).to_owned()
}

/// The lines that put back, without `amictl`.
fn lines(hint: &str) -> Vec<String> {
    let back = hint.split("put back with: ").nth(1).unwrap_or_else(|| panic!("{hint}"));
    back.split("; ").filter_map(|line| line.strip_prefix("amictl ")).map(str::to_owned).collect()
}

/// Everything is written but in Europe.
fn refuse_europe(setup: &Setup) {
    setup.fake.fault(Fault::error("PutParameter", "AccessDeniedException", "no").in_region(EUROPE));
}

#[test]
fn each_place_gets_back_its_own_image_also_when_they_differ() {
    let setup = Setup::new();
    let (_, [_, new_west]) = ready(&setup);
    let older = setup.world().image(PROD, WEST, "web-v1-2025-12-31").put();
    setup.world().parameter(PROD, WEST, PARAMETER, &older);
    setup.world().image(PROD, EUROPE, V3).copied_from(&new_west, WEST).put();
    let before = [EAST, WEST].map(|region| now_in(&setup, PROD, region).unwrap().1);
    refuse_europe(&setup);
    let ran = setup.run(&format!("promote web:v3 --to prod {THREE} -o json")).ended(3);
    let lines = lines(&hint(&ran));
    assert_eq!(lines.len(), 2);
    // Twice: what stands is left alone.
    for line in lines.iter().chain(&lines) {
        setup.run(line).ended(0);
    }
    assert_eq!([EAST, WEST].map(|region| now_in(&setup, PROD, region).unwrap().1), before);
}

#[cfg(unix)]
#[test]
fn what_is_not_shown_yet_is_not_taken_further_back() {
    let setup = Setup::new();
    let mut world = setup.world();
    let first = world.image(PROD, EAST, "web-v1-2025-12-31").put();
    world.parameter(PROD, EAST, PARAMETER, &first);
    drop(world);
    let ([old, _], _) = ready(&setup);
    setup.world().late_values.shown_after = seconds(600);
    let process = setup.process("promote web:v3 --to prod -o json").spawn().unwrap();
    setup.until("PutParameter", 1);
    setup.until("GetParameterHistory", 2);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let ran = Ran::from(process.wait_with_output().unwrap()).ended(130);
    for line in lines(&hint(&ran)) {
        let report = setup.json(&line);
        assert_eq!(rows(&report, "changed"), [false]);
    }
    assert_eq!((now_in(&setup, PROD, EAST), written(&setup)), (Some((2, old)), 1));
}

#[test]
fn an_image_that_may_not_be_named_again_is_told_without_a_line_that_fails() {
    let setup = Setup::new();
    let ([old, old_west], [_, new_west]) = ready(&setup);
    setup.world().image(PROD, EUROPE, V3).copied_from(&new_west, WEST).put();
    setup.world().image_mut(&old).phase.after = "disabled".to_owned();
    refuse_europe(&setup);
    let hint = hint(&setup.run(&format!("promote web:v3 --to prod {THREE} -o json")).ended(3));
    assert_eq!(lines(&hint), [format!("rollback web:prod --to {old_west} --region {WEST}")]);
    let told = "what web:prod in account 111111111111, region us-east-1 named before cannot be put back";
    let other = "name another with: amictl rollback web:prod --to REF --region us-east-1";
    assert!(
        hint.contains(told) && hint.contains(&format!("{V2} ({old}) is disabled")) && hint.contains(other),
        "{hint}"
    );
}

#[test]
fn where_the_alias_is_new_it_is_said_how_it_is_removed() {
    let setup = Setup::new();
    let mut world = setup.world();
    let east = world.image(PROD, EAST, V3).shared_with(OTHER).put();
    let west = world.image(PROD, WEST, V3).copied_from(&east, EAST).shared_with(OTHER).put();
    world.image(PROD, EUROPE, V3).copied_from(&west, WEST).shared_with(OTHER).put();
    drop(world);
    refuse_europe(&setup);
    let hint = hint(&setup.run(&format!("promote web:v3 --to prod {THREE}{} -o json", to(&[PROD, OTHER]))).ended(3));
    assert!(!hint.contains("put back with") && !hint.contains("aws ssm"), "{hint}");
    let told = "web:prod is new in account 111111111111 (us-east-1, us-west-2), account 222222222222 (us-east-1, \
                us-west-2): to remove it, delete the SSM parameter /amictl/web/prod there, with credentials of that account";
    assert!(hint.contains(told), "{hint}");
}

#[test]
fn a_lost_answer_that_cannot_be_read_back_is_not_called_written() {
    for (kind, words) in [
        (Some(FaultKind::ResetAfter), "whether it was written is unknown"),
        (None, "SSM took it, and it could not be read back"),
    ] {
        let setup = Setup::new();
        let ([_, old_west], _) = ready(&setup);
        if let Some(kind) = kind {
            setup.fake.fault(Fault::on("PutParameter", kind).in_region(WEST));
        }
        // The first reading is that of the checks.
        let denied = Fault::error("GetParameterHistory", "AccessDeniedException", "not yours").in_region(WEST);
        setup.fake.fault(denied.skip(1));
        let ran = setup.run(&format!("promote web:v3 --to prod {TWO} -o json")).ended(3);
        assert_eq!(codes(&ran.json()), ["-", "AccessDeniedException"]);
        assert_eq!(rows(&ran.json(), "changed"), [json!(true), json!(true)], "it may have been written");
        let message = ran.json()["results"][1]["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words) && !message.contains("it was written and"), "{message}");
        assert!(hint(&ran).contains(&format!("rollback web:prod --to {old_west}")), "{}", ran.stderr);
    }
}
