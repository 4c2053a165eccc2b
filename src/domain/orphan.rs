//! Orphans: snapshots made for an image that no longer exists, and that nothing needs.
//!
//! Descriptions and tags are copied with a snapshot into other regions and accounts, where the image they name never
//! existed. So they are a hint only: deletion needs a proof that a copy cannot carry. In doubt a snapshot stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use super::age::Age;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::image_service::ImageService;
use super::problem::Problem;
use super::reason::named;
use super::region::Region;
use super::report::SnapshotResult;
use super::snapshot::Snapshot;
use super::tags::{COPIED_FROM, KEEP, SNAPSHOT_OF, Tags};
use super::usage::source::Reference;

/// The known images of one account and region.
#[derive(Debug, Clone, Default)]
pub struct KnownImages {
    /// All own images, including disabled ones and those in the Recycle Bin.
    pub images: BTreeSet<ImageId>,
    /// All snapshots of these images. EC2 does not report those of images in the Recycle Bin.
    pub used: BTreeSet<SnapshotId>,
}

/// The snapshots that templates and configurations name, or why these could not be read.
pub type NamedSnapshots = Result<BTreeMap<SnapshotId, BTreeSet<Reference>>, Problem>;

/// The verdict on a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrphanVerdict {
    /// An orphan, with the proof.
    Orphan(Proof),
    /// It looks like an orphan, but stays.
    Stays(Stays),
    /// An image in any state needs it, or may need it once it is restored from the Recycle Bin.
    Needed,
    /// Out of scope: made by people or a backup service, tagged to be kept, unfinished, or too young.
    NotOurs,
}

/// The proof that a snapshot was made for an image in this account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// EC2 created it from a volume here, for this image.
    Created(ImageId),
    /// amictl's tag says so, with the id of this very snapshot.
    Tagged(ImageId),
}

/// The reason why a snapshot that looks like an orphan stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// Its origin here is not proven.
    Doubt(Doubt),
    /// These references name it.
    InUse(BTreeSet<Reference>),
    /// Its references could not be read.
    Unverified(Problem),
}

/// The gap in a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The description names this image, but it is a copy: the text may come from its source.
    Copy(ImageId),
    /// Its tag carries the id of another snapshot.
    TagOfAnother(String),
    /// Its tag says that it belongs to a copy of this image, but not to which one.
    CopyOf(String),
}

/// The image that the description of a snapshot names.
///
/// EC2 writes it in fixed words for CreateImage and for CopyImage. Snapshots with other descriptions were made by
/// people and are no orphans.
pub fn made_for(description: &str) -> Option<ImageId> {
    let created = created_for(description);
    let copied = description.strip_prefix("Copied for DestinationAmi ");
    created.or(copied)?.split([' ', '.', ',']).next()?.parse().ok()
}

/// The rest of the description that CreateImage writes, from the image id on.
fn created_for(description: &str) -> Option<&str> {
    Some(description.strip_prefix("Created by CreateImage(")?.split_once(") for ")?.1)
}

/// Whether EC2 created the snapshot from a volume here, so that its description is not a copied one.
pub fn is_created(snapshot: &Snapshot) -> bool {
    created_for(&snapshot.description).is_some() && snapshot.is_of_a_volume()
}

/// The value of the tag that proves for which image a snapshot was made.
pub fn mark(snapshot: &SnapshotId, image: &ImageId) -> String {
    format!("{snapshot}/{image}")
}

/// Judges an own snapshot by its description, its tags and the images of its place. [`in_use`] finds other uses.
pub fn verdict(snapshot: &Snapshot, known: &KnownImages, min_age: Age, now: DateTime<Utc>) -> OrphanVerdict {
    let said = made_for(&snapshot.description);
    let tag = snapshot.tags.get(SNAPSHOT_OF);
    let marked = tag.and_then(|tag| tag.split_once('/'));
    let marked = marked.and_then(|(id, image)| Some((id == snapshot.id.as_str(), image.parse::<ImageId>().ok()?)));
    let copied_from = snapshot.tags.get(COPIED_FROM);
    if said.is_none() && tag.is_none() && copied_from.is_none() {
        return OrphanVerdict::NotOurs;
    }
    let old = snapshot.started_at.is_some_and(|at| at <= min_age.before(now));
    if !old || snapshot.state != "completed" || spoken_for(&snapshot.tags) {
        return OrphanVerdict::NotOurs;
    }
    let mut images = said.iter().chain(marked.iter().map(|(_, image)| image));
    if known.used.contains(&snapshot.id) || images.any(|image| known.images.contains(image)) {
        return OrphanVerdict::Needed;
    }
    match (marked, said, tag, copied_from) {
        (Some((true, image)), ..) => OrphanVerdict::Orphan(Proof::Tagged(image)),
        (_, Some(image), ..) if is_created(snapshot) => OrphanVerdict::Orphan(Proof::Created(image)),
        (_, _, Some(tag), _) => OrphanVerdict::Stays(Stays::Doubt(Doubt::TagOfAnother(tag.clone()))),
        (_, Some(image), None, _) => OrphanVerdict::Stays(Stays::Doubt(Doubt::Copy(image))),
        (_, None, None, Some(origin)) => OrphanVerdict::Stays(Stays::Doubt(Doubt::CopyOf(origin.clone()))),
        (_, None, None, None) => OrphanVerdict::NotOurs,
    }
}

/// The reason why a snapshot without an image stays; `None` if it may be deleted.
pub fn in_use(snapshot: &SnapshotId, named: &NamedSnapshots) -> Option<Stays> {
    match named {
        Err(problem) => Some(Stays::Unverified(problem.clone())),
        Ok(named) => named.get(snapshot).cloned().map(Stays::InUse),
    }
}

/// Whether a backup service manages it or a tag keeps it.
fn spoken_for(tags: &Tags) -> bool {
    matches!(ImageService::of(tags), Some(ImageService::Backup | ImageService::LifecycleManager))
        || tags.contains_key(KEEP)
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Created(image) | Self::Tagged(image)) = self;
        write!(f, "made for {image}, which is gone")
    }
}

impl Stays {
    /// The word for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Doubt(_) => "doubt",
            Self::InUse(_) => "in-use",
            Self::Unverified(_) => "unverified",
        }
    }
}

impl fmt::Display for Stays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubt(doubt) => doubt.fmt(f),
            Self::InUse(by) => write!(f, "in use by {}", named(by)),
            Self::Unverified(problem) => write!(f, "whether a template names it is unknown: {problem}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copy(image) => {
                write!(
                    f,
                    "its description names {image}, which is not here; but copies of snapshots carry the \
                     description of the original"
                )
            }
            Self::TagOfAnother(tag) => write!(f, "its tag {SNAPSHOT_OF} ({tag}) names another snapshot"),
            Self::CopyOf(origin) => write!(f, "belongs to a copy of {origin}; no tag {SNAPSHOT_OF} says to which"),
        }
    }
}

/// An orphaned snapshot.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// The account it is in, where known.
    pub account: Option<AccountId>,
    /// Its region.
    pub region: Region,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The proof, in words.
    pub why: String,
    /// The result of its deletion, once tried.
    pub result: Option<SnapshotResult>,
}

/// A snapshot that looks like an orphan, but stays.
#[derive(Debug, Clone)]
pub struct Spared {
    /// The account it is in, where known.
    pub account: Option<AccountId>,
    /// Its region.
    pub region: Region,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Why it stays.
    pub why: Stays,
}

impl Orphan {
    /// The result as one word, with the problem if it failed.
    pub fn result(&self) -> (&'static str, Option<&Problem>) {
        match &self.result {
            None => ("planned", None),
            Some(result) => (result.as_str(), result.problem()),
        }
    }
}

#[cfg(test)]
#[path = "orphan_tests.rs"]
mod tests;
