//! The request for a new image.

use anyhow::Result;

use crate::domain::ids::InstanceId;
use crate::domain::naming::{Date, Family, ImageName, Version};
use crate::domain::registration::Registration;
use crate::domain::tags::{MOST, Maker, Tag, TagError, Tags, image_tags};

/// The origin of a new image.
#[derive(Debug, Clone)]
pub enum ImageOrigin {
    /// An instance; EC2 creates snapshots of its volumes.
    Instance {
        /// The instance.
        id: InstanceId,
        /// Does not stop the instance, at the risk of an inconsistent file system.
        no_reboot: bool,
    },
    /// Snapshots, one of them for the root volume, with the machine settings.
    Snapshot(Box<Registration>),
}

/// An image to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its family.
    pub family: Family,
    /// The version; the next free one when `None`.
    pub version: Option<Version>,
    /// The day in its name.
    pub date: Date,
    /// Its origin.
    pub origin: ImageOrigin,
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
}

impl Request {
    /// Refuses what EC2 would, without a call: a name too long, too many tags. Gives the tags, as far as they are known.
    pub fn check(&self) -> Result<Tags> {
        let name = ImageName::new(self.family.clone(), self.version.unwrap_or(Version::FIRST), self.date)?;
        Ok(self.image_tags(&name)?)
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

impl ImageOrigin {
    pub fn call(&self) -> &'static str {
        match self {
            Self::Instance { .. } => "CreateImage",
            Self::Snapshot(_) => "RegisterImage",
        }
    }
}
