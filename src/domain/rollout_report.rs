//! The report of roll-outs: one outcome per Auto Scaling group.

use super::failure::Kind;
use super::ids::AccountId;
use super::image::Image;
use super::problem::Problem;
use super::region::Region;
use super::report::Status;
use super::rollout::GroupName;

/// The outcome for one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutOutcome {
    /// The account of the group.
    pub account: Option<AccountId>,
    /// Its region.
    pub region: Region,
    /// The group.
    pub group: GroupName,
    /// The image that it goes to, where it is known.
    pub image: Option<Box<Image>>,
    /// The launch template, by name.
    pub template: Option<String>,
    /// The version that it goes to.
    pub template_version: Option<i64>,
    /// The instance refresh.
    pub refresh_id: Option<String>,
    /// Whether anything was changed.
    pub changed: bool,
    /// More about it, for people.
    pub detail: Option<String>,
    /// How it ended.
    pub status: Status,
}

impl RolloutOutcome {
    /// A group on which nothing was done.
    pub fn skipped(group: GroupName, region: Region, account: Option<AccountId>, problem: Problem) -> Self {
        Self {
            account,
            region,
            group,
            image: None,
            template: None,
            template_version: None,
            refresh_id: None,
            changed: false,
            detail: None,
            status: Status::Skipped(problem),
        }
    }

    /// Whether the group is where it was to go, or on its way.
    pub fn done(&self) -> bool {
        self.status == Status::Done
    }
}

/// The results of a run, in the order of its groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RolloutReport {
    /// One outcome per group.
    pub results: Vec<RolloutOutcome>,
}

impl RolloutReport {
    /// The number of groups done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.results.iter().fold((0, 0, 0), |(done, failed, skipped), outcome| match outcome.status {
            Status::Done => (done + 1, failed, skipped),
            Status::Failed(_) => (done, failed + 1, skipped),
            Status::Skipped(_) => (done, failed, skipped + 1),
        })
    }

    /// How a run with an error of this kind ends: among several groups a failure leaves it partly done.
    pub fn end(&self, kind: Kind) -> Kind {
        match kind {
            Kind::Failed | Kind::OutOfSight if self.results.len() > 1 => Kind::Partial,
            Kind::Refused if self.results.iter().any(|outcome| outcome.changed) => Kind::Partial,
            Kind::Failed
            | Kind::Usage
            | Kind::Partial
            | Kind::Refused
            | Kind::TimedOut
            | Kind::OutOfSight
            | Kind::Interrupted => kind,
        }
    }
}
