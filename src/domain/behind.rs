//! Distances within a family: versions up to a newer one, and since when there is a newer one.

use chrono::{DateTime, Utc};

use super::family::{FamilyPatterns, ImageFamily, Order};
use super::image::{Image, State};
use super::naming::{ImageName, Version};

/// The family of an image, apart from the image: one that is deregistered has nothing but a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyKey {
    /// The family as users write it.
    pub word: String,
    /// The pattern that found it; `None` for images that amictl named.
    pub pattern: Option<String>,
}

/// The standing of an image in its family: the greater is the newer, as in
/// [`newest_first`](super::order::newest_first).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FamilyRank {
    version: Option<Version>,
    order: Option<Order>,
    made: Option<DateTime<Utc>>,
}

/// How far an image is behind a newer one of its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// The number of versions: by their numbers, else of the images that are there.
    pub versions: u64,
    /// When the first newer version was made, as far as it is still there.
    pub since: Option<DateTime<Utc>>,
}

impl FamilyKey {
    fn of(family: ImageFamily<'_>) -> Self {
        Self { word: family.word.to_owned(), pattern: family.pattern.map(str::to_owned) }
    }
}

impl FamilyRank {
    /// The standing of an image.
    pub fn of(image: &Image) -> Self {
        let version = image.parsed_name.as_ref().map(ImageName::version);
        let order = image.group.as_ref().and_then(|group| group.order.clone());
        Self { version, order, made: image.created_at }
    }

    /// Whether it is newer. Copies of one version are made at different times, and neither is newer.
    fn is_newer(&self, other: &Self) -> bool {
        match (self.version, other.version) {
            (Some(own), Some(other)) => own > other,
            _ => self > other,
        }
    }

    /// The version by amictl's name.
    pub fn version(&self) -> Option<Version> {
        self.version
    }
}

/// The family of an image and its standing there; `None` without a family.
pub fn placed(image: &Image) -> Option<(FamilyKey, FamilyRank)> {
    Some((FamilyKey::of(image.family()?), FamilyRank::of(image)))
}

/// The same for an image of which only the name and the time are left.
pub fn placed_by_name(
    name: &str,
    made: Option<DateTime<Utc>>,
    patterns: &FamilyPatterns,
) -> Option<(FamilyKey, FamilyRank)> {
    if let Ok(parsed) = name.parse::<ImageName>() {
        let key = FamilyKey { word: parsed.family().as_str().to_owned(), pattern: None };
        return Some((key, FamilyRank { version: Some(parsed.version()), order: None, made }));
    }
    let group = patterns.group(name)?;
    Some((FamilyKey::of(group.family()), FamilyRank { version: None, order: group.order.clone(), made }))
}

/// The distance between an image and `goal`, a newer one; `None` if that is not newer. `members` are the images of the
/// family that are there.
pub fn distance(own: &FamilyRank, goal: &Image, members: &[&Image]) -> Option<Distance> {
    let newest = FamilyRank::of(goal);
    if !newest.is_newer(own) {
        return None;
    }
    // What failed or was revoked is nothing to move to.
    let counts = |image: &&&Image| match image.state {
        State::Available | State::Disabled => !image.revoked(),
        State::Pending
        | State::Transient
        | State::Invalid
        | State::Deregistered
        | State::Failed
        | State::Error
        | State::Unknown(_) => false,
    };
    let between: Vec<&&Image> = members
        .iter()
        .filter(counts)
        .filter(|image| FamilyRank::of(image).is_newer(own) && !FamilyRank::of(image).is_newer(&newest))
        .collect();
    let since = between.iter().filter_map(|image| image.created_at).chain(goal.created_at).min();
    let versions = match (own.version, newest.version) {
        (Some(own), Some(newest)) => newest.get().saturating_sub(own.get()),
        _ => u64::try_from(between.len()).unwrap_or(u64::MAX),
    };
    Some(Distance { versions: versions.max(1), since })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::image::testing::image;
    use super::super::tags::REVOKED;
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(days)
    }

    fn version(n: u32, days: i64) -> Image {
        Image { created_at: Some(at(days)), ..image(n, &format!("web-v{n}-2026-01-01")) }
    }

    fn grouped(id: u32, name: &str, days: i64, patterns: &FamilyPatterns) -> Image {
        let mut image = Image { created_at: Some(at(days)), ..image(id, name) };
        image.group_by(patterns);
        image
    }

    #[test]
    fn versions_that_are_gone_count_and_revoked_ones_are_not_the_first_newer() {
        let all = [version(1, 1), version(4, 4), version(5, 5), version(7, 7)];
        let mut members: Vec<Image> = all.to_vec();
        members[1].tags.insert(REVOKED.to_owned(), String::new());
        let members: Vec<&Image> = members.iter().collect();
        let found = distance(&FamilyRank::of(&all[0]), &all[3], &members);
        assert_eq!(found, Some(Distance { versions: 6, since: Some(at(5)) }));
        assert_eq!(distance(&FamilyRank::of(&all[3]), &all[3], &members), None);
        assert_eq!(distance(&FamilyRank::of(&all[3]), &all[2], &members), None);
    }

    #[test]
    fn images_of_a_pattern_are_counted() {
        let pattern = r"(?<family>.+)-(?<order>\d{8})".parse().unwrap();
        let patterns = FamilyPatterns::new([pattern]).unwrap();
        let all: Vec<Image> =
            (1..=4u32).map(|n| grouped(n, &format!("base-2026010{n}"), i64::from(n), &patterns)).collect();
        let members: Vec<&Image> = all.iter().collect();
        let found = distance(&FamilyRank::of(&all[0]), &all[3], &members);
        assert_eq!(found, Some(Distance { versions: 3, since: Some(at(2)) }));
        let (key, standing) = placed_by_name("base-20260101", Some(at(1)), &patterns).unwrap();
        assert_eq!((key.word.as_str(), &standing), ("base", &FamilyRank::of(&all[0])));
        assert_eq!(Some(key), placed(&all[0]).map(|(key, _)| key));
        assert_eq!(placed_by_name("other", None, &patterns), None);
    }

    #[test]
    fn a_name_alone_places_an_image_that_amictl_named() {
        let (key, standing) = placed_by_name("a/web-v3-2026-01-01", None, &FamilyPatterns::default()).unwrap();
        assert_eq!((key.word.as_str(), key.pattern, standing.version().map(Version::get)), ("a/web", None, Some(3)));
    }
}
