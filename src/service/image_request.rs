//! The request for a new image.

use crate::domain::ids::InstanceId;
use crate::domain::new_image::NewImage;
use crate::domain::registration::Registration;

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
    /// Its name and tags.
    pub image: NewImage,
    /// Its origin.
    pub origin: ImageOrigin,
}

impl ImageOrigin {
    pub fn call(&self) -> &'static str {
        match self {
            Self::Instance { .. } => "CreateImage",
            Self::Snapshot(_) => "RegisterImage",
        }
    }
}
