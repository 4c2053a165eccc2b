//! Tests of the values of roll-outs.

use super::*;

#[test]
fn checkpoints_ascend_to_a_hundred() {
    assert_eq!("20,50,100".parse::<Checkpoints>().unwrap().percentages(), [20, 50, 100]);
    assert_eq!("100".parse::<Checkpoints>().unwrap().percentages(), [100]);
    for wrong in ["", "20", "20,50", "50,20,100", "20,20,100", "0,100", "-5,100", "20,100,100", "20%,100", "101"] {
        assert!(wrong.parse::<Checkpoints>().is_err(), "{wrong}");
    }
}

#[test]
fn statuses_read_back_as_written() {
    let all = [
        ("Pending", true),
        ("InProgress", true),
        ("Baking", true),
        ("Cancelling", true),
        ("RollbackInProgress", true),
        ("New", true),
        ("Successful", false),
        ("Failed", false),
        ("Cancelled", false),
        ("RollbackFailed", false),
        ("RollbackSuccessful", false),
    ];
    for (word, active) in all {
        let status = RefreshStatus::read(word);
        assert_eq!((status.as_str(), status.active()), (word, active));
    }
}

#[test]
fn a_template_is_known_by_id_or_by_name() {
    let by = |id: &str, name: &str, version: &str| {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        TemplateUse { id: some(id), name: some(name), version: some(version) }
    };
    assert!(by("lt-1", "", "").same_template(&by("lt-1", "web", "3")));
    assert!(by("", "web", "").same_template(&by("lt-1", "web", "3")));
    assert!(!by("", "web", "").same_template(&by("lt-1", "", "3")), "one of them is not known");
    assert_eq!((by("", "web", "").version(), by("", "web", "7").number()), ("$Default", Some(7)));
    assert_eq!(by("", "web", "$Latest").number(), None);
}

#[test]
fn the_way_back_offers_no_version_that_was_left() {
    let to = |(template, number): &(&str, i64)| Refresh {
        id: String::new(),
        status: RefreshStatus::Successful,
        reason: None,
        percent: None,
        to_update: None,
        to: Some(TemplateUse { id: Some((*template).to_owned()), name: None, version: Some(number.to_string()) }),
    };
    let before = |past: &[(&str, i64)]| {
        let refreshes: Vec<_> = past.iter().rev().map(to).collect();
        version_before(&refreshes, refreshes[0].to.as_ref().unwrap())
    };
    let of_one = |past: &[i64]| before(&past.iter().map(|number| ("lt-1", *number)).collect::<Vec<_>>());
    assert_eq!(of_one(&[1, 2]), Some(1));
    assert_eq!(of_one(&[1]), None);
    assert_eq!(of_one(&[2, 1]), None, "what it launched before 2 is not known, and 2 was left for 1");
    assert_eq!(of_one(&[1, 2, 1]), None);
    assert_eq!(of_one(&[1, 2, 1, 3]), Some(1), "2 was left");
    assert_eq!(of_one(&[1, 2, 3, 2]), Some(1), "a second way back goes further back");
    assert_eq!(before(&[("lt-1", 1), ("lt-2", 2)]), None, "another template");
    assert_eq!(before(&[("lt-1", 1), ("lt-2", 1), ("lt-1", 2)]), None);
    let changed = TemplateUse { id: Some("lt-1".to_owned()), name: None, version: Some("7".to_owned()) };
    assert_eq!(version_before(&[to(&("lt-1", 2)), to(&("lt-1", 1))], &changed), None, "changed by hand since");
    let failed = Refresh { status: RefreshStatus::RollbackSuccessful, ..to(&("lt-1", 3)) };
    let refreshes = [failed, to(&("lt-1", 2)), to(&("lt-1", 1))];
    assert_eq!(version_before(&refreshes, refreshes[1].to.as_ref().unwrap()), Some(1));
}

#[test]
fn names_of_groups_are_not_empty_and_not_too_long() {
    assert!("web".parse::<GroupName>().is_ok());
    for wrong in ["", "a\nb", &"x".repeat(256)] {
        assert!(wrong.parse::<GroupName>().is_err(), "{wrong:?}");
    }
}

#[test]
fn old_and_new_intel_images_run_on_the_same_types() {
    assert!(same_machines("i386", "x86_64") && same_machines("arm64", "arm64"));
    assert!(!same_machines("x86_64", "arm64") && !same_machines("arm64", "arm64_mac"));
}
