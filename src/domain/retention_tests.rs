//! Tests of the verdicts on images.

#[path = "retention_families_tests.rs"]
mod families;
#[path = "retention_retire_tests.rs"]
mod retire;

use super::super::ids::ImageId;
use super::super::image::testing::image;
use super::super::image::{Protection, State};
use super::*;
use crate::domain::problem::Problem;
use crate::domain::usage::source::{Reference, Source, SourceState};

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc()
}

fn aged(id: u32, name: &str, days: i64) -> Image {
    Image { created_at: Some(now() - TimeDelta::days(days)), ..image(id, name) }
}

/// Six old versions of one family; by default the newest three stay.
fn fleet() -> Vec<Image> {
    (1..=6).map(|n| aged(n, &format!("web-v{n}-2025-01-01"), 100)).collect()
}

fn id(n: u32) -> ImageId {
    format!("ami-{n:017x}").parse().unwrap()
}

/// The numbers of the images that are removed.
fn going(policy: &Policy, images: &[Image], usage: &Usage) -> Vec<u32> {
    let verdicts = judge(policy, images, usage, &SharedWith::new(), now());
    let number = |v: &Judgement<'_>| u32::from_str_radix(&v.image.id.as_str()[4..], 16).unwrap();
    verdicts.iter().filter(|v| v.goes()).map(number).collect()
}

fn codes(policy: &Policy, images: &[Image], n: u32) -> Vec<&'static str> {
    let verdicts = judge(policy, images, &Usage::default(), &SharedWith::new(), now());
    let verdict = verdicts.iter().find(|v| v.image.id == id(n)).unwrap();
    verdict.reasons.iter().map(Reason::code).collect()
}

fn policy(toml: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{toml}")).unwrap()
}

fn plain() -> Policy {
    Policy::default()
}

#[test]
fn the_newest_by_number_stay() {
    let mut images = fleet();
    images.push(aged(10, "web-v10-2024-01-01", 300));
    assert_eq!(going(&plain(), &images, &Usage::default()), [1, 2, 3, 4]);
}

#[test]
fn each_family_is_counted_by_itself() {
    let mut images = fleet();
    images.extend([aged(7, "api-v1-2025-01-01", 400), aged(8, "web-api-v1-2025-01-01", 400)]);
    assert_eq!(going(&plain(), &images, &Usage::default()), [1, 2, 3]);
}

#[test]
fn what_does_not_work_takes_nobodys_place() {
    let mut images = fleet();
    images[5].state = State::Failed;
    images[4].state = State::Disabled;
    images[3].state = State::Pending;
    assert_eq!(going(&plain(), &images, &Usage::default()), [6]);
    assert_eq!(codes(&plain(), &images, 4), ["pending"]);
}

#[test]
fn a_disabled_image_stays_while_it_is_among_the_newest() {
    let mut images = fleet();
    images[5].state = State::Disabled;
    images[1].state = State::Disabled;
    assert_eq!(going(&plain(), &images, &Usage::default()), [1, 2]);
    assert_eq!(codes(&plain(), &images, 6), ["newest"]);
}

#[test]
fn the_young_and_the_undated_stay() {
    let mut images = fleet();
    images[0].created_at = Some(now() - TimeDelta::days(6));
    images[1].created_at = None;
    assert_eq!(going(&plain(), &images, &Usage::default()), [3]);
    assert_eq!(codes(&plain(), &images, 1), ["too-young"]);
    assert_eq!(codes(&plain(), &images, 2), ["too-young"]);
    assert_eq!(going(&policy("min_age = '5d'"), &images, &Usage::default()), [1, 3]);
}

#[test]
fn what_was_launched_lately_stays() {
    let mut images = fleet();
    images[0].last_launched_at = Some(now() - TimeDelta::days(20));
    images[1].last_launched_at = Some(now() - TimeDelta::days(40));
    assert_eq!(going(&policy("unused_for = '30d'"), &images, &Usage::default()), [2, 3]);
    assert_eq!(going(&plain(), &images, &Usage::default()), [1, 2, 3]);
}

#[test]
fn a_launch_may_not_have_been_reported_yet() {
    let mut images = fleet();
    images[0].created_at = Some(now() - TimeDelta::hours(30));
    let rules = policy("unused_for = '90d'\nmin_age = '1h'");
    assert_eq!(codes(&rules, &images, 1), ["recently-launched"]);
}

#[test]
fn a_tag_keeps_when_its_whole_key_matches() {
    let mut images = fleet();
    images[0].tags.insert("amictl:keep".into(), String::new());
    images[1].tags.insert("Release".into(), "gold".into());
    images[2].tags.insert("Release2".into(), "gold".into());
    assert_eq!(going(&plain(), &images, &Usage::default()), [2, 3]);
    let two = policy("protect_tags = ['Release=gold', 'Rel']");
    assert_eq!(going(&two, &images, &Usage::default()), [3]);
    assert_eq!(codes(&two, &images, 1), ["protected-tag"]);
}

#[test]
fn only_tagged_images_are_in_scope_where_asked() {
    let mut images = fleet();
    images[1].tags.insert("temp".into(), "yes".into());
    assert_eq!(going(&policy("only_tags = ['temp=yes']"), &images, &Usage::default()), [2]);
    assert_eq!(codes(&policy("only_tags = ['temp']"), &images, 1), ["out-of-scope"]);
}

#[test]
fn protection_and_other_managers_keep() {
    let mut images = fleet();
    images[0].protection = Protection::read(Some("enabled-without-cooldown"));
    images[1].tags.insert("aws:backup:source-resource".into(), "x".into());
    images[2].tags.insert("aws:dlm:lifecycle-policy-id".into(), "x".into());
    assert!(going(&plain(), &images, &Usage::default()).is_empty());
    assert_eq!(codes(&plain(), &images, 1), ["deregistration-protection"]);
    assert_eq!(codes(&plain(), &images, 2), ["managed-elsewhere"]);
    images[2].tags = [("CreatedBy".to_owned(), "EC2 Image Builder".to_owned())].into();
    assert_eq!(codes(&plain(), &images, 3), ["managed-elsewhere"]);
}

#[test]
fn the_first_rule_that_covers_an_image_wins() {
    let mut images = fleet();
    images.extend((7..=12).map(|n| aged(n, &format!("api-v{n}-2025-01-01"), 100)));
    let rules = policy("[[rule]]\nfamilies = ['we?']\nkeep = 5\n[[rule]]\nfamilies = ['*']\nkeep = 1\n");
    assert_eq!(going(&rules, &images, &Usage::default()), [1, 7, 8, 9, 10, 11]);
    let some = policy("[[rule]]\nfamilies = ['api']\nkeep = 5\n");
    assert_eq!(codes(&some, &images, 1), ["out-of-scope"]);
}

#[test]
fn images_under_another_rule_do_not_count() {
    let mut images = fleet();
    for image in &mut images[3..] {
        image.tags.insert("Environment".into(), "dev".into());
    }
    let rules = policy("[[rule]]\ntags = { Environment = 'dev' }\nkeep = 1\n[[rule]]\nkeep = 2\n");
    assert_eq!(going(&rules, &images, &Usage::default()), [1, 4, 5]);
}

#[test]
fn the_families_asked_for_are_the_scope() {
    let mut images = fleet();
    images.extend((7..=12).map(|n| aged(n, &format!("api-v{n}-2025-01-01"), 100)));
    let rules = Policy { scope: vec!["api".into()], ..plain() };
    assert_eq!(going(&rules, &images, &Usage::default()), [7, 8, 9]);
}

#[test]
fn unmanaged_images_go_only_by_their_tag() {
    let mut images: Vec<_> = (1..=4).map(|n| aged(n, &format!("Golden {n}"), 100 + i64::from(n))).collect();
    for image in &mut images[..3] {
        image.tags.insert("role".into(), "db".into());
    }
    assert_eq!(codes(&plain(), &images, 1), ["unmanaged"]);
    let rules = Policy { unmanaged: true, family_tag: Some("role".into()), keep: Some(1), ..plain() };
    assert_eq!(going(&rules, &images, &Usage::default()), [2, 3]);
    assert_eq!(codes(&rules, &images, 4), ["unmanaged"]);
}

#[test]
fn what_is_in_use_stays_and_an_alias_has_its_own_word() {
    let mut usage = Usage::default();
    let by = |kind| Reference { source: Source::SsmParameters, kind, id: "x".into(), detail: "x".into() };
    usage.add(id(1), by("instance"));
    usage.add(id(2), by("alias"));
    assert_eq!(going(&plain(), &fleet(), &usage), [3]);
    let images = fleet();
    let verdicts = judge(&plain(), &images, &usage, &SharedWith::new(), now());
    assert_eq!(verdicts[0].reasons[0].code(), "in-use");
    assert_eq!(verdicts[1].reasons[0].code(), "alias");
}

#[test]
fn one_failed_source_keeps_everything() {
    let mut usage = Usage::default();
    let problem = Problem { code: "UnauthorizedOperation".into(), message: "not yours".into() };
    usage.sources.push(SourceState {
        account: None,
        region: "us-east-1".parse().unwrap(),
        source: Source::Ec2Fleets,
        status: SourceStatus::Failed(problem),
    });
    assert!(going(&plain(), &fleet(), &usage).is_empty());
    let images = fleet();
    let verdicts = judge(&plain(), &images, &usage, &SharedWith::new(), now());
    assert_eq!(verdicts[0].reasons[0].detail(), "ec2-fleets: not yours [UnauthorizedOperation]");
}

#[test]
fn shared_images_stay_where_the_policy_says_so() {
    let images = fleet();
    let shares: SharedWith =
        [(id(1), Ok(Some("account 2".to_owned()))), (id(2), Ok(None)), (id(3), Err("denied".to_owned()))].into();
    let codes = |policy: &Policy| -> Vec<Vec<&str>> {
        let verdicts = judge(policy, &images, &Usage::default(), &shares, now());
        verdicts[..3].iter().map(|v| v.reasons.iter().map(Reason::code).collect()).collect()
    };
    assert_eq!(codes(&policy("keep_shared = true")), [vec!["shared"], vec![], vec!["unverified"]]);
    assert_eq!(codes(&plain()), [[""; 0]; 3]);
}

#[test]
fn every_reason_is_given() {
    let mut images = fleet();
    images[5].tags.insert("amictl:keep".into(), String::new());
    images[5].created_at = Some(now());
    images[5].protection = Protection::read(Some("?"));
    assert_eq!(codes(&plain(), &images, 6), ["newest", "too-young", "protected-tag", "deregistration-protection"]);
}

proptest::proptest! {
    #[test]
    fn nothing_goes_that_is_among_the_newest_or_young(
        fleet in proptest::collection::vec((1..40u64, 0..60i64, 0..3u8), 0..60),
        keep in 0..6usize,
        min_age in 0..50u64,
    ) {
        let mut images: Vec<Image> = Vec::new();
        for (n, (version, days, family)) in (1..).zip(&fleet) {
            images.push(aged(n, &format!("{}-v{version}-2025-01-01", ["a", "b", "c"][usize::from(*family)]), *days));
        }
        let rules = policy(&format!("keep = {keep}\nmin_age = '{min_age}d'"));
        let verdicts = judge(&rules, &images, &Usage::default(), &SharedWith::new(), now());
        for gone in verdicts.iter().filter(|v| v.goes()) {
            let name = gone.image.parsed_name.as_ref().unwrap();
            let newer = images.iter().filter(|other| {
                let other_name = other.parsed_name.as_ref().unwrap();
                other_name.family() == name.family()
                    && (other_name.version(), other.created_at, &other.id)
                        > (name.version(), gone.image.created_at, &gone.image.id)
            });
            proptest::prop_assert!(newer.count() >= keep);
            proptest::prop_assert!(now() - gone.image.created_at.unwrap() >= TimeDelta::days(min_age.cast_signed()));
        }
    }
}
