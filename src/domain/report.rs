//! What a run did, image by image: failures are values here, and the end of a run follows from them.

use super::failure::Kind;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::image::Image;
use super::problem::{NOT_SEEN, PlaceError, Problem};
use super::region::Region;

/// What was to be done to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Removes it.
    Deregister,
    /// Lets others launch it.
    Share,
    /// Takes that back.
    Unshare,
    /// Hides it from the listings of others, from a date on.
    Deprecate,
    /// Takes a deprecation back.
    CancelDeprecation,
    /// Switches it off.
    Disable,
    /// Switches it on again.
    Enable,
    /// Has EC2 refuse to deregister it.
    Protect,
    /// Takes that back.
    Unprotect,
    /// Changes its tags.
    Tag,
    /// Brings it back from the Recycle Bin.
    Restore,
    /// Takes all steps of its retirement back.
    Revive,
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
        }
    }

    /// What is said of an image when it is done.
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
        }
    }

    /// What is said of an image that was as it should be before.
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
            Self::Tag => "already tagged",
            Self::Restore => "already there",
            Self::Revive => "not retired",
        }
    }
}

/// Something of an account and region that the user should know. It changes neither what is done nor how a run ends.
pub type Warning = PlaceError;

/// What became of one snapshot of an image that was deregistered or brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotResult {
    /// Gone; looked at again to make sure.
    Deleted,
    /// Left alone, as another image is made of it.
    KeptShared,
    /// Left alone, as these name it: a launch template or the like makes volumes of it.
    KeptInUse(String),
    /// Left alone, as it could not be found out whether anything names it, for this reason.
    KeptUnverified(String),
    /// Left alone, as the user asked; of an image that comes back: it was there all the time.
    Kept,
    /// Back from the Recycle Bin.
    Restored,
    /// Still there, and it should not be; or not there, and it should be.
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

    /// What went wrong with it.
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

/// How the work on one image ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Everything that was to be done is done.
    Done,
    /// Something is left to do.
    Failed(Problem),
    /// Left alone, for this reason.
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
    /// What was to be done to it.
    pub verb: Verb,
    /// Whether anything was changed: what is as it should be already is done without a change.
    pub changed: bool,
    /// More about it, for people.
    pub detail: Option<String>,
    /// How it ended.
    pub status: Status,
    /// What became of each of its snapshots.
    pub snapshots: Vec<(SnapshotId, SnapshotResult)>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One outcome for every image the run was to work on.
    pub results: Vec<Outcome>,
    /// Places in which the run could not work.
    pub errors: Vec<PlaceError>,
    /// What leads nowhere, of what was looked at for use.
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// What became of an image whose snapshots are not touched.
    pub fn new(image: &Image, verb: Verb, changed: bool, status: Status) -> Self {
        Self {
            account: image.owner.clone(),
            region: image.region.clone(),
            image_id: image.id.clone(),
            name: image.name.clone(),
            verb,
            changed,
            detail: None,
            status,
            snapshots: Vec::new(),
        }
    }

    /// What became of an image that could not be changed, or not seen to be changed.
    pub fn failed(image: &Image, verb: Verb, problem: Problem) -> Self {
        Self::new(image, verb, problem.code == NOT_SEEN, Status::Failed(problem))
    }

    /// Which image it is about, for messages: name, id, account and region.
    pub fn place(&self) -> String {
        let label = match &self.name {
            Some(name) => format!("{name} ({})", self.image_id),
            None => self.image_id.to_string(),
        };
        let account = self.account.as_ref().map(|account| format!("account {account}, ")).unwrap_or_default();
        format!("{label} in {account}region {}", self.region)
    }

    /// The same with more about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl Report {
    /// How many images are done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.results.iter().fold((0, 0, 0), |(done, failed, skipped), outcome| match outcome.status {
            Status::Done => (done + 1, failed, skipped),
            Status::Failed(_) => (done, failed + 1, skipped),
            Status::Skipped(_) => (done, failed, skipped + 1),
        })
    }

    /// How the run ends: `None` when nothing failed.
    ///
    /// A skipped image is no failure: it was left alone on purpose, and the report says why. An image that failed half
    /// the way is partly done.
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
