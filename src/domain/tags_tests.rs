//! Tests of tags: limits, and the tags of images and copies.

use super::*;

fn name() -> ImageName {
    "web-v3-2026-01-02".parse().unwrap()
}

fn maker() -> Maker {
    Maker { program: "amictl/0.1.0".into(), run: "cafe".into() }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn an_image_carries_what_its_name_says_and_what_was_given() {
    let given = ["Environment=prod", "Team=a=b", "Empty="].map(|t| t.parse().unwrap());
    let expected = tags(&[
        ("Name", "web-v3-2026-01-02"),
        ("Family", "web"),
        ("Version", "3"),
        ("Environment", "prod"),
        ("Team", "a=b"),
        ("Empty", ""),
        (CREATED_BY, "amictl/0.1.0"),
        (RUN, "cafe"),
    ]);
    assert_eq!(image_tags(&name(), &maker(), &given), Ok(expected));
}

#[test]
fn a_given_name_tag_wins() {
    let made = image_tags(&name(), &maker(), &["Name=web".parse().unwrap()]).unwrap();
    assert_eq!(made["Name"], "web");
}

#[test]
fn what_ec2_refuses_is_refused_here() {
    assert_eq!("Team".parse::<Tag>(), Err(TagError::Shape("Team".into())));
    assert_eq!("aws:x=1".parse::<Tag>(), Err(TagError::Reserved("aws:x".into())));
    assert_eq!("AWS:x=1".parse::<Tag>(), Err(TagError::Reserved("AWS:x".into())));
    assert!(matches!("=x".parse::<Tag>(), Err(TagError::KeyLength { length: 0, .. })));
    assert!(Tag::new(&"k".repeat(128), &"é".repeat(256)).is_ok());
    assert!(matches!(Tag::new(&"k".repeat(129), ""), Err(TagError::KeyLength { length: 129, .. })));
    assert!(matches!(Tag::new("k", &"é".repeat(257)), Err(TagError::ValueLength { length: 257, .. })));
    assert!("日本=x".parse::<Tag>().is_ok());
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
        if let Ok(tag) = text.parse::<Tag>() {
            proptest::prop_assert_eq!(format!("{}={}", tag.key, tag.value), text.clone());
        }
        if let Ok(tag) = text.parse::<TagMatch>() {
            proptest::prop_assert_eq!(tag.to_string(), text);
        }
    }
}

#[test]
fn fifty_tags_fit_and_fifty_one_do_not() {
    let given = |n: usize| (0..n).map(|i| Tag::new(&format!("k{i}"), "v").unwrap()).collect::<Vec<_>>();
    assert_eq!(image_tags(&name(), &maker(), &given(45)).unwrap().len(), 50);
    assert_eq!(image_tags(&name(), &maker(), &given(46)), Err(TagError::TooMany(51)));
}

#[test]
fn a_tag_given_twice_or_ours_is_refused() {
    let twice = ["Team=a", "Team=b"].map(|t| t.parse().unwrap());
    assert_eq!(image_tags(&name(), &maker(), &twice), Err(TagError::Twice("Team".into())));
    let ours = ["Version=9".parse().unwrap()];
    assert_eq!(image_tags(&name(), &maker(), &ours), Err(TagError::Ours("Version".into())));
}

#[test]
fn matching_takes_whole_keys() {
    let has = tags(&[("Release", "gold"), ("amictl:keep", "")]);
    let asks = |text: &str| text.parse::<TagMatch>().unwrap().matches(&has);
    assert!(asks("Release") && asks("Release=gold") && asks("Release=g*") && asks("amictl:keep"));
    assert!(!asks("Rel") && !asks("Release=go") && !asks("release") && !asks("keep") && !asks("amictl:keep2"));
}

#[test]
fn a_copy_is_tagged_by_its_own_name() {
    let source = tags(&[
        ("Name", "web-v3-2026-01-02"),
        ("Family", "web"),
        ("Version", "3"),
        ("aws:x", "y"),
        (RUN, "1"),
        (RETIRE, "deprecate@2026-01-02T00:00:00Z"),
        (SHARES, "222222222222"),
    ]);
    let copy = CopyTags {
        source: &source,
        old_name: "web-v3-2026-01-02",
        new_name: "api-v1-2026-01-03",
        origin: "us-east-1/ami-01234567".into(),
    };
    let expected = tags(&[
        ("Name", "api-v1-2026-01-03"),
        ("Family", "api"),
        ("Version", "1"),
        (COPIED_FROM, "us-east-1/ami-01234567"),
    ]);
    assert_eq!(copy.tags(), expected);
}

#[test]
fn a_copy_of_fifty_tags_keeps_the_users() {
    let source: Tags = (0..50).map(|i| (format!("k{i}"), String::new())).collect();
    let copy = CopyTags { source: &source, old_name: "a", new_name: "a", origin: String::new() };
    assert_eq!(copy.tags(), source);
}

#[test]
fn the_moment_of_expiry_is_read_and_other_texts_are_errors() {
    let tagged = |text: &str| Tags::from([(EXPIRES.to_owned(), text.to_owned())]);
    assert_eq!(expiry(&Tags::new()), Ok(None));
    let at = expiry(&tagged("2026-01-02T03:04:05+01:00")).unwrap().unwrap();
    assert_eq!(at.to_rfc3339(), "2026-01-02T02:04:05+00:00");
    for text in ["", "tomorrow", "2026-01-02"] {
        assert!(expiry(&tagged(text)).is_err(), "{text}");
    }
}
