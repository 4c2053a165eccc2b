//! What all destroying commands do alike: work through removals, write the journal, stop when asked, report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use futures::StreamExt;

use super::Context;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::journal::Remembered;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{Journaled, Written};
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::removal::{self, Removal};
use crate::domain::report::{Outcome, Report, SnapshotResult, Status, Verb};
use crate::domain::snapshot::delete_line;
use crate::domain::tags::{KEEP, Tags};
use crate::domain::unfinished::Unfinished;
use crate::journal::{Beginning, GoingSnapshots, Journal};
use crate::output::Bar;
use crate::service::error::ApiError;
use crate::service::settle::settle;
use crate::service::{Target, deregister, permissions, snapshots, stopping};

/// How many batches are worked on at a time.
const SIDE_BY_SIDE: usize = 10;
/// How many batches are looked at again together, and how many such chunks are under way at a time.
const BATCHES: usize = 50;
const CHUNKS: usize = 3;

/// Where the journal is written.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalArgs {
    /// File to which every step is appended [default: $XDG_STATE_HOME/amictl/journal.jsonl]
    #[arg(long, value_name = "FILE", env = "AMICTL_JOURNAL", hide_env_values = true)]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// The journal that is named, or else the usual one; none where nothing says where that is.
    fn path(&self, context: &Context) -> Option<PathBuf> {
        let set = |name: &str| context.env(name).map(PathBuf::from);
        let state = || set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local").join("state")));
        self.journal.clone().or_else(|| Some(state()?.join("amictl").join("journal.jsonl")))
    }

    /// What the journal remembers of these images; see [`Journal::remembered`].
    pub async fn remembered(
        &self,
        context: &Context,
        images: BTreeSet<ImageId>,
    ) -> Result<BTreeMap<ImageId, Remembered>> {
        let path = if images.is_empty() { None } else { self.path(context) };
        let Some(path) = path else { return Ok(BTreeMap::new()) };
        Journal::remembered(&path, images).await.with_context(|| format!("journal {}", path.display()))
    }

    /// Who of these images is to get a launch permission back; see [`Journal::due`].
    pub async fn due<'a>(
        &self,
        context: &Context,
        images: impl IntoIterator<Item = &'a Image>,
    ) -> Result<BTreeMap<ImageId, Journaled>> {
        let images: BTreeSet<_> = images.into_iter().map(|image| image.id.clone()).collect();
        let path = if images.is_empty() { None } else { self.path(context) };
        let Some(path) = path else { return Ok(BTreeMap::new()) };
        Journal::due(&path, images).await.with_context(|| format!("journal {}", path.display()))
    }

    /// Which of these images it has begun to deregister, with no good end; see [`Journal::unfinished`].
    pub async fn unfinished(
        &self,
        context: &Context,
        images: &BTreeSet<ImageId>,
    ) -> Result<BTreeMap<ImageId, Unfinished>> {
        let Some(path) = self.path(context) else { return Ok(BTreeMap::new()) };
        Journal::unfinished(&path, images.clone()).await.with_context(|| format!("journal {}", path.display()))
    }

    /// Opens the journal of this run. Without one nothing is destroyed.
    pub async fn open(&self, context: &Context, targets: impl IntoIterator<Item = &Target>) -> Result<Journal> {
        let path =
            self.path(context).ok_or_else(|| Failure::usage("no place for the journal").hint("give --journal FILE"))?;
        let mut who = Vec::new();
        for target in targets {
            if let Ok(caller) = target.caller().await {
                who.extend(caller.arn.clone().map(|arn| (caller.account.clone(), arn)));
            }
        }
        Journal::open(&path, &context.maker.run, who).with_context(|| format!("journal {}", path.display()))
    }
}

/// Removes everything. What is left when the user asks to stop is reported as skipped.
pub async fn carry_out(context: &Context, work: Vec<(Target, Vec<Removal>)>, journal: &Journal) -> Report {
    let total: usize = work.iter().map(|(_, removals)| removals.len()).sum();
    let bar = context.printer.bars().count(total as u64, "deregistering");
    let run = Run { context, journal, bar: &bar };
    let chunks = work.into_iter().flat_map(|(target, removals)| {
        let chunks: Vec<_> = removal::batches(removals).chunks(BATCHES).map(<[_]>::to_vec).collect();
        chunks.into_iter().map(move |chunk| (target.clone(), chunk))
    });
    let each = chunks.map(|(target, chunk)| run.chunk(target, chunk));
    let done: Vec<Vec<Outcome>> = futures::stream::iter(each).buffered(CHUNKS).collect().await;
    Report { results: done.into_iter().flatten().collect(), ..Report::default() }
}

/// Who snapshots are shared with; nothing where that could not be found out.
type Shared = BTreeMap<SnapshotId, Option<BTreeSet<Principal>>>;

type TagsOf = BTreeMap<SnapshotId, Tags>;

#[derive(Clone, Copy)]
struct Run<'a> {
    context: &'a Context,
    journal: &'a Journal,
    bar: &'a Bar,
}

impl Run<'_> {
    /// Works on some batches side by side, each in order, then looks again at all of them at once.
    async fn chunk(self, target: Target, batches: Vec<Vec<Removal>>) -> Vec<Outcome> {
        let (tags, unread) = match self.tags(&target, &batches).await {
            Ok(tags) => (tags, None),
            Err(error) => (None, Some(format!("whether its tag {KEEP} keeps it is unknown: {error}"))),
        };
        let (tags, unread) = (&tags, &unread);
        let each = batches.into_iter().map(|mut batch| async {
            // What was kept on purpose with one image does not go with another.
            batch.iter_mut().for_each(|removal| tags.iter().for_each(|tags| removal.keep_tagged(tags)));
            let doubt = |_: &SnapshotId| unread.clone().map(SnapshotResult::KeptUnverified);
            batch.iter_mut().for_each(|removal| removal.spare(doubt));
            let (mut asked, mut untouched) = (Vec::new(), Vec::new());
            let going: BTreeSet<SnapshotId> = batch.iter().flat_map(|removal| removal.delete.iter().cloned()).collect();
            let mut shared = Shared::new();
            for removal in batch {
                match self.begin(&target, &removal, tags.as_ref(), (&going, &mut shared)).await {
                    Err(outcome) => untouched.push(outcome),
                    Ok(()) => {
                        let send = deregister::send(&target, &removal, tags.as_ref());
                        match stopping::begin(&self.context.stop, send).await {
                            Err(error) if stopping::stopped(&error) => {
                                let skipped = deregister::skipped(&removal, error.problem());
                                untouched.push(end(self.context, self.journal, skipped).await);
                            }
                            said => asked.push((removal, said)),
                        }
                    }
                }
                self.bar.step();
            }
            (asked, untouched)
        });
        let parts: Vec<_> = futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
        let (asked, untouched): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let asked: Vec<_> = asked.into_iter().flatten().collect();
        let settled = self.context.watched("looking whether they are gone", async |watch| {
            settle(&target, &asked, &self.context.stop, watch).await
        });
        let settled = settled.await;
        let mut outcomes = Vec::new();
        for outcome in settled {
            outcomes.push(end(self.context, self.journal, outcome).await);
        }
        outcomes.extend(untouched.into_iter().flatten());
        outcomes
    }

    /// The tags of all snapshots that go, or are kept as the user asked; nothing where nothing is done any more.
    async fn tags(self, target: &Target, batches: &[Vec<Removal>]) -> Result<Option<TagsOf>, ApiError> {
        if self.context.stop.asked() {
            return Ok(None);
        }
        let ids = batches.iter().flatten().flat_map(|removal| removal.delete.iter().chain(&removal.keep));
        let ids: Vec<_> = ids.cloned().collect();
        let found = snapshots::existing(target, &ids).await?;
        Ok(Some(found.into_iter().map(|snapshot| (snapshot.id, snapshot.tags)).collect()))
    }

    /// Writes down what is about to be done. Unless that is written, or when the user wants to stop, nothing is.
    async fn begin(
        self,
        target: &Target,
        removal: &Removal,
        tags: Option<&TagsOf>,
        (going, shared): (&BTreeSet<SnapshotId>, &mut Shared),
    ) -> Result<(), Outcome> {
        if let Some(stopped) = stopped(self.context) {
            return Err(deregister::skipped(removal, stopped));
        }
        // Who it was shared with is gone with the image, and who could copy it with its snapshots, which goes for
        // those too that go with a later image. Not being allowed to know is no reason to keep it.
        let ids: BTreeSet<_> = removal.image.snapshots.iter().map(|snapshot| &snapshot.id).collect();
        let unread = ids.into_iter().filter(|id| going.contains(id) && !shared.contains_key(id));
        let each = unread.map(|id| async move { (id.clone(), permissions::volume_permissions(target, id).await.ok()) });
        let each = futures::stream::iter(each.collect::<Vec<_>>()).buffer_unordered(SIDE_BY_SIDE);
        let (shares, read) = tokio::join!(permissions::named(target, &removal.image.id), each.collect::<Vec<_>>());
        shared.extend(read);
        let (shares, going) = (shares.ok(), Some(GoingSnapshots { tags, shared }));
        let delete_snapshots = removal.delete.iter().map(|id| id.as_str()).collect();
        let what = Beginning { shares, delete_snapshots, going, ..Beginning::new(Verb::Deregister, &removal.image) };
        let written = self.journal.begin(what, self.context.clock()).await;
        written.map_err(|error| deregister::failed(removal, not_begun(&error)))
    }
}

/// Why nothing more is begun, where the user has asked to stop.
pub fn stopped(context: &Context) -> Option<Problem> {
    let problem = || Problem { code: "Interrupted".to_owned(), message: "interrupted before it began".to_owned() };
    context.stop.asked().then(problem)
}

/// Why nothing was done, where the journal could not be written.
pub fn not_begun(error: &std::io::Error) -> Problem {
    let message = format!("the journal cannot be written, so nothing was done: {error}");
    Problem { code: "JournalError".to_owned(), message }
}

/// Writes down what became of an image.
pub async fn end(context: &Context, journal: &Journal, outcome: Outcome) -> Outcome {
    end_with(context, journal, outcome, None).await
}

/// The same, with who is to get a launch permission back from now on, where that has changed.
pub async fn end_with(context: &Context, journal: &Journal, mut outcome: Outcome, due: Option<&Written>) -> Outcome {
    let written = journal.end(&outcome, due, context.clock()).await;
    if let (Err(error), Status::Done) = (written, &outcome.status) {
        let message = format!("it is done, but the journal cannot be completed: {error}");
        outcome.status = Status::Failed(Problem { code: "JournalError".to_owned(), message });
    }
    outcome
}

/// Says where nothing could be done.
pub fn tell(context: &Context, errors: &[PlaceError]) {
    errors.iter().for_each(|error| context.printer.tell(&error.to_string()));
}

/// What deletes the snapshots that are left of images which are gone: nothing can be named by those any more.
pub fn left_behind(report: &Report) -> Option<String> {
    let several = report.results.windows(2).any(|pair| pair[0].account != pair[1].account);
    let of = |outcome: &Outcome| {
        let account = outcome.account.as_ref().filter(|_| several);
        let within = account.map(|account| format!("in account {account}: ")).unwrap_or_default();
        let by_hand =
            |result: &SnapshotResult| matches!(result, SnapshotResult::Failed(problem) if !problem.is_of_backup());
        let left = outcome.snapshots.iter().filter(|(_, result)| by_hand(result));
        let delete = |id: &SnapshotId| format!("{within}{}", delete_line(&outcome.region, id));
        left.map(|(id, _)| delete(id)).collect::<Vec<_>>()
    };
    let lines: Vec<_> = report.results.iter().flat_map(of).collect();
    (!lines.is_empty()).then(|| format!("delete the snapshots that are left with: {}", lines.join("; ")))
}

/// What EC2 deletes for nobody but AWS Backup, images and snapshots.
fn of_backup(report: &Report) -> Option<String> {
    let mut ids = Vec::new();
    for outcome in &report.results {
        if matches!(&outcome.status, Status::Failed(problem) if problem.is_of_backup() && outcome.snapshots.is_empty())
        {
            ids.push(outcome.image_id.to_string());
        }
        let held =
            |result: &SnapshotResult| matches!(result, SnapshotResult::Failed(problem) if problem.is_of_backup());
        ids.extend(outcome.snapshots.iter().filter(|(_, result)| held(result)).map(|(id, _)| id.to_string()));
    }
    (!ids.is_empty()).then(|| format!("in AWS Backup, delete the recovery points of {}", ids.join(", ")))
}

/// Says what failed, and ends the run as the report asks for. Without a hint, the same command does the rest: that is
/// for those that decide anew what is to be done.
pub fn finish(context: &Context, report: &Report, hint: Option<String>) -> Result<()> {
    for outcome in &report.results {
        if let Status::Failed(problem) | Status::Skipped(problem) = &outcome.status {
            let (id, place) = (&outcome.image_id, &outcome.region);
            context.printer.tell(&format!("{id} in {place}: {} [{}]", problem.message, problem.code));
        }
    }
    tell(context, &report.errors);
    let (done, failed, skipped) = report.counts();
    let message = format!("{done} done, {failed} failed, {skipped} skipped");
    if context.stop.asked() {
        let failure = Failure::new(Kind::Interrupted, "Interrupted", format!("interrupted: {message}"));
        return Err(Failure { hint, ..failure }.into());
    }
    match report.failure() {
        None => Ok(()),
        Some(kind) => {
            let removal = report.results.iter().all(|outcome| outcome.verb == Verb::Deregister);
            let code = if removal { "PartialDeregister" } else { "PartialChange" };
            let backup = of_backup(report);
            let again = || backup.is_none().then(|| "run the command again for those that failed".to_owned());
            let hints: Vec<_> = hint.or_else(again).into_iter().chain(backup).collect();
            Err(Failure::new(kind, code, message).hint(hints.join("; ")).into())
        }
    }
}
