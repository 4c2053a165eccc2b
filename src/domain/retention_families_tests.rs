//! Tests of the verdicts on images that amictl did not name.

use super::*;

const PATTERN: &str = r"family_patterns = ['(?<family>.+?)[-_ ](?<order>\d+)']";

/// Old images with these names, the first made last, grouped by a policy.
fn named(policy: &Policy, names: &[&str]) -> Vec<Image> {
    let made = |(n, name): (usize, &&str)| {
        let n = u32::try_from(n).unwrap();
        let mut image = aged(n + 1, name, 100 + i64::from(n));
        image.group_by(&policy.family_patterns);
        image
    };
    names.iter().enumerate().map(made).collect()
}

fn details(policy: &Policy, images: &[Image], n: u32) -> Vec<String> {
    let verdicts = judge(policy, images, &Usage::default(), &SharedWith::new(), now());
    let verdict = verdicts.into_iter().find(|v| v.image.id == id(n)).unwrap();
    verdict.reasons.iter().map(Reason::detail).collect()
}

#[test]
fn grouped_images_are_counted_in_their_order_and_by_time() {
    let policy = policy(&format!("keep = 1\n{PATTERN}"));
    let agree = named(&policy, &["base-20260103", "base-20260102", "base-9"]);
    assert_eq!(going(&policy, &agree, &Usage::default()), [2, 3]);
    assert_eq!(details(&policy, &agree, 1), ["number 1 of the newest 1"]);
    // Number 10 was copied before number 9: both are the newest by one order.
    let disagree = named(&policy, &["base-9", "base-10", "base-8"]);
    assert_eq!(going(&policy, &disagree, &Usage::default()), [3]);
    assert_eq!(details(&policy, &disagree, 1), ["number 1 of the newest 1 by creation time, but number 2 by its name"]);
    assert_eq!(details(&policy, &disagree, 2), ["number 1 of the newest 1 by its name, but number 2 by creation time"]);
}

#[test]
fn families_of_one_word_count_apart() {
    let patterns = r"['(?<family>[a-z]+)_(?<order>\d+)', '(?<family>[a-z]+) (?<order>\d+)']";
    let policy = policy(&format!("keep = 1\nfamily_patterns = {patterns}"));
    let images = named(&policy, &["web_2", "web_1", "web 2", "web 1", "web-v2-2025-01-01", "web-v1-2025-01-01"]);
    assert_eq!(going(&policy, &images, &Usage::default()), [2, 4, 6]);
}

#[test]
fn without_a_match_an_image_stays_unmanaged() {
    let policy = policy(&format!("keep = 0\n{PATTERN}"));
    let images = named(&policy, &["base-x", "base-1"]);
    assert_eq!(codes(&policy, &images, 1), ["unmanaged"]);
    assert_eq!(going(&policy, &images, &Usage::default()), [2]);
}

#[test]
fn revoked_images_take_no_rank_from_working_ones() {
    let policy = policy(&format!("keep = 1\n{PATTERN}"));
    let mut images = named(&policy, &["base-5", "base-4", "base-3"]);
    images[0].tags.insert(crate::domain::tags::REVOKED.to_owned(), "2026-01-01 bad".to_owned());
    assert_eq!(going(&policy, &images, &Usage::default()), [3]);
    assert_eq!(codes(&policy, &images, 1), ["newest"]);
}

fn built(mut images: Vec<Image>, which: &[usize]) -> Vec<Image> {
    for n in which {
        images[*n].tags.insert("CreatedBy".to_owned(), "EC2 Image Builder".to_owned());
    }
    images
}

#[test]
fn images_of_image_builder_go_only_where_the_policy_says_so_and_never_the_newest() {
    let text = format!("keep = 0\n{PATTERN}");
    let (kept, taken) = (policy(&text), policy(&format!("managed_by = ['image-builder']\n{text}")));
    let images = built(named(&kept, &["recipe 4", "recipe 3", "recipe 2"]), &[1, 2]);
    assert_eq!(going(&kept, &images, &Usage::default()), [1]);
    assert_eq!(codes(&kept, &images, 2), ["managed-elsewhere"]);
    assert_eq!(going(&taken, &images, &Usage::default()), [1, 3]);
    assert_eq!(codes(&taken, &images, 2), ["newest"]);
}

#[test]
fn images_of_aws_backup_and_dlm_are_never_taken() {
    let policy = policy(&format!("keep = 0\nmanaged_by = ['image-builder']\n{PATTERN}"));
    for (key, value) in
        [("aws:backup:source-resource", "i-1"), ("aws:dlm:lifecycle-policy-id", "policy-1"), ("dlm:managed", "true")]
    {
        let mut images = built(named(&policy, &["x 3", "x 2"]), &[1]);
        images[1].tags.insert(key.to_owned(), value.to_owned());
        images[0].tags.insert(key.to_owned(), value.to_owned());
        assert_eq!(going(&policy, &images, &Usage::default()), [] as [u32; 0], "{key}");
        assert_eq!(codes(&policy, &images, 2), ["managed-elsewhere"], "{key}");
    }
}
