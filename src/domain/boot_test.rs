//! Boot tests of images: the checks of one test and its verdict.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ImageId, InstanceId};
use super::problem::{PlaceError, Problem};
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

/// The tests of a run, in the order of the images and types given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootTestReport {
    /// The tests.
    pub tests: Vec<BootTest>,
    /// Verdicts that could not be written to their images.
    pub errors: Vec<PlaceError>,
}

impl BootTestReport {
    /// The number of tests that passed, that failed, and that came to no verdict.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.tests.iter().fold((0, 0, 0), |(passed, failed, none), test| match test.verdict {
            Some(Verdict::Passed) => (passed + 1, failed, none),
            Some(Verdict::Failed) => (passed, failed + 1, none),
            None => (passed, failed, none + 1),
        })
    }

    /// The counts as a sentence: `2 passed, 1 failed, 1 without a verdict`.
    pub fn summary(&self) -> String {
        let (passed, failed, none) = self.counts();
        let counts = [(passed, "passed"), (failed, "failed"), (none, "without a verdict")];
        let said = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        match said.collect::<Vec<_>>() {
            said if said.is_empty() => "no tests".to_owned(),
            said => said.join(", "),
        }
    }

    /// The images that passed every test, once each.
    pub fn passed(&self) -> Vec<&ImageId> {
        let all = |id: &ImageId| self.tests.iter().filter(|test| test.image_id == *id).all(BootTest::done);
        let mut images: Vec<&ImageId> = Vec::new();
        for test in self.tests.iter().filter(|test| all(&test.image_id)) {
            if !images.contains(&&test.image_id) {
                images.push(&test.image_id);
            }
        }
        images
    }
}

/// The most that is shown of a console: lines, and bytes.
const TAIL: (usize, usize) = (40, 8 * 1024);

/// The end of a console output: at most 40 lines and 8 KiB; `None` if there is nothing to be read.
pub fn console_tail(output: &str) -> Option<String> {
    let text = output.trim_end();
    let start = text.rmatch_indices('\n').nth(TAIL.0 - 1).map_or(0, |(at, _)| at + 1);
    let mut start = start.max(text.len().saturating_sub(TAIL.1));
    while !text.is_char_boundary(start) {
        start += 1;
    }
    Some(text[start..].replace('\r', "")).filter(|tail| !tail.is_empty())
}

#[cfg(test)]
#[path = "boot_test_tests.rs"]
mod tests;
