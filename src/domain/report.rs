//! The report of a run: one outcome per image, with failures as values that decide how the run ends.

use super::failure::Kind;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::image::Image;
use super::problem::{NOT_SEEN, PlaceError, Problem};
use super::region::{Region, place};
use super::tags::Tags;

/// The action on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Deregisters it.
    Deregister,
    /// Grants permissions.
    Share,
    /// Revokes permissions.
    Unshare,
    /// Deprecates it from a date on.
    Deprecate,
    /// Removes its deprecation.
    CancelDeprecation,
    /// Disables it.
    Disable,
    /// Enables it again.
    Enable,
    /// Enables deregistration protection.
    Protect,
    /// Disables deregistration protection.
    Unprotect,
    /// Changes its tags.
    Tag,
    /// Brings it back from the Recycle Bin.
    Restore,
    /// Reverts all steps of its retirement.
    Revive,
    /// Marks it as one that nothing is to be launched from.
    Revoke,
    /// Takes that mark away.
    Unrevoke,
}

impl Verb {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deregister => "deregister",
            Self::Share => "share",
            Self::Unshare => "unshare",
            Self::Deprecate => "deprecate",
            Self::CancelDeprecation => "cancel-deprecation",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Tag => "tag",
            Self::Restore => "restore",
            Self::Revive => "revive",
            Self::Revoke => "revoke",
            Self::Unrevoke => "unrevoke",
        }
    }

    /// The word for an image on which it is done.
    pub fn done(self) -> &'static str {
        match self {
            Self::Deregister => "deregistered",
            Self::Share => "shared",
            Self::Unshare => "unshared",
            Self::Deprecate => "deprecated",
            Self::CancelDeprecation => "not deprecated",
            Self::Disable => "disabled",
            Self::Enable => "enabled",
            Self::Protect => "protected",
            Self::Unprotect => "unprotected",
            Self::Tag => "tagged",
            Self::Restore => "restored",
            Self::Revive => "revived",
            Self::Revoke => "revoked",
            Self::Unrevoke => "unrevoked",
        }
    }

    /// The word for an image on which there was nothing to do.
    pub fn already(self) -> &'static str {
        match self {
            Self::Deregister => "already deregistered",
            Self::Share => "already shared",
            Self::Unshare => "not shared",
            Self::Deprecate => "already deprecated",
            Self::CancelDeprecation => "not deprecated",
            Self::Disable => "already disabled",
            Self::Enable => "already enabled",
            Self::Protect => "already protected",
            Self::Unprotect => "not protected",
            Self::Tag => "tags unchanged",
            Self::Restore => "already there",
            Self::Revive => "not retired",
            Self::Revoke => "already revoked",
            Self::Unrevoke => "not revoked",
        }
    }
}

/// A warning about an account and region. It changes neither the work nor the end of the run.
pub type Warning = PlaceError;

/// The result for one snapshot of an image that was deregistered or restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotResult {
    /// Deleted, and confirmed by reading it again.
    Deleted,
    /// Kept, as another image uses it.
    KeptShared,
    /// Kept, as these references name it: a launch template or the like creates volumes from it.
    KeptInUse(String),
    /// Kept, as its references could not be read, for this reason.
    KeptUnverified(String),
    /// Kept at the user's request; for a restored image: it had never been deleted.
    Kept,
    /// Restored from the Recycle Bin.
    Restored,
    /// Not deleted, or not restored, because of this problem.
    Failed(Problem),
}

impl SnapshotResult {
    /// The word for scripts.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::KeptShared => "kept-shared",
            Self::KeptInUse(_) => "kept-in-use",
            Self::KeptUnverified(_) => "kept-unverified",
            Self::Kept => "kept",
            Self::Restored => "restored",
            Self::Failed(_) => "failed",
        }
    }

    /// The problem, if it failed.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Failed(problem) => Some(problem),
            Self::Deleted
            | Self::KeptShared
            | Self::KeptInUse(_)
            | Self::KeptUnverified(_)
            | Self::Kept
            | Self::Restored => None,
        }
    }
}

/// The status of the work on one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// All work on it is done.
    Done,
    /// Some work on it is left.
    Failed(Problem),
    /// Skipped, for this reason.
    Skipped(Problem),
}

/// The outcome for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The account the image belongs to.
    pub account: Option<AccountId>,
    /// The region it is in.
    pub region: Region,
    /// The image.
    pub image_id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// Its tags, as they were last read; `None` if unknown.
    pub tags: Option<Tags>,
    /// The action on it.
    pub verb: Verb,
    /// Whether anything was changed; with nothing to do, an image is done without a change.
    pub changed: bool,
    /// More about it, for people.
    pub detail: Option<String>,
    /// The status.
    pub status: Status,
    /// The result for each of its snapshots.
    pub snapshots: Vec<(SnapshotId, SnapshotResult)>,
}

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One outcome per image of the run.
    pub results: Vec<Outcome>,
    /// Places that failed as a whole.
    pub errors: Vec<PlaceError>,
    /// Dead references found among the sources of use.
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// The outcome for an image whose snapshots are not touched.
    pub fn new(image: &Image, verb: Verb, changed: bool, status: Status) -> Self {
        Self {
            account: image.owner.clone(),
            region: image.region.clone(),
            image_id: image.id.clone(),
            name: image.name.clone(),
            tags: Some(image.tags.clone()),
            verb,
            changed,
            detail: None,
            status,
            snapshots: Vec::new(),
        }
    }

    /// The outcome for an image that could not be changed, or whose change EC2 does not show.
    pub fn failed(image: &Image, verb: Verb, problem: Problem) -> Self {
        Self::new(image, verb, problem.code == NOT_SEEN, Status::Failed(problem))
    }

    /// Name, id, account and region of the image, for messages.
    pub fn place(&self) -> String {
        let label = match &self.name {
            Some(name) => format!("{name} ({})", self.image_id),
            None => self.image_id.to_string(),
        };
        format!("{label} in {}", place(self.account.as_ref(), &self.region))
    }

    /// Adds a detail for people.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl Report {
    /// The number of images done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.results.iter().fold((0, 0, 0), |(done, failed, skipped), outcome| match outcome.status {
            Status::Done => (done + 1, failed, skipped),
            Status::Failed(_) => (done, failed + 1, skipped),
            Status::Skipped(_) => (done, failed, skipped + 1),
        })
    }

    /// The end of the run: `None` if nothing failed.
    ///
    /// A skipped image is no failure: the report has the reason. A run that failed halfway through an image is partly
    /// done.
    pub fn failure(&self) -> Option<Kind> {
        match self.counts() {
            (_, 0, _) if self.errors.is_empty() => None,
            (0, _, 0) if self.results.iter().all(|r| r.snapshots.is_empty() && !r.changed) => Some(Kind::Failed),
            _ => Some(Kind::Partial),
        }
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
