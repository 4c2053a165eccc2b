//! Tests of aliases, their parameters and their notes.

use super::*;

fn parameter(family: &str, alias: &str) -> Result<AliasParameter, AliasError> {
    AliasParameter::new(family.parse().unwrap(), alias.parse().unwrap())
}

fn note(reason: &str) -> Note {
    Note {
        by: "arn:aws:sts::111111111111:assumed-role/release/jane".to_owned(),
        action: NoteAction::Promote,
        image: "ami-0123456789abcdef0".parse().unwrap(),
        from: "ami-0fedcba9876543210".parse().ok(),
        reason: Some(reason.to_owned()),
        run: "0123456789abcdef".to_owned(),
        at: DateTime::parse_from_rfc3339("2026-01-31T10:20:30Z").unwrap().to_utc(),
    }
}

#[test]
fn aliases_are_words_without_a_meaning_of_their_own() {
    for good in ["prod", "v", "v3a", "2026-01.x_y", "latest-1", "-"] {
        assert_eq!(good.parse::<Alias>().unwrap().as_str(), good);
    }
    for taken in ["latest", "v3", "v03", "v0"] {
        assert_eq!(taken.parse::<Alias>(), Err(AliasError::Taken(taken.to_owned())));
    }
    for bad in ["", "Prod", "a/b", "a b", "ä", "prod\n", "a:b"] {
        assert_eq!(bad.parse::<Alias>(), Err(AliasError::Characters(bad.to_owned())));
    }
}

#[test]
fn a_parameter_reads_back_also_with_slashes_in_the_family() {
    for (family, alias, name) in [("web", "prod", "/amictl/web/prod"), ("team/web", "x", "/amictl/team/web/x")] {
        let of = parameter(family, alias).unwrap();
        assert_eq!(of.parameter(), name);
        assert_eq!(AliasParameter::of(name), Some(of));
    }
    for other in
        ["/amictl/web", "/amictl//prod", "/golden/web", "/amictl/web/latest", "/amictl/Web/prod", "amictl/web/p"]
    {
        assert_eq!(AliasParameter::of(other), None, "{other}");
    }
}

#[test]
fn a_family_that_ssm_cannot_name_has_no_aliases() {
    assert!(parameter("a//b", "prod").is_err());
    let deep = |levels: usize| parameter(&vec!["a"; levels].join("/"), "prod");
    assert!(deep(13).is_ok(), "with amictl and the alias 15 levels");
    assert!(deep(14).is_err());
}

#[test]
fn a_note_counts_only_on_the_version_that_has_its_image() {
    let written = note("new kernel");
    assert_eq!(Note::read(&written.description(), "ami-0123456789abcdef0"), Some(written.clone()));
    assert_eq!(Note::read(&written.description(), "ami-0fedcba9876543210"), None);
    for other in ["", "by hand", "{}", "null", r#"{"by":1}"#] {
        assert_eq!(Note::read(other, "ami-0123456789abcdef0"), None, "{other}");
    }
}

#[test]
fn a_long_reason_is_shortened_until_ssm_takes_it() {
    for reason in ["x".repeat(5000), "\"\\\n\u{1}".repeat(1000), "🦀".repeat(3000)] {
        let description = note(&reason).description();
        assert!(description.encode_utf16().count() <= MAX_DESCRIPTION);
        let read = Note::read(&description, "ami-0123456789abcdef0").unwrap();
        let kept = read.reason.unwrap();
        assert!(kept.ends_with('…') && kept.chars().count() > 50, "{kept}");
    }
    let long = Note { by: "x".repeat(3000), ..note("why") };
    assert!(long.description().encode_utf16().count() <= MAX_DESCRIPTION);
}

proptest::proptest! {
    #[test]
    fn every_note_fits_and_reads_back(by in ".{0,2000}", reason in proptest::option::of(".{0,2000}")) {
        let written = Note { by, reason, ..note("") };
        let description = written.description();
        proptest::prop_assert!(description.chars().count() <= MAX_DESCRIPTION);
        let read = Note::read(&description, written.image.as_str()).unwrap();
        proptest::prop_assert_eq!((read.run, read.at, read.from), (written.run, written.at, written.from));
    }

    #[test]
    fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
        let _ = (text.parse::<Alias>(), AliasParameter::of(&text), Note::read(&text, &text));
    }
}
