//! The value of the tag `amictl:tested`: the verdict of a boot test, and the launch that was its own.
//!
//! Example: `passed ami-0123456789abcdef0 on=t3.micro at=2026-11-28T12:03:04Z run=0af3… launch=2026-11-28T12:00:00Z
//! before=2026-11-01T08:00:00Z checks=system; instance; /health:8080`. Only what reads back exactly is a verdict.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::age::ago;
use super::boot_test::{BootTest, Verdict};
use super::ids::ImageId;
use super::image::Image;
use super::tags::{LONGEST_VALUE, TESTED};

/// The types that are named, and the longest name of one; more do not fit beside the checks.
const TYPES: (usize, usize) = (2, 20);
/// The longest id of a run that is kept; amictl's own have 32 characters.
const LONGEST_RUN: usize = 40;
/// EC2 tells of a launch up to this much later. A test hides what was launched in that time before it.
pub const TOLD_WITHIN: TimeDelta = TimeDelta::hours(24);
const NEVER: &str = "never";
const BETWEEN: &str = "; ";
/// The word before a check that did not pass.
const FAILED: &str = "failed ";

/// The verdict of a boot test on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// The image. The verdict counts for this one only: tags are copied with an image.
    pub image: ImageId,
    /// The verdict.
    pub verdict: Verdict,
    /// The types of the instances it was tested on, the first two.
    pub types: Vec<String>,
    /// When it was given, in whole seconds.
    pub at: DateTime<Utc>,
    /// The run that gave it.
    pub run: String,
    /// The launch of the test, if it was noted.
    pub launch: Option<TestLaunch>,
    /// The checks, as far as there is room; the first may be cut.
    pub probes: Vec<String>,
    /// The number of checks left out.
    pub more: usize,
}

/// The launch of a test, which does not count as use, and the last launch that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestLaunch {
    /// The launch of the test, in whole seconds.
    pub at: DateTime<Utc>,
    /// The last launch that counted before it, as far as EC2 had told of any.
    pub before: Option<DateTime<Utc>>,
}

/// The last launch of an image that counts as use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedLaunch {
    /// When it was; `None` if EC2 tells of none.
    pub at: Option<DateTime<Utc>>,
    /// The launch of a boot test at or after it, which does not count.
    pub test: Option<DateTime<Utc>>,
    /// Whether nothing is known of such a launch, but the test may hide one.
    pub assumed: bool,
}

impl CountedLaunch {
    /// The last launch that counts: what EC2 tells, unless that is the launch of a test that noted the one before.
    ///
    /// Then the later of what was noted and of 24 hours before the test counts, as EC2 tells of launches late. Whatever
    /// is not surely the test's own launch counts.
    pub fn of(image: &Image) -> Self {
        let told = image.last_launched_at;
        let launch = Tested::of(image).and_then(|tested| tested.launch);
        let Some(launch) = launch.filter(|launch| told.is_none_or(|told| whole(told) <= launch.at)) else {
            return Self { at: told, test: None, assumed: false };
        };
        let other = told.filter(|told| whole(*told) < launch.at);
        let known = launch.before.max(other);
        let hidden = launch.at - TOLD_WITHIN;
        let assumed = known.is_none_or(|known| known < hidden);
        Self { at: if assumed { Some(hidden) } else { known }, test: Some(launch.at), assumed }
    }

    /// When it was, and what a test has to do with it: `launched 40d ago, less than 90d`.
    pub fn told(&self, launched: DateTime<Utc>, limit: &dyn fmt::Display, now: DateTime<Utc>) -> String {
        let ago_text = ago(launched, now);
        match self.test {
            None => format!("launched {ago_text} ago, less than {limit}"),
            Some(_) if !self.assumed => {
                format!("launched {ago_text} ago, less than {limit}; a boot test since then does not count")
            }
            Some(test) => format!(
                "counts as launched {ago_text} ago, less than {limit}: the boot test {} ago hides launches of the 24 \
                 hours before it",
                ago(test, now)
            ),
        }
    }
}

impl TestLaunch {
    /// The note of a test that launched at this time, from the image as it was read before.
    pub fn note(image: &Image, launched_at: DateTime<Utc>) -> Self {
        Self { at: whole(launched_at), before: CountedLaunch::of(image).at.map(whole) }
    }
}

impl Tested {
    /// The verdict of all tests of an image: failed if one failed, passed if all passed, else `None`.
    pub fn new(image: &Image, tests: &[BootTest], run: &str, launch: Option<TestLaunch>) -> Option<Self> {
        let verdicts = || tests.iter().map(|test| test.verdict);
        let verdict = match verdicts().any(|verdict| verdict == Some(Verdict::Failed)) {
            true => Verdict::Failed,
            false if verdicts().all(|verdict| verdict == Some(Verdict::Passed)) => Verdict::Passed,
            false => return None,
        };
        let at = whole(tests.iter().map(|test| test.ended_at).max()?);
        let launch = launch.map(|launch| TestLaunch { at: whole(launch.at), before: launch.before.map(whole) });
        let run: String = run.chars().filter(char::is_ascii_alphanumeric).take(LONGEST_RUN).collect();
        let types = types(tests);
        let bare = Self { image: image.id.clone(), verdict, types, at, run, launch, probes: Vec::new(), more: 0 };
        let room = LONGEST_VALUE.saturating_sub(bare.head().chars().count());
        let (probes, more) = fitting(checks(tests), room);
        Some(Self { probes, more, ..bare })
    }

    /// The verdict on an image; `None` without one, or if the tag came with a copy.
    pub fn of(image: &Image) -> Option<Self> {
        Self::parse(image.tags.get(TESTED)?).filter(|tested| tested.image == image.id)
    }

    /// Reads a value; `None` for anything that amictl would not have written so.
    fn parse(text: &str) -> Option<Self> {
        let (head, checks) = text.split_once(" checks=")?;
        let mut words = head.split(' ');
        let verdict = words.next()?;
        let verdict = [Verdict::Passed, Verdict::Failed].into_iter().find(|one| one.as_str() == verdict)?;
        let image = words.next()?.parse().ok()?;
        let (mut types, mut at, mut run, mut launch, mut before) = (None, None, None, None, None);
        for word in words {
            match word.split_once('=')? {
                ("on", value) => types = Some(value.split(',').map(str::to_owned).collect()),
                ("at", value) => at = time(value),
                ("run", value) => run = Some(value.to_owned()),
                ("launch", value) => launch = Some(time(value)?),
                ("before", NEVER) => before = None,
                ("before", value) => before = Some(time(value)?),
                _ => return None,
            }
        }
        let mut probes: Vec<String> =
            checks.split(BETWEEN).filter(|check| !check.is_empty()).map(str::to_owned).collect();
        let more = probes.last().and_then(|last| last.strip_prefix('+')?.strip_suffix(" more")?.parse().ok());
        if more.is_some() {
            probes.pop();
        }
        let launch = launch.map(|at| TestLaunch { at, before });
        let tested =
            Self { image, verdict, types: types?, at: at?, run: run?, launch, probes, more: more.unwrap_or(0) };
        (tested.tag_value() == text && text.chars().count() <= LONGEST_VALUE).then_some(tested)
    }

    /// The value of the tag.
    pub fn tag_value(&self) -> String {
        format!("{}{}", self.head(), listed(&self.probes, self.more))
    }

    fn head(&self) -> String {
        let (types, at) = (self.types.join(","), stamp(self.at));
        let mut text = format!("{} {} on={types} at={at} run={}", self.verdict, self.image, self.run);
        if let Some(launch) = &self.launch {
            let before = launch.before.map_or_else(|| NEVER.to_owned(), stamp);
            text.push_str(&format!(" launch={} before={before}", stamp(launch.at)));
        }
        text.push_str(" checks=");
        text
    }

    /// Verdict and age: `passed 3d ago`.
    pub fn told(&self, now: DateTime<Utc>) -> String {
        format!("{} {} ago", self.verdict, ago(self.at, now))
    }

    /// The checks in words; empty if there were none. Of a test that failed: `failed: /health; passed: system, instance`.
    pub fn checks(&self) -> String {
        let failed = self.probes.iter().filter_map(|check| check.strip_prefix(FAILED)).collect::<Vec<_>>();
        if failed.is_empty() {
            return listed(&self.probes, self.more);
        }
        let rest = (self.more > 0).then(|| format!("+{} more", self.more));
        let passed = self.probes.iter().filter(|check| !check.starts_with(FAILED)).cloned().chain(rest);
        let passed = passed.collect::<Vec<_>>().join(", ");
        let passed = if passed.is_empty() { passed } else { format!("; passed: {passed}") };
        format!("failed: {}{passed}", failed.join(", "))
    }
}

fn listed(probes: &[String], more: usize) -> String {
    let rest = (more > 0).then(|| format!("+{more} more"));
    probes.iter().cloned().chain(rest).collect::<Vec<_>>().join(BETWEEN)
}

/// As many checks as there is room for, and the number of the others; the first may be cut.
fn fitting(mut checks: Vec<String>, room: usize) -> (Vec<String>, usize) {
    let all = checks.len();
    let length = |checks: &[String]| listed(checks, all - checks.len()).chars().count();
    while checks.len() > 1 && length(&checks) > room {
        checks.pop();
    }
    let over = length(&checks).saturating_sub(room);
    if let Some(first) = checks.first_mut().filter(|_| over > 0) {
        let keep = first.chars().count().saturating_sub(over + 1);
        *first = first.chars().take(keep).chain(['…']).collect();
    }
    let more = all - checks.len();
    (checks, more)
}

/// The types of the instances, each once.
fn types(tests: &[BootTest]) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for test in tests {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let name = test.instance_type.chars().filter(plain).take(TYPES.1).collect();
        if types.len() < TYPES.0 && !types.contains(&name) {
            types.push(name);
        }
    }
    types
}

/// The checks of all tests, each once: those that failed come first, as they are what one wants to know.
fn checks(tests: &[BootTest]) -> Vec<String> {
    let all: Vec<_> = tests.iter().flat_map(|test| &test.checks).collect();
    let failed = all.iter().filter(|check| !check.passed).map(|check| format!("{FAILED}{}", plain(&check.what)));
    let passed = all.iter().filter(|check| check.passed).map(|check| plain(&check.what));
    let mut seen = BTreeSet::new();
    failed.chain(passed).filter(|check| seen.insert(check.clone())).collect()
}

/// One check as it stands among others: on one line, without what separates them.
fn plain(what: &str) -> String {
    let clean = |c: char| if c.is_control() || c == ';' { ' ' } else { c };
    let text = what.chars().map(clean).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    // A check that began with a plus could read as a number of others.
    let text = text.trim_start_matches(['+', ' ']);
    if text.is_empty() { "?".to_owned() } else { text.to_owned() }
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos()))
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

#[cfg(test)]
#[path = "tested_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "tested_launch_tests.rs"]
mod launch_tests;
