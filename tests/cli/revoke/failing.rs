//! `revoke`: what fails is told, and another run finishes it.

use super::{NAME, mark, marked, ready, rows};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, WEST, seconds};

const TWO: &str = "--region us-east-1,us-west-2";

#[test]
fn a_partial_failure_is_finished_by_the_line_that_is_printed() {
    let (setup, id) = ready();
    let copy = setup.world().image(PROD, WEST, NAME).copied_from(&id, EAST).put();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tags.").in_region(WEST));
    let ran = setup.run(&format!("revoke web --reason bad {TWO} -o json")).ended(3);
    assert_eq!(rows(&ran.json()), [("revoke", "done", true), ("revoke", "failed", false)]);
    assert_eq!((mark(&setup, &id), mark(&setup, &copy)), (marked("bad"), None));
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    let line = hint.split("amictl ").nth(1).unwrap();
    assert_eq!(line, format!("revoke {copy} --reason bad --region us-west-2"));
    setup.fake.clear_faults();
    setup.run(line).ended(0);
    assert_eq!(mark(&setup, &copy), marked("bad"));
}

#[test]
fn a_lost_answer_is_looked_at() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::on("CreateTags", FaultKind::ResetAfter));
    let report = setup.once().run("revoke web --reason bad -o json").ended(0).json();
    assert_eq!(rows(&report), [("revoke", "done", true)]);
    assert_eq!(mark(&setup, &id), marked("bad"));
}

#[test]
fn without_a_journal_nothing_is_marked() {
    let (setup, id) = ready();
    let journal = setup.home.write("journal/file", "");
    let ran = setup.run(&format!("revoke web --reason bad --journal {journal}/under"));
    assert_ne!(ran.code, 0);
    assert_eq!(mark(&setup, &id), None);
    setup.unchanged();
}

#[test]
fn a_run_that_is_stopped_after_the_marks_says_so() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::on("DescribeInstances", FaultKind::Hang(seconds(60))));
    let process = setup.process("revoke web --reason bad --disable -o json").spawn().unwrap();
    setup.until("DescribeInstances", 1);
    std::process::Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("interrupted: 1 done, 0 failed, 1 skipped"), "{said}");
    // What was not done, and what is not known, each with its line.
    let line = |begins: &str| said.split("amictl ").find(|line| line.starts_with(begins)).map(str::to_owned);
    assert!(line(&format!("refs {id} --region us-east-1")).is_some(), "{said}");
    let rest = line("revoke").unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(rest, format!("revoke {id} --reason bad --disable --region us-east-1"));
    assert_eq!(mark(&setup, &id), marked("bad"));
    assert_ne!(setup.image(&id).phase.after, "disabled");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let rows_of: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(rows(&rows_of), [("revoke", "done", true), ("disable", "skipped", false)]);
    setup.fake.clear_faults();
    setup.run(&rest).ended(0);
    assert_eq!(setup.image(&id).phase.after, "disabled");
}
