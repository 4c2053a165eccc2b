//! Tests of launch templates.

use super::super::image::testing::image;
use super::super::image::{BlankVolume, ImageSnapshot};
use super::*;

const OLD: &str = "snap-00000000000000001";
const NEW: &str = "snap-00000000000000002";
const DATA: &str = "snap-00000000000000003";

/// An image with one volume of 8 GiB.
fn with(number: u32, snapshot: &str) -> Image {
    let mut image = image(number, &format!("web-v{number}-2026-01-01"));
    image.snapshots = vec![ImageSnapshot {
        id: snapshot.parse().unwrap(),
        device: "/dev/xvda".to_owned(),
        size_gib: 8,
        encrypted: false,
    }];
    image
}

fn volume(device: &str, snapshot: Option<&str>, size_gib: Option<i64>) -> MappedVolume {
    MappedVolume { device: device.to_owned(), snapshot: snapshot.map(str::to_owned), size_gib, ebs: true }
}

#[test]
fn names_are_those_that_ec2_takes() {
    for good in ["web", "team/web_(1).x-2", &"a".repeat(128)] {
        assert_eq!(good.parse::<TemplateName>().unwrap().to_string(), good);
    }
    for bad in ["", "w", "we", "web 1", "web:1", "wäb", &"a".repeat(129)] {
        assert_eq!(bad.parse::<TemplateName>(), Err(TemplateNameError::Name), "{bad}");
    }
}

#[test]
fn a_version_is_a_number_or_one_of_two_words() {
    for (text, version) in [
        ("web", None),
        ("web:3", Some("3")),
        ("web:latest", Some("$Latest")),
        ("web:$Latest", Some("$Latest")),
        ("web:default", Some("$Default")),
    ] {
        let read: TemplateRef = text.parse().unwrap();
        assert_eq!((read.name.as_str(), read.version.as_deref()), ("web", version), "{text}");
        assert_eq!(read.to_string().parse::<TemplateRef>().unwrap(), read);
    }
    for bad in ["web:", "web:0", "web:-1", "web:v3", "web:newest", "web:1:2"] {
        assert_eq!(bad.parse::<TemplateRef>(), Err(TemplateNameError::Version), "{bad}");
    }
}

#[test]
fn a_group_follows_unless_it_names_a_number() {
    for (text, version, follows) in [
        (None, GroupVersion::Default, true),
        (Some(""), GroupVersion::Default, true),
        (Some("$Default"), GroupVersion::Default, true),
        (Some("$Latest"), GroupVersion::Latest, true),
        (Some("3"), GroupVersion::Pinned("3".to_owned()), false),
    ] {
        let read = GroupVersion::read(text);
        assert_eq!((read.follows(), &read), (follows, &version), "{text:?}");
    }
}

#[test]
fn snapshots_stay_but_for_those_of_the_image_before() {
    let (before, after) = (with(1, OLD), with(2, NEW));
    let volumes = [
        volume("/dev/xvda", Some(OLD), Some(8)),
        volume("/dev/sdf", Some(DATA), None),
        volume("/dev/sdg", None, Some(20)),
    ];
    assert_eq!(kept_snapshots(&volumes, Some(&before), &after), Ok(vec![false, true, false]));
    let own = volume("/dev/sdb", None, None);
    assert_eq!(kept_snapshots(&[MappedVolume { ebs: false, ..own }], None, &after), Ok(vec![false]));
    assert_eq!(kept_snapshots(&[], None, &after), Ok(vec![]));
}

#[test]
fn a_snapshot_of_an_image_that_cannot_be_seen_is_neither_kept_nor_dropped_by_guess() {
    let after = with(2, NEW);
    let root = [volume("/dev/xvda", Some(OLD), None)];
    let error = kept_snapshots(&root, None, &after).unwrap_err();
    assert!(error.contains("/dev/xvda") && error.contains(OLD), "{error}");
    let data = [volume("/dev/sdf", Some(DATA), None)];
    assert_eq!(kept_snapshots(&data, None, &after), Ok(vec![true]));
}

#[test]
fn what_could_not_be_launched_is_an_error() {
    let (before, mut after) = (with(1, OLD), with(2, NEW));
    after.snapshots[0].size_gib = 20;
    let small = [volume("/dev/xvda", Some(OLD), Some(8))];
    let error = kept_snapshots(&small, Some(&before), &after).unwrap_err();
    assert!(error.contains("gives /dev/xvda 8 GiB") && error.contains("needs 20"), "{error}");
    let mut two = before.clone();
    two.snapshots.push(ImageSnapshot {
        device: "/dev/sdf".to_owned(),
        id: DATA.parse().unwrap(),
        ..before.snapshots[0].clone()
    });
    let lost = [volume("/dev/sdf", Some(DATA), None)];
    let error = kept_snapshots(&lost, Some(&two), &after).unwrap_err();
    assert!(error.contains("/dev/sdf without a size"), "{error}");
    after.blank_volumes = vec![BlankVolume { device: "/dev/sdf".to_owned(), size_gib: 5, encrypted: false }];
    assert_eq!(kept_snapshots(&lost, Some(&two), &after), Ok(vec![false]));
    let sized = [volume("/dev/sdf", Some(DATA), Some(5))];
    assert_eq!(kept_snapshots(&sized, Some(&two), &with(2, NEW)), Ok(vec![false]));
}
