//! Tests of what the rules of a place hold.

use super::super::rules::RuleTag;
use super::*;

fn rule(resource: Resource, days: u32) -> RetentionRule {
    let (tags, exclude) = (Vec::new(), Vec::new());
    RetentionRule { id: format!("{resource:?}{days}"), resource, days, in_force: true, tags, exclude }
}

fn tagged(resource: Resource, days: u32) -> RetentionRule {
    let tag = RuleTag { key: "Env".to_owned(), value: Some("prod".to_owned()) };
    RetentionRule { tags: vec![tag], ..rule(resource, days) }
}

fn place(rules: &[RetentionRule]) -> PlaceRetention {
    let (account, region) = ("111111111111".parse().ok(), "us-east-1".parse().unwrap());
    PlaceRetention { account, region, rules: rules.to_vec(), made: BTreeSet::new() }
}

fn pends(rule: RetentionRule) -> RetentionRule {
    RetentionRule { in_force: false, ..rule }
}

#[test]
fn whole_days_within_a_year_are_read_and_written() {
    for (text, days) in [("1d", 1), ("14d", 14), ("2w", 14), ("48h", 2), ("365d", 365)] {
        let read: RetentionDays = text.parse().unwrap();
        assert_eq!((read.get(), read.to_string().parse()), (days, Ok(read)), "{text}");
    }
    for text in ["0d", "400d", "366d", "36h", "1d 1s", "14", "", "soon", "1000000000000d"] {
        let error = text.parse::<RetentionDays>().unwrap_err().to_string();
        assert!(error.contains(&format!("'{text}'")) && error.contains("1d to 365d"), "{error}");
    }
}

#[test]
fn only_a_rule_without_tags_holds_everything() {
    use Resource::{Image, Snapshot};
    let excluding = RetentionRule { exclude: tagged(Image, 1).tags, tags: Vec::new(), ..rule(Image, 9) };
    for (rules, held) in [
        (vec![], Held::None),
        (vec![rule(Snapshot, 7)], Held::None),
        (vec![rule(Image, 7), rule(Image, 30), tagged(Image, 365)], Held::All(30)),
        (vec![tagged(Image, 30), tagged(Image, 7)], Held::Some(7)),
        (vec![excluding], Held::Some(9)),
        (vec![pends(rule(Image, 7))], Held::None),
        (vec![pends(rule(Image, 7)), tagged(Image, 3)], Held::Some(3)),
    ] {
        assert_eq!(place(&rules).held(Image), held, "{rules:?}");
    }
}

#[test]
fn a_rule_is_missing_where_none_holds_everything_as_long() {
    use Resource::{Image, Snapshot};
    let fortnight = "14d".parse().unwrap();
    for (rules, missing) in [
        (vec![], vec![Image, Snapshot]),
        (vec![rule(Image, 14), rule(Snapshot, 15)], vec![]),
        (vec![rule(Image, 13), tagged(Snapshot, 30)], vec![Image, Snapshot]),
        (vec![rule(Image, 13), pends(rule(Snapshot, 14))], vec![Image]),
        (vec![rule(Image, 14)], vec![Snapshot]),
    ] {
        assert_eq!(place(&rules).missing(fortnight), missing, "{rules:?}");
    }
}

#[test]
fn images_that_could_not_come_back_are_warned_of_once_for_all_places() {
    use Resource::{Image, Snapshot};
    let stranded = place(&[tagged(Image, 14)]);
    let shorter = place(&[rule(Image, 14), rule(Snapshot, 7)]);
    let some = place(&[rule(Image, 14), tagged(Snapshot, 14)]);
    let good = place(&[rule(Image, 14), pends(rule(Snapshot, 14))]);
    let whose = "account 111111111111, region us-east-1";
    let all = [vec![stranded; 5], vec![shorter, some, good.clone(), place(&[rule(Snapshot, 7)])]].concat();
    let told = warnings(&all);
    assert_eq!(told.len(), 3);
    assert!(told[0].ends_with(&format!(
        "none holds snapshots: without them no image can be restored; in {whose}; {whose}; {whose}, and 2 more"
    )));
    assert!(told[1].contains("only some snapshots") && told[2].contains("before images"), "{told:?}");
    assert!(warnings(std::slice::from_ref(&good)).is_empty(), "a rule that is on its way counts");
    let pending = pending(&[good]).unwrap();
    assert!(pending.starts_with("1 rule is pending") && pending.ends_with(whose), "{pending}");
    assert_eq!(super::pending(&[place(&[rule(Image, 1)])]), None);
}
