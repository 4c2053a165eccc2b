//! Orphans: snapshots that were made for an image which is gone, and that nothing needs.
//!
//! Texts and tags travel with copies of a snapshot, into other regions and accounts, where the image they name never
//! was. So they are a hint only: what goes needs a proof that a copy cannot carry. Doubt keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use super::age::Age;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::problem::Problem;
use super::reason::named;
use super::snapshot::Snapshot;
use super::tags::{COPIED_FROM, KEEP, SNAPSHOT_OF, Tags, backup_service};
use super::usage::source::Reference;
use crate::domain::region::Region;
use crate::domain::report::SnapshotResult;

/// What is known of the images of one account and region.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// All own images, disabled ones and those in the Recycle Bin too.
    pub images: BTreeSet<ImageId>,
    /// All snapshots that any of them is made of. EC2 does not tell those of images in the Recycle Bin.
    pub used: BTreeSet<SnapshotId>,
}

/// What templates and configurations name, or why that could not be read.
pub type Named = Result<BTreeMap<SnapshotId, BTreeSet<Reference>>, Problem>;

/// What a snapshot is, as far as amictl can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Left over, and this proves it.
    Orphan(Proof),
    /// It looks left over, and stays all the same.
    Stays(Stays),
    /// An image needs it, in whatever state, or may need it once it is back from the Recycle Bin.
    Needed,
    /// Not for amictl to judge: made by people or by a backup service, to be kept, not finished, or too young.
    NotOurs,
}

/// What proves that a snapshot was made for an image which was here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// EC2 took it of a volume here, for this image.
    Created(ImageId),
    /// amictl wrote so, with the id of this very snapshot.
    Tagged(ImageId),
}

/// Why a snapshot stays that looks left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// Nothing proves that it was made here.
    Doubt(Doubt),
    /// These name it.
    InUse(BTreeSet<Reference>),
    /// Whether anything names it could not be read.
    Unverified(Problem),
}

/// What is missing in a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// It says that it was made for this image, and is a copy: the snapshot it was copied from may have said so.
    Copy(ImageId),
    /// A tag says what it was made for, with the id of another snapshot.
    TagOfAnother(String),
    /// A tag says that it belongs to a copy of this image, and not to which.
    CopyOf(String),
}

/// The image a snapshot says it was made for.
///
/// EC2 writes it into the description, in its own words for CreateImage and for CopyImage. A snapshot that people
/// made has their words, and is nobody's orphan.
pub fn made_for(description: &str) -> Option<ImageId> {
    let created = created_for(description);
    let copied = description.strip_prefix("Copied for DestinationAmi ");
    created.or(copied)?.split([' ', '.', ',']).next()?.parse().ok()
}

/// What follows in EC2's words for CreateImage.
fn created_for(description: &str) -> Option<&str> {
    Some(description.strip_prefix("Created by CreateImage(")?.split_once(") for ")?.1)
}

/// Whether EC2 took the snapshot for an image, of a volume here, so that its words are about itself.
pub fn is_created(snapshot: &Snapshot) -> bool {
    created_for(&snapshot.description).is_some() && snapshot.is_of_a_volume()
}

/// The value of the tag that proves what a snapshot was made for.
pub fn mark(snapshot: &SnapshotId, image: &ImageId) -> String {
    format!("{snapshot}/{image}")
}

/// Judges a snapshot of one's own by what it says and by the images of its place. What else may need it is seen by
/// [`in_use`].
pub fn verdict(snapshot: &Snapshot, known: &Known, min_age: Age, now: DateTime<Utc>) -> Verdict {
    let said = made_for(&snapshot.description);
    let tag = snapshot.tags.get(SNAPSHOT_OF);
    let marked = tag.and_then(|tag| tag.split_once('/'));
    let marked = marked.and_then(|(id, image)| Some((id == snapshot.id.as_str(), image.parse::<ImageId>().ok()?)));
    let copied_from = snapshot.tags.get(COPIED_FROM);
    if said.is_none() && tag.is_none() && copied_from.is_none() {
        return Verdict::NotOurs;
    }
    let old = snapshot.started_at.is_some_and(|at| at <= min_age.before(now));
    if !old || snapshot.state != "completed" || spoken_for(&snapshot.tags) {
        return Verdict::NotOurs;
    }
    let mut images = said.iter().chain(marked.iter().map(|(_, image)| image));
    if known.used.contains(&snapshot.id) || images.any(|image| known.images.contains(image)) {
        return Verdict::Needed;
    }
    match (marked, said, tag, copied_from) {
        (Some((true, image)), ..) => Verdict::Orphan(Proof::Tagged(image)),
        (_, Some(image), ..) if is_created(snapshot) => Verdict::Orphan(Proof::Created(image)),
        (_, _, Some(tag), _) => Verdict::Stays(Stays::Doubt(Doubt::TagOfAnother(tag.clone()))),
        (_, Some(image), None, _) => Verdict::Stays(Stays::Doubt(Doubt::Copy(image))),
        (_, None, None, Some(origin)) => Verdict::Stays(Stays::Doubt(Doubt::CopyOf(origin.clone()))),
        (_, None, None, None) => Verdict::NotOurs,
    }
}

/// Why a snapshot stays although no image needs it; nothing where it may go.
pub fn in_use(snapshot: &SnapshotId, named: &Named) -> Option<Stays> {
    match named {
        Err(problem) => Some(Stays::Unverified(problem.clone())),
        Ok(named) => named.get(snapshot).cloned().map(Stays::InUse),
    }
}

/// Whether somebody else looks after it, or wants it kept.
fn spoken_for(tags: &Tags) -> bool {
    backup_service(tags).is_some() || tags.contains_key(KEEP)
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
    /// Where it is.
    pub region: Region,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Why it is one.
    pub why: String,
    /// What became of it, once something was done.
    pub result: Option<SnapshotResult>,
}

/// A snapshot that looks left over, and stays.
#[derive(Debug, Clone)]
pub struct Spared {
    /// The account it is in, where known.
    pub account: Option<AccountId>,
    /// Where it is.
    pub region: Region,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Why it stays.
    pub why: Stays,
}

impl Orphan {
    /// What became of it as one word, with the problem where it failed.
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
