//! Aliases as they are listed: what each names, since when, by whom, and what it named before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::alias::{AliasParameter, NoteAction};
use super::alias_history::{AliasHistory, AliasVersion};
use super::ids::{AccountId, ImageId};
use super::image::{Image, State};
use super::naming::Version;
use super::region::Region;

/// The word for an image of which nothing is left that the account can see.
pub const GONE: &str = "gone";

/// The images that aliases name, as far as the account sees them; `None` if they could not be read.
pub type NamedImages = Option<HashMap<ImageId, Image>>;

/// An alias in one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAlias {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The alias.
    pub alias: AliasParameter,
    /// The version in force.
    pub current: AliasEntry,
    /// The image that it named before.
    pub previous_image_id: Option<ImageId>,
    /// The name of that image, if the account sees it.
    pub previous_name: Option<String>,
    /// All versions that SSM keeps, newest first, if they are wanted.
    pub history: Option<Vec<AliasEntry>>,
}

/// A version of an alias with its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasEntry {
    /// The number of the version.
    pub number: i64,
    /// The value, whatever it is.
    pub value: String,
    /// The image that it names, if it is exactly one.
    pub image_id: Option<ImageId>,
    /// The name of the image, if the account sees it.
    pub name: Option<String>,
    /// The version within the family, by the name.
    pub image_version: Option<Version>,
    /// EC2's word for its state, or [`GONE`]; `None` if unknown.
    pub image_state: Option<String>,
    /// `revoked` or `deprecated`, if an available image is.
    pub mark: Option<&'static str>,
    /// When it was written.
    pub at: Option<DateTime<Utc>>,
    /// Who wrote it: the note's ARN, else SSM's.
    pub by: Option<String>,
    /// The reason that was given.
    pub reason: Option<String>,
    /// What wrote it; `None` for a value that amictl did not write.
    pub action: Option<NoteAction>,
}

impl AliasEntry {
    /// A version, with what is known about its image.
    pub fn new(version: &AliasVersion, images: &NamedImages, now: DateTime<Utc>) -> Self {
        let (image_id, note) = (version.image(), version.note());
        let image = image_id.as_ref().and_then(|id| images.as_ref()?.get(id));
        let gone = image_id.is_some() && images.is_some() && image.is_none();
        let mark = image.filter(|image| image.state == State::Available).and_then(|image| mark(image, now));
        Self {
            number: version.number,
            value: version.value.clone(),
            name: image.and_then(|image| image.name.clone()),
            image_version: image.and_then(|image| Some(image.parsed_name.as_ref()?.version())),
            image_state: image.map(|image| image.state.to_string()).or_else(|| gone.then(|| GONE.to_owned())),
            mark,
            at: version.at,
            by: version.by(),
            reason: note.as_ref().and_then(|note| note.reason.clone()),
            action: note.map(|note| note.action),
            image_id,
        }
    }

    /// Whether an image is known that it names and that a rollback could take.
    pub fn usable(&self) -> bool {
        self.image_state.as_deref() == Some(State::Available.as_str()) && self.mark.is_none()
    }
}

/// What makes an available image one that is not promoted.
fn mark(image: &Image, now: DateTime<Utc>) -> Option<&'static str> {
    match (image.revoked(), image.deprecated(now)) {
        (true, _) => Some("revoked"),
        (false, true) => Some("deprecated"),
        (false, false) => None,
    }
}

impl ListedAlias {
    /// An alias with its history; `None` if no version is left.
    pub fn new(
        (account, region): (Option<AccountId>, Region),
        alias: AliasParameter,
        history: &AliasHistory,
        images: &NamedImages,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let entry = |version| AliasEntry::new(version, images, now);
        let previous = history.previous().map(entry);
        Some(Self {
            account,
            region,
            alias,
            current: entry(history.current()?),
            previous_image_id: previous.as_ref().and_then(|entry| entry.image_id.clone()),
            previous_name: previous.and_then(|entry| entry.name),
            history: Some(history.versions().iter().rev().map(entry).collect()),
        })
    }

    /// Without its history.
    #[must_use]
    pub fn without_history(self) -> Self {
        Self { history: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::testing;

    fn version(n: u32) -> AliasVersion {
        let value = format!("ami-{n:017x}");
        AliasVersion { number: 1, value, description: None, at: None, author: Some("arn".to_owned()) }
    }

    #[test]
    fn an_image_that_nobody_shows_is_gone_and_one_that_was_not_looked_for_is_unknown() {
        let now = DateTime::UNIX_EPOCH;
        let image = testing::image(1, "web-v3-2026-01-01");
        let images: NamedImages = Some([(image.id.clone(), image)].into());
        let entry = AliasEntry::new(&version(1), &images, now);
        assert_eq!((entry.image_state.as_deref(), entry.image_version.map(Version::get)), (Some("available"), Some(3)));
        assert!(entry.usable());
        let entry = AliasEntry::new(&version(2), &images, now);
        assert_eq!((entry.image_state.as_deref(), entry.by.as_deref()), (Some(GONE), Some("arn")));
        assert!(!entry.usable());
        let entry = AliasEntry::new(&version(2), &None, now);
        assert_eq!((entry.image_state, entry.image_id.is_some()), (None, true));
        let none = AliasVersion { value: "none".to_owned(), ..version(1) };
        assert_eq!(AliasEntry::new(&none, &images, now).image_state, None);
    }

    #[test]
    fn a_mark_is_said_of_available_images_only() {
        let now = DateTime::UNIX_EPOCH;
        let mut image = testing::image(1, "web-v3-2026-01-01");
        image.deprecated_at = Some(now);
        let entry =
            |image: &Image| AliasEntry::new(&version(1), &Some([(image.id.clone(), image.clone())].into()), now);
        assert_eq!((entry(&image).mark, entry(&image).usable()), (Some("deprecated"), false));
        image.tags.insert("amictl:revoked".to_owned(), "2026-01-01 bad".to_owned());
        assert_eq!(entry(&image).mark, Some("revoked"));
        image.state = State::Disabled;
        assert_eq!((entry(&image).mark, entry(&image).usable()), (None, false));
    }
}
