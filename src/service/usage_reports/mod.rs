//! EC2's image usage reports: the accounts that use an image, across all of AWS.
//!
//! Reports lag: launches of the last day, and templates of the last days, may be missing. So they supplement the other
//! sources and never replace them.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use tokio::time::Instant;

use super::client::concurrency::{self, CALLS};
use super::client::error::ApiError;
use super::client::patience::{Over, Patience, Pauses};
use super::client::target::Target;
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::usage::source::Reference;
use calls::{ReportState, UsageReport};

/// EC2's limit for pending reports per account.
const MOST_PENDING: usize = 2000;
/// A younger report is as good as a new one: EC2's own lag is as long.
const YOUNG: TimeDelta = TimeDelta::hours(24);
/// The time for which EC2 may not show a new report.
const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(120);
/// The time that a stopped run spends on deleting reports. EC2 deletes the others itself after 30 days.
const CLEANING_UP: Duration = Duration::from_secs(10);

/// The reason why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    /// The user stopped the run.
    Interrupted,
    /// Anything else: the use of the image is unknown.
    Failed(Problem),
}

impl From<ApiError> for NoReport {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.problem())
    }
}

/// The use by other accounts, or why it is unknown.
type Users = Result<Vec<Reference>, NoReport>;

/// The use of own images by other accounts. Missing reports are all requested first, then awaited together. `done` is
/// called for each image.
///
/// A report of the last day is used, and a pending one is awaited, as EC2 makes one at a time per image; both only if
/// they cover all that amictl requests. Also returns why reports are left to expire, if amictl could not delete its own.
pub async fn users(
    target: &Target,
    images: BTreeSet<ImageId>,
    now: DateTime<Utc>,
    patience: &Patience,
    done: &(dyn Fn() + Send + Sync),
) -> (Vec<(ImageId, Users)>, Option<ApiError>) {
    let (waiting, ready, answers) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut round = Round { target, patience, done, wanted: images, waiting, ready, answers, left: None };
    if let Err(why) = round.all(now).await {
        round.give_up(&why).await;
    }
    (round.answers, round.left)
}

/// A report not read yet.
struct Awaited {
    id: String,
    /// The time amictl requested it; `None` if someone else did.
    made: Option<Instant>,
    covers: bool,
}

struct Round<'a> {
    target: &'a Target,
    patience: &'a Patience,
    done: &'a (dyn Fn() + Send + Sync),
    /// Images without a report so far.
    wanted: BTreeSet<ImageId>,
    /// Pending reports.
    waiting: BTreeMap<ImageId, Awaited>,
    /// Available or failed reports.
    ready: Vec<(ImageId, Awaited, Result<(), NoReport>)>,
    answers: Vec<(ImageId, Users)>,
    /// Why reports of amictl are left.
    left: Option<ApiError>,
}

impl Round<'_> {
    async fn all(&mut self, now: DateTime<Utc>) -> Result<(), NoReport> {
        self.take_up(now).await?;
        let mut pauses = Pauses::new(self.patience);
        loop {
            self.begin().await?;
            self.look().await?;
            self.read().await;
            match (self.waiting.is_empty(), self.wanted.is_empty()) {
                (true, true) => return Ok(()),
                // Another user's report failed, so amictl can request its own.
                (true, false) => {}
                (false, _) => pauses.pause().await.map_err(|over| match over {
                    Over::Interrupted => NoReport::Interrupted,
                    Over::TimedOut => late("usage reports are still being made"),
                })?,
            }
        }
    }

    /// Finds existing reports.
    async fn take_up(&mut self, now: DateTime<Utc>) -> Result<(), NoReport> {
        let images: Vec<_> = self.wanted.iter().cloned().collect();
        for (image, reports) in calls::reports(self.target, &images).await? {
            let young = |report: &&UsageReport| report.covers && report.created_at.is_some_and(|at| now - at < YOUNG);
            let made =
                reports.iter().filter(|r| r.state == ReportState::Available).filter(young).max_by_key(|r| r.created_at);
            let pending = || reports.iter().find(|report| report.state == ReportState::Pending);
            let Some(report) = made.or_else(pending) else { continue };
            let awaited = Awaited { id: report.id.clone(), made: None, covers: report.covers };
            if self.wanted.remove(&image) {
                self.waiting.insert(image, awaited);
            }
        }
        Ok(())
    }

    /// Requests the missing reports, as many as EC2 allows; none after the deadline, as they would not be read.
    async fn begin(&mut self) -> Result<(), NoReport> {
        let room = MOST_PENDING.saturating_sub(self.waiting.len());
        let some: Vec<_> = (0..room).map_while(|_| self.wanted.pop_first()).collect();
        let (target, patience, full) = (self.target, self.patience, &AtomicBool::new(false));
        let each = concurrency::as_done(CALLS, some, |image| async move {
            let answer = match () {
                () if patience.stop.asked() => Err(NoReport::Interrupted),
                () if Instant::now() >= patience.until => Err(late(NOT_ASKED)),
                // Later: other users have reached EC2's limit.
                () if full.load(Ordering::Relaxed) => return (image, None),
                () => calls::create(target, &image).await.map_err(NoReport::from),
            };
            let refused = matches!(&answer, Err(NoReport::Failed(why)) if why.code == "ResourceLimitExceeded");
            full.fetch_or(refused, Ordering::Relaxed);
            (image, Some((answer, refused)))
        });
        let answers: Vec<_> = each.collect().await;
        let others = !self.waiting.is_empty() || answers.iter().any(|(_, made)| matches!(made, Some((Ok(_), _))));
        for (image, answer) in answers {
            match answer {
                None => drop(self.wanted.insert(image)),
                Some((Ok(id), _)) => {
                    self.waiting.insert(image, Awaited { id, made: Some(Instant::now()), covers: true });
                }
                // EC2 has capacity when a pending report is ready.
                Some((Err(_), true)) if others => drop(self.wanted.insert(image)),
                Some((Err(why), _)) => self.answer(image, Err(why)),
            }
        }
        if patience.stop.asked() { Err(NoReport::Interrupted) } else { Ok(()) }
    }

    /// Reads the states of the reports.
    async fn look(&mut self) -> Result<(), NoReport> {
        let images: Vec<_> = self.waiting.keys().cloned().collect();
        let reports = calls::reports(self.target, &images).await?;
        for (image, awaited) in std::mem::take(&mut self.waiting) {
            let found = reports.get(&image).and_then(|all| all.iter().find(|report| report.id == awaited.id));
            let unknown_yet = awaited.made.is_some_and(|made| made.elapsed() < UNKNOWN_AT_FIRST);
            let end = match found.map(|report| &report.state) {
                Some(ReportState::Available) => Ok(()),
                Some(ReportState::Failed(why)) => Err(failed("UsageReportFailed", why.clone())),
                None if !unknown_yet => Err(gone(&awaited.id)),
                Some(ReportState::Pending) | None => {
                    self.waiting.insert(image, awaited);
                    continue;
                }
            };
            self.ready.push((image, awaited, end));
        }
        Ok(())
    }

    /// Reads the available reports and deletes amictl's own; those of other users stay. If one does not cover enough,
    /// amictl can now request its own.
    async fn read(&mut self) {
        let (target, patience) = (self.target, self.patience);
        let ready = std::mem::take(&mut self.ready);
        let each = concurrency::as_done(CALLS, ready, |(image, awaited, end)| async move {
            let users = match end {
                Ok(()) if patience.stop.asked() => Err(NoReport::Interrupted),
                Ok(()) if awaited.covers => calls::entries(target, &awaited.id).await.map_err(NoReport::from),
                Ok(()) => Ok(Vec::new()),
                Err(why) => Err(why),
            };
            (image, awaited, users)
        });
        let read: Vec<_> = each.collect().await;
        let there = self.there(&read).await;
        let mut ours = Vec::new();
        for (image, awaited, users) in read {
            let users = users.and_then(|users| match &there {
                Ok(there) if there.contains(&awaited.id) => Ok(users),
                Ok(_) => Err(gone(&awaited.id)),
                Err(error) => Err(error.clone().into()),
            });
            let ours_now = awaited.made.is_some();
            match users {
                Err(why) if !ours_now && why != NoReport::Interrupted => drop(self.wanted.insert(image)),
                Ok(_) if !awaited.covers => drop(self.wanted.insert(image)),
                users => self.answer(image, users),
            }
            ours.extend(ours_now.then_some(awaited.id));
        }
        self.delete(ours).await;
    }

    /// The reports that still exist after they were read. Another run may have deleted one meanwhile, and entries read
    /// after that are incomplete.
    async fn there(&self, read: &[(ImageId, Awaited, Users)]) -> Result<BTreeSet<String>, ApiError> {
        let images: Vec<_> = read.iter().filter(|(_, _, users)| users.is_ok()).map(|(id, ..)| id.clone()).collect();
        let reports = calls::reports(self.target, &images).await?.into_values().flatten();
        Ok(reports.filter(|report| report.state == ReportState::Available).map(|report| report.id).collect())
    }

    /// Ends the search for all images without an answer. After a timeout the next run resumes the pending reports;
    /// otherwise amictl's own are deleted.
    async fn give_up(&mut self, why: &NoReport) {
        let timed_out = matches!(why, NoReport::Failed(problem) if problem.code == TIMEOUT);
        let not_asked = if timed_out { late(NOT_ASKED) } else { why.clone() };
        std::mem::take(&mut self.wanted).into_iter().for_each(|image| self.answer(image, Err(not_asked.clone())));
        let mut ours = Vec::new();
        for (image, Awaited { id, made, .. }) in std::mem::take(&mut self.waiting) {
            let still = || late(&format!("the usage report {id} is still being made"));
            self.answer(image, Err(if timed_out { still() } else { why.clone() }));
            ours.extend((made.is_some() && !timed_out).then_some(id));
        }
        if tokio::time::timeout(CLEANING_UP, self.delete(ours)).await.is_err() {
            tracing::warn!("some usage reports are left to expire");
        }
    }

    async fn delete(&mut self, ids: Vec<String>) {
        let all: Vec<_> = concurrency::as_done(CALLS, &ids, |id| calls::delete(self.target, id)).collect().await;
        if let Some(error) = all.into_iter().find_map(Result::err) {
            self.left.get_or_insert(error);
        }
    }

    fn answer(&mut self, image: ImageId, users: Users) {
        (self.done)();
        self.answers.push((image, users));
    }
}

const TIMEOUT: &str = "Timeout";
const NOT_ASKED: &str = "timed out before a usage report was requested";

fn failed(code: &str, message: String) -> NoReport {
    NoReport::Failed(Problem { code: code.to_owned(), message })
}

fn gone(id: &str) -> NoReport {
    failed("UsageReportGone", format!("the usage report {id} is gone before it was read"))
}

/// The error at the deadline.
fn late(what: &str) -> NoReport {
    failed(TIMEOUT, format!("{what}; give it more time with --timeout"))
}
