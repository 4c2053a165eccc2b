//! Answers: what is told of each end of a run, and how much.

#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::*;

const RUN: &str = "5b0c3f6a9d2e48177c1d0e5f8a3b6294";

/// A run that wrote this and ended with a raw status: the exit code in its second byte, or a signal.
fn told(status: i32, stdout: &str, stderr: &str, accepted: &[u8]) -> RunOutcome {
    let ended = ChildEnd {
        status: Some(ExitStatus::from_raw(status)),
        stdout: stdout.as_bytes().to_vec(),
        last_lines: stderr.lines().map(str::to_owned).collect(),
    };
    outcome(&AskedRun { command: "prune", run: RUN, dry_run: false, journal: None, accepted }, &ended)
}

fn exit(code: i32) -> i32 {
    code << 8
}

const REPORT: &str =
    r#"{"version":1,"results":[{"image_id":"ami-1","status":"done"}],"errors":[],"summary":{"done":1}}"#;
const REFUSED: &str = "a warning\n{\"error\":{\"code\":\"OverLimit\",\"message\":\"too many\",\"hint\":\"raise --max-delete\",\"exit_code\":4}}";

#[test]
fn a_run_that_is_done_is_answered_with_its_summary() {
    let told = told(exit(0), REPORT, "", &[]);
    assert_eq!(told.answer.unwrap(), r#"{"exit_code":0,"summary":{"done":1},"errors":[],"errors_left_out":0}"#);
    let row: Value = serde_json::from_str(&told.rows).unwrap();
    let expected =
        json!({"run": RUN, "command": "prune", "list": "results", "row": {"image_id": "ami-1", "status": "done"}});
    assert_eq!(row, expected);
}

#[test]
fn another_exit_code_fails_the_invocation_unless_it_is_accepted() {
    let failed = told(exit(4), REPORT, REFUSED, &[3]);
    assert!(failed.rows.contains("ami-1"));
    let failed = failed.answer.unwrap_err();
    assert_eq!((failed.error_type.as_str(), failed.exit), ("Exit4", 4));
    assert_eq!((failed.code.as_deref(), failed.message.as_str()), (Some("OverLimit"), "too many"));
    let told = "too many\nhint: raise --max-delete";
    let body: Value = serde_json::from_str(&failed.body()).unwrap();
    assert_eq!(body, json!({"errorType": "Exit4", "errorMessage": told, "stackTrace": []}));
    let answer: Value = serde_json::from_str(&self::told(exit(4), REPORT, REFUSED, &[3, 4]).answer.unwrap()).unwrap();
    let error = json!({"code": "OverLimit", "message": "too many\nhint: raise --max-delete"});
    let expected = json!({"exit_code": 4, "summary": {"done": 1}, "errors": [error], "errors_left_out": 0});
    assert_eq!(answer, expected);
    // Without a document, and without its line of JSON.
    let bare = self::told(exit(2), "", "error: it is so\nhint: do that", &[]).answer.unwrap_err();
    assert_eq!((bare.error_type.as_str(), bare.message.as_str()), ("Exit2", "error: it is so\nhint: do that"));
}

#[test]
fn a_run_that_cannot_say_how_it_ended_has_crashed() {
    for (status, stdout, how) in [
        (9, REPORT, "signal: 9"),
        (6, "", "signal: 6"),
        (exit(101), REPORT, "101"),
        (exit(0), "", "no document"),
        (exit(0), "{\"version\":1,\"results\":[", "damaged"),
        (exit(3), "{\"version\":1,\"results\":[", "damaged"),
    ] {
        let told = told(status, stdout, "error: bug in amictl", &[0, 3]);
        assert_eq!(told.rows, "", "{how}");
        let failed = told.answer.unwrap_err();
        assert_eq!(failed.error_type, "Crashed", "{how}");
        let text = failed.told();
        for word in [
            how,
            "may have changed something",
            "bug in amictl",
            RUN,
            "in this function's log",
            "amictl restore --journal FILE",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn a_run_that_was_killed_at_the_deadline_says_so() {
    let ended = ChildEnd { status: None, stdout: REPORT.into(), last_lines: Vec::new() };
    let asked = AskedRun { command: "prune", run: RUN, dry_run: true, journal: Some("/mnt/journal"), accepted: &KNOWN };
    let failed = outcome(&asked, &ended).answer.unwrap_err();
    assert_eq!(failed.error_type, "Deadline");
    let text = failed.told();
    assert!(text.contains("was killed") && text.contains(RUN), "{text}");
    assert!(text.contains("the journal /mnt/journal (AMICTL_JOURNAL)") && !text.contains("log"), "{text}");
}

#[test]
fn a_dry_run_needs_no_document() {
    let ended = ChildEnd { status: Some(ExitStatus::from_raw(0)), stdout: Vec::new(), last_lines: Vec::new() };
    let asked = AskedRun { command: "create", run: RUN, dry_run: true, journal: Some("/mnt/journal"), accepted: &[] };
    let answer = outcome(&asked, &ended).answer.unwrap();
    assert_eq!(answer, r#"{"exit_code":0,"summary":null,"errors":[],"errors_left_out":0}"#);
}

#[test]
fn an_answer_is_short_however_much_went_wrong() {
    let row = |n: usize| json!({"image_id": format!("ami-{n}"), "status": "failed", "error": {"code": "C", "message": "é".repeat(n)}});
    let families: Vec<_> = (0..9_000).map(|n| json!({"family": n})).collect();
    let results: Vec<_> = (0..2_000).map(row).collect();
    let document = json!({"results": results, "summary": {"failed": 2_000, "families": families}}).to_string();
    let told = told(exit(3), &document, REFUSED, &[3]);
    assert_eq!(told.rows.lines().count(), 2_000);
    let answer = told.answer.unwrap();
    assert!((200_000..LONGEST).contains(&answer.len()), "{}", answer.len());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["summary"], json!({"failed": 2_000, "families": 9_000}));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors[0]["code"], "OverLimit");
    assert_eq!(answer["errors_left_out"], 2_001 - errors.len());
    let long = shortened(&"é".repeat(LONGEST_MESSAGE + 1));
    assert_eq!(long.chars().count(), LONGEST_MESSAGE + 1);
}
