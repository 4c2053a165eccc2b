//! Tests of boot tests as values.

use super::*;

fn test(image: &str, verdict: Option<Verdict>, terminated: bool) -> BootTest {
    let at = DateTime::UNIX_EPOCH;
    BootTest {
        account: None,
        region: "us-east-1".parse().unwrap(),
        image_id: image.parse().unwrap(),
        name: None,
        instance_type: "t3.micro".to_owned(),
        instance_id: None,
        verdict,
        started_at: at,
        ended_at: at,
        checks: Vec::new(),
        console_tail: None,
        terminated,
        error: None,
    }
}

#[test]
fn an_image_passes_if_each_of_its_tests_did_and_left_nothing() {
    let [one, two, three] = ["ami-01234567", "ami-11234567", "ami-21234567"];
    let report = BootTestReport {
        tests: vec![
            test(two, Some(Verdict::Passed), true),
            test(one, Some(Verdict::Passed), true),
            test(one, Some(Verdict::Failed), true),
            test(three, Some(Verdict::Passed), false),
            test(two, Some(Verdict::Passed), true),
        ],
        errors: Vec::new(),
    };
    assert_eq!(report.passed().iter().map(|id| id.as_str()).collect::<Vec<_>>(), [two]);
    assert_eq!(report.counts(), (4, 1, 0));
    assert_eq!(report.summary(), "4 passed, 1 failed");
    let none = BootTestReport { tests: vec![test(one, None, true)], errors: Vec::new() };
    assert_eq!((none.summary().as_str(), none.passed().len()), ("1 without a verdict", 0));
    assert_eq!(BootTestReport::default().summary(), "no tests");
}

#[test]
fn of_a_console_the_last_lines_are_shown() {
    let lines: Vec<String> = (1..=50).map(|n| format!("line {n}")).collect();
    let tail = console_tail(&(lines.join("\r\n") + "\r\n\n")).unwrap();
    assert_eq!(tail.lines().count(), 40);
    assert!(tail.starts_with("line 11\n") && tail.ends_with("line 50"), "{tail}");
    assert_eq!(console_tail("one line").as_deref(), Some("one line"));
    assert_eq!(console_tail(" \r\n\n"), None);
    let long = "\u{fc}".repeat(8 * 1024);
    let tail = console_tail(&format!("x{long}")).unwrap();
    assert!(tail.len() <= 8 * 1024 && tail.chars().all(|c| c == '\u{fc}'), "{}", tail.len());
}
