//! The facts of an audit: images, use and pins of all places of a run, gathered once.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::region::Region;
use crate::domain::usage::source::Usage;

/// The facts of one account and region.
#[derive(Debug, Clone)]
pub struct AuditPlace {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The options that lead to it, for command lines.
    pub options: String,
    /// The images that the account owns; `None` if they could not be listed.
    pub images: Option<Vec<Image>>,
    /// What uses images there.
    pub usage: Usage,
    /// The images of others that are named there or in files, as far as the account sees them; `None` if that could not
    /// be read.
    pub others: Option<HashMap<ImageId, Image>>,
    /// The launch permissions of own images, where they were read.
    pub shares: HashMap<ImageId, BTreeSet<Principal>>,
}

/// The facts of all places.
#[derive(Debug, Clone)]
pub struct AuditFacts {
    /// The time.
    pub now: DateTime<Utc>,
    /// The places, in their order.
    pub places: Vec<AuditPlace>,
    /// Whether there are accounts that should have been entered and could not be.
    pub unentered: bool,
    /// Accounts of the organization that are not active, so that nobody can look there.
    pub inactive: Vec<String>,
    /// The options of a run in every region, if this one was not.
    pub everywhere: Option<String>,
    /// The ids of images in files, in the order of the files.
    pub pins: Vec<PinnedId>,
}

/// The id of an image in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinnedId {
    /// The place.
    pub place: PinPlace,
    /// The image.
    pub image: ImageId,
}

/// The place of an id in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinPlace {
    /// The file, from the current folder.
    pub file: String,
    /// The file, from the root of the repository; `None` if it is in none, or in another.
    pub in_repository: Option<String>,
    /// The file, whole.
    pub whole: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}
