//! The writer of the journal: each destructive step, recorded before and after it.
//!
//! Two lines per image: `begin` with the state of the image, `end` with the outcome. A `begin` without an `end` is a
//! step with an unknown outcome.

mod collected;
mod read;
mod sink;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::journal::JournaledImage;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{Journaled, RecordedPermissions};
use crate::domain::region::Region;
use crate::domain::report::{Outcome, Verb};
use crate::domain::tags::Tags;
use crate::domain::unfinished::Unfinished;
use crate::output::json::document::{self, VERSION, time};
use crate::output::json::{ImageJson, OutcomeJson};
use sink::Sink;

/// The journal of a run.
pub struct Journal {
    sink: Sink,
    run: String,
    who: Vec<(AccountId, String)>,
}

#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    version: u32,
    phase: &'static str,
    run: &'a str,
    at: String,
    who: Option<&'a str>,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Begin<'a> {
    action: &'static str,
    image: ImageJson<'a>,
    /// `null` if they could not be read.
    launch_permissions: Option<Vec<String>>,
    shares_due: Option<DueJson>,
    delete_snapshots: Vec<&'a str>,
    /// Their tags; `null` if they could not be read.
    snapshot_tags: Option<BTreeMap<&'a str, &'a Tags>>,
    /// Their permissions; `null` if they could not be read.
    snapshot_permissions: Option<BTreeMap<&'a str, Option<Vec<String>>>>,
}

/// The facts about snapshots read before they are deleted.
pub struct GoingSnapshots<'a> {
    /// Their tags.
    pub tags: Option<&'a BTreeMap<SnapshotId, Tags>>,
    /// The permissions of each; `None` if they could not be read.
    pub shared: &'a BTreeMap<SnapshotId, Option<BTreeSet<Principal>>>,
}

/// An image in the Recycle Bin: EC2 reports no more than this.
#[derive(Serialize)]
struct ReturnBegin<'a> {
    action: &'static str,
    image: ReturningImage<'a>,
}

#[derive(Serialize)]
struct ReturningImage<'a> {
    id: &'a str,
    name: Option<&'a str>,
    region: &'a str,
    owner_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ReturnEnd<'a> {
    result: OutcomeJson<'a>,
    /// `null` if unknown.
    image_back: Option<bool>,
}

#[derive(Serialize)]
struct End<'a> {
    result: OutcomeJson<'a>,
    /// `null` if unchanged, or as in the `begin`.
    shares_due: Option<DueJson>,
}

/// The launch permissions to be restored from this line on.
#[derive(Serialize)]
struct DueJson {
    /// `null` if unknown.
    launch_permissions: Option<Vec<String>>,
    /// Whether a tag of the image holds them as well.
    tag: bool,
}

impl DueJson {
    fn new(written: &RecordedPermissions) -> Self {
        Self { launch_permissions: written.who.as_ref().map(texts), tag: written.in_tag }
    }
}

/// An action about to be taken on an image, and the facts recorded before it.
pub struct Beginning<'a> {
    /// The action.
    pub verb: Verb,
    /// The image before the action.
    pub image: &'a Image,
    /// Its launch permissions as EC2 writes them; `None` if they could not be read.
    pub shares: Option<Vec<String>>,
    /// The launch permissions to be restored after the action, if that changes.
    pub due: Option<RecordedPermissions>,
    /// The snapshots deleted with it.
    pub delete_snapshots: Vec<&'a str>,
    /// The facts about its snapshots.
    pub going: Option<GoingSnapshots<'a>>,
}

impl<'a> Beginning<'a> {
    /// An action without further facts.
    pub fn new(verb: Verb, image: &'a Image) -> Self {
        Self { verb, image, shares: None, due: None, delete_snapshots: Vec::new(), going: None }
    }

    /// Adds the launch permissions, if known.
    #[must_use]
    pub fn shared(mut self, with: Option<&BTreeSet<Principal>>) -> Self {
        self.shares = with.map(texts);
        self
    }
}

fn texts(who: &BTreeSet<Principal>) -> Vec<String> {
    who.iter().map(ToString::to_string).collect()
}

#[derive(Serialize)]
struct SnapshotStep<'a> {
    action: &'static str,
    account: Option<&'a str>,
    region: &'a str,
    snapshot: &'a str,
    description: &'a str,
    error: Option<&'a str>,
}

impl Journal {
    /// Opens the journal for appending; creates it and its folder if missing.
    ///
    /// `who` is the caller's ARN in each account.
    pub fn open(path: &Path, run: &str, who: Vec<(AccountId, String)>) -> io::Result<Self> {
        Ok(Self { sink: sink::file(path)?, run: run.to_owned(), who })
    }

    /// A journal whose lines are handed on, each with its line feed.
    pub fn through(
        write: impl Fn(&[u8]) -> io::Result<()> + Send + Sync + 'static,
        run: &str,
        who: Vec<(AccountId, String)>,
    ) -> Self {
        Self { sink: Arc::new(move |line, _| write(line)), run: run.to_owned(), who }
    }

    /// Records an action about to be taken. The line is on disk when this returns.
    pub async fn begin(&self, what: Beginning<'_>, now: DateTime<Utc>) -> io::Result<()> {
        let Beginning { verb, image, shares: launch_permissions, due, delete_snapshots, going } = what;
        let snapshot_tags = going.as_ref().and_then(|going| going.tags).map(|tags| {
            let each = image.snapshots.iter().filter_map(|s| Some((s.id.as_str(), tags.get(&s.id)?)));
            each.collect::<BTreeMap<_, _>>()
        });
        let snapshot_permissions = going.map(|going| {
            let shared = |id| going.shared.get(id).map(|who| who.as_ref().map(texts));
            let each = image.snapshots.iter().filter_map(|s| Some((s.id.as_str(), shared(&s.id)?)));
            each.collect::<BTreeMap<_, _>>()
        });
        let (action, shares_due) = (verb.as_str(), due.as_ref().map(DueJson::new));
        let (account, image) = (image.owner.as_ref(), ImageJson::new(image, None, now));
        let begin = Begin {
            action,
            image,
            launch_permissions,
            shares_due,
            delete_snapshots,
            snapshot_tags,
            snapshot_permissions,
        };
        self.write("begin", account, now, begin).await
    }

    /// Records that an image is about to be restored from the Recycle Bin.
    pub async fn begin_return(
        &self,
        (account, region): (Option<&AccountId>, &Region),
        (id, name): (&ImageId, Option<&str>),
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let owner_id = account.map(AccountId::as_str);
        let image = ReturningImage { id: id.as_str(), name, region: region.as_str(), owner_id };
        self.write("begin", account, now, ReturnBegin { action: Verb::Restore.as_str(), image }).await
    }

    /// Records the outcome of a restore, and whether the image exists, if known.
    pub async fn end_return(&self, outcome: &Outcome, image_back: Option<bool>, now: DateTime<Utc>) -> io::Result<()> {
        let end = ReturnEnd { result: OutcomeJson::new(outcome), image_back };
        self.write("end", outcome.account.as_ref(), now, end).await
    }

    /// The journal's records of these images: for each the newest line written before an action. A missing journal has
    /// none.
    pub async fn remembered(path: &Path, images: BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, JournaledImage>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read::remembered(&path, &images));
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// The launch permissions to be restored on these images.
    pub async fn due(path: &Path, images: BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Journaled>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read::due(&path, &images));
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Deregistrations of these images that began and did not succeed.
    pub async fn unfinished(path: &Path, images: BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Unfinished>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read::unfinished(&path, &images));
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Records the outcome of an action, and the launch permissions to be restored from now on, if they changed.
    pub async fn end(
        &self,
        outcome: &Outcome,
        due: Option<&RecordedPermissions>,
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let end = End { result: OutcomeJson::new(outcome), shares_due: due.map(DueJson::new) };
        self.write("end", outcome.account.as_ref(), now, end).await
    }

    /// Records the deletion of a snapshot: `begin`, or `end` with EC2's error, if any.
    pub async fn snapshot(
        &self,
        phase: &'static str,
        (account, region, snapshot): (Option<&AccountId>, &str, &str),
        description: &str,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let id = account.map(AccountId::as_str);
        let step = SnapshotStep { action: "delete-snapshot", account: id, region, snapshot, description, error };
        self.write(phase, account, now, step).await
    }

    async fn write(
        &self,
        phase: &'static str,
        account: Option<&AccountId>,
        now: DateTime<Utc>,
        what: impl Serialize,
    ) -> io::Result<()> {
        let there = self.who.iter().find(|(id, _)| Some(id) == account).or(self.who.first());
        let who = there.map(|(_, arn)| arn.as_str());
        let mut line = Vec::new();
        document::write(&mut line, &Line { version: VERSION, phase, run: &self.run, at: time(now), who, what })?;
        line.push(b'\n');
        let sink = Arc::clone(&self.sink);
        // Disks may be slow, and other calls must not wait.
        let written = tokio::task::spawn_blocking(move || sink(&line, phase));
        written.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}
