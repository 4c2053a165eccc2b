//! Restores images from the Recycle Bin: their snapshots, then the images, then tags and permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;

use super::put_back::put_back;
use crate::domain::failure::{Failure, INTERRUPTED};
use crate::domain::ids::SnapshotId;
use crate::domain::problem::Problem;
use crate::domain::recycle_bin::restoration::Restoration;
use crate::domain::report::{Outcome, SnapshotResult, Status, Verb};
use crate::domain::tags::Tags;
use crate::service::client::error::ApiError;
use crate::service::client::patience::{Over, Patience, Pauses};
use crate::service::client::target::Target;
use crate::service::wait::image_back;
use crate::service::{recycle_bin, snapshots};
use crate::workflows::run::concurrency::{self, IMAGES, SNAPSHOTS};

/// The pauses in seconds in which EC2 may treat a restored snapshot as missing.
const SEEN_PAUSES: [u64; 5] = [1, 2, 4, 8, 15];
/// The state of a snapshot being restored.
const RECOVERING: &str = "recovering";
/// EC2's code for an image while one of its snapshots is being restored.
const WRONG_STATE: &str = "IncorrectState";

/// The results of restoring snapshots.
type Restored = BTreeMap<SnapshotId, Result<(), Problem>>;
type Accepted = BTreeSet<SnapshotId>;

/// The result of restoring an image.
pub struct Returned {
    /// The outcome.
    pub outcome: Outcome,
    /// Whether the image exists, complete or not; `None` if unknown.
    pub there: Option<bool>,
}

/// Asks EC2 whether the image and its snapshots could be restored; changes nothing.
pub async fn check(target: &Target, comeback: &Restoration) -> Result<(), ApiError> {
    if !comeback.in_bin {
        return Ok(());
    }
    for snapshot in &comeback.restore {
        recycle_bin::check_snapshot(target, snapshot).await?;
    }
    match recycle_bin::check_image(target, &comeback.id).await {
        // Its snapshots are not restored yet.
        Err(error) if is_about_snapshots(&error) && !comeback.restore.is_empty() => Ok(()),
        other => other,
    }
}

/// The outcome for an unchanged image.
pub async fn outcome(target: &Target, comeback: &Restoration, status: Status) -> Outcome {
    Outcome {
        account: target.account().await.ok().cloned(),
        region: target.region.clone(),
        image_id: comeback.id.clone(),
        name: comeback.name.clone(),
        tags: comeback.tags(None),
        verb: Verb::Restore,
        changed: false,
        detail: None,
        status,
        snapshots: Vec::new(),
    }
}

/// Restores images of one place; `bin` are all snapshots in its bin. The outcomes are in the order of `comebacks`.
pub async fn bring_back(
    target: &Target,
    comebacks: &[Restoration],
    bin: &BTreeSet<SnapshotId>,
    patience: &Patience,
    step: &(dyn Fn() + Sync),
) -> Vec<Returned> {
    // Several images may use one snapshot.
    let wanted: BTreeSet<&SnapshotId> = comebacks.iter().flat_map(|comeback| &comeback.restore).collect();
    let each = concurrency::as_done(SNAPSHOTS, wanted, |id| async move {
        let done = if patience.stop.asked() {
            Err(Problem::interrupted_before("it was asked for"))
        } else {
            restore(target, id).await
        };
        (id.clone(), done)
    });
    let mut restored: Restored = each.collect().await;
    // Snapshots not restored in time are still being restored.
    let accepted: Accepted = restored.iter().filter(|(_, done)| done.is_ok()).map(|(id, _)| id.clone()).collect();
    settle(target, &mut restored, patience).await;
    let (restored, accepted) = (&restored, &accepted);
    let each = concurrency::each(IMAGES, comebacks, |comeback| async move {
        let returned = Return::new(target, comeback, accepted, restored).run(bin, patience).await;
        step();
        returned
    });
    each.await
}

async fn restore(target: &Target, id: &SnapshotId) -> Result<(), Problem> {
    recycle_bin::restore_snapshot(target, id).await.map_err(|error| error.problem())
}

/// Waits until no snapshot is being restored; returns whether any was. If EC2 cannot be asked, it decides when the
/// image is restored.
async fn settle(target: &Target, restored: &mut Restored, patience: &Patience) -> bool {
    let (mut pauses, mut waited) = (Pauses::new(patience), false);
    loop {
        let back: Vec<_> = restored.iter().filter(|(_, done)| done.is_ok()).map(|(id, _)| id.clone()).collect();
        let Ok(found) = snapshots::existing(target, &back).await else { return waited };
        let slow = found.iter().filter(|snapshot| snapshot.state == RECOVERING);
        let slow: Vec<SnapshotId> = slow.map(|snapshot| snapshot.id.clone()).collect();
        if slow.is_empty() {
            return waited;
        }
        waited = true;
        if let Err(over) = pauses.pause().await {
            let message = "EC2 is still bringing it back".to_owned();
            let problem = Problem { code: over_code(over).to_owned(), message };
            restored.extend(slow.into_iter().map(|id| (id, Err(problem.clone()))));
            return waited;
        }
    }
}

/// One image being restored.
struct Return<'a> {
    target: &'a Target,
    comeback: &'a Restoration,
    snapshots: Vec<(SnapshotId, SnapshotResult)>,
    there: Option<bool>,
    changed: bool,
    detail: Option<String>,
    tags: Option<Tags>,
}

impl<'a> Return<'a> {
    fn new(target: &'a Target, comeback: &'a Restoration, accepted: &Accepted, restored: &Restored) -> Self {
        let result = |id: &SnapshotId| match restored.get(id) {
            Some(Err(problem)) => SnapshotResult::Failed(problem.clone()),
            Some(Ok(())) => SnapshotResult::Restored,
            None => SnapshotResult::Kept,
        };
        let all = comeback.restore.iter().chain(&comeback.there);
        let snapshots: Vec<_> = all.map(|id| (id.clone(), result(id))).collect();
        let changed = comeback.restore.iter().any(|id| accepted.contains(id));
        Self { target, comeback, snapshots, there: Some(!comeback.in_bin), changed, detail: None, tags: None }
    }

    async fn run(mut self, bin: &BTreeSet<SnapshotId>, patience: &Patience) -> Returned {
        let done = match self.first_problem() {
            Some(problem) => Err(problem),
            None if patience.stop.asked() => Err(Problem::interrupted_before("it was asked for")),
            None => self.image(bin, patience).await,
        };
        let status = match done {
            Ok(()) => Status::Done,
            Err(problem) if problem.code == INTERRUPTED && !self.changed => Status::Skipped(problem),
            Err(problem) => Status::Failed(problem),
        };
        // An untouched image needs no results of its snapshots.
        let told = self.changed || status == Status::Done;
        let blank = outcome(self.target, self.comeback, status).await;
        let snapshots = if told { self.snapshots } else { Vec::new() };
        let (detail, tags) = (self.detail, self.tags.or(blank.tags));
        let outcome = Outcome { changed: self.changed, detail, tags, snapshots, ..blank };
        Returned { outcome, there: self.there }
    }

    /// An image is not requested before all of its snapshots are restored.
    fn first_problem(&self) -> Option<Problem> {
        self.snapshots.iter().find_map(|(id, result)| Some(not_back(id, result.problem()?)))
    }

    async fn image(&mut self, bin: &BTreeSet<SnapshotId>, patience: &Patience) -> Result<(), Problem> {
        if self.comeback.in_bin {
            self.ask(bin, patience).await?;
            (self.there, self.changed) = (Some(true), true);
        }
        let image = image_back(self.target, &self.comeback.id, patience).await.map_err(|error| waited(&error))?;
        self.tags = self.comeback.tags(Some(&image));
        let back = self.snapshots.iter().filter(|(_, result)| *result == SnapshotResult::Restored);
        let back = back.map(|(id, _)| id.clone()).collect();
        let done = put_back(self.target, self.comeback, &image, &back).await;
        self.changed |= done.changed;
        self.detail = done.said;
        done.problem.map_or(Ok(()), Err)
    }

    /// Restores the image. If EC2 names a snapshot in the bin that neither the journal nor a description had, that one
    /// is restored too; one still being restored is awaited.
    async fn ask(&mut self, bin: &BTreeSet<SnapshotId>, patience: &Patience) -> Result<(), Problem> {
        let mut pauses = SEEN_PAUSES.iter();
        loop {
            let error = match recycle_bin::restore_image(self.target, &self.comeback.id).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let named = named(&error);
            let known = named.as_ref().is_none_or(|id| self.snapshots.iter().any(|(known, _)| known == id));
            if let Some(id) = named.clone().filter(|id| !known && bin.contains(id)) {
                self.fetch(id, patience).await?;
                continue;
            }
            let on_its_way = error.is(WRONG_STATE) && self.recovered(named, patience).await?;
            if on_its_way {
                continue;
            }
            match pauses.next() {
                // It is restored, but EC2 has not noticed yet.
                Some(pause) if error.is(WRONG_STATE) || is_about_snapshots(&error) && known && self.changed => {
                    tokio::time::sleep(Duration::from_secs(*pause)).await;
                }
                _ if is_about_snapshots(&error) && !self.comeback.certain => {
                    let hint = "the journal of the run that deregistered it knows its snapshots: --journal FILE";
                    return Err(Problem { message: format!("{}; {hint}", error.message), ..error.problem() });
                }
                _ => {
                    self.there = if error.answer_lost { None } else { self.there };
                    return Err(error.problem());
                }
            }
        }
    }

    /// Restores a snapshot that EC2 named.
    async fn fetch(&mut self, id: SnapshotId, patience: &Patience) -> Result<(), Problem> {
        let mut restored = Restored::from([(id.clone(), restore(self.target, &id).await)]);
        self.changed |= restored.values().all(Result::is_ok);
        settle(self.target, &mut restored, patience).await;
        let results = restored.into_values().map(|done| match done {
            Ok(()) => SnapshotResult::Restored,
            Err(problem) => SnapshotResult::Failed(problem),
        });
        self.snapshots.extend(results.map(|result| (id.clone(), result)));
        self.first_problem().map_or(Ok(()), Err)
    }

    /// Waits for its snapshots that are being restored, the one that EC2 names included; returns whether there were
    /// any. An earlier run may have requested them.
    async fn recovered(&self, named: Option<SnapshotId>, patience: &Patience) -> Result<bool, Problem> {
        let ids = self.snapshots.iter().map(|(id, _)| id.clone()).chain(named);
        let mut asked: Restored = ids.map(|id| (id, Ok(()))).collect();
        let waited = settle(self.target, &mut asked, patience).await;
        asked.iter().find_map(|(id, done)| done.as_ref().err().map(|why| not_back(id, why))).map_or(Ok(waited), Err)
    }
}

fn not_back(id: &SnapshotId, why: &Problem) -> Problem {
    Problem { code: why.code.clone(), message: format!("its snapshot {id} is not back: {}", why.message) }
}

fn over_code(over: Over) -> &'static str {
    match over {
        Over::TimedOut => "Timeout",
        Over::Interrupted => INTERRUPTED,
    }
}

/// The problem that ended the wait for an image.
fn waited(error: &anyhow::Error) -> Problem {
    let failure = error.downcast_ref::<Failure>().map(|failure| failure.code.to_string());
    let code = failure.or_else(|| error.downcast_ref::<ApiError>().map(|error| error.code.clone()));
    Problem { code: code.unwrap_or_else(|| "Failed".to_owned()), message: format!("{error:#}") }
}

fn is_about_snapshots(error: &ApiError) -> bool {
    error.code.starts_with("InvalidSnapshot")
}

/// The snapshot in EC2's error.
fn named(error: &ApiError) -> Option<SnapshotId> {
    let words = error.message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter_map(|word| word.parse().ok()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_in_a_message_is_found() {
        let error = |message: &str| ApiError {
            call: "RestoreImageFromRecycleBin",
            region: "us-east-1".parse().unwrap(),
            code: "InvalidSnapshot.NotFound".to_owned(),
            message: message.to_owned(),
            request_id: None,
            answer_lost: false,
        };
        let id = "snap-0123456789abcdef0".parse().ok();
        for text in ["The snapshot 'snap-0123456789abcdef0' does not exist.", "snap-0123456789abcdef0: not there"] {
            assert_eq!(named(&error(text)), id, "{text}");
        }
        assert_eq!(named(&error("The snapshot of ami-01234567 does not exist: snap-shot")), None);
    }
}
