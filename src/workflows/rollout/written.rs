//! Changes of a roll-out so far, for errors and for groups whose turn does not come.

use anyhow::Error;

use super::plan::GroupPlan;
use super::words::follow_again;
use crate::domain::failure::{Failure, Kind};
use crate::service::Target;
use crate::service::auto_scaling_groups::ScalingGroup;
use crate::workflows::run::diagnostics::diagnose;

/// A group that was pinned.
pub(super) struct PinnedGroup {
    /// To this version.
    pub number: i64,
    /// What it followed until then, for people.
    pub follows: String,
}

/// What was written before an error.
#[derive(Default)]
pub(super) struct Written {
    /// The version that the group was pinned to.
    pub pinned: Option<PinnedGroup>,
    /// The version that was made, or found, for the refresh.
    pub version: Option<i64>,
    /// Whether anything was changed.
    pub changed: bool,
}

impl PinnedGroup {
    /// What was done, for people.
    pub fn words(&self) -> String {
        format!("pinned to version {} already and no longer follows {}", self.number, self.follows)
    }
}

/// An error with what was written before it, and how to take that back; `group` as it was before.
pub(super) fn with_written(target: &Target, group: &ScalingGroup, written: &Written, error: Error) -> Error {
    let Some(pinned) = &written.pinned else { return error };
    let diagnosis = diagnose(&error);
    let message = format!("{}; the group {} is {}", diagnosis.message, group.name, pinned.words());
    let mut hints: Vec<String> = diagnosis.hint.into_iter().collect();
    hints.extend(follow_again(target, group));
    // A refusal says that nothing was changed, and the group was.
    let kind = match diagnosis.kind {
        Kind::Refused | Kind::Usage => Kind::Failed,
        kind @ (Kind::Failed | Kind::Partial | Kind::TimedOut | Kind::OutOfSight | Kind::Interrupted) => kind,
    };
    let failure = Failure::new(kind, diagnosis.code, message);
    if hints.is_empty() { failure.into() } else { failure.hint(hints.join("; ")).into() }
}

/// What was done to a group whose turn did not come, for people; nothing if it was not pinned.
pub(super) fn left_pinned(target: &Target, plan: &GroupPlan, written: &Written) -> Option<String> {
    let pinned = written.pinned.as_ref()?;
    let follow = follow_again(target, &plan.group).map(|follow| format!("; {follow}"));
    let name = &plan.group.name;
    Some(format!("{name}: not begun, but {}{}", pinned.words(), follow.unwrap_or_default()))
}
