//! A new image as the user asks for it: its name, its description and its tags.

use super::naming::{Date, Family, ImageName, NameError, Version};
use super::tags::{MOST, Maker, Tag, TagError, Tags, image_tags};

/// The name, the description and the tags of a new image.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// Its family.
    pub family: Family,
    /// The version; the next free one when `None`.
    pub version: Option<Version>,
    /// The day in its name.
    pub date: Date,
    /// Its description, up to 255 characters.
    pub description: Option<String>,
    /// Tags in addition to those that follow from the name.
    pub tags: Vec<Tag>,
    /// Tags of the build, with keys that are not among the others.
    pub ci_tags: Tags,
    /// Whether the snapshots are tagged too.
    pub snapshot_tags: bool,
    /// The program and run that make it.
    pub maker: Maker,
    /// Whether an earlier delivery of the same run may have made it already.
    pub delivered: bool,
}

impl NewImage {
    /// The name it has at least: the version may become a longer one.
    pub fn shortest_name(&self) -> Result<ImageName, NameError> {
        ImageName::new(self.family.clone(), self.version.unwrap_or(Version::FIRST), self.date)
    }

    /// The tags of the image.
    pub fn image_tags(&self, name: &ImageName) -> Result<Tags, TagError> {
        let mut tags = image_tags(name, &self.maker, &self.tags)?;
        tags.extend(self.ci_tags.clone());
        Ok(tags)
    }

    /// The tags that a snapshot lacks. Those of the build are left out where there is no room for them.
    pub fn lacking_tags(&self, name: &ImageName, snapshot: &Tags) -> Result<Tags, TagError> {
        let mut tags = image_tags(name, &self.maker, &self.tags)?;
        tags.retain(|key, _| !snapshot.contains_key(key));
        let room = MOST.saturating_sub(tags.len() + snapshot.len());
        let more = self.ci_tags.iter().filter(|(key, _)| !snapshot.contains_key(*key)).take(room);
        tags.extend(more.map(|(key, value)| (key.clone(), value.clone())));
        Ok(tags)
    }
}
