//! Roll-outs of Auto Scaling groups: preferences, and the refreshes that AWS carries out.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// The name of an Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(String);

/// A text that is no name of a group.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the name of an Auto Scaling group has 1 to 255 characters, and no control characters")]
pub struct GroupNameError;

impl GroupName {
    /// The name as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GroupName {
    type Err = GroupNameError;

    fn from_str(text: &str) -> Result<Self, GroupNameError> {
        match (1..=255).contains(&text.chars().count()) && !text.contains(char::is_control) {
            true => Ok(Self(text.to_owned())),
            false => Err(GroupNameError),
        }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The percentages at which a refresh pauses, in ascending order to 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoints(Vec<i32>);

/// Checkpoints that AWS would refuse, or after which some instances would stay old.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}': checkpoints are percentages in ascending order, the last of them 100, e.g. 20,50,100")]
pub struct CheckpointsError(String);

impl Checkpoints {
    /// The percentages.
    pub fn percentages(&self) -> &[i32] {
        &self.0
    }
}

impl FromStr for Checkpoints {
    type Err = CheckpointsError;

    fn from_str(text: &str) -> Result<Self, CheckpointsError> {
        let wrong = || CheckpointsError(text.to_owned());
        let each = text.split(',').map(|one| one.trim().parse::<i32>().map_err(|_| wrong()));
        let percentages = each.collect::<Result<Vec<_>, _>>()?;
        let ascending = percentages.windows(2).all(|two| two[0] < two[1]);
        match percentages.first().is_some_and(|first| *first >= 1) && ascending && percentages.last() == Some(&100) {
            true => Ok(Self(percentages)),
            false => Err(wrong()),
        }
    }
}

/// How AWS is to replace the instances. What is not given is left to the group's own policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutPreferences {
    /// The least percentage of healthy instances.
    pub min_healthy: Option<i32>,
    /// The most percentage of instances.
    pub max_healthy: Option<i32>,
    /// The time until a new instance counts.
    pub warmup: Option<Duration>,
    /// Where it pauses.
    pub checkpoints: Option<Checkpoints>,
    /// The length of these pauses.
    pub checkpoint_delay: Option<Duration>,
    /// The time to watch the new instances before it counts as successful.
    pub bake: Option<Duration>,
    /// CloudWatch alarms that make it fail.
    pub alarms: Vec<String>,
    /// Whether AWS goes back by itself after a failure.
    pub auto_rollback: bool,
    /// Whether instances that run the wanted version already stay.
    pub skip_matching: bool,
}

/// The status of a refresh, as AWS names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshStatus {
    /// Accepted, and not begun.
    Pending,
    /// Replaces instances.
    InProgress,
    /// Watches the new instances.
    Baking,
    /// All is done.
    Successful,
    /// Ended; some instances may be new.
    Failed,
    /// About to end, by request.
    Cancelling,
    /// Ended by request; some instances may be new.
    Cancelled,
    /// Goes back.
    RollbackInProgress,
    /// Could not go back.
    RollbackFailed,
    /// Went back.
    RollbackSuccessful,
    /// A status that this version of amictl does not know.
    Unknown(String),
}

impl RefreshStatus {
    /// Reads AWS's word; never fails, as AWS may add some.
    pub fn read(text: &str) -> Self {
        match text {
            "Pending" => Self::Pending,
            "InProgress" => Self::InProgress,
            "Baking" => Self::Baking,
            "Successful" => Self::Successful,
            "Failed" => Self::Failed,
            "Cancelling" => Self::Cancelling,
            "Cancelled" => Self::Cancelled,
            "RollbackInProgress" => Self::RollbackInProgress,
            "RollbackFailed" => Self::RollbackFailed,
            "RollbackSuccessful" => Self::RollbackSuccessful,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// AWS's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Baking => "Baking",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
            Self::RollbackInProgress => "RollbackInProgress",
            Self::RollbackFailed => "RollbackFailed",
            Self::RollbackSuccessful => "RollbackSuccessful",
            Self::Unknown(other) => other,
        }
    }

    /// Whether AWS still works on it. An unknown status may be one of those.
    pub fn active(&self) -> bool {
        match self {
            Self::Pending
            | Self::InProgress
            | Self::Baking
            | Self::Cancelling
            | Self::RollbackInProgress
            | Self::Unknown(_) => true,
            Self::Successful | Self::Failed | Self::Cancelled | Self::RollbackFailed | Self::RollbackSuccessful => {
                false
            }
        }
    }

    /// Whether it goes on towards its version, and is not being ended.
    pub fn goes_forth(&self) -> bool {
        matches!(self, Self::Pending | Self::InProgress | Self::Baking)
    }
}

impl fmt::Display for RefreshStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A launch template as a group or a refresh names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateUse {
    /// `lt-…`.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A number, `$Latest` or `$Default`; the default when absent.
    pub version: Option<String>,
}

impl TemplateUse {
    /// The version as AWS reads it.
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("$Default")
    }

    /// The number, where it is one: then nothing moves by itself.
    pub fn number(&self) -> Option<i64> {
        self.version.as_deref()?.parse().ok()
    }

    /// Whether both name the same template.
    pub fn same_template(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, two: &Option<String>| one.is_some() && one == two;
        same(&self.id, &other.id) || same(&self.name, &other.name)
    }

    /// Its name, else its id.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.id.as_deref()).unwrap_or("unknown")
    }
}

/// An instance refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// Its id.
    pub id: String,
    /// Its status.
    pub status: RefreshStatus,
    /// Why it has this status, in AWS's words.
    pub reason: Option<String>,
    /// How much of it is done.
    pub percent: Option<u8>,
    /// How many instances are still to be replaced.
    pub to_update: Option<i32>,
    /// The template and version that it goes to; none without a desired configuration.
    pub to: Option<TemplateUse>,
}

impl Refresh {
    /// Whether it goes to this version of this template.
    pub fn goes_to(&self, template: &TemplateUse, number: i64) -> bool {
        self.to.as_ref().is_some_and(|to| to.same_template(template) && to.number() == Some(number))
    }

    /// The status with what is left, for people: `InProgress, 40%, 3 instances to update`.
    pub fn doing(&self) -> String {
        let percent = self.percent.map(|percent| format!(", {percent}%")).unwrap_or_default();
        format!("{}{percent}{}", self.status, self.left())
    }

    /// What is left, for people; begins with a comma.
    pub fn left(&self) -> String {
        match self.to_update {
            None => String::new(),
            Some(1) => ", 1 instance to update".to_owned(),
            Some(n) => format!(", {n} instances to update"),
        }
    }
}

/// The version that a group launched before the one it launches now, as far as its refreshes, the newest first, say so.
///
/// A refresh to a version from before undoes those since: what it left is not offered again. Where the version from
/// before that is not among them, only a lower number counts as an earlier one.
pub fn version_before(refreshes: &[Refresh], now: &TemplateUse) -> Option<i64> {
    let mut past: Vec<i64> = Vec::new();
    for refresh in refreshes.iter().rev().filter(|refresh| refresh.status == RefreshStatus::Successful) {
        let Some(to) = &refresh.to else { continue };
        match to.number().filter(|_| to.same_template(now)) {
            None => past.clear(),
            Some(number) => {
                let seen = past.iter().position(|one| *one == number);
                past.truncate(seen.unwrap_or(past.len()));
                past.push(number);
            }
        }
    }
    let now = past.pop().filter(|last| now.number() == Some(*last))?;
    past.pop().filter(|before| *before < now)
}

/// Whether instances of one architecture can be replaced by some of another, on the same instance types.
pub fn same_machines(before: &str, after: &str) -> bool {
    let of_intel = |name: &str| matches!(name, "i386" | "x86_64");
    before == after || (of_intel(before) && of_intel(after))
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
