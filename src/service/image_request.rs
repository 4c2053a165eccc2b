//! The request for a new image.

use anyhow::Result;

use crate::domain::ids::InstanceId;
use crate::domain::naming::{Date, Family, ImageName, Version};
use crate::domain::registration::Registration;
use crate::domain::tags::{Maker, Tag, image_tags};

/// What an image is made from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// An instance; its volumes are snapshotted.
    Instance {
        /// The instance.
        id: InstanceId,
        /// Leaves the instance running, at the risk of an inconsistent file system.
        no_reboot: bool,
    },
    /// Snapshots, of which one becomes the root of the image, with the machine they are for.
    Snapshot(Box<Registration>),
}

/// An image to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The family it becomes a version of.
    pub family: Family,
    /// The version; the next free one when `None`.
    pub version: Option<Version>,
    /// The day in its name.
    pub date: Date,
    /// What it is made from.
    pub origin: Origin,
    /// What to write about it, up to 255 characters.
    pub description: Option<String>,
    /// Tags beside those that follow from the name.
    pub tags: Vec<Tag>,
    /// Whether the snapshots are tagged too.
    pub snapshot_tags: bool,
    /// Who makes it.
    pub maker: Maker,
}

impl Request {
    /// Finds what EC2 would refuse before anything is asked of it: a name too long, tags too many.
    pub fn check(&self) -> Result<()> {
        let name = ImageName::new(self.family.clone(), self.version.unwrap_or(Version::FIRST), self.date)?;
        image_tags(&name, &self.maker, &self.tags)?;
        Ok(())
    }
}

impl Origin {
    pub fn call(&self) -> &'static str {
        match self {
            Self::Instance { .. } => "CreateImage",
            Self::Snapshot(_) => "RegisterImage",
        }
    }
}
