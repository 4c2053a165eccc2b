//! Tests of the reader and writer of image names.

use proptest::prelude::*;

use super::*;

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

#[test]
fn reads_every_part() {
    let read = name("debian-nginx-v12-2024-02-29");
    assert_eq!(read.family().as_str(), "debian-nginx");
    assert_eq!(read.version().get(), 12);
    assert_eq!(read.date().to_string(), "2024-02-29");
}

#[test]
fn a_family_may_look_like_a_version() {
    assert_eq!(name("web-v3-v1-2024-12-18").family().as_str(), "web-v3");
    assert_eq!(name("a/b_c.d-v1-2024-12-18").family().as_str(), "a/b_c.d");
}

#[test]
fn errors_name_the_offending_part() {
    use NameError::*;
    let cases = [
        ("web-v01-2024-12-18", Version("v01".into())),
        ("web-v0-2024-12-18", Version("v0".into())),
        ("web-v-2024-12-18", Version("v".into())),
        ("web-v+1-2024-12-18", Version("v+1".into())),
        ("web-v99999999999999999999-2024-12-18", Version("v99999999999999999999".into())),
        ("web-v1-2024-02-30", Date("2024-02-30".into())),
        ("web-v1-2023-02-29", Date("2023-02-29".into())),
        ("web-v1-2024-1-018", Date("2024-1-018".into())),
        ("Web-v1-2024-12-18", Family("Web".into())),
        ("-v1-2024-12-18", Family(String::new())),
        ("web--v1-2024-12-18", Family("web-".into())),
        ("web-2024-12-18", Shape("web-2024-12-18".into())),
        ("", Shape(String::new())),
        ("wéb", Shape("wéb".into())),
        ("x-v1-2024-12-1é", Shape("x-v1-2024-12-1é".into())),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<ImageName>(), Err(error), "{text}");
    }
}

#[test]
fn a_name_over_128_characters_is_refused() {
    let family = "a".repeat(114);
    assert!(format!("{family}-v1-2024-12-18").parse::<ImageName>().is_ok());
    let error = format!("{family}b-v1-2024-12-18").parse::<ImageName>().unwrap_err();
    assert!(error.to_string().contains("has 129 characters"), "{error}");
}

#[test]
fn the_last_version_has_no_next() {
    let last: super::Version = u64::MAX.to_string().parse().unwrap();
    assert_eq!(last.next(), Err(NameError::LastVersion(last)));
}

#[test]
fn next_looks_at_its_own_family_only() {
    let names = ["web-v9-2024-01-01", "web-v10-2023-01-01", "web-api-v40-2024-01-01"].map(name);
    assert_eq!(next_version(&"web".parse().unwrap(), &names).unwrap().get(), 11);
    assert_eq!(next_version(&"new".parse().unwrap(), &names).unwrap(), super::Version::FIRST);
}

prop_compose! {
    fn any_name()(
        family in "[a-z0-9]([a-z0-9._/-]{0,60}[a-z0-9])?",
        version in 1..=u64::MAX,
        days in 0..3_650_000i32,
    ) -> ImageName {
        let day = NaiveDate::from_ymd_opt(0, 1, 1).unwrap() + chrono::Days::new(u64::from(days.unsigned_abs()));
        let version = super::Version::from_digits(&version.to_string()).unwrap();
        ImageName::new(family.parse().unwrap(), version, Date::try_from(day).unwrap()).unwrap()
    }
}

proptest! {
    #[test]
    fn every_name_reads_back_as_itself(name in any_name()) {
        prop_assert_eq!(name.to_string().parse::<ImageName>(), Ok(name));
    }

    #[test]
    fn order_is_by_number(a in 1..u64::MAX, b in 1..u64::MAX) {
        let image = |n: u64| name(&format!("web-v{n}-2024-12-18"));
        prop_assert_eq!(image(a).cmp(&image(b)), a.cmp(&b));
    }

    #[test]
    fn next_never_repeats(versions in proptest::collection::vec(1..1_000_000u64, 0..50)) {
        let names: Vec<_> = versions.iter().map(|n| name(&format!("web-v{n}-2024-12-18"))).collect();
        let next = next_version(&"web".parse().unwrap(), &names).unwrap();
        prop_assert!(names.iter().all(|n| n.version() < next));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        if let Ok(name) = text.parse::<ImageName>() {
            prop_assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn no_lookalike_panics(text in "[a-zA-Z0-9._/é-]{0,20}-v[0-9+]{0,22}-[0-9-]{8,12}") {
        if let Ok(name) = text.parse::<ImageName>() {
            prop_assert_eq!(name.to_string(), text);
        }
    }
}
