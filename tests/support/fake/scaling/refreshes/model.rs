//! An instance refresh as the endpoint keeps it.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::super::params::Params;
use super::super::wanted::Wanted;

/// An instance refresh.
#[derive(Clone, Debug)]
pub struct InstanceRefresh {
    /// Its id.
    pub id: String,
    /// Preferences as sent.
    pub preferences: Params,
    /// DesiredConfiguration.
    pub desired: Option<Wanted>,
    /// What the group launched before.
    pub before: Option<Wanted>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Its status.
    pub status: &'static str,
    /// StatusReason.
    pub reason: Option<String>,
    /// Why it is rolled back, since when, and how many percent were done.
    pub rollback: Option<(String, DateTime<Utc>, i64)>,
    /// When the current status ends, for those that end by themselves.
    pub until: Option<DateTime<Utc>>,
    /// How long it takes to replace all instances.
    pub takes: TimeDelta,
    /// Why it fails halfway, where it does.
    pub fails: Option<String>,
    /// Whether it cannot be rolled back.
    pub rollback_fails: bool,
    /// Instances to be replaced: their places among those of the group.
    pub places: Vec<usize>,
    /// How many of them are replaced.
    pub replaced: usize,
}

impl InstanceRefresh {
    /// Whether it goes on.
    pub fn is_active(&self) -> bool {
        matches!(self.status, "Pending" | "InProgress" | "Baking" | "Cancelling" | "RollbackInProgress")
    }

    /// A flag of its preferences.
    pub fn prefers(&self, name: &str) -> bool {
        self.preferences.get(name) == Some("true")
    }

    /// How long it stays in a preference of seconds.
    pub fn seconds(&self, name: &str, default: i64) -> TimeDelta {
        let seconds = self.preferences.get(name).and_then(|text| text.parse().ok());
        TimeDelta::seconds(seconds.unwrap_or(default))
    }

    /// PercentageComplete.
    pub fn percent(&self) -> i64 {
        match (self.places.len(), self.status) {
            (0, "Pending" | "InProgress") => 0,
            (0, _) => 100,
            (all, _) => i64::try_from(self.replaced * 100 / all).unwrap_or(100),
        }
    }

    /// The percentage that time has brought about, with pauses at the checkpoints.
    pub fn due(&self, now: DateTime<Utc>) -> i64 {
        let mut left = now - self.started - self.takes / 10;
        let work = self.takes - self.takes / 10;
        let checkpoints = self.preferences.list("CheckpointPercentages.member");
        let mut checkpoints: Vec<i64> = checkpoints.into_iter().filter_map(|text| text.parse().ok()).collect();
        if checkpoints.last() != Some(&100) {
            checkpoints.push(100);
        }
        let (mut at, pause) = (0, self.seconds("CheckpointDelay", 3600));
        for next in checkpoints {
            let stretch = work * i32::try_from(next - at).unwrap_or(0) / 100;
            if left < stretch {
                let done = (next - at) * left.num_milliseconds().max(0) / stretch.num_milliseconds().max(1);
                return at + done;
            }
            left -= stretch;
            at = next;
            if next < 100 && left < pause {
                return at;
            }
            left -= pause;
        }
        100
    }

    /// When all instances are replaced.
    pub fn replaced_at(&self) -> DateTime<Utc> {
        let checkpoints = self.preferences.list("CheckpointPercentages.member");
        let pauses = checkpoints.iter().filter(|text| **text != "100").count();
        self.started + self.takes + self.seconds("CheckpointDelay", 3600) * i32::try_from(pauses).unwrap_or(0)
    }

    /// Ends it.
    pub fn end(&mut self, status: &'static str, at: DateTime<Utc>, reason: Option<String>) {
        self.status = status;
        self.ended = Some(at);
        self.until = None;
        self.reason = reason;
    }
}
