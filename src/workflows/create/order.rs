//! Order for an image: its name, its origin, its copies and its steps.

use std::collections::BTreeSet;

use crate::domain::instance_selector::InstanceSelector;
use crate::domain::new_image::NewImage;
use crate::domain::prepare_script::PrepareScript;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::domain::registration::Wanted;
use crate::workflows::follow_up::FollowUp;

/// What a `create` is to make.
pub struct NewImageOrder {
    /// The image.
    pub image: NewImage,
    /// What it is made from.
    pub origin: OrderOrigin,
    /// The regions that it is copied to.
    pub copy_to: BTreeSet<Region>,
    /// The steps once it is available.
    pub steps: FollowUp,
    /// Whether to wait until it is available.
    pub wait: bool,
}

/// What an image is made from.
pub enum OrderOrigin {
    /// An instance.
    Instance(InstanceOrder),
    /// Snapshots.
    Snapshot(SnapshotOrder),
}

/// An instance, and what is done to it before.
pub struct InstanceOrder {
    /// The instance.
    pub selector: InstanceSelector,
    /// Whether the one launched last is meant, where there are several.
    pub newest: bool,
    /// Whether it is not rebooted.
    pub no_reboot: bool,
    /// Whether it is stopped first, and started again.
    pub stop: bool,
    /// The script that is run on it first.
    pub prepare: Option<PrepareScript>,
}

/// Snapshots, and the settings of the image.
pub struct SnapshotOrder {
    /// What the options say.
    pub wanted: Wanted,
    /// The image that has the other settings.
    pub like: Option<ImageRef>,
}
