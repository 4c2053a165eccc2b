//! The request for a new image.

use anyhow::Result;

use crate::domain::ids::InstanceId;
use crate::domain::naming::{Date, Family, ImageName, Version};
use crate::domain::registration::Registration;
use crate::domain::tags::{Maker, Tag, image_tags};

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
    /// Whether the snapshots are tagged too.
    pub snapshot_tags: bool,
    /// The program and run that make it.
    pub maker: Maker,
}

impl Request {
    /// Refuses what EC2 would, without a call: a name too long, too many tags.
    pub fn check(&self) -> Result<()> {
        let name = ImageName::new(self.family.clone(), self.version.unwrap_or(Version::FIRST), self.date)?;
        image_tags(&name, &self.maker, &self.tags)?;
        Ok(())
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
