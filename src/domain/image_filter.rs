//! Filter and order of an image listing: the part that EC2 does not do itself.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::age::Age;
use super::family::FamilyWord;
use super::image::Image;
use super::order::{arrange, by_name, newest_first};
use super::tags::TagMatch;

/// The order of a listing. Ties are broken by family and version, name, region and id, so that the order is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Newest first, and the images of one family by version.
    #[default]
    Newest,
    /// By creation time, the latest first, whatever their versions.
    Created,
    /// By family, then version as a number, newest version first; unmanaged names after them.
    Name,
    /// Highest version first, whatever the family.
    Version,
    /// Largest first.
    Size,
}

/// The filter and order of a listing.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// Images of this family only.
    pub family: Option<FamilyWord>,
    /// Of each family in each region only the newest version that is available and neither deprecated nor revoked.
    pub latest: bool,
    /// Tags that an image must all have.
    pub tags: Vec<TagMatch>,
    /// Managed images only, or unmanaged ones only.
    pub managed: Option<bool>,
    /// Made longer ago than this. An image without a date is neither older nor newer.
    pub older_than: Option<Age>,
    /// Made more recently than this.
    pub newer_than: Option<Age>,
    /// The order.
    pub sort: Sort,
    /// The maximum number of images.
    pub limit: Option<usize>,
}

impl ImageFilter {
    /// The images to show, in order.
    pub fn apply<'a>(&self, images: impl IntoIterator<Item = &'a Image>, now: DateTime<Utc>) -> Vec<&'a Image> {
        let mut kept: Vec<&Image> = images.into_iter().filter(|image| self.keeps(image, now)).collect();
        if self.latest {
            kept = newest_of_each_family(kept, now);
        }
        match self.sort {
            Sort::Newest => arrange(&mut kept),
            sort => kept.sort_by(|a, b| sort.compare(a, b).then_with(|| by_name(a, b))),
        }
        kept.truncate(self.limit.unwrap_or(usize::MAX));
        kept
    }

    fn keeps(&self, image: &Image, now: DateTime<Utc>) -> bool {
        self.family.as_ref().is_none_or(|wanted| wanted.names(image.family()))
            && self.tags.iter().all(|tag| tag.matches(&image.tags))
            && self.managed.is_none_or(|wanted| image.managed() == wanted)
            && self.older_than.is_none_or(|age| image.created_at.is_some_and(|at| at < age.before(now)))
            && self.newer_than.is_none_or(|age| image.created_at.is_some_and(|at| at >= age.before(now)))
    }
}

fn newest_of_each_family(images: Vec<&Image>, now: DateTime<Utc>) -> Vec<&Image> {
    let mut newest = BTreeMap::new();
    for image in images {
        let Some(family) = image.family().filter(|_| image.usable(now)) else { continue };
        let best = newest.entry((&image.region, &image.owner, family)).or_insert(image);
        if newest_first(image, best) == Ordering::Less {
            *best = image;
        }
    }
    newest.into_values().collect()
}

impl Sort {
    fn compare(self, a: &Image, b: &Image) -> Ordering {
        let version = |image: &Image| image.parsed_name.as_ref().map(|name| name.version());
        match self {
            Self::Newest => newest_first(a, b),
            Self::Created => b.created_at.cmp(&a.created_at),
            Self::Name => by_name(a, b),
            Self::Version => version(b).cmp(&version(a)),
            Self::Size => b.size_gib.cmp(&a.size_gib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::State;
    use crate::domain::image::testing::image;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc()
    }

    fn fleet() -> Vec<Image> {
        let made = |id, name: &str, days: i64| Image {
            created_at: Some(now() - chrono::TimeDelta::days(days)),
            size_gib: i64::from(id),
            ..image(id, name)
        };
        let mut images = vec![
            made(1, "web-v9-2026-01-01", 30),
            made(2, "web-v10-2026-01-11", 20),
            made(3, "web-v11-2026-01-21", 10),
            made(4, "api-v2-2026-01-30", 1),
            made(5, "Golden Image", 400),
        ];
        images[2].state = State::Failed;
        images
    }

    fn ids(selection: ImageFilter) -> Vec<i64> {
        selection.apply(&fleet(), now()).iter().map(|image| image.size_gib).collect()
    }

    #[test]
    fn orders() {
        let sorted = |sort| ids(ImageFilter { sort, ..ImageFilter::default() });
        assert_eq!(sorted(Sort::Created), [4, 3, 2, 1, 5]);
        assert_eq!(sorted(Sort::Name), [4, 3, 2, 1, 5]);
        assert_eq!(sorted(Sort::Version), [3, 2, 1, 4, 5]);
        assert_eq!(sorted(Sort::Size), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn what_was_made_last_is_not_the_newest_of_its_family_by_that() {
        let mut images = fleet();
        images.swap(0, 2);
        images[2].created_at = Some(now());
        let first = |sort| {
            let selection = ImageFilter { family: "web".parse().ok(), sort, limit: Some(1), ..ImageFilter::default() };
            selection.apply(&images, now())[0].name.clone()
        };
        assert_eq!(first(Sort::default()).as_deref(), Some("web-v11-2026-01-21"));
        assert_eq!(first(Sort::Created).as_deref(), Some("web-v9-2026-01-01"));
    }

    #[test]
    fn latest_skips_what_cannot_be_used() {
        assert_eq!(ids(ImageFilter { latest: true, ..ImageFilter::default() }), [4, 2]);
    }

    #[test]
    fn filters() {
        let age = |text: &str| text.parse().ok();
        assert_eq!(ids(ImageFilter { family: "web".parse().ok(), ..ImageFilter::default() }), [3, 2, 1]);
        assert_eq!(ids(ImageFilter { managed: Some(false), ..ImageFilter::default() }), [5]);
        assert_eq!(ids(ImageFilter { older_than: age("15d"), ..ImageFilter::default() }), [2, 1, 5]);
        assert_eq!(ids(ImageFilter { newer_than: age("15d"), ..ImageFilter::default() }), [4, 3]);
        assert_eq!(ids(ImageFilter { limit: Some(2), ..ImageFilter::default() }), [4, 3]);
    }

    #[test]
    fn an_image_without_a_date_is_neither_older_nor_newer() {
        let undated = || vec![image(1, "web-v1-2026-01-01")];
        let older = ImageFilter { older_than: "1d".parse().ok(), ..ImageFilter::default() };
        let newer = ImageFilter { newer_than: "1d".parse().ok(), ..ImageFilter::default() };
        assert!(older.apply(&undated(), now()).is_empty() && newer.apply(&undated(), now()).is_empty());
    }
}
