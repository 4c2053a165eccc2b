//! A plan: what would be done and what stays, as one document that is shown, saved, confirmed and applied.

mod build;
mod check;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::ids::{AccountId, ImageId, SnapshotId};
use super::policy::Policy;
use super::problem::PlaceError;
use super::region::Region;
use super::retire::step::Step;
use super::usage::source::{Source, SourceState, SourceStatus};

pub use build::{Judged, fingerprint};
pub use check::Unusable;

/// The version of the document.
const VERSION: u32 = 1;

/// What a run of `prune` would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the document.
    pub version: u32,
    /// Always `plan`.
    pub kind: String,
    /// When it was made.
    #[serde(serialize_with = "seconds")]
    pub created_at: DateTime<Utc>,
    /// The account it was made in; none where there are several.
    pub account: Option<AccountId>,
    /// All accounts it was to be made in.
    #[serde(default)]
    pub accounts: Vec<AccountId>,
    /// Accounts and regions of which nothing is known, so that nothing of theirs is in the plan.
    #[serde(default)]
    pub errors: Vec<ErrorRow>,
    /// What leads nowhere, of what was looked at for use. Plans of earlier versions have none.
    #[serde(default)]
    pub warnings: Vec<ErrorRow>,
    /// The rules it follows.
    pub policy: Policy,
    /// The sources of use, read or not.
    pub sources: Vec<SourceRow>,
    /// What would be done, in order.
    pub actions: Vec<Action>,
    /// What stays.
    pub kept: Vec<Kept>,
    /// The sums.
    pub summary: Summary,
    /// Tells whether the document is as it was written.
    pub digest: String,
}

/// An account, or a region of it, that could not be looked into, or that there is a warning of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// The account, where known.
    pub account: Option<String>,
    /// The region.
    pub region: Region,
    /// EC2's code.
    pub code: String,
    /// EC2's message.
    pub message: String,
}

/// A source of use and how reading it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The source.
    pub source: String,
    /// `ok`, `failed` or `skipped`.
    pub status: String,
    /// EC2's message for a source that failed.
    pub message: Option<String>,
    /// How many things were looked at.
    pub read: usize,
}

/// One image to which something would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The account.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The image.
    pub image_id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// The family it counts in.
    pub family: Option<String>,
    /// Its version.
    pub image_version: Option<u64>,
    /// What would be done.
    pub action: Step,
    /// The snapshots that go with it where it is deregistered: those no image that stays is made of.
    pub snapshots: Vec<SnapshotId>,
    /// Those of its snapshots that stay because something else than an image names them, or may. Plans of earlier
    /// versions have none.
    #[serde(default)]
    pub kept_snapshots: Vec<KeptSnapshot>,
    /// Why.
    pub reason: String,
    /// The size of those snapshots in GiB, at most.
    pub size_gib: i64,
    /// Tells whether the image is as it was when it was judged.
    pub fingerprint: String,
}

/// One snapshot that stays when its image goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSnapshot {
    /// The snapshot.
    pub id: SnapshotId,
    /// The word for scripts: `kept-in-use` or `kept-unverified`.
    pub result: String,
    /// What names it, or why that is unknown.
    pub detail: String,
}

/// One image that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The account.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The image.
    pub image_id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// The family it counts in.
    pub family: Option<String>,
    /// Everything that keeps it.
    pub reasons: Vec<KeptReason>,
}

/// One reason that keeps an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptReason {
    /// The word for scripts.
    pub code: String,
    /// The words for people.
    pub detail: String,
}

/// The sums of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Images to which something would be done.
    pub actions: usize,
    /// Of those, images that would be deregistered.
    #[serde(default)]
    pub deregister: usize,
    /// Images that would be disabled.
    #[serde(default)]
    pub disable: usize,
    /// Images that would be deprecated.
    #[serde(default)]
    pub deprecate: usize,
    /// Images that would be put back.
    #[serde(default)]
    pub revive: usize,
    /// Images that stay.
    pub kept: usize,
    /// Of those, images that stay only because their use could not be verified.
    pub unverified: usize,
    /// The snapshots that would go, in GiB at most; each counted once.
    pub size_gib: i64,
    /// What that saves a month, in US dollars at most.
    pub monthly_saving_usd_at_most: f64,
}

fn seconds<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

impl Plan {
    /// How many images would have that done to them.
    pub fn count(&self, step: Step) -> usize {
        self.actions.iter().filter(|action| action.action == step).count()
    }

    /// The images that the limit counts: all to which something is done, but for those that are put back.
    pub fn leaving(&self) -> usize {
        self.actions.len() - self.count(Step::Revive)
    }

    /// The images in scope: those that go, and those that stay for another reason than being out of scope.
    pub fn in_scope(&self) -> usize {
        let outside = |reason: &KeptReason| matches!(reason.code.as_str(), "out-of-scope" | "unmanaged");
        self.actions.len() + self.kept.iter().filter(|kept| !kept.reasons.iter().any(outside)).count()
    }

    /// Whether it looked into the place, or tried to. Accounts need not have enabled the same regions; where one could
    /// not be entered at all, nobody knows which it has.
    pub fn covers(&self, account: Option<&AccountId>, region: &Region) -> bool {
        let Some(account) = account else { return true };
        let read: Vec<_> = self.sources.iter().filter(|row| row.account.as_ref() == Some(account)).collect();
        let failed = self.errors.iter().filter(|row| row.account.as_deref() == Some(account.as_str()));
        read.iter().any(|row| row.region == *region)
            || failed.into_iter().any(|row| read.is_empty() || row.region == *region)
    }

    /// A source and where it is, for messages.
    pub fn place(&self, row: &SourceRow) -> String {
        let account = row.account.as_ref().filter(|_| self.accounts.len() > 1);
        let account = account.map(|id| format!(" of account {id}")).unwrap_or_default();
        format!("{} in {}{account}", row.source, row.region)
    }

    /// The sources that could not be read.
    pub fn failed_sources(&self) -> impl Iterator<Item = &SourceRow> {
        self.sources.iter().filter(|row| row.status == "failed")
    }
}

impl ErrorRow {
    /// The row of a place.
    pub fn new(error: &PlaceError) -> Self {
        let PlaceError { account, region, problem } = error.clone();
        Self { account, region, code: problem.code, message: problem.message }
    }
}

impl SourceRow {
    /// Whether it may be silent about some images only.
    pub fn by_image(&self) -> bool {
        [Source::Accounts, Source::UsageReports].iter().any(|source| source.as_str() == self.source)
    }

    /// The row of a source.
    pub fn new(state: &SourceState) -> Self {
        let (status, message, read) = match &state.status {
            SourceStatus::Ok { read } => ("ok", None, *read),
            SourceStatus::Failed(problem) => ("failed", Some(format!("{} [{}]", problem.message, problem.code)), 0),
            SourceStatus::Skipped => ("skipped", None, 0),
        };
        Self {
            account: state.account.clone(),
            region: state.region.clone(),
            source: state.source.to_string(),
            status: status.to_owned(),
            message,
            read,
        }
    }
}

#[cfg(test)]
mod tests;
