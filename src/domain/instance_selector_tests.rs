//! Tests of the instances that `create` selects.

use proptest::prelude::*;

use super::*;
use crate::domain::instance::testing;
use crate::domain::tags::Tags;

fn tag(key: &str, value: &str) -> InstanceSelector {
    InstanceSelector::Tag(Tag { key: key.to_owned(), value: value.to_owned() })
}

fn instance(number: u64, launched: Option<&str>) -> Instance {
    Instance {
        tags: Tags::from([("Name".to_owned(), format!("n{number}"))]),
        launched_at: launched.map(|text| text.parse().unwrap()),
        ..testing::instance(number)
    }
}

#[test]
fn an_instance_is_named_by_id_or_by_a_tag() {
    let id = "i-0123456789abcdef0";
    assert_eq!(id.parse(), Ok(InstanceSelector::Id(id.parse().unwrap())));
    assert_eq!("tag:Role=web".parse(), Ok(tag("Role", "web")));
    assert_eq!("tag:a=b=c".parse(), Ok(tag("a", "b=c")));
    assert_eq!("tag:Role=".parse(), Ok(tag("Role", "")));
    assert_eq!("tag:aws:autoscaling:groupName=web".parse(), Ok(tag("aws:autoscaling:groupName", "web")));
}

#[test]
fn what_selects_nothing_is_refused_with_the_form() {
    for text in ["tag:Role", "tag:", "tag:=web"] {
        let error = text.parse::<InstanceSelector>().unwrap_err().to_string();
        assert_eq!(error, format!("'{text}' must read tag:KEY=VALUE, e.g. tag:Role=web"));
    }
    for text in ["", "web", "Role=web", "i-xyz", "Tag:Role=web"] {
        let error = text.parse::<InstanceSelector>().unwrap_err().to_string();
        assert!(error.contains("i-0123456789abcdef0, or tag:KEY=VALUE"), "{error}");
    }
    assert!(format!("tag:{}=v", "k".repeat(129)).parse::<InstanceSelector>().is_err());
    assert!(format!("tag:k={}", "v".repeat(257)).parse::<InstanceSelector>().is_err());
    assert!(format!("tag:k={}", "v".repeat(256)).parse::<InstanceSelector>().is_ok());
}

#[test]
fn one_instance_is_taken_and_several_are_named() {
    let (old, new) = (instance(1, Some("2026-01-01T00:00:00Z")), instance(2, Some("2026-01-02T00:00:00Z")));
    assert_eq!(choose(Vec::new(), true), Err(NotOne::None));
    assert_eq!(choose(vec![old.clone()], false), Ok(old.clone()));
    assert_eq!(choose(vec![old.clone(), new.clone()], true), Ok(new.clone()));
    let both = "i-00000000000000002 (n2), i-00000000000000001 (n1)";
    assert_eq!(choose(vec![old, new], false), Err(NotOne::Several(both.to_owned())));
}

#[test]
fn the_newest_is_not_guessed() {
    let same = Some("2026-01-02T00:00:00Z");
    let tie = "i-00000000000000001 (n1), i-00000000000000002 (n2)";
    let old = instance(3, Some("2026-01-01T00:00:00Z"));
    let three = vec![old, instance(2, same), instance(1, same)];
    assert_eq!(choose(three, true), Err(NotOne::Tie(tie.to_owned())));
    let untold = vec![instance(1, same), instance(2, None)];
    assert_eq!(choose(untold, true), Err(NotOne::Tie(tie.to_owned())));
}

#[test]
fn only_a_handful_is_named() {
    let many = (0..12).map(|number| instance(number, None)).collect();
    let Err(NotOne::Several(told)) = choose(many, false) else { panic!("twelve are not one") };
    assert!(told.ends_with("i-00000000000000004 (n4) and 7 more"), "{told}");
}

proptest! {
    #[test]
    fn a_selector_is_read_as_it_is_written(key in "[^=]{1,20}", value in "\\PC{0,20}") {
        let selector = tag(&key, &value);
        prop_assert_eq!(selector.to_string().parse(), Ok(selector));
    }

    #[test]
    fn a_literal_value_matches_itself_only(value in "[a*?\\\\]{0,8}", other in "[a*?\\\\]{0,8}") {
        // With each escape taken away the value is left, and nothing in it is a wildcard.
        let (mut bare, mut wild, written) = (String::new(), false, literal(&value));
        let mut rest = written.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => bare.extend(rest.next()),
                '*' | '?' => wild = true,
                c => bare.push(c),
            }
        }
        prop_assert!(!wild);
        prop_assert_eq!(&bare, &value);
        prop_assert_eq!(literal(&value) == literal(&other), value == other);
    }
}
