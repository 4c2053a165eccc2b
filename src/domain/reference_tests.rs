//! Tests of the reader of image references.

use super::super::image::State;
use super::super::image::testing::image;
use super::*;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc()
}

fn read(text: &str) -> ImageRef {
    text.parse().unwrap()
}

fn fleet() -> Vec<Image> {
    let mut images = vec![
        image(1, "web-v9-2026-01-01"),
        image(2, "web-v10-2025-01-01"),
        image(3, "web-v11-2026-01-03"),
        image(4, "web-v12-2026-01-04"),
        image(5, "web-api-v1-2026-01-04"),
        image(6, "Golden Image"),
    ];
    images[2].state = State::Pending;
    images[3].deprecated_at = Some(now());
    images
}

fn picked(text: &str) -> Result<u32, Unresolved> {
    let id = |image: Image| u32::from_str_radix(image.id.as_str().trim_start_matches("ami-"), 16).unwrap();
    read(text).pick(fleet(), now()).map(id)
}

#[test]
fn every_form_is_read_and_printed() {
    for text in [
        "ami-0123456789abcdef0",
        "web-v3-2026-01-02",
        "web:latest",
        "web:v3",
        "web:prod",
        "web",
        "Golden Image",
        "ssm:/golden/web",
        "ssm:/golden/web:3",
        "ssm:arn:aws:ssm:us-east-1:111111111111:parameter/golden:prod",
        "resolve:ssm:golden",
    ] {
        assert_eq!(read(text).to_string(), text);
    }
    assert_eq!(read("resolve:ssm:/golden/web:3"), read("ssm:/golden/web:3"));
    assert!(matches!(read("ami-tools-v1-2026-01-02"), ImageRef::Name(_)));
    assert!(matches!(read("web:v"), ImageRef::Alias(..)));
}

#[test]
fn bad_references_say_which_part() {
    let error = |text: &str| text.parse::<ImageRef>().unwrap_err().to_string();
    assert!(error("Web:v3").contains("family 'Web'"));
    assert!(error("web:v01").contains("version 'v01'"));
    assert!(error("web:v0").contains("version 'v0'"));
    assert!(error("web:").contains("alias"));
    assert!(error("web:Prod").contains("alias"));
    assert!(error("ami-123").contains("ami-0123456789abcdef0"));
    assert!(error("").contains("cannot name an image"));
    assert!(error("a*b").contains("cannot name an image"));
    assert!(error(&"a".repeat(129)).contains("cannot name an image"));
}

#[test]
fn families_named_ssm_and_resolve_keep_their_aliases() {
    for text in ["ssm:prod", "ssm:v3", "ssm:latest", "resolve:ssm", "resolve:prod", "ssm", "resolve"] {
        assert!(!matches!(read(text), ImageRef::Parameter(_)), "{text}");
        assert_eq!(read(text).to_string(), text);
    }
    assert!(matches!(read("ssm:prod"), ImageRef::Alias(..)) && matches!(read("resolve:ssm"), ImageRef::Alias(..)));
}

#[test]
fn a_bare_parameter_is_an_error_that_says_how_it_is_written() {
    for text in ["/aws/service/x", "/golden:3", "arn:aws:ssm:us-east-1:111111111111:parameter/golden"] {
        let error = text.parse::<ImageRef>().unwrap_err();
        assert_eq!(error, RefError::Bare(text.to_owned()));
        let hint = error.hint().unwrap();
        assert!(hint.contains(&format!("ssm:{text}")), "{hint}");
        assert!(matches!(read(&format!("ssm:{text}")), ImageRef::Parameter(_)));
    }
    assert!(matches!("resolve:ssm:".parse::<ImageRef>(), Err(RefError::Parameter(_))));
    assert!(matches!("ssm:/golden:".parse::<ImageRef>(), Err(RefError::Parameter(_))));
}

#[test]
fn latest_is_the_highest_number_that_can_be_used() {
    assert_eq!(picked("web"), Ok(2));
    assert_eq!(picked("web:latest"), Ok(2));
    assert_eq!(picked("web-api"), Ok(5));
}

#[test]
fn versions_and_names_match_exactly() {
    assert_eq!(picked("web:v12"), Ok(4));
    assert_eq!(picked("web:v1"), Err(Unresolved::Nothing));
    assert_eq!(picked("web-v9-2026-01-01"), Ok(1));
    assert_eq!(picked("web-v9-2026-01-02"), Err(Unresolved::Nothing));
    assert_eq!(picked("Golden Image"), Ok(6));
    assert_eq!(picked("we"), Err(Unresolved::Nothing));
}

#[test]
fn two_images_are_not_one() {
    let twins = vec![image(1, "web-v3-2026-01-01"), image(2, "web-v3-2026-01-02")];
    assert!(matches!(read("web:v3").pick(twins, now()), Err(Unresolved::Several(two)) if two.len() == 2));
    let namesakes = vec![image(1, "web"), image(2, "web-v1-2026-01-02")];
    assert!(matches!(read("web").pick(namesakes, now()), Err(Unresolved::Several(two)) if two.len() == 2));
}

#[test]
fn a_family_without_a_usable_image_says_so() {
    let mut images = vec![image(1, "web-v1-2026-01-01")];
    images[0].state = State::Failed;
    assert!(matches!(read("web").pick(images, now()), Err(Unresolved::NoneUsable(_))));
}

#[test]
fn the_nearest_names_come_first() {
    let names = ["web-api", "web", "db", "webb"];
    assert!(nearest("wbe", names).contains(&"web"));
    assert_eq!(nearest("web-ap", names)[0], "web-api");
    assert!(nearest("zzz", names).is_empty());
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
        if let Err(error) = text.parse::<ImageRef>() {
            proptest::prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(
        text in "(ssm:|resolve:ssm:|resolve:|)(/[a-zA-Z0-9._-]{1,5}){0,3}[a-z0-9]{0,4}(:[a-zA-Z0-9._-]{1,5})?"
    ) {
        if let Ok(reference) = text.parse::<ImageRef>() {
            proptest::prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        }
    }

    #[test]
    fn what_is_read_prints_as_it_was(text in "[a-z0-9-]{1,6}(:(latest|v[1-9][0-9]{0,3}|[a-z]{1,5}))?") {
        if let Ok(reference) = text.parse::<ImageRef>() {
            proptest::prop_assert_eq!(reference.to_string(), text);
        }
    }
}

#[test]
fn an_alias_is_called_as_one_may_write_it() {
    for (parameter, family, name) in [
        ("/amictl/web/prod", Some("web"), "prod"),
        ("/amictl/api/prod", Some("web"), "api:prod"),
        ("/amictl/team/web/prod", Some("web"), "team/web:prod"),
        ("/amictl/web/prod", None, "web:prod"),
        ("/golden", Some("web"), "/golden"),
        ("/amictl/golden", Some("web"), "/amictl/golden"),
    ] {
        assert_eq!(alias_name(parameter, family), name);
    }
}

/// Own images, grouped by these patterns.
fn grouped(names: &[&str], patterns: &[&str]) -> Vec<Image> {
    let patterns = FamilyPatterns::new(patterns.iter().map(|text| text.parse().unwrap())).unwrap();
    let with_family = |(n, name): (usize, &&str)| {
        let mut image = image(u32::try_from(n).unwrap(), name);
        image.group_by(&patterns);
        image
    };
    names.iter().enumerate().map(with_family).collect()
}

fn chosen(reference: &str, images: Vec<Image>) -> Result<String, Unresolved> {
    let reference: ImageRef = reference.parse().unwrap();
    reference.pick(images, now()).map(|image| image.name.unwrap())
}

#[test]
fn a_grouped_family_has_a_newest_image_by_its_order() {
    let images = || grouped(&["Golden Base_9", "Golden Base_10", "Golden Base_2"], &["(?<family>.+)_(?<order>.+)"]);
    for reference in ["Golden Base", "Golden Base:latest"] {
        assert_eq!(chosen(reference, images()).as_deref(), Ok("Golden Base_10"));
    }
    let mut revoked = images();
    revoked[1].tags.insert(crate::domain::tags::REVOKED.to_owned(), "2026-01-01 bad".to_owned());
    assert_eq!(chosen("Golden Base", revoked).as_deref(), Ok("Golden Base_9"));
}

#[test]
fn a_word_means_the_family_that_amictl_named_and_never_two_patterns() {
    let both = || grouped(&["web-v1-2026-01-01", "web_7"], &["(?<family>.+)_.+"]);
    assert_eq!(chosen("web", both()).as_deref(), Ok("web-v1-2026-01-01"));
    let patterns = ["(?<family>[a-z]+)_\\d+", "(?<family>[a-z]+)=\\d+"];
    match chosen("web", grouped(&["web_1", "web=2"], &patterns)) {
        Err(Unresolved::SeveralFamilies(named)) => assert_eq!(named.len(), 2, "{named:?}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(chosen("web", grouped(&["web", "web_1"], &patterns[..1])), Err(Unresolved::Several(_))));
}
