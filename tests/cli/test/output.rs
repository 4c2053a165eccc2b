//! Boot tests in every format, and on a terminal.

use super::{only, ready};
use crate::fake::{BadBoot, PROD};
use crate::setup::{EAST, Setup, seconds};
use crate::shared::terminal;

/// An endpoint with an image that passes and one that fails.
fn mixed() -> Setup {
    let setup = ready();
    let id = setup.world().image(PROD, EAST, "bad-v1-2026-01-02").put();
    setup.world().bad_boots.insert(id.clone(), BadBoot::Impaired);
    setup.world().consoles.insert(id, "=boot\n\u{1b}[2Jno | root\n".to_owned());
    setup
}

const LINE: &str = "test web bad --type t3.micro --timeout 1s";

#[test]
fn a_table_has_a_row_a_test_and_below_it_what_failed() {
    let setup = mixed();
    let ran = setup.run(LINE).ended(1);
    let lines: Vec<String> =
        ran.lines().iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines[0], "IMAGE TYPE INSTANCE VERDICT CHECKS TIME");
    assert!(lines[1].starts_with("web-v1-2026-01-02 t3.micro i-") && lines[1].contains(" passed 3/3 "), "{lines:?}");
    assert!(lines[2].starts_with("bad-v1-2026-01-02 t3.micro i-") && lines[2].contains(" failed 2/3 "), "{lines:?}");
    assert_eq!(lines[4], "FAILED CHECK INSTANCE AFTER DETAIL");
    assert!(lines[5].starts_with("status instance i-") && lines[5].contains("impaired"), "{lines:?}");
    assert!(lines[7].starts_with("CONSOLE OF i-"), "{lines:?}");
    assert_eq!(lines[8..], ["=boot", "\\u{1b}[2Jno | root"]);
}

#[test]
fn programs_get_rows_and_the_images_that_passed() {
    let setup = mixed();
    let ids = setup.run(&format!("{LINE} -o ids")).ended(1);
    let passed = setup.world().image_named(PROD, EAST, "web-v1-2026-01-02").unwrap().id.clone();
    assert_eq!(ids.lines(), [passed]);
    let rows = setup.run(&format!("{LINE} -o jsonl")).ended(1);
    let verdicts: Vec<String> = rows
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["verdict"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(verdicts, ["passed", "failed"]);
    let csv = setup.run(&format!("{LINE} -o csv")).ended(1);
    let names = "account,region,image_id,name,type,instance_id,verdict,started_at,ended_at,checks,passed,failed,\
                 terminated,error";
    assert_eq!(csv.lines()[0], names);
    assert!(csv.lines()[1].contains(",passed,") && csv.lines()[1].contains(",3,3,,true,"), "{}", csv.stdout);
    assert!(csv.lines()[2].contains(",3,2,status instance: impaired"), "{}", csv.stdout);
    let markdown = setup.run(&format!("{LINE} -o markdown")).ended(1).stdout;
    assert!(markdown.starts_with("1 passed, 1 failed\n\n| IMAGE | TYPE |"), "{markdown}");
    assert!(markdown.contains("| FAILED CHECK |") && markdown.contains(r"no \| root"), "{markdown}");
    let query = setup.run(&format!("{LINE} --query tests[].verdict")).ended(1);
    assert_eq!(query.lines(), ["passed", "failed"]);
}

#[test]
fn a_terminal_shows_what_goes_on_and_keeps_it_off_the_data() {
    let setup = ready();
    setup.world().checks_for = seconds(3);
    let (code, written) = terminal::run(&setup, 120, "", "test web --type t3.micro", &[]);
    let seen = terminal::seen(&written);
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("running, system initializing"), "{seen}");
    assert!(seen.contains(&format!("launched {}", only(&setup).id)), "{seen}");
    let last = seen.lines().rev().find(|line| !line.trim().is_empty()).unwrap();
    assert!(last.contains("web-v1-2026-01-02") && last.contains("passed"), "{seen}");
}

#[test]
fn a_narrow_terminal_keeps_image_and_verdict() {
    let setup = mixed();
    let (_, written) = terminal::run(&setup, 50, "", LINE, &[]);
    let seen = terminal::seen(&written);
    assert!(seen.contains("bad-v1-2026-01-02") && seen.contains("failed"), "{seen}");
    assert!(!written.contains("\u{1b}[2J"), "{written:?}");
}
