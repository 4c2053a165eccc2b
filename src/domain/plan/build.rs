//! Builder of plans: turns the verdicts of all places into one document.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::check::{digest_of, hex};
use super::document::{Action, ErrorRow, Kept, KeptReason, KeptSnapshot, Plan, SourceRow, Summary, VERSION};
use crate::domain::age::ago;
use crate::domain::cost::Prices;
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::image_service::resources_stay;
use crate::domain::order::newest_first;
use crate::domain::policy::Policy;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::report::SnapshotResult;
use crate::domain::retention::{Judgement, Reason};
use crate::domain::retire::History;
use crate::domain::retire::step::Step;
use crate::domain::snapshot_use::stays;
use crate::domain::usage::source::Usage;

/// The images of one place with their verdicts and use.
#[derive(Debug)]
pub struct Judged<'a> {
    /// All own images of the place.
    pub images: &'a [Image],
    /// Their verdicts, in the same order.
    pub verdicts: Vec<Judgement<'a>>,
    /// Their use.
    pub usage: &'a Usage,
}

impl Plan {
    /// Combines the verdicts of all places.
    pub fn new(
        policy: Policy,
        account: Option<AccountId>,
        places: &[Judged<'_>],
        prices: Prices,
        now: DateTime<Utc>,
    ) -> Self {
        let mut sizes = BTreeMap::new();
        let (mut actions, mut kept) = (Vec::new(), Vec::new());
        for place in places {
            let gone = |verdict: &&Judgement<'_>| verdict.step == Some(Step::Deregister);
            // An image that is not deregistered still needs its snapshots.
            let needed: BTreeSet<_> = place
                .verdicts
                .iter()
                .filter(|verdict| !gone(verdict))
                .flat_map(|verdict| &verdict.image.snapshots)
                .map(|snapshot| &snapshot.id)
                .collect();
            let mut staying = Vec::new();
            // The oldest of each family first.
            let mut verdicts: Vec<_> = place.verdicts.iter().collect();
            verdicts.sort_by(|a, b| a.family.cmp(&b.family).then_with(|| newest_first(b.image, a.image)));
            for verdict in verdicts {
                let Some(step) = verdict.step else {
                    staying.push(verdict);
                    continue;
                };
                let mut free: BTreeMap<_, _> = verdict
                    .image
                    .snapshots
                    .iter()
                    .filter(|snapshot| !needed.contains(&snapshot.id))
                    .map(|snapshot| (snapshot.id.clone(), snapshot.size_gib))
                    .collect();
                let stay = free.keys().filter_map(|id| KeptSnapshot::new(id, stays(place.usage, id)?));
                let stay: Vec<_> = stay.collect();
                free.retain(|id, _| stay.iter().all(|kept| kept.id != *id));
                actions.push(Action { kept_snapshots: stay, ..Action::new(verdict, step, &free, now) }.with_reason());
                let region = &verdict.image.region;
                sizes.extend(free.into_iter().map(|(id, gib)| ((region.clone(), id), gib)));
            }
            kept.extend(staying.into_iter().map(Kept::new));
        }
        actions.sort_by(|a, b| order(a).cmp(&order(b)));
        let size_gib = sizes.values().sum();
        let unverified = kept.iter().filter(|k| k.reasons.iter().all(|r| r.code == "unverified")).count();
        let count = |step| actions.iter().filter(|action: &&Action| action.action == step).count();
        let summary = Summary {
            actions: actions.len(),
            deregister: count(Step::Deregister),
            disable: count(Step::Disable),
            deprecate: count(Step::Deprecate),
            revive: count(Step::Revive),
            kept: kept.len(),
            unverified,
            size_gib,
            monthly_saving_usd_at_most: prices.monthly(sizes.iter().map(|((region, _), gib)| (region, *gib))),
        };
        let sources = places.iter().flat_map(|place| &place.usage.sources).map(SourceRow::new).collect();
        let going = |place: &Judged<'_>| {
            let going = place.verdicts.iter().filter(|verdict| verdict.step == Some(Step::Deregister));
            resources_stay(going.map(|verdict| verdict.image))
        };
        let warnings = places.iter().flat_map(|place| place.usage.warnings.iter().cloned().chain(going(place)));
        let warnings = warnings.map(|warning| ErrorRow::new(&warning)).collect();
        let (version, kind) = (VERSION, "plan".to_owned());
        let created_at = now - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
        let (accounts, errors) = (account.iter().cloned().collect(), Vec::new());
        let digest = String::new();
        Self {
            version,
            kind,
            created_at,
            account,
            accounts,
            errors,
            warnings,
            policy,
            sources,
            actions,
            kept,
            summary,
            digest,
        }
        .sealed()
    }

    /// The plan of a run over these accounts, with the places that could not be read.
    #[must_use]
    pub fn over(mut self, accounts: BTreeSet<AccountId>, errors: &[PlaceError]) -> Self {
        self.account = accounts.first().filter(|_| accounts.len() == 1).cloned();
        self.accounts = accounts.into_iter().collect();
        self.errors = errors.iter().map(ErrorRow::new).collect();
        self.sealed()
    }

    fn sealed(mut self) -> Self {
        self.digest = digest_of(&mut self);
        self
    }
}

fn order(action: &Action) -> (Option<&AccountId>, &Region, Option<&str>, Option<&str>) {
    (action.account.as_ref(), &action.region, action.family.as_deref(), action.pattern.as_deref())
}

/// A hash of all fields of an image that the decision to delete it at `now` may rest on.
pub fn fingerprint(image: &Image, now: DateTime<Utc>) -> String {
    let snapshots: BTreeSet<_> = image.snapshots.iter().map(|s| s.id.as_str()).collect();
    let parts = serde_json::json!([
        image.id,
        image.name,
        image.state.as_str(),
        image.tags,
        snapshots,
        image.public,
        image.protection.word(now)
    ]);
    hex(&Sha256::digest(parts.to_string()).as_slice()[..16])
}

impl Action {
    fn new(verdict: &Judgement<'_>, step: Step, free: &BTreeMap<SnapshotId, i64>, now: DateTime<Utc>) -> Self {
        let image = verdict.image;
        Self {
            account: image.owner.clone(),
            region: image.region.clone(),
            image_id: image.id.clone(),
            name: image.name.clone(),
            family: verdict.family.map(|family| family.word.to_owned()),
            pattern: verdict.family.and_then(|family| family.pattern).map(str::to_owned),
            image_version: image.parsed_name.as_ref().map(|name| name.version().get()),
            tags: Some(image.tags.clone()),
            action: step,
            snapshots: free.keys().cloned().collect(),
            kept_snapshots: Vec::new(),
            reason: why(verdict, now),
            size_gib: free.values().sum(),
            fingerprint: fingerprint(image, now),
        }
    }

    /// Adds the snapshots that stay to the reason, so that the user sees them before confirming.
    fn with_reason(mut self) -> Self {
        for KeptSnapshot { id, result, detail } in &self.kept_snapshots {
            let by = if result == "kept-in-use" { "in use by " } else { "" };
            self.reason.push_str(&format!("; {id} stays: {by}{detail}"));
        }
        self
    }
}

impl KeptSnapshot {
    fn new(id: &SnapshotId, result: SnapshotResult) -> Option<Self> {
        let word = result.as_str().to_owned();
        match result {
            SnapshotResult::KeptInUse(detail) | SnapshotResult::KeptUnverified(detail) => {
                Some(Self { id: id.clone(), result: word, detail })
            }
            _ => None,
        }
    }
}

/// The reason for the step and the progress of the retirement, in words.
fn why(verdict: &Judgement<'_>, now: DateTime<Utc>) -> String {
    let mut text = match verdict.reasons.is_empty() {
        true => why_it_goes(verdict, now),
        false => verdict.reasons.iter().map(|r| format!("{}: {}", r.code(), r.detail())).collect::<Vec<_>>().join("; "),
    };
    let history = History::of(verdict.image).unwrap_or_default();
    if let Some(last) = history.held(verdict.image, now).last() {
        text.push_str(&format!("; {}", last.so_far(now)));
    }
    let step = verdict.step == Some(Step::Deprecate) && !Step::Deprecate.holds(verdict.image, now);
    if step && verdict.image.public {
        // The user confirms a step that a revival cannot take back.
        text.push_str("; it is public: EC2 cancels this only once it is private");
    }
    text
}

fn why_it_goes(verdict: &Judgement<'_>, now: DateTime<Utc>) -> String {
    let age = verdict.image.created_at.map_or("of unknown age".to_owned(), |at| format!("{} old", ago(at, now)));
    match (verdict.rank, verdict.keep) {
        (Some(rank), Some(keep)) => format!("{rank}, the newest {keep} stay; {age}, not in use"),
        _ => format!("{}; {age}, not in use", verdict.image.state),
    }
}

impl Kept {
    fn new(verdict: &Judgement<'_>) -> Self {
        let reason = |r: &Reason| KeptReason { code: r.code().to_owned(), detail: r.detail() };
        Self {
            account: verdict.image.owner.clone(),
            region: verdict.image.region.clone(),
            image_id: verdict.image.id.clone(),
            name: verdict.image.name.clone(),
            family: verdict.family.map(|family| family.word.to_owned()),
            pattern: verdict.family.and_then(|family| family.pattern).map(str::to_owned),
            tags: Some(verdict.image.tags.clone()),
            reasons: verdict.reasons.iter().map(reason).collect(),
        }
    }
}
