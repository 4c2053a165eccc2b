//! Tests of the texts that show the progress of a wait.

use super::*;
use crate::domain::image::{BlankVolume, ImageSnapshot, testing};

#[test]
fn volumes_are_told_as_far_as_they_are_known() {
    let mut image = Image { snapshots: Vec::new(), blank_volumes: Vec::new(), size_gib: 0, ..testing::image(1, "web") };
    assert_eq!(sizes(&image), "");
    let snapshot = |size_gib| ImageSnapshot {
        id: "snap-01234567".parse().unwrap(),
        device: "/dev/xvda".to_owned(),
        size_gib,
        encrypted: false,
    };
    image.snapshots = vec![snapshot(8), snapshot(100)];
    image.blank_volumes = vec![BlankVolume { device: "/dev/sdb".to_owned(), size_gib: 20, encrypted: false }];
    assert_eq!(sizes(&image), ", 8 + 100 + 20 GiB");
    (image.snapshots, image.size_gib) = (vec![snapshot(8); 5], 60);
    assert_eq!(sizes(&image), ", 60 GiB in 6 volumes");
}
