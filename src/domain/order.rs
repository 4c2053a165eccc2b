//! The order of images: by version within a family, else by creation time.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::family::{ImageFamily, Order};
use super::image::Image;

/// Compares two images of one family, the newer first: by version or by the order that a pattern captures, then by
/// creation time. Region and id make the order stable.
pub fn newest_first(a: &Image, b: &Image) -> Ordering {
    let version = |image: &Image| image.parsed_name.as_ref().map(|name| name.version());
    let by_version = version(b).cmp(&version(a)).then_with(|| captured(b).cmp(&captured(a)));
    by_version.then_with(|| latest_first(a, b))
}

/// Compares two images by creation time, the latest first. Region and id make the order stable.
pub fn latest_first(a: &Image, b: &Image) -> Ordering {
    let made = b.created_at.cmp(&a.created_at);
    made.then_with(|| a.region.cmp(&b.region)).then_with(|| b.id.cmp(&a.id))
}

fn captured(image: &Image) -> Option<&Order> {
    image.group.as_ref().and_then(|group| group.order.as_ref())
}

/// Sorts images for display: the latest created first, but the images of one family by version, in the positions they
/// occupy among the others.
pub fn arrange(images: &mut [&Image]) {
    images.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| by_name(a, b)));
    let mut families: HashMap<ImageFamily<'_>, Vec<usize>> = HashMap::new();
    for (at, image) in images.iter().enumerate() {
        if let Some(family) = image.family() {
            families.entry(family).or_default().push(at);
        }
    }
    for places in families.into_values() {
        let mut members: Vec<_> = places.iter().map(|at| images[*at]).collect();
        members.sort_by(|a, b| newest_first(a, b));
        for (at, image) in places.into_iter().zip(members) {
            images[at] = image;
        }
    }
}

/// Compares two images by family, the newer version first; images without a family come last, by name.
pub fn by_name(a: &Image, b: &Image) -> Ordering {
    match (a.family(), b.family()) {
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(of_a), Some(of_b)) => of_a.cmp(&of_b).then_with(|| newest_first(a, b)),
        (None, None) => (&a.name, &a.region, &a.id).cmp(&(&b.name, &b.region, &b.id)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    use super::super::image::testing::image;
    use super::*;

    fn made(id: u32, name: &str, days: i64) -> Image {
        let now = DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc();
        Image { created_at: Some(now - TimeDelta::days(days)), ..image(id, name) }
    }

    fn names(images: &[Image]) -> Vec<&str> {
        let mut all: Vec<_> = images.iter().collect();
        arrange(&mut all);
        all.iter().filter_map(|image| image.name.as_deref()).collect()
    }

    #[test]
    fn a_higher_version_is_newer_whenever_it_was_made() {
        let fleet = [
            made(1, "sles-v9-2026-01-30", 1),
            made(2, "api-v1-2026-01-29", 2),
            made(3, "sles-v10-2026-01-01", 30),
            made(4, "Golden", 10),
        ];
        assert_eq!(names(&fleet), ["sles-v10-2026-01-01", "api-v1-2026-01-29", "Golden", "sles-v9-2026-01-30"]);
    }

    #[test]
    fn of_one_version_the_one_made_last_is_the_newer() {
        let fleet =
            [made(1, "web-v2-2026-01-30", 20), made(2, "web-v2-2026-01-02", 1), made(3, "web-v2-2026-01-03", 1)];
        assert_eq!(names(&fleet), ["web-v2-2026-01-03", "web-v2-2026-01-02", "web-v2-2026-01-30"]);
    }

    proptest! {
        /// All images come out, whatever their order: each family by version, the others by age.
        #[test]
        fn families_stand_by_version_and_the_rest_by_age(
            fleet in proptest::collection::vec((0..4_usize, 1..20_u64, 0..50_i64), 0..30)
        ) {
            let name = |family: usize, version| match family {
                3 => "unmanaged".to_owned(),
                other => format!("{}-v{version}-2026-01-01", ["web", "api", "db"][other]),
            };
            let fleet: Vec<_> = fleet
                .iter()
                .enumerate()
                .map(|(id, (family, version, days))| made(u32::try_from(id).unwrap(), &name(*family, version), *days))
                .collect();
            let mut shown: Vec<_> = fleet.iter().collect();
            arrange(&mut shown);
            let mut again: Vec<_> = fleet.iter().rev().collect();
            arrange(&mut again);
            prop_assert_eq!(&shown, &again);
            prop_assert_eq!(shown.len(), fleet.len());
            for family in ["web", "api", "db"] {
                let of = |image: &&&Image| image.parsed_name.as_ref().is_some_and(|n| n.family().as_str() == family);
                let versions: Vec<_> = shown.iter().filter(of).map(|i| i.parsed_name.as_ref().unwrap().version()).collect();
                prop_assert!(versions.is_sorted_by(|a, b| a >= b), "{:?}", versions);
            }
            let ages: Vec<_> = shown.iter().filter(|i| i.parsed_name.is_none()).map(|i| i.created_at).collect();
            prop_assert!(ages.is_sorted_by(|a, b| a >= b));
        }
    }
}
