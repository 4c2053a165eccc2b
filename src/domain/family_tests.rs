//! Tests of family patterns.

use super::*;

fn pattern(text: &str) -> FamilyPattern {
    text.parse().unwrap()
}

/// The family and the order that a pattern captures.
fn captured(text: &str, name: &str) -> Option<(String, Option<Order>)> {
    pattern(text).group(name).map(|group| (group.family().word.to_owned(), group.order))
}

#[test]
fn a_pattern_matches_whole_names() {
    for (text, name, family) in [
        ("(?<family>.+?)[-_](?<order>\\d{8,14})", "golden-base_20260102", Some("golden-base")),
        ("(?<family>.+?)[-_](?<order>\\d{8,14})", "golden-base_20260102-x", None),
        ("^(?<family>.+)-\\d+$", "web-1", Some("web")),
        ("(?<family>web)", "xweb", None),
        ("(?<family>a)|(?<order>b)c", "bc", None),
        ("(?<family>a|ab)", "ab", Some("ab")),
        ("(?i)(?<family>WEB)-\\d", "Web-1", Some("Web")),
        ("(?x) (?<family> \\w+ ) - \\d+", "web-12", Some("web")),
        ("(?x) (?<family> \\w+ ) - \\d+ # the build", "web-12", Some("web")),
        ("(?x)\n(?<family> \\w+ ) - # by Packer\n\\d+ # the build", "web-12x", None),
        ("(?<family>x*)-.+", "-y", None),
        (
            "(?P<family>.+) (?P<order>\\d{4}-\\d{2}-\\d{2}T.+Z)",
            "web-recipe 2026-01-02T03-04-05.678Z",
            Some("web-recipe"),
        ),
    ] {
        let text = text.replace("\\\\", "\\");
        let found = captured(&text, name).map(|(family, _)| family);
        assert_eq!(found.as_deref(), family, "{text} on {name}");
    }
}

#[test]
fn the_order_counts_digits_as_numbers() {
    let ordered = [
        "",
        "1",
        "2",
        "010",
        "20",
        "20a",
        "20b",
        "99999999999999999999999",
        "100000000000000000000000",
        "v1",
        "v1.2",
        "v1.10",
        "v2",
    ];
    for pair in ordered.windows(2) {
        assert!(Order::of(pair[0]) < Order::of(pair[1]), "{pair:?}");
    }
    assert_eq!(Order::of("007"), Order::of("7"));
}

#[test]
fn the_first_pattern_that_matches_counts() {
    let patterns = FamilyPatterns::new([pattern("(?<family>.+)-\\d+"), pattern("(?<family>.+)")]).unwrap();
    let group = |name| {
        patterns.group(name).map(|group| (group.family().word.to_owned(), group.family().pattern.map(str::to_owned)))
    };
    assert_eq!(group("web-1"), Some(("web".to_owned(), Some("(?<family>.+)-\\d+".to_owned()))));
    assert_eq!(group("web"), Some(("web".to_owned(), Some("(?<family>.+)".to_owned()))));
}

#[test]
fn an_error_says_what_is_wrong_in_one_line() {
    for (text, said) in [
        ("", "no capture named 'family'"),
        (".+", "no capture named 'family'"),
        ("(?<family>.+", "unclosed group"),
        ("(?<family>a)|(?:b", "unclosed group"),
        ("(?<family>.+)(?<family>.+)", "duplicate capture group name"),
        ("(?<family>.+)(?<date>.+)", "a capture 'date'"),
        ("(?<family>(?=x).+)", "look-around"),
        ("(?<family>.+)\\\\1", "backreferences are not supported"),
        ("(?<family>.{1000}){1000}", "too large"),
    ] {
        let error = text.replace("\\\\", "\\").parse::<FamilyPattern>().unwrap_err().to_string();
        assert!(error.contains(said) && error.lines().count() == 1, "{text}: {error}");
    }
}

proptest::proptest! {
    /// Whatever is written, there is an error or a pattern, and a pattern reads any name.
    #[test]
    fn no_pattern_panics(text in "[(?<>family:order)|.*+\\\\d\\[\\]{}0-9a-z^$ ]{0,40}", name in "[ -~]{3,40}") {
        if let Ok(pattern) = text.parse::<FamilyPattern>() {
            let found = pattern.group(&name);
            proptest::prop_assert!(found.is_none_or(|group| !group.family().word.is_empty()));
        }
    }
}
