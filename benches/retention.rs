//! Time that judging images takes: `cargo bench --bench retention`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark stops where it cannot go on")]

use amictl::domain::image::{Image, ImageSnapshot, Protection, SourceImage, State};
use amictl::domain::policy::Policy;
use amictl::domain::retention::{SharedWith, judge};
use amictl::domain::usage::source::Usage;
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{Criterion, criterion_group, criterion_main};

const IMAGES: u32 = 100_000;
const FAMILIES: u32 = 1_000;

const POLICY: &str = r#"
version = 1
protect_tags = ["amictl:keep", "Release=gold"]
[[rule]]
families = ["family-1*", "api-*"]
tags = { Environment = "prod" }
keep = 5
min_age = "30d"
unused_for = "90d"
[[rule]]
families = ["*"]
keep = 2
"#;

fn image(n: u32, now: DateTime<Utc>) -> Image {
    let name = format!("family-{}-v{}-2026-01-02", n % FAMILIES, n / FAMILIES + 1);
    Image {
        id: format!("ami-{n:017x}").parse().unwrap(),
        parsed_name: name.parse().ok(),
        group: None,
        name: Some(name),
        own: true,
        region: "us-east-1".parse().unwrap(),
        owner: "111111111111".parse().ok(),
        state: State::Available,
        state_reason: None,
        created_at: Some(now - TimeDelta::hours(i64::from(n % 10_000))),
        deprecated_at: None,
        last_launched_at: Some(now - TimeDelta::hours(i64::from(n % 3_000))),
        architecture: Some("x86_64".to_owned()),
        platform: None,
        root_device_type: Some("ebs".to_owned()),
        public: false,
        protection: Protection::read(None),
        snapshots: vec![ImageSnapshot {
            id: format!("snap-{n:017x}").parse().unwrap(),
            device: "/dev/xvda".to_owned(),
            size_gib: 8,
            encrypted: false,
        }],
        blank_volumes: Vec::new(),
        size_gib: 8,
        source: SourceImage::default(),
        description: None,
        tags: [("Name", "web"), ("Environment", "prod"), ("Owner", "platform")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        scan: None,
        watermarks: Vec::new(),
        kept_volumes: Vec::new(),
        imds_v2: true,
        allowed: None,
    }
}

fn retention(criterion: &mut Criterion) {
    let now = DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc();
    let images: Vec<Image> = (0..IMAGES).map(|n| image(n, now)).collect();
    let policy = Policy::parse(POLICY).unwrap();
    let (usage, shares) = (Usage::default(), SharedWith::new());
    let going = judge(&policy, &images, &usage, &shares, now).iter().filter(|v| v.goes()).count();
    assert!(going > 10_000 && going < 90_000, "the benchmark decides something: {going} go");
    criterion.bench_function("judge 100,000 images of 1,000 families", |bencher| {
        bencher.iter(|| judge(&policy, &images, &usage, &shares, now));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = retention
}
criterion_main!(benches);
