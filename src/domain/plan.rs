//! A plan: what would be deleted and what stays, as one document that is shown, saved, confirmed and applied.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::age::{Age, ago};
use super::cost::Price;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::image::Image;
use super::policy::Policy;
use super::region::Region;
use super::retention::Verdict;
use super::usage::{SourceState, SourceStatus, Usage};

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
    /// The account it was made in.
    pub account: Option<AccountId>,
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

/// One image that would go.
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
    /// Always `deregister`.
    pub action: String,
    /// The snapshots that go with it: those no image that stays is made of.
    pub snapshots: Vec<SnapshotId>,
    /// Why it may go.
    pub reason: String,
    /// The size of those snapshots in GiB, at most.
    pub size_gib: i64,
    /// Tells whether the image is as it was when it was judged.
    pub fingerprint: String,
}

/// One image that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
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
    /// Images that would go.
    pub actions: usize,
    /// Images that stay.
    pub kept: usize,
    /// Of those, images that stay only because their use could not be verified.
    pub unverified: usize,
    /// The snapshots that would go, in GiB at most; each counted once.
    pub size_gib: i64,
    /// What that saves a month, in US dollars at most.
    pub monthly_saving_usd_at_most: f64,
}

/// A plan that must not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// Not a plan at all.
    #[error("it is not a plan: {0}")]
    NotAPlan(String),
    /// Changed since it was written.
    #[error("it was changed after it was made: its digest does not match")]
    Edited,
    /// Too old.
    #[error("it was made {age} ago, and {most} is the most")]
    TooOld {
        /// How old it is.
        age: String,
        /// How old it may be.
        most: Age,
    },
    /// Dated in the future.
    #[error("it is dated {0}, which is in the future")]
    FromTheFuture(DateTime<Utc>),
    /// Made in another account.
    #[error("it was made in account {plan}, and this is account {here}")]
    OtherAccount {
        /// The account of the plan.
        plan: String,
        /// This account.
        here: String,
    },
}

fn seconds<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// The images of one place with what was found out about them.
#[derive(Debug)]
pub struct Judged<'a> {
    /// All own images of the place.
    pub images: &'a [Image],
    /// Their verdicts, in the same order.
    pub verdicts: Vec<Verdict<'a>>,
    /// Who uses them.
    pub usage: &'a Usage,
}

impl Plan {
    /// Puts the verdicts of all places together.
    pub fn new(
        policy: Policy,
        account: Option<AccountId>,
        places: &[Judged<'_>],
        price: Price,
        now: DateTime<Utc>,
    ) -> Self {
        let mut sizes = BTreeMap::new();
        let (mut actions, mut kept) = (Vec::new(), Vec::new());
        for place in places {
            let (going, staying): (Vec<_>, Vec<_>) = place.verdicts.iter().partition(|v| v.goes());
            let needed: BTreeSet<_> =
                staying.iter().flat_map(|v| &v.image.snapshots).map(|snapshot| &snapshot.id).collect();
            for verdict in going {
                let free: BTreeMap<_, _> = verdict
                    .image
                    .snapshots
                    .iter()
                    .filter(|snapshot| !needed.contains(&snapshot.id))
                    .map(|snapshot| (snapshot.id.clone(), snapshot.size_gib))
                    .collect();
                actions.push(Action::new(verdict, &free, now));
                sizes.extend(free);
            }
            kept.extend(staying.into_iter().map(Kept::new));
        }
        actions.sort_by(|a, b| order(a).cmp(&order(b)));
        let size_gib = sizes.values().sum();
        let unverified = kept.iter().filter(|k| k.reasons.iter().all(|r| r.code == "unverified")).count();
        let summary = Summary {
            actions: actions.len(),
            kept: kept.len(),
            unverified,
            size_gib,
            monthly_saving_usd_at_most: price.monthly(size_gib),
        };
        let sources = places.iter().flat_map(|place| &place.usage.sources).map(SourceRow::new).collect();
        let (version, kind) = (VERSION, "plan".to_owned());
        let created_at = now - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
        let mut plan =
            Self { version, kind, created_at, account, policy, sources, actions, kept, summary, digest: String::new() };
        plan.digest = serde_json::to_value(&plan).map(digest).unwrap_or_default();
        plan
    }

    /// Reads a plan that was saved, and checks that it is as it was written.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let wrong = |error: serde_json::Error| Unusable::NotAPlan(error.to_string());
        let value: Value = serde_json::from_str(text).map_err(wrong)?;
        let plan: Self = serde_json::from_value(value.clone()).map_err(wrong)?;
        match plan {
            Self { version, .. } if version != VERSION => {
                Err(Unusable::NotAPlan(format!("version {version} is not known; this amictl reads version {VERSION}")))
            }
            Self { ref kind, .. } if kind != "plan" => Err(Unusable::NotAPlan(format!("it is a {kind}"))),
            Self { digest: ref written, .. } if *written != digest(value) => Err(Unusable::Edited),
            plan => Ok(plan),
        }
    }

    /// Whether the plan may be applied now, by this account.
    pub fn check(&self, here: Option<&AccountId>, most: Age, now: DateTime<Utc>) -> Result<(), Unusable> {
        if self.created_at > now + TimeDelta::minutes(5) {
            return Err(Unusable::FromTheFuture(self.created_at));
        }
        if self.created_at < most.before(now) {
            return Err(Unusable::TooOld { age: ago(self.created_at, now), most });
        }
        match self.account.as_ref() == here {
            true => Ok(()),
            false => {
                let text = |account: Option<&AccountId>| account.map_or("unknown".to_owned(), ToString::to_string);
                Err(Unusable::OtherAccount { plan: text(self.account.as_ref()), here: text(here) })
            }
        }
    }

    /// The images in scope: those that go, and those that stay for another reason than being out of scope.
    pub fn in_scope(&self) -> usize {
        let outside = |reason: &KeptReason| matches!(reason.code.as_str(), "out-of-scope" | "unmanaged");
        self.actions.len() + self.kept.iter().filter(|kept| !kept.reasons.iter().any(outside)).count()
    }

    /// The sources that could not be read.
    pub fn failed_sources(&self) -> impl Iterator<Item = &SourceRow> {
        self.sources.iter().filter(|row| row.status == "failed")
    }
}

fn order(action: &Action) -> (&Region, Option<&str>, Option<u64>, &ImageId) {
    (&action.region, action.family.as_deref(), action.image_version, &action.image_id)
}

/// The digest of a plan without its digest. Keys are sorted, so only content counts, not layout.
fn digest(mut plan: Value) -> String {
    if let Some(fields) = plan.as_object_mut() {
        fields.remove("digest");
    }
    hex(Sha256::digest(plan.to_string()).as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Stands for everything about an image that a decision to delete it may rest on.
pub fn fingerprint(image: &Image) -> String {
    let snapshots: BTreeSet<_> = image.snapshots.iter().map(|s| s.id.as_str()).collect();
    let parts = serde_json::json!([
        image.id, image.name, image.state.as_str(), image.tags, snapshots, image.public, image.protection.as_str()
    ]);
    hex(&Sha256::digest(parts.to_string()).as_slice()[..16])
}

impl SourceRow {
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

impl Action {
    fn new(verdict: &Verdict<'_>, free: &BTreeMap<SnapshotId, i64>, now: DateTime<Utc>) -> Self {
        let image = verdict.image;
        Self {
            account: image.owner.clone(),
            region: image.region.clone(),
            image_id: image.id.clone(),
            name: image.name.clone(),
            family: verdict.family.map(str::to_owned),
            image_version: image.parsed_name.as_ref().map(|name| name.version().get()),
            action: "deregister".to_owned(),
            snapshots: free.keys().cloned().collect(),
            reason: why(verdict, now),
            size_gib: free.values().sum(),
            fingerprint: fingerprint(image),
        }
    }
}

/// Why the image may go, in words.
fn why(verdict: &Verdict<'_>, now: DateTime<Utc>) -> String {
    let age = verdict.image.created_at.map_or("of unknown age".to_owned(), |at| format!("{} old", ago(at, now)));
    match (verdict.place, verdict.keep) {
        (Some(place), Some(keep)) => format!("number {place}, {keep} stay; {age}, not in use"),
        _ => format!("{}; {age}, not in use", verdict.image.state),
    }
}

impl Kept {
    fn new(verdict: &Verdict<'_>) -> Self {
        let reason = |r: &super::retention::Reason| KeptReason { code: r.code().to_owned(), detail: r.detail() };
        Self {
            region: verdict.image.region.clone(),
            image_id: verdict.image.id.clone(),
            name: verdict.image.name.clone(),
            family: verdict.family.map(str::to_owned),
            reasons: verdict.reasons.iter().map(reason).collect(),
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
