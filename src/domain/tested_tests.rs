//! Tests of the tag with the verdict of a boot test, and of the launches that count.

use proptest::prelude::*;

use super::super::boot_test::{BootTest, Check, CheckKind};
use super::super::image::testing::image;
use super::super::region::Region;
use super::*;

const RUN: &str = "0123456789abcdef0123456789abcdef";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn check(what: &str, passed: bool) -> Check {
    Check { kind: CheckKind::Status, what: what.to_owned(), passed, detail: String::new(), seconds: 1 }
}

fn test(verdict: Option<Verdict>, checks: Vec<Check>) -> BootTest {
    BootTest {
        account: None,
        region: Region::first(),
        image_id: image(1, "web-v1-2026-01-02").id,
        name: None,
        instance_type: "t3.micro".to_owned(),
        instance_id: None,
        verdict,
        started_at: at("2026-11-28T11:59:58.9Z"),
        ended_at: at("2026-11-28T12:03:04.7Z"),
        checks,
        console_tail: None,
        terminated: true,
        error: None,
    }
}

fn tested(tests: &[BootTest], launch: Option<TestLaunch>) -> Option<Tested> {
    Tested::new(&image(1, "web-v1-2026-01-02"), tests, RUN, launch)
}

fn tagged(value: &str) -> Image {
    let mut found = image(1, "web-v1-2026-01-02");
    found.tags.insert(TESTED.to_owned(), value.to_owned());
    found
}

#[test]
fn a_verdict_is_written_in_words_and_read_back() {
    let launch = TestLaunch { at: at("2026-11-28T12:00:00.9Z"), before: None };
    let passed = test(Some(Verdict::Passed), vec![check("system", true), check("/health:8080", true)]);
    let tested = tested(&[passed], Some(launch)).unwrap();
    let text = format!(
        "passed ami-00000000000000001 on=t3.micro at=2026-11-28T12:03:04Z run={RUN} launch=2026-11-28T12:00:00Z before=never \
         checks=system; /health:8080"
    );
    assert_eq!(tested.tag_value(), text);
    assert_eq!(Tested::of(&tagged(&text)), Some(tested));
}

#[test]
fn one_test_that_failed_is_enough_and_one_without_a_verdict_is_none() {
    let passed = || test(Some(Verdict::Passed), vec![check("system", true)]);
    let failed = test(Some(Verdict::Failed), vec![check("system", true), check("instance", false)]);
    assert_eq!(tested(&[passed(), passed()], None).unwrap().probes, ["system"]);
    let both = tested(&[passed(), failed], None).unwrap();
    let other = BootTest { instance_type: "m7i.large".to_owned(), ..passed() };
    assert_eq!(tested(&[passed(), other, passed()], None).unwrap().types, ["t3.micro", "m7i.large"]);
    assert_eq!((both.verdict, both.checks().as_str()), (Verdict::Failed, "failed: instance; passed: system"));
    assert_eq!(tested(&[passed(), test(None, Vec::new())], None), None);
    let mixed = [test(None, Vec::new()), test(Some(Verdict::Failed), Vec::new())];
    assert_eq!(tested(&mixed, None).unwrap().verdict, Verdict::Failed, "one is enough");
    assert_eq!(tested(&[], None), None);
}

#[test]
fn checks_are_left_out_before_anything_else_is() {
    let launch = Some(TestLaunch { at: at("2026-11-28T12:00:00Z"), before: Some(at("2026-11-01T12:00:00Z")) });
    let many: Vec<_> = (0..40).map(|n| check(&format!("/path/{n}"), true)).collect();
    let value = tested(&[test(Some(Verdict::Passed), many)], launch).unwrap();
    assert_eq!(value.probes.len() + value.more, 40);
    assert!(value.more > 0 && value.tag_value().chars().count() <= 256, "{}", value.tag_value());
    assert_eq!(Tested::of(&tagged(&value.tag_value())), Some(value));
    let long = test(Some(Verdict::Failed), vec![check(&"ü".repeat(300), false), check("system", true)]);
    let value = tested(&[long], launch).unwrap();
    assert_eq!((value.more, value.tag_value().chars().count()), (1, 256));
    assert!(value.probes[0].starts_with("failed üüü") && value.probes[0].ends_with('…'));
    assert_eq!(Tested::of(&tagged(&value.tag_value())), Some(value));
}

#[test]
fn what_separates_checks_stands_in_none() {
    let odd = vec![check("a; b\n\u{1b}c", true), check("+3 more", true), check(" ", true)];
    let value = tested(&[test(Some(Verdict::Passed), odd)], None).unwrap();
    assert_eq!(value.probes, ["a b c", "3 more", "?"]);
    assert_eq!(Tested::of(&tagged(&value.tag_value())), Some(value));
}

#[test]
fn a_value_of_another_image_or_hand_is_no_verdict() {
    let value = tested(&[test(Some(Verdict::Passed), vec![check("system", true)])], None).unwrap().tag_value();
    assert!(Tested::of(&tagged(&value)).is_some());
    assert_eq!(Tested::of(&image(1, "web-v1-2026-01-02")), None);
    let copy = Image { id: image(2, "web-v1-2026-01-02").id, ..tagged(&value) };
    assert_eq!(Tested::of(&copy), None, "a tag that came with the copy");
    for damaged in [
        String::new(),
        "passed".to_owned(),
        value.replace("passed", "PASSED"),
        value.replace("passed", "skipped"),
        value.replace(" at=2026-11-28T12:03:04Z", ""),
        value.replace("12:03:04Z", "12:03:04+00:00"),
        value.replace("12:03:04Z", "25:03:04Z"),
        value.replace(" checks=", " before=never checks="),
        value.replace(" checks=", " launch=2026-11-28T12:00:00Z checks="),
        value.replace(" checks=", " launch=then before=never checks="),
        value.replace(" checks=", " by=me checks="),
        value.replace(" checks=", "  checks="),
        format!("{value}; {}", "x".repeat(300)),
        format!("{value}; +0 more"),
        format!("{value}; +99999999999999999999 more; "),
        format!(" {value}"),
    ] {
        assert_eq!(Tested::of(&tagged(&damaged)), None, "{damaged}");
    }
}

proptest! {
    #[test]
    fn every_verdict_reads_back(
        failed in any::<bool>(),
        run in "[a-z0-9]{0,60}",
        checks in proptest::collection::vec((any::<String>(), any::<bool>()), 0..6),
        times in proptest::array::uniform3(0..4_000_000_000i64),
        noted in 0..3,
    ) {
        let [ended, launched, before] = times.map(|seconds| DateTime::from_timestamp(seconds, 5).unwrap());
        let verdict = if failed { Verdict::Failed } else { Verdict::Passed };
        let checks = checks.iter().map(|(what, passed)| check(what, *passed)).collect();
        let done = BootTest { ended_at: ended, ..test(Some(verdict), checks) };
        let launch = (noted > 0).then_some(TestLaunch { at: launched, before: (noted > 1).then_some(before) });
        let tested = Tested::new(&image(1, "web-v1-2026-01-02"), &[done], &run, launch).unwrap();
        let value = tested.tag_value();
        prop_assert!(value.chars().count() <= 256 && !value.contains(char::is_control), "{}", value);
        prop_assert_eq!(Tested::of(&tagged(&value)), Some(tested));
    }

    #[test]
    fn no_text_panics_or_reads_as_what_would_be_written_otherwise(text in any::<String>(), cut in any::<prop::sample::Index>()) {
        prop_assert_eq!(Tested::of(&tagged(&text)), None);
        let value = tested(&[test(Some(Verdict::Passed), vec![check("system", true)])], None).unwrap().tag_value();
        let at = cut.index(value.len());
        let spliced = format!("{}{text}{}", &value[..at], &value[at..]);
        if let Some(read) = Tested::of(&tagged(&spliced)) {
            prop_assert_eq!(read.tag_value(), spliced);
        }
    }
}
