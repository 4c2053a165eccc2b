//! Tests of the retention rules of the Recycle Bin.

use super::*;
use crate::domain::image::testing::image;

fn rule(resource: Resource, days: u32) -> RetentionRule {
    RetentionRule { id: String::new(), resource, days, in_force: true, tags: Vec::new(), exclude: Vec::new() }
}

fn tag(key: &str, value: Option<&str>) -> RuleTag {
    RuleTag { key: key.to_owned(), value: value.map(str::to_owned) }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn snapshot(n: u32) -> SnapshotId {
    format!("snap-{n:017x}").parse().unwrap()
}

fn leaving(snapshots: &[u32]) -> Leaving {
    let ids: Vec<_> = snapshots.iter().map(|n| snapshot(*n)).collect();
    Leaving::new(&image(1, "web-v1-2026-01-02"), &ids)
}

#[test]
fn the_longest_rule_about_it_decides() {
    let rules = [rule(Resource::Image, 7), rule(Resource::Image, 30), rule(Resource::Snapshot, 365)];
    assert_eq!(held(&rules, Resource::Image, &Tags::new()), Some(30));
    assert_eq!(held(&rules, Resource::Snapshot, &Tags::new()), Some(365));
    assert_eq!(held(&rules[..2], Resource::Snapshot, &Tags::new()), None);
}

#[test]
fn a_pending_rule_holds_nothing_yet() {
    let pending = RetentionRule { in_force: false, ..rule(Resource::Image, 30) };
    assert_eq!(held(std::slice::from_ref(&pending), Resource::Image, &Tags::new()), None);
    assert_eq!(held(&[pending, rule(Resource::Image, 7)], Resource::Image, &Tags::new()), Some(7));
}

#[test]
fn one_tag_of_several_is_enough_and_one_exclusion_too() {
    let by_tag =
        RetentionRule { tags: vec![tag("Env", Some("prod")), tag("Env", Some("stage"))], ..rule(Resource::Image, 7) };
    for (given, days) in
        [(&[("Env", "stage")][..], Some(7)), (&[("Env", "dev")], None), (&[("env", "prod")], None), (&[], None)]
    {
        assert_eq!(held(std::slice::from_ref(&by_tag), Resource::Image, &tags(given)), days, "{given:?}");
    }
    let but =
        RetentionRule { exclude: vec![tag("Env", Some("dev")), tag("Scratch", Some(""))], ..rule(Resource::Image, 7) };
    for (given, days) in [
        (&[("Env", "dev"), ("a", "b")][..], None),
        (&[("Scratch", "")], None),
        (&[("Scratch", "x")], Some(7)),
        (&[], Some(7)),
    ] {
        assert_eq!(held(std::slice::from_ref(&but), Resource::Image, &tags(given)), days, "{given:?}");
    }
    assert!(asks_tags(&[by_tag], Resource::Image) && asks_tags(std::slice::from_ref(&but), Resource::Image));
    assert!(!asks_tags(&[but], Resource::Snapshot) && !asks_tags(&[rule(Resource::Image, 7)], Resource::Image));
}

#[test]
fn a_key_without_a_value_is_read_in_the_way_that_holds_less() {
    let by_key = RetentionRule { tags: vec![tag("Keep", None)], ..rule(Resource::Image, 7) };
    assert_eq!(held(std::slice::from_ref(&by_key), Resource::Image, &tags(&[("Keep", "")])), Some(7));
    assert_eq!(held(&[by_key], Resource::Image, &tags(&[("Keep", "yes")])), None);
    let but = RetentionRule { exclude: vec![tag("Scratch", None)], ..rule(Resource::Image, 7) };
    assert_eq!(held(&[but], Resource::Image, &tags(&[("Scratch", "yes")])), None);
}

#[test]
fn an_image_comes_back_only_with_all_its_snapshots() {
    let none = BTreeMap::new();
    let (images, snapshots) = (rule(Resource::Image, 14), rule(Resource::Snapshot, 7));
    let both = [images.clone(), snapshots.clone()];
    assert_eq!(fate_of_image(&both, &leaving(&[1, 2]), &none), Fate::Held { days: 7, in_bin: 14 });
    assert_eq!(fate_of_image(&both, &leaving(&[]), &none), Fate::Held { days: 14, in_bin: 14 });
    assert_eq!(fate_of_image(&both[..1], &leaving(&[1]), &none), Fate::Stranded);
    assert_eq!(fate_of_image(&both[..1], &leaving(&[]), &none), Fate::Held { days: 14, in_bin: 14 });
    assert_eq!(fate_of_image(&both[1..], &leaving(&[1]), &none), Fate::Lost);
    let by_tag = [images, RetentionRule { tags: vec![tag("Env", Some("prod"))], ..snapshots }];
    let known = BTreeMap::from([(snapshot(1), tags(&[("Env", "prod")])), (snapshot(2), Tags::new())]);
    assert_eq!(fate_of_image(&by_tag, &leaving(&[1]), &known), Fate::Held { days: 7, in_bin: 14 });
    assert_eq!(fate_of_image(&by_tag, &leaving(&[1, 2]), &known), Fate::Stranded);
    let mut bundled = image(1, "old");
    bundled.root_device_type = Some("instance-store".to_owned());
    assert_eq!(fate_of_image(&both, &Leaving::new(&bundled, &[]), &none), Fate::Lost);
}

#[test]
fn people_are_told_in_one_sentence_for_each_thing_to_know() {
    let held = |days, in_bin| Fate::Held { days, in_bin };
    let unknown =
        |region: &str| (region.to_owned(), Problem { code: "AccessDenied".into(), message: "not for you".into() });
    let mut lines = String::new();
    let mut add = |resource, fates: &[Fate], unknown: Vec<_>| {
        let outlook = Outlook { resource, fates: fates.to_vec(), unknown };
        for said in outlook.sentences() {
            lines.push_str(&format!("{}{}\n", if said.warning { "! " } else { "" }, said.text));
        }
        lines.push_str(if outlook.safe() { "safe\n" } else { "not safe\n" });
    };
    let image = Resource::Image;
    add(image, &[held(14, 14)], vec![]);
    add(image, &[held(14, 14), held(1, 1)], vec![]);
    add(image, &[held(7, 14), held(7, 7)], vec![]);
    add(image, &[Fate::Stranded; 3], vec![]);
    add(image, &[Fate::Stranded], vec![]);
    add(image, &[Fate::Lost], vec![]);
    add(image, &[Fate::Lost, Fate::Stranded, held(1, 1), held(1, 1)], vec![]);
    add(image, &[], vec![unknown("us-east-1")]);
    add(image, &[held(2, 2)], vec![unknown("us-east-1"), unknown("us-west-2"), unknown("eu-west-1")]);
    add(Resource::Snapshot, &[held(7, 7), Fate::Lost], vec![]);
    add(Resource::Snapshot, &[Fate::Lost, Fate::Lost], vec![unknown("us-east-1"), unknown("us-west-2")]);
    insta::assert_snapshot!(lines);
}
