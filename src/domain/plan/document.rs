//! A plan as data: what prune shows, saves, confirms and applies.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::policy::Policy;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::retire::step::Step;
use crate::domain::tags::Tags;
use crate::domain::usage::source::{Source, SourceState, SourceStatus};

/// The version of the document.
pub const VERSION: u32 = 1;

/// The result of a `prune` without changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the document.
    pub version: u32,
    /// Always `plan`.
    pub kind: String,
    /// When it was made.
    #[serde(serialize_with = "seconds")]
    pub created_at: DateTime<Utc>,
    /// The account it was made in; `None` for several.
    pub account: Option<AccountId>,
    /// All accounts it was to be made in.
    #[serde(default)]
    pub accounts: Vec<AccountId>,
    /// Accounts and regions that could not be read, so that the plan has none of their images.
    #[serde(default)]
    pub errors: Vec<ErrorRow>,
    /// Dead references found among the sources of use. Plans of earlier versions have none.
    #[serde(default)]
    pub warnings: Vec<ErrorRow>,
    /// The rules it follows.
    pub policy: Policy,
    /// The sources of use, read or not.
    pub sources: Vec<SourceRow>,
    /// The steps, in order.
    pub actions: Vec<Action>,
    /// The images that stay.
    pub kept: Vec<Kept>,
    /// The sums.
    pub summary: Summary,
    /// Detects changes to the document.
    pub digest: String,
}

/// A place that could not be read, or that has a warning.
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
    /// The number of items read.
    pub read: usize,
}

/// A step on one image.
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
    /// Its family.
    pub family: Option<String>,
    /// The pattern that found the family; none for names by amictl's rule.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Its version.
    pub image_version: Option<u64>,
    /// Its tags. Plans of earlier versions have none.
    #[serde(default)]
    pub tags: Option<Tags>,
    /// The step.
    pub action: Step,
    /// The snapshots deleted with a deregistered image: those that no remaining image uses.
    pub snapshots: Vec<SnapshotId>,
    /// Its snapshots that stay because something other than an image names them, or may. Plans of earlier versions have
    /// none.
    #[serde(default)]
    pub kept_snapshots: Vec<KeptSnapshot>,
    /// The reason.
    pub reason: String,
    /// The size of the deleted snapshots in GiB, at most.
    pub size_gib: i64,
    /// Detects changes to the image since it was judged.
    pub fingerprint: String,
}

/// One snapshot that stays when its image is deregistered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSnapshot {
    /// The snapshot.
    pub id: SnapshotId,
    /// The word for scripts: `kept-in-use` or `kept-unverified`.
    pub result: String,
    /// The references to it, or why they are unknown.
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
    /// Its family.
    pub family: Option<String>,
    /// The pattern that found the family; none for names by amictl's rule.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Its tags. Plans of earlier versions have none.
    #[serde(default)]
    pub tags: Option<Tags>,
    /// All reasons to keep it.
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
    /// Images with a step.
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
    /// The size of the snapshots that would be deleted, in GiB at most; each counted once.
    pub size_gib: i64,
    /// The monthly saving in US dollars, at most.
    pub monthly_saving_usd_at_most: f64,
}

impl Plan {
    /// The families of its images.
    pub fn families(&self) -> BTreeSet<&str> {
        let kept = self.kept.iter().filter_map(|kept| kept.family.as_deref());
        kept.chain(self.actions.iter().filter_map(|action| action.family.as_deref())).collect()
    }

    /// The number of images per step: `2 to deregister, 3 to disable`.
    pub fn steps(&self) -> String {
        let each = Step::ALL.iter().map(|step| (self.count(*step), step.as_str())).filter(|(n, _)| *n > 0);
        each.map(|(n, step)| format!("{n} to {step}")).collect::<Vec<_>>().join(", ")
    }

    /// The number of images with this step.
    pub fn count(&self, step: Step) -> usize {
        self.actions.iter().filter(|action| action.action == step).count()
    }

    /// The number of images that the limit counts: all with a step other than `revive`.
    pub fn leaving(&self) -> usize {
        self.actions.len() - self.count(Step::Revive)
    }

    /// The number of images in scope: those with a step, and those that stay for another reason than being out of
    /// scope.
    pub fn in_scope(&self) -> usize {
        let outside = |reason: &KeptReason| matches!(reason.code.as_str(), "out-of-scope" | "unmanaged");
        self.actions.len() + self.kept.iter().filter(|kept| !kept.reasons.iter().any(outside)).count()
    }

    /// Whether the plan covers the place, read or failed. Accounts may have different regions enabled; if an account
    /// could not be entered, its regions are unknown and all count.
    pub fn covers(&self, account: Option<&AccountId>, region: &Region) -> bool {
        let Some(account) = account else { return true };
        let read: Vec<_> = self.sources.iter().filter(|row| row.account.as_ref() == Some(account)).collect();
        let failed = self.errors.iter().filter(|row| row.account.as_deref() == Some(account.as_str()));
        read.iter().any(|row| row.region == *region)
            || failed.into_iter().any(|row| read.is_empty() || row.region == *region)
    }

    /// A source and its place, for messages.
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
    /// Whether its failure leaves doubt about some images only.
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

fn seconds<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
