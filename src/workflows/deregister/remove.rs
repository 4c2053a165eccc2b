//! Deregisters images in batches: journals each one before and after, and stops when asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures::StreamExt;

use crate::domain::ids::SnapshotId;
use crate::domain::permissions::principal::Principal;
use crate::domain::removal::{self, Removal};
use crate::domain::report::{Outcome, Report, SnapshotResult, Verb};
use crate::domain::tags::{KEEP, Tags};
use crate::journal::{Beginning, GoingSnapshots, Journal};
use crate::output::Bar;
use crate::service::client::error::{self, ApiError};
use crate::service::client::stop;
use crate::service::settle::settle;
use crate::service::{Target, deregister, permissions, snapshots};
use crate::workflows::run::concurrency::{self, BATCHES, CHUNKS, SNAPSHOTS};
use crate::workflows::run::context::{Context, stopped};
use crate::workflows::run::journal::{end, not_begun};

/// How many batches are looked at again together.
const CHUNK: usize = 50;

/// Deregisters all images. After a stop signal, the rest is reported as skipped.
pub async fn carry_out(context: &Context, work: Vec<(Target, Vec<Removal>)>, journal: &Journal) -> Report {
    let total: usize = work.iter().map(|(_, removals)| removals.len()).sum();
    let bar = context.printer.bars().count(total as u64, "deregistering");
    let told = Mutex::default();
    let run = Run { context, journal, bar: &bar, told: &told };
    let chunks = work.into_iter().flat_map(|(target, removals)| {
        let chunks: Vec<_> = removal::batches(removals).chunks(CHUNK).map(<[_]>::to_vec).collect();
        chunks.into_iter().map(move |chunk| (target.clone(), chunk))
    });
    let done = concurrency::each(CHUNKS, chunks, |(target, chunk)| run.chunk(target, chunk)).await;
    Report { results: done.into_iter().flatten().collect(), ..Report::default() }
}

/// The permissions of snapshots; `None` if they could not be read.
type Shared = BTreeMap<SnapshotId, Option<BTreeSet<Principal>>>;

type TagsOf = BTreeMap<SnapshotId, Tags>;

#[derive(Clone, Copy)]
struct Run<'a> {
    context: &'a Context,
    journal: &'a Journal,
    bar: &'a Bar,
    /// What was said of which place.
    told: &'a Mutex<BTreeSet<(String, &'static str)>>,
}

impl Run<'_> {
    /// Deregisters some batches concurrently, each in order, then confirms all of them at once.
    async fn chunk(self, target: Target, batches: Vec<Vec<Removal>>) -> Vec<Outcome> {
        let (tags, unread) = match self.tags(&target, &batches).await {
            Ok(tags) => (tags, None),
            Err(error) => {
                self.warn(&target, "snapshots are kept, as their tags are unknown", &error).await;
                (None, Some(format!("whether its tag {KEEP} keeps it is unknown: {error}")))
            }
        };
        let (tags, unread) = (&tags, &unread);
        let each = concurrency::each(BATCHES, batches, |mut batch| async {
            // Snapshots kept on purpose for another image are not deleted with this one.
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
                        match stop::begin(&self.context.stop, send).await {
                            Err(error) if error::is_interrupted(&error) => {
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
        let (asked, untouched): (Vec<_>, Vec<_>) = each.await.into_iter().unzip();
        let asked: Vec<_> = asked.into_iter().flatten().collect();
        let settled = self.context.watched("checking that they are gone", async |watch| {
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

    /// Says once what could not be read in a place.
    async fn warn(self, target: &Target, what: &'static str, error: &ApiError) {
        if error::is_interrupted(error) {
            return;
        }
        let place = target.place().await;
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert((place.clone(), what)) {
            self.context.printer.tell(&format!("warning: {place}: {what}: {error}"));
        }
    }

    /// The tags of all snapshots to be deleted, or kept at the user's request; `None` after a stop signal.
    async fn tags(self, target: &Target, batches: &[Vec<Removal>]) -> Result<Option<TagsOf>, ApiError> {
        if self.context.stop.asked() {
            return Ok(None);
        }
        let ids = batches.iter().flatten().flat_map(|removal| removal.delete.iter().chain(&removal.keep));
        let ids: Vec<_> = ids.cloned().collect();
        let found = snapshots::existing(target, &ids).await?;
        Ok(Some(found.into_iter().map(|snapshot| (snapshot.id, snapshot.tags)).collect()))
    }

    /// Journals the deregistration. If that fails, or after a stop signal, nothing is done.
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
        // EC2 drops the permissions of an image and of its snapshots with them; they are read for snapshots deleted
        // with a later image too. Optional: without permission to read them, the removal goes on.
        let ids: BTreeSet<_> = removal.image.snapshots.iter().map(|snapshot| &snapshot.id).collect();
        let unread = ids.into_iter().filter(|id| going.contains(id) && !shared.contains_key(id));
        let each = concurrency::as_done(SNAPSHOTS, unread.collect::<Vec<_>>(), |id| async move {
            (id.clone(), permissions::volume_permissions(target, id).await)
        });
        let (shares, read) = tokio::join!(permissions::named(target, &removal.image.id), each.collect::<Vec<_>>());
        for (id, read) in read {
            if let Err(error) = &read {
                self.warn(target, "the journal does not say who could use snapshots", error).await;
            }
            shared.insert(id, read.ok());
        }
        if let Err(error) = &shares {
            self.warn(target, "the journal does not say who could launch images", error).await;
        }
        let (shares, going) = (shares.ok(), Some(GoingSnapshots { tags, shared }));
        let delete_snapshots = removal.delete.iter().map(|id| id.as_str()).collect();
        let what = Beginning { shares, delete_snapshots, going, ..Beginning::new(Verb::Deregister, &removal.image) };
        let written = self.journal.begin(what, self.context.clock()).await;
        written.map_err(|error| deregister::failed(removal, not_begun(&error)))
    }
}
