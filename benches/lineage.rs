//! Time that the forest of images takes: `cargo bench --bench lineage`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark stops where it cannot go on")]

use std::hint::black_box;

use amictl::domain::image::{Image, Protection, SourceImage, State};
use amictl::domain::image_forest::ImageForest;
use amictl::domain::tags::Tags;
use criterion::{Criterion, criterion_group, criterion_main};

const IMAGES: u32 = 100_000;
const REGIONS: [&str; 4] = ["us-east-1", "us-west-2", "eu-west-1", "ap-south-1"];

/// Of every hundred images, one is made from an instance of an image of the hundred before; the others are its copies,
/// or made from instances of its copies.
fn image(n: u32) -> Image {
    let id = |n: u32| format!("ami-{n:017x}").parse().ok();
    let (first, within) = (n - n % 100, n % 100);
    let (parent, child) = match within {
        0 => (n.checked_sub(100), true),
        1..=9 => (Some(first), false),
        _ => (Some(first + within % 10), true),
    };
    let region = |n: u32| REGIONS[(n % 10 % 4) as usize].parse().unwrap();
    Image {
        id: id(n).unwrap(),
        name: Some(format!("web-v{n}-2026-01-02")),
        parsed_name: None,
        group: None,
        own: true,
        region: region(n),
        owner: "111111111111".parse().ok(),
        state: State::Available,
        state_reason: None,
        created_at: None,
        deprecated_at: None,
        last_launched_at: None,
        architecture: None,
        platform: None,
        root_device_type: None,
        public: false,
        protection: Protection::read(None),
        snapshots: Vec::new(),
        blank_volumes: Vec::new(),
        size_gib: 8,
        source: SourceImage {
            instance_id: child.then(|| "i-0123456789abcdef0".parse().unwrap()),
            image_id: parent.and_then(id),
            region: parent.map(region),
        },
        description: None,
        tags: Tags::new(),
        scan: None,
        watermarks: Vec::new(),
        kept_volumes: Vec::new(),
        imds_v2: true,
        allowed: None,
    }
}

fn lineage(criterion: &mut Criterion) {
    let images: Vec<Image> = (0..IMAGES).map(image).collect();
    let root = images[0].id.clone();
    let all = ImageForest::new(&images).tree(&root, false).len();
    assert_eq!(all, images.len(), "all of them came of the first");
    criterion.bench_function("the forest of 100,000 images", |bencher| {
        bencher.iter(|| black_box(ImageForest::new(&images).below_the_unlisted().len()));
    });
    criterion.bench_function(
        "the forest of 100,000 images, and the tree of one from which all of them came",
        |bencher| {
            bencher.iter(|| black_box(ImageForest::new(&images).tree(&root, false).len()));
        },
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = lineage
}
criterion_main!(benches);
