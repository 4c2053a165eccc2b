//! Tests of reversible changes and the objections to them.

use super::*;
use crate::domain::image::Protection;
use crate::domain::image::testing::image;

fn tag(set: &[(&str, &str)], remove: &[&str]) -> Change {
    Change::Tag {
        set: set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        remove: remove.iter().map(|k| (*k).to_owned()).collect(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[test]
fn a_deprecation_begins_with_a_whole_minute() {
    for (given, whole) in [
        ("2026-01-02T03:04:00Z", "2026-01-02T03:04:00Z"),
        ("2026-01-02T03:04:00.001Z", "2026-01-02T03:05:00Z"),
        ("2026-01-02T23:59:59Z", "2026-01-03T00:00:00Z"),
    ] {
        assert_eq!(whole_minute(at(given)), at(whole));
    }
}

#[test]
fn dates_that_ec2_would_refuse_are_known_before() {
    let now = at("2026-01-02T03:04:05Z");
    let mut web = image(1, "web-v1-2026-01-01");
    web.created_at = Some(at("2026-01-01T00:00:00Z"));
    let objection = |image: &Image, text: &str| Change::Deprecate(at(text)).objection(image, now);
    assert_eq!(objection(&web, "2026-01-02T03:04:00Z"), None);
    assert!(matches!(objection(&web, "2026-01-01T00:00:00Z"), Some(Objection::Past(_))));
    assert_eq!(objection(&web, "2036-01-02T03:04:00Z"), None);
    assert!(matches!(objection(&web, "2036-01-02T03:05:00Z"), Some(Objection::TooLate { public: false, .. })));
    web.public = true;
    assert_eq!(objection(&web, "2028-01-01T00:00:00Z"), None);
    assert!(matches!(objection(&web, "2028-01-01T00:01:00Z"), Some(Objection::TooLate { public: true, .. })));
    web.deprecated_at = Some(at("2027-01-01T00:00:00Z"));
    assert_eq!(objection(&web, "2026-06-01T00:00:00Z"), None);
    assert_eq!(objection(&web, "2027-06-01T00:00:00Z"), Some(Objection::Public));
    assert_eq!(Change::CancelDeprecation.objection(&web, now), Some(Objection::Public));
}

#[test]
fn what_holds_already_meets_no_objection() {
    let now = at("2026-01-02T03:04:05Z");
    let mut web = image(1, "web-v1-2026-01-01");
    web.protection = Protection::read(Some("enabled-with-cooldown"));
    web.state = State::Disabled;
    web.tags.insert("a".into(), "b".into());
    for change in [
        Change::Disable,
        Change::CancelDeprecation,
        Change::Protect { cooldown: true },
        Change::Protect { cooldown: false },
        tag(&[("a", "b")], &["c"]),
    ] {
        assert!(change.holds(&web) && change.objection(&web, now).is_none(), "{change:?}");
    }
    for change in [Change::Enable, Change::Unprotect, tag(&[("a", "c")], &[]), tag(&[], &["a"]), Change::Deprecate(now)]
    {
        assert!(!change.holds(&web), "{change:?}");
    }
}

#[test]
fn a_protection_is_strengthened_and_never_weakened() {
    let mut web = image(1, "web-v1-2026-01-01");
    for (now, plain, with_cooldown, off) in [
        ("disabled", false, false, true),
        ("enabled-without-cooldown", true, false, false),
        ("enabled-with-cooldown", true, true, false),
        ("disabled after 2026-01-03T03:04:05Z", false, false, true),
    ] {
        web.protection = Protection::read(Some(now));
        let holds = |cooldown| Change::Protect { cooldown }.holds(&web);
        assert_eq!((holds(false), holds(true), Change::Unprotect.holds(&web)), (plain, with_cooldown, off), "{now}");
    }
}

#[test]
fn tags_are_set_before_others_are_removed_where_there_is_room() {
    let mut web = image(1, "web-v1-2026-01-01");
    let change = tag(&[("new", "x")], &["7"]);
    let (set, remove) = (tag(&[("new", "x")], &[]), tag(&[], &["7"]));
    web.tags = (0..49).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(change.calls(&web), [set.clone(), remove.clone()]);
    web.tags.insert("49".into(), String::new());
    assert_eq!(change.calls(&web), [remove.clone(), set.clone()]);
    for alone in [set, remove, Change::Disable] {
        assert_eq!(alone.calls(&web), [alone]);
    }
}

#[test]
fn ten_years_ahead_are_within_the_limit() {
    let now = at("2026-01-02T03:04:05Z");
    assert_eq!(latest_minute(now), at("2036-01-02T03:04:00Z"));
    assert_eq!(Change::Deprecate(latest_minute(now)).objection(&image(1, "web-v1-2026-01-01"), now), None);
}

#[test]
fn only_what_is_available_or_disabled_is_deprecated_and_protected() {
    let now = at("2026-01-02T03:04:05Z");
    let mut web = image(1, "web-v1-2026-01-01");
    web.deprecated_at = Some(at("2027-01-01T00:00:00Z"));
    let changes = |web: &Image| {
        let deprecate = [Change::Deprecate(now), Change::CancelDeprecation, Change::Protect { cooldown: false }];
        deprecate.map(|change| change.objection(web, now))
    };
    for state in [State::Available, State::Disabled] {
        web.state = state;
        assert_eq!(changes(&web), [None, None, None]);
    }
    for state in [State::Pending, State::Transient, State::Failed, State::Error, State::Invalid, State::Deregistered] {
        web.state = state.clone();
        let objection = Some(Objection::State(state.clone()));
        web.protection = Protection::read(Some("disabled"));
        assert_eq!(changes(&web), [objection.clone(), objection.clone(), objection.clone()]);
        assert_eq!(Change::Unprotect.objection(&web, now), None, "it is so already");
        web.protection = Protection::read(Some("enabled-without-cooldown"));
        let pending = objection.filter(|_| matches!(state, State::Pending | State::Transient));
        assert_eq!(Change::Unprotect.objection(&web, now), pending, "what has failed must go");
    }
}

#[test]
fn a_pending_image_is_neither_disabled_nor_enabled_and_tags_have_a_limit() {
    let now = at("2026-01-02T03:04:05Z");
    let mut web = image(1, "web-v1-2026-01-01");
    web.state = State::Pending;
    assert_eq!(Change::Disable.objection(&web, now), Some(Objection::State(State::Pending)));
    assert_eq!(Change::Enable.objection(&web, now), Some(Objection::State(State::Pending)));
    web.tags = (0..50).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(tag(&[("7", "x")], &[]).objection(&web, now), None);
    assert_eq!(tag(&[("new", "x")], &["8"]).objection(&web, now), None);
    let too_many = tag(&[("new", "x")], &[]).objection(&web, now);
    assert!(matches!(too_many, Some(Objection::Tags(TagError::TooMany(51)))));
    web.tags.remove("7");
    web.tags.insert("aws:dlm:managed".into(), "true".into());
    assert_eq!(tag(&[("new", "x")], &[]).objection(&web, now), None, "those of AWS do not count");
}
