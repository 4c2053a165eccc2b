//! What all destroying commands do alike: work through removals, write the journal, stop when asked, report.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use crate::domain::ids::SnapshotId;
use crate::domain::permissions::principal::Principal;
use crate::domain::removal::{self, Removal};
use crate::domain::report::{Outcome, Report, SnapshotResult, Verb};
use crate::domain::tags::{KEEP, Tags};
use crate::journal::{Beginning, GoingSnapshots, Journal};
use crate::output::Bar;
use crate::service::client::error::ApiError;
use crate::service::client::stop;
use crate::service::settle::settle;
use crate::service::{Target, deregister, permissions, snapshots};
use crate::workflows::run::context::{Context, stopped};
use crate::workflows::run::journal::{end, not_begun};

/// How many batches are worked on at a time.
const SIDE_BY_SIDE: usize = 10;
/// How many batches are looked at again together, and how many such chunks are under way at a time.
const BATCHES: usize = 50;
const CHUNKS: usize = 3;

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
                        match stop::begin(&self.context.stop, send).await {
                            Err(error) if stop::stopped(&error) => {
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
