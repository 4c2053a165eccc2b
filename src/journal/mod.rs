//! The journal: what a destroying run does, written down before and after each step, so that whatever happens in
//! between somebody can account for it.
//!
//! Two lines an image: `begin` with all that was known of it, `end` with what became of it. A `begin` without an
//! `end` is a step whose outcome nobody saw.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::journal::Remembered;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{Journaled, Written};
use crate::domain::region::Region;
use crate::domain::report::{Outcome, Verb};
use crate::domain::tags::Tags;
use crate::domain::unfinished::Unfinished;
use crate::output::json::document::{VERSION, time};
use crate::output::json::{ImageJson, OutcomeJson};

/// The journal of a run.
pub struct Journal {
    file: Arc<Mutex<File>>,
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
    /// `null` where it could not be found out.
    launch_permissions: Option<Vec<String>>,
    shares_due: Option<DueJson>,
    delete_snapshots: Vec<&'a str>,
    /// The tags of those; `null` where they could not be found out.
    snapshot_tags: Option<BTreeMap<&'a str, &'a Tags>>,
    /// Who each of those is shared with; `null` where it could not be found out.
    snapshot_permissions: Option<BTreeMap<&'a str, Option<Vec<String>>>>,
}

/// What is found out about snapshots that go with images before they do.
pub struct GoingSnapshots<'a> {
    /// Their tags.
    pub tags: Option<&'a BTreeMap<SnapshotId, Tags>>,
    /// Who each is shared with; nothing where that could not be found out.
    pub shared: &'a BTreeMap<SnapshotId, Option<BTreeSet<Principal>>>,
}

/// An image in the Recycle Bin, of which EC2 tells no more.
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
    /// `null` where nobody has seen it.
    image_back: Option<bool>,
}

#[derive(Serialize)]
struct End<'a> {
    result: OutcomeJson<'a>,
    /// `null` where it is as it was before, or as the `begin` has it.
    shares_due: Option<DueJson>,
}

/// The memory of launch permissions from this line on.
#[derive(Serialize)]
struct DueJson {
    /// `null` where nothing is known.
    launch_permissions: Option<Vec<String>>,
    /// Whether a tag of the image is to hold them too.
    tag: bool,
}

impl DueJson {
    fn new(written: &Written) -> Self {
        Self { launch_permissions: written.who.as_ref().map(texts), tag: written.in_tag }
    }
}

/// What is about to be done to an image, and what is known of it.
pub struct Beginning<'a> {
    /// What is about to be done.
    pub verb: Verb,
    /// The image as it is.
    pub image: &'a Image,
    /// Who it is shared with, in EC2's words; `None` where that could not be found out.
    pub shares: Option<Vec<String>>,
    /// Who is to get a launch permission back once it is done, where that changes.
    pub due: Option<Written>,
    /// The snapshots that go with it.
    pub delete_snapshots: Vec<&'a str>,
    /// What was found out about snapshots, those among them.
    pub going: Option<GoingSnapshots<'a>>,
}

impl<'a> Beginning<'a> {
    /// A step about which nothing else is known.
    pub fn new(verb: Verb, image: &'a Image) -> Self {
        Self { verb, image, shares: None, due: None, delete_snapshots: Vec::new(), going: None }
    }

    /// The same with who the image is shared with, where that is known.
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
    /// Opens the journal for appending; it and its folder are made where they are missing.
    ///
    /// `who` works in each account, as an ARN.
    pub fn open(path: &Path, run: &str, who: Vec<(AccountId, String)>) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Arc::new(Mutex::new(file)), run: run.to_owned(), who })
    }

    /// Writes down what is about to be done to an image. It is on the disk when this comes back.
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

    /// Writes down that an image is about to be brought back from the Recycle Bin.
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

    /// Writes down how that ended, and whether the image is there, where that is known.
    pub async fn end_return(&self, outcome: &Outcome, image_back: Option<bool>, now: DateTime<Utc>) -> io::Result<()> {
        let end = ReturnEnd { result: OutcomeJson::new(outcome), image_back };
        self.write("end", outcome.account.as_ref(), now, end).await
    }

    /// What the journal remembers of these images: the newest line of each that was written before something was done
    /// to it. A journal that is not there remembers nothing.
    pub async fn remembered(path: &Path, images: BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Remembered>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read::remembered(&path, &images));
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Who of these images is to get a launch permission back, as far as the journal says.
    pub async fn due(path: &Path, images: BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Journaled>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read::due(&path, &images));
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Which of these images it has begun to deregister, as far as no good end was written down.
    pub async fn unfinished(path: &Path, images: BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Unfinished>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read::unfinished(&path, &images));
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Writes down what became of it, and who is to get a launch permission back from now on, where that has changed.
    pub async fn end(&self, outcome: &Outcome, due: Option<&Written>, now: DateTime<Utc>) -> io::Result<()> {
        let end = End { result: OutcomeJson::new(outcome), shares_due: due.map(DueJson::new) };
        self.write("end", outcome.account.as_ref(), now, end).await
    }

    /// Writes down one step of deleting a snapshot: `begin`, or `end` with EC2's error where there was one.
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
        let mut line = serde_json::to_vec(&Line { version: VERSION, phase, run: &self.run, at: time(now), who, what })?;
        line.push(b'\n');
        let file = Arc::clone(&self.file);
        // Disks may take their time, in which other calls must not wait.
        let written = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // One write a line: lines of runs that share the journal do not mix.
            file.write_all(&line)?;
            // What is about to be done must survive the machine; what was done can be seen at AWS.
            if phase == "begin" { file.sync_data() } else { Ok(()) }
        });
        written.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}
