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
