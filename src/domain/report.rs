//! What a run did, image by image: failures are values here, and the end of a run follows from them.

use std::fmt;

use super::failure::Kind;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::image::Image;
use super::region::Region;

/// An error as a report carries it: EC2's code and message, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// EC2's error code, or amictl's own word where EC2 gave none.
    pub code: String,
    /// What went wrong.
    pub message: String,
}

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
}

/// An account and region in which nothing could be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceError {
    /// The account, where known.
    pub account: Option<String>,
    /// The region.
    pub region: Region,
    /// What went wrong.
    pub problem: Problem,
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, problem } = self;
        if let Some(account) = account {
            write!(f, "account {account}, ")?;
        }
        write!(f, "region {region}: {} [{}]", problem.message, problem.code)
    }
}

/// What became of one snapshot of an image that was deregistered or brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotResult {
    /// Gone; looked at again to make sure.
    Deleted,
    /// Left alone, as another image is made of it.
    KeptShared,
    /// Left alone, as the user asked; of an image that comes back: it was there all the time.
    Kept,
    /// Back from the Recycle Bin.
    Restored,
    /// Still there, and it should not be; or not there, and it should be.
    Failed(Problem),
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
    /// A skipped image is no failure: it was left alone on purpose, and the report says why.
    pub fn failure(&self) -> Option<Kind> {
        match self.counts() {
            (_, 0, _) if self.errors.is_empty() => None,
            (0, _, 0) if self.results.iter().all(|r| r.snapshots.is_empty()) => Some(Kind::Failed),
            _ => Some(Kind::Partial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::testing::image;

    fn outcome(status: Status, snapshots: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
        Outcome { snapshots, ..Outcome::new(&image(1, "web-v1-2026-01-02"), Verb::Deregister, true, status) }
    }

    fn problem() -> Problem {
        Problem { code: "AuthFailure".into(), message: "no".into() }
    }

    fn end(results: Vec<Outcome>) -> Option<Kind> {
        Report { results, errors: Vec::new() }.failure()
    }

    #[test]
    fn the_end_follows_from_the_outcomes() {
        let done = || outcome(Status::Done, Vec::new());
        let failed = || outcome(Status::Failed(problem()), Vec::new());
        let skipped = || outcome(Status::Skipped(problem()), Vec::new());
        assert_eq!(end(vec![]), None);
        assert_eq!(end(vec![done(), skipped()]), None);
        assert_eq!(end(vec![failed(), failed()]), Some(Kind::Failed));
        assert_eq!(end(vec![done(), failed()]), Some(Kind::Partial));
        assert_eq!(end(vec![skipped(), failed()]), Some(Kind::Partial));
    }

    #[test]
    fn a_place_that_could_not_be_worked_in_is_a_part_that_is_missing() {
        let error = PlaceError { account: None, region: "us-east-1".parse().unwrap(), problem: problem() };
        let done = outcome(Status::Done, Vec::new());
        let errors = vec![error];
        assert_eq!(Report { results: vec![done], errors: errors.clone() }.failure(), Some(Kind::Partial));
        assert_eq!(Report { results: Vec::new(), errors }.failure(), Some(Kind::Failed));
    }

    #[test]
    fn an_image_gone_with_a_snapshot_left_is_partly_done() {
        let left = vec![("snap-01234567".parse().unwrap(), SnapshotResult::Failed(problem()))];
        assert_eq!(end(vec![outcome(Status::Failed(problem()), left)]), Some(Kind::Partial));
    }
}
