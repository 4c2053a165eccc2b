//! Running instances with the images that they were launched from, as EC2 tells them.

use chrono::{DateTime, Utc};

use super::ids::{AccountId, ImageId, InstanceId};
use super::image::State;
use super::region::Region;

/// An instance that runs, or is about to, with the image that it was launched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningInstance {
    /// The account.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The instance.
    pub id: InstanceId,
    /// Its Auto Scaling group, which a tag names.
    pub group: Option<String>,
    /// The image.
    pub image: RunningImage,
}

/// An image as its instances know it, even where it is deregistered or no longer shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningImage {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// The account that owns it.
    pub owner: Option<AccountId>,
    /// Its state; `None` if EC2 does not say.
    pub state: Option<State>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Its deprecation time, past or future.
    pub deprecated_at: Option<DateTime<Utc>>,
    /// Whether the account's Allowed AMIs admit it; `None` where EC2 does not say.
    pub allowed: Option<bool>,
}
