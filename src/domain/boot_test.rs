//! Boot tests of images: the checks of one test and its verdict.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ImageId, InstanceId};
use super::problem::Problem;
use super::region::Region;

/// What a test says of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It booted, and every check and probe passed.
    Passed,
    /// It did not boot, or a check or a probe did not pass.
    Failed,
}

impl Verdict {
    /// The word for scripts and tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The kind of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// A status check of EC2.
    Status,
    /// A probe by HTTP.
    Http,
    /// A probe of a TCP port.
    Tcp,
    /// A probe by a command that SSM runs.
    Ssm,
}

impl CheckKind {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Ssm => "ssm",
        }
    }
}

/// One check of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its kind.
    pub kind: CheckKind,
    /// What was checked, e.g. `system` or `/health:8080`.
    pub what: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was seen last.
    pub detail: String,
    /// How long it took to pass or to fail, in whole seconds.
    pub seconds: u64,
}

/// One test of an image on an instance of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootTest {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The image.
    pub image_id: ImageId,
    /// Its name; images of other accounts may have none.
    pub name: Option<String>,
    /// The type of the instance, e.g. `t3.micro`.
    pub instance_type: String,
    /// The instance, if one was launched.
    pub instance_id: Option<InstanceId>,
    /// The verdict; `None` where the image could not be judged: nothing was launched, or the test was interrupted.
    pub verdict: Option<Verdict>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// The checks and probes, in order.
    pub checks: Vec<Check>,
    /// The end of the console output, of a test that failed.
    pub console_tail: Option<String>,
    /// Whether nothing runs any more: the instance was seen terminated, or none was launched.
    pub terminated: bool,
    /// Why there is no verdict, or why the instance still runs.
    pub error: Option<Problem>,
}

impl BootTest {
    /// Whether it passed and left nothing behind.
    pub fn done(&self) -> bool {
        self.verdict == Some(Verdict::Passed) && self.terminated && self.error.is_none()
    }

    /// The number of checks that passed.
    pub fn passed(&self) -> usize {
        self.checks.iter().filter(|check| check.passed).count()
    }

    /// How long it took.
    pub fn took(&self) -> std::time::Duration {
        (self.ended_at - self.started_at).to_std().unwrap_or_default()
    }
}
