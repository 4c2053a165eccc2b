//! JSON of boot tests.

use serde::Serialize;

use super::document::{ErrorJson, VERSION, time};
use super::report::{ProblemJson, problem};
use crate::domain::boot_test::{BootTest, BootTestReport, Check, Verdict};

#[derive(Serialize)]
pub struct BootTestsJson<'a> {
    pub version: u32,
    pub kind: &'static str,
    pub tests: Vec<BootTestJson<'a>>,
    /// Verdicts that could not be written to their images.
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct BootTestJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub image_id: &'a str,
    pub name: Option<&'a str>,
    #[serde(rename = "type")]
    pub instance_type: &'a str,
    pub instance_id: Option<&'a str>,
    /// `null` where the image could not be judged.
    pub verdict: Option<&'static str>,
    pub started_at: String,
    pub ended_at: String,
    pub checks: Vec<BootCheckJson<'a>>,
    pub console_tail: Option<&'a str>,
    pub terminated: bool,
    pub error: Option<ProblemJson<'a>>,
}

#[derive(Serialize)]
pub struct BootCheckJson<'a> {
    pub kind: &'static str,
    pub what: &'a str,
    pub passed: bool,
    pub detail: &'a str,
    pub seconds: u64,
}

impl<'a> BootTestsJson<'a> {
    pub fn new(report: &'a BootTestReport) -> Self {
        Self {
            version: VERSION,
            kind: "test",
            tests: report.tests.iter().map(BootTestJson::new).collect(),
            errors: report.errors.iter().map(ErrorJson::new).collect(),
        }
    }
}

impl<'a> BootTestJson<'a> {
    pub fn new(test: &'a BootTest) -> Self {
        Self {
            account: test.account.as_ref().map(|account| account.as_str()),
            region: test.region.as_str(),
            image_id: test.image_id.as_str(),
            name: test.name.as_deref(),
            instance_type: &test.instance_type,
            instance_id: test.instance_id.as_ref().map(|id| id.as_str()),
            verdict: test.verdict.map(Verdict::as_str),
            started_at: time(test.started_at),
            ended_at: time(test.ended_at),
            checks: test.checks.iter().map(check).collect(),
            console_tail: test.console_tail.as_deref(),
            terminated: test.terminated,
            error: test.error.as_ref().map(problem),
        }
    }
}

fn check(check: &Check) -> BootCheckJson<'_> {
    BootCheckJson {
        kind: check.kind.as_str(),
        what: &check.what,
        passed: check.passed,
        detail: &check.detail,
        seconds: check.seconds,
    }
}
