//! Bringing images back from the Recycle Bin: their snapshots first, then the images, then what EC2 has forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;

use super::error::ApiError;
use super::permissions::{Give, give, known_permissions};
use super::target::Target;
use super::wait::{Over, Patience, Pauses, image_back};
use super::{recycle_bin, snapshots, tags};
use crate::domain::comeback::Comeback;
use crate::domain::failure::Failure;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::report::{Outcome, Problem, SnapshotResult, Status, Verb};

/// How many snapshots, or images, are worked on at a time.
const SIDE_BY_SIDE: usize = 10;
/// How long EC2 may take a snapshot that is back for one that is not, in seconds.
const SEEN_PAUSES: [u64; 5] = [1, 2, 4, 8, 15];
/// The state of a snapshot on its way back.
const RECOVERING: &str = "recovering";

/// What became of the snapshots that were to come back.
type Restored = BTreeMap<SnapshotId, Result<(), Problem>>;

/// Asks EC2 whether the image and its snapshots could be brought back; changes nothing.
pub async fn check(target: &Target, comeback: &Comeback) -> Result<(), ApiError> {
    if !comeback.in_bin {
        return Ok(());
    }
    for snapshot in &comeback.restore {
        recycle_bin::check_snapshot(target, snapshot).await?;
    }
    match recycle_bin::check_image(target, &comeback.id).await {
        // Its snapshots are not back yet.
        Err(error) if is_about_snapshots(&error) && !comeback.restore.is_empty() => Ok(()),
        other => other,
    }
}

/// Brings images of one place back; `bin` are all snapshots in its bin. The outcomes come in the order of `comebacks`.
pub async fn bring_back(
    target: &Target,
    comebacks: &[Comeback],
    bin: &BTreeSet<SnapshotId>,
    patience: &Patience,
    step: &(dyn Fn() + Sync),
) -> Vec<Outcome> {
    // Several images may be made of one snapshot.
    let wanted: BTreeSet<&SnapshotId> = comebacks.iter().flat_map(|comeback| &comeback.restore).collect();
    let each = futures::stream::iter(wanted).map(|id| async move {
        let done = if patience.stop.asked() { Err(interrupted()) } else { restore(target, id).await };
        (id.clone(), done)
    });
    let mut restored: Restored = each.buffer_unordered(SIDE_BY_SIDE).collect().await;
    settle(target, &mut restored, patience).await;
    let restored = &restored;
    let each = futures::stream::iter(comebacks).map(|comeback| async move {
        let outcome = Return::new(target, comeback, restored).run(bin, patience).await;
        step();
        outcome
    });
    each.buffered(SIDE_BY_SIDE).collect().await
}

async fn restore(target: &Target, id: &SnapshotId) -> Result<(), Problem> {
    recycle_bin::restore_snapshot(target, id).await.map_err(|error| error.problem())
}

/// Waits until no snapshot is on its way back any more. What EC2 does not tell is for it to judge when the image comes.
async fn settle(target: &Target, restored: &mut Restored, patience: &Patience) {
    let mut pauses = Pauses::new(patience);
    loop {
        let back: Vec<_> = restored.iter().filter(|(_, done)| done.is_ok()).map(|(id, _)| id.clone()).collect();
        let Ok(found) = snapshots::existing(target, &back).await else { return };
        let slow = found.iter().filter(|snapshot| snapshot.state == RECOVERING);
        let slow: Vec<SnapshotId> = slow.map(|snapshot| snapshot.id.clone()).collect();
        if slow.is_empty() {
            return;
        }
        if let Err(over) = pauses.pause().await {
            let message = "EC2 is still bringing it back".to_owned();
            let problem = Problem { code: over_code(over).to_owned(), message };
            restored.extend(slow.into_iter().map(|id| (id, Err(problem.clone()))));
            return;
        }
    }
}

/// One image on its way back.
struct Return<'a> {
    target: &'a Target,
    comeback: &'a Comeback,
    snapshots: Vec<(SnapshotId, SnapshotResult)>,
    changed: bool,
    detail: Option<String>,
}

impl<'a> Return<'a> {
    fn new(target: &'a Target, comeback: &'a Comeback, restored: &Restored) -> Self {
        let result = |id: &SnapshotId| match restored.get(id) {
            Some(Err(problem)) => SnapshotResult::Failed(problem.clone()),
            Some(Ok(())) => SnapshotResult::Restored,
            None => SnapshotResult::Kept,
        };
        let all = comeback.restore.iter().chain(&comeback.there);
        let snapshots: Vec<_> = all.map(|id| (id.clone(), result(id))).collect();
        let changed = snapshots.iter().any(|(_, result)| *result == SnapshotResult::Restored);
        Self { target, comeback, snapshots, changed, detail: None }
    }

    async fn run(mut self, bin: &BTreeSet<SnapshotId>, patience: &Patience) -> Outcome {
        let done = match self.first_problem() {
            Some(problem) => Err(problem),
            None if patience.stop.asked() => Err(interrupted()),
            None => self.image(bin, patience).await,
        };
        let status = match done {
            Ok(()) => Status::Done,
            Err(problem) if problem.code == "Interrupted" && !self.changed => Status::Skipped(problem),
            Err(problem) => Status::Failed(problem),
        };
        // What nobody has touched needs no account of its snapshots.
        let told = self.changed || status == Status::Done;
        Outcome {
            account: self.target.account().await.ok().cloned(),
            region: self.target.region.clone(),
            image_id: self.comeback.id.clone(),
            name: self.comeback.name.clone(),
            verb: Verb::Restore,
            changed: self.changed,
            detail: self.detail,
            status,
            snapshots: if told { self.snapshots } else { Vec::new() },
        }
    }

    /// Without all of its snapshots an image is not asked for.
    fn first_problem(&self) -> Option<Problem> {
        self.snapshots.iter().find_map(|(id, result)| match result {
            SnapshotResult::Failed(problem) => {
                let message = format!("its snapshot {id} is not back: {}", problem.message);
                Some(Problem { code: problem.code.clone(), message })
            }
            SnapshotResult::Restored | SnapshotResult::Kept | SnapshotResult::KeptShared | SnapshotResult::Deleted => {
                None
            }
        })
    }

    async fn image(&mut self, bin: &BTreeSet<SnapshotId>, patience: &Patience) -> Result<(), Problem> {
        if self.comeback.in_bin {
            self.ask(bin).await?;
            self.changed = true;
        }
        let image = image_back(self.target, &self.comeback.id, patience).await.map_err(|error| waited(&error))?;
        self.complete(&image).await
    }

    /// Asks for the image. Where EC2 names a snapshot in the bin that it needs, which neither the journal nor a
    /// description told, that one is brought back too.
    async fn ask(&mut self, bin: &BTreeSet<SnapshotId>) -> Result<(), Problem> {
        let mut pauses = SEEN_PAUSES.iter();
        loop {
            let error = match recycle_bin::restore_image(self.target, &self.comeback.id).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let named = named(&error);
            let known = named.as_ref().is_none_or(|id| self.snapshots.iter().any(|(known, _)| known == id));
            if let Some(id) = named.filter(|id| !known && bin.contains(id))
                && restore(self.target, &id).await.is_ok()
            {
                self.snapshots.push((id, SnapshotResult::Restored));
                self.changed = true;
                continue;
            }
            match pauses.next() {
                // It is back, and EC2 has not noticed yet.
                Some(pause) if is_about_snapshots(&error) && known && self.changed => {
                    tokio::time::sleep(Duration::from_secs(*pause)).await;
                }
                _ if is_about_snapshots(&error) && !self.comeback.certain => {
                    let hint = "the journal of the run that deregistered it knows its snapshots: --journal FILE";
                    return Err(Problem { message: format!("{}; {hint}", error.message), ..error.problem() });
                }
                _ => return Err(error.problem()),
            }
        }
    }

    /// Puts back the tags and launch permissions that the image had and EC2 did not bring back.
    async fn complete(&mut self, image: &Image) -> Result<(), Problem> {
        let Some(before) = &self.comeback.before else { return Ok(()) };
        let failed = |what: &str, why: &Problem| Problem {
            code: why.code.clone(),
            message: format!("it is back, but not all of its {what}: {}", why.message),
        };
        let (target, mut put_back) = (self.target, Vec::new());
        let mut problem = None;
        let ids: Vec<_> = before.snapshot_tags.iter().flatten().map(|(id, _)| id.clone()).collect();
        match snapshots::existing(target, &ids).await {
            Err(error) => problem = Some(failed("tags", &error.problem())),
            Ok(found) => {
                let mut number = 0;
                for (lacking, resources) in self.comeback.lacking_tags(image, &found) {
                    match tags::add(target, &resources, &lacking).await {
                        Ok(()) => number += lacking.len() * resources.len(),
                        Err(error) => problem = Some(failed("tags", &error.problem())),
                    }
                }
                put_back.extend(counted(number, "tag"));
            }
        }
        match self.share(&image.id).await {
            Ok(number) => put_back.extend(counted(number, "launch permission")),
            Err(why) => problem = problem.or(Some(failed("launch permissions", &why))),
        }
        if !put_back.is_empty() {
            self.changed = true;
            self.detail = Some(format!("{} put back from the journal", put_back.join(" and ")));
        }
        problem.or_else(|| self.comeback.unreadable_shares()).map_or(Ok(()), Err)
    }

    /// Gives the launch permissions back that are lacking, and says how many.
    async fn share(&self, image: &ImageId) -> Result<usize, Problem> {
        let then = self.comeback.before.as_ref().and_then(|before| before.launch_permissions.as_ref());
        if then.is_none_or(BTreeSet::is_empty) {
            return Ok(0);
        }
        let now = known_permissions(self.target, image).await.map_err(|error| error.problem())?;
        let lacking = self.comeback.lacking_shares(&now);
        give(self.target, image, Give::Add, &lacking).await.map(|()| lacking.len())
    }
}

fn counted(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    }
}

fn interrupted() -> Problem {
    Problem { code: "Interrupted".to_owned(), message: "interrupted before it was asked for".to_owned() }
}

fn over_code(over: Over) -> &'static str {
    match over {
        Over::TimedOut => "Timeout",
        Over::Interrupted => "Interrupted",
    }
}

/// Why the wait for an image ended.
fn waited(error: &anyhow::Error) -> Problem {
    let failure = error.downcast_ref::<Failure>().map(|failure| failure.code.to_owned());
    let code = failure.or_else(|| error.downcast_ref::<ApiError>().map(|error| error.code.clone()));
    Problem { code: code.unwrap_or_else(|| "Failed".to_owned()), message: format!("{error:#}") }
}

fn is_about_snapshots(error: &ApiError) -> bool {
    error.code.starts_with("InvalidSnapshot")
}

/// The snapshot that EC2 complains about.
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
