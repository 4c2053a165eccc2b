//! EC2's image usage reports: the accounts that use an image, counted by EC2 itself, in every account there is.
//!
//! They lag: what was launched in the last day, and templates of the last days, may be missing. So they add to what
//! is found otherwise and never stand in for it.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use tokio::time::Instant;

use super::client::error::ApiError;
use super::client::patience::{Over, Patience, Pauses};
use super::client::target::Target;
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::usage::source::Reference;
use calls::{Report, State};

/// How many reports are asked for, read or deleted at a time.
const AT_ONCE: usize = 10;
/// EC2's limit of reports in the making, of an account.
const MOST_PENDING: usize = 2000;
/// A report that is younger is as good as a new one: EC2's own lag is as long.
const YOUNG: TimeDelta = TimeDelta::hours(24);
/// EC2 may not show a report for this long after it gave its id out.
const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(120);
/// How long whoever asks to stop waits for reports to be deleted. What is left goes by itself after 30 days.
const CLEANING_UP: Duration = Duration::from_secs(10);

/// Why a report was not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    /// The user wants to stop.
    Interrupted,
    /// Anything else: it is not known who uses the image.
    Failed(Problem),
}

impl From<ApiError> for NoReport {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.problem())
    }
}

/// The other accounts that use an image, or why they are not known.
type Users = Result<Vec<Reference>, NoReport>;

/// The other accounts that use own images, by reports. All that are missing are asked for first, and then waited for
/// together. `done` is called for each image.
///
/// A report of the last day is used, and one that is being made already is waited for, as EC2 makes one at a time for
/// each image; both only where they ask for all that ours would.
pub async fn users(
    target: &Target,
    images: BTreeSet<ImageId>,
    now: DateTime<Utc>,
    patience: &Patience,
    done: &(dyn Fn() + Send + Sync),
) -> Vec<(ImageId, Users)> {
    let (waiting, ready, answers) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut round = Round { target, patience, done, wanted: images, waiting, ready, answers };
    if let Err(why) = round.all(now).await {
        round.give_up(&why).await;
    }
    round.answers
}

/// A report that is not read yet.
struct Awaited {
    id: String,
    /// When we asked for it; none where somebody else did.
    made: Option<Instant>,
    covers: bool,
}

struct Round<'a> {
    target: &'a Target,
    patience: &'a Patience,
    done: &'a (dyn Fn() + Send + Sync),
    /// Images that a report is to be asked for.
    wanted: BTreeSet<ImageId>,
    /// Reports in the making.
    waiting: BTreeMap<ImageId, Awaited>,
    /// Reports that are made, or came to nothing.
    ready: Vec<(ImageId, Awaited, Result<(), NoReport>)>,
    answers: Vec<(ImageId, Users)>,
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
                // Somebody else's came to nothing: there is room for ours.
                (true, false) => {}
                (false, _) => pauses.pause().await.map_err(|over| match over {
                    Over::Interrupted => NoReport::Interrupted,
                    Over::TimedOut => late("usage reports are still being made"),
                })?,
            }
        }
    }

    /// Finds the reports that are there already.
    async fn take_up(&mut self, now: DateTime<Utc>) -> Result<(), NoReport> {
        let images: Vec<_> = self.wanted.iter().cloned().collect();
        for (image, reports) in calls::reports(self.target, &images).await? {
            let young = |report: &&Report| report.covers && report.created_at.is_some_and(|at| now - at < YOUNG);
            let made =
                reports.iter().filter(|r| r.state == State::Available).filter(young).max_by_key(|r| r.created_at);
            let pending = || reports.iter().find(|report| report.state == State::Pending);
            let Some(report) = made.or_else(pending) else { continue };
            let awaited = Awaited { id: report.id.clone(), made: None, covers: report.covers };
            if self.wanted.remove(&image) {
                self.waiting.insert(image, awaited);
            }
        }
        Ok(())
    }

    /// Asks for the reports that are missing, as many as EC2 makes at a time; none after the time to wait is over, as
    /// nobody would read it.
    async fn begin(&mut self) -> Result<(), NoReport> {
        let room = MOST_PENDING.saturating_sub(self.waiting.len());
        let some: Vec<_> = (0..room).map_while(|_| self.wanted.pop_first()).collect();
        let (target, patience, full) = (self.target, self.patience, &AtomicBool::new(false));
        let each = some.into_iter().map(|image| async move {
            let answer = match () {
                () if patience.stop.asked() => Err(NoReport::Interrupted),
                () if Instant::now() >= patience.until => Err(late(NOT_ASKED)),
                // Not now: others have used the room up.
                () if full.load(Ordering::Relaxed) => return (image, None),
                () => calls::create(target, &image).await.map_err(NoReport::from),
            };
            let refused = matches!(&answer, Err(NoReport::Failed(why)) if why.code == "ResourceLimitExceeded");
            full.fetch_or(refused, Ordering::Relaxed);
            (image, Some((answer, refused)))
        });
        let answers: Vec<_> = futures::stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
        let others = !self.waiting.is_empty() || answers.iter().any(|(_, made)| matches!(made, Some((Ok(_), _))));
        for (image, answer) in answers {
            match answer {
                None => drop(self.wanted.insert(image)),
                Some((Ok(id), _)) => {
                    self.waiting.insert(image, Awaited { id, made: Some(Instant::now()), covers: true });
                }
                // When one that is being made is ready, there is room.
                Some((Err(_), true)) if others => drop(self.wanted.insert(image)),
                Some((Err(why), _)) => self.answer(image, Err(why)),
            }
        }
        if patience.stop.asked() { Err(NoReport::Interrupted) } else { Ok(()) }
    }

    /// Looks how far the reports are.
    async fn look(&mut self) -> Result<(), NoReport> {
        let images: Vec<_> = self.waiting.keys().cloned().collect();
        let reports = calls::reports(self.target, &images).await?;
        for (image, awaited) in std::mem::take(&mut self.waiting) {
            let found = reports.get(&image).and_then(|all| all.iter().find(|report| report.id == awaited.id));
            let unknown_yet = awaited.made.is_some_and(|made| made.elapsed() < UNKNOWN_AT_FIRST);
            let end = match found.map(|report| &report.state) {
                Some(State::Available) => Ok(()),
                Some(State::Failed(why)) => Err(failed("UsageReportFailed", why.clone())),
                None if !unknown_yet => Err(gone(&awaited.id)),
                Some(State::Pending) | None => {
                    self.waiting.insert(image, awaited);
                    continue;
                }
            };
            self.ready.push((image, awaited, end));
        }
        Ok(())
    }

    /// Reads the reports that are made. Ours are of no more use then; those of others are left to them, and where one
    /// does not help there is room for ours now.
    async fn read(&mut self) {
        let (target, patience) = (self.target, self.patience);
        let ready = std::mem::take(&mut self.ready).into_iter();
        let each = ready.map(|(image, awaited, end)| async move {
            let users = match end {
                Ok(()) if patience.stop.asked() => Err(NoReport::Interrupted),
                Ok(()) if awaited.covers => calls::entries(target, &awaited.id).await.map_err(NoReport::from),
                Ok(()) => Ok(Vec::new()),
                Err(why) => Err(why),
            };
            (image, awaited, users)
        });
        let read: Vec<_> = futures::stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
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

    /// The reports that are there still after they were read. Another run may have deleted one in the meantime, and
    /// nothing is concluded from entries that were not there any more.
    async fn there(&self, read: &[(ImageId, Awaited, Users)]) -> Result<BTreeSet<String>, ApiError> {
        let images: Vec<_> = read.iter().filter(|(_, _, users)| users.is_ok()).map(|(id, ..)| id.clone()).collect();
        let reports = calls::reports(self.target, &images).await?.into_values().flatten();
        Ok(reports.filter(|report| report.state == State::Available).map(|report| report.id).collect())
    }

    /// Ends it for all images that there is no answer for. What takes longer than we wait for is taken up by the next
    /// run; otherwise our reports are of no more use.
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

    async fn delete(&self, ids: Vec<String>) {
        let each = ids.iter().map(|id| calls::delete(self.target, id));
        futures::stream::iter(each).buffer_unordered(AT_ONCE).collect::<()>().await;
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

/// The time to wait is over.
fn late(what: &str) -> NoReport {
    failed(TIMEOUT, format!("{what}; give it more time with --timeout"))
}
