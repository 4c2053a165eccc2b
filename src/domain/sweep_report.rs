//! The report of `test --sweep`: one outcome per instance that a killed run left.

use super::failure::Kind;
use super::ids::{AccountId, ImageId, InstanceId};
use super::problem::{PlaceError, Problem};
use super::region::{Region, place};
use super::report::Status;
use super::tags::Tags;

/// What is done about an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepAction {
    /// A test instance is terminated.
    Terminate,
    /// An instance that `create --stop` stopped is started.
    Start,
}

impl SweepAction {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "terminate",
            Self::Start => "start",
        }
    }

    /// The word for an instance on which it is done.
    pub fn done(self) -> &'static str {
        match self {
            Self::Terminate => "terminated",
            Self::Start => "running",
        }
    }
}

/// The outcome for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepOutcome {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The instance.
    pub instance_id: InstanceId,
    /// The image that it was launched from.
    pub image_id: Option<ImageId>,
    /// Its tags.
    pub tags: Tags,
    /// What is to be done.
    pub action: SweepAction,
    /// Whether anything was changed.
    pub changed: bool,
    /// More about it, for people.
    pub detail: Option<String>,
    /// How it ended.
    pub status: Status,
}

impl SweepOutcome {
    /// The instance with its account and region, for messages.
    pub fn place(&self) -> String {
        format!("{} in {}", self.instance_id, place(self.account.as_ref(), &self.region))
    }

    /// The problem, if it failed or was skipped.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.status {
            Status::Done => None,
            Status::Failed(problem) | Status::Skipped(problem) => Some(problem),
        }
    }
}

/// The outcomes of a sweep.
#[derive(Debug, Clone, Default)]
pub struct SweepReport {
    /// One outcome per instance, in the order of the places.
    pub outcomes: Vec<SweepOutcome>,
    /// Places that could not be read.
    pub errors: Vec<PlaceError>,
}

impl SweepReport {
    /// The number of instances done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.outcomes.iter().fold((0, 0, 0), |(done, failed, skipped), outcome| match outcome.status {
            Status::Done => (done + 1, failed, skipped),
            Status::Failed(_) => (done, failed + 1, skipped),
            Status::Skipped(_) => (done, failed, skipped + 1),
        })
    }

    /// The end of the run; `None` if all that was to be done is done. What is left on purpose is no failure.
    pub fn failure(&self) -> Option<Kind> {
        match (self.counts(), self.errors.len()) {
            ((_, 0, _), 0) => None,
            ((0, 1.., _), 0) => Some(Kind::Failed),
            ((_, 1.., _), _) | ((_, 0, _), 1..) => Some(Kind::Partial),
        }
    }
}
