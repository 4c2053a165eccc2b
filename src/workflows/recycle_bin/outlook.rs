//! The outlook before a deletion: whether the Recycle Bin would hold it, so that it could be restored.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::plan::document::{Action, Plan};
use crate::domain::plan::rows::Rows;
use crate::domain::problem::Problem;
use crate::domain::recycle_bin::rules::{
    Fate, Leaving, Outlook, Resource, RetentionRule, asks_tags, fate_of_image, fate_of_snapshot,
};
use crate::domain::removal::Removal;
use crate::domain::retire::step::Step;
use crate::domain::tags::Tags;
use crate::service::client::error::ApiError;
use crate::service::{Target, images, recycle_bin, snapshots};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// The rules of one place, or why they could not be read, which does not end the run.
type Rules = Result<Vec<RetentionRule>, Problem>;

/// The rules by place; empty if they were not read.
#[derive(Default)]
pub struct RetentionRules(Vec<(Target, Rules)>);

impl RetentionRules {
    /// Reads the rules of these places concurrently. It never fails, so that it can run next to other reads.
    pub async fn of(targets: &[Target]) -> Result<Self> {
        let each = concurrency::each(LOOKUPS, targets, |target| async { (target.clone(), rules(target).await) });
        Ok(Self(each.await))
    }

    /// Whether no rules were read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

async fn rules(target: &Target) -> Rules {
    recycle_bin::rules(target).await.map_err(|error| error.problem())
}

/// The resources that a run is about to delete in one place.
#[derive(Default)]
pub struct Deletion {
    /// Images, each with the snapshots deleted with it.
    pub images: Vec<Leaving>,
    /// Snapshots deleted on their own, with their tags.
    pub snapshots: BTreeMap<SnapshotId, Tags>,
}

impl Deletion {
    /// The images of removals.
    pub fn of(removals: &[Removal]) -> Self {
        let images = removals.iter().map(|removal| Leaving::new(&removal.image, &removal.delete)).collect();
        Self { images, ..Self::default() }
    }
}

/// The user's demand on the Recycle Bin before a deletion.
#[derive(Debug, Clone, Copy)]
pub struct Demand {
    /// Whether only what can certainly be restored may be deleted.
    pub required: bool,
}

impl Demand {
    /// Prints the fate of everything to be deleted, and refuses if the demand is not met.
    pub async fn announce(
        &self,
        context: &Context,
        bin: &RetentionRules,
        going: Vec<(Target, Deletion)>,
    ) -> Result<()> {
        let known: HashMap<_, _> = bin.0.iter().map(|(place, rules)| (place.key(), rules)).collect();
        let each = going.into_iter().filter_map(|(target, going)| {
            let rules = (*known.get(&target.key())?).clone();
            Some((target, rules.map(|rules| (rules, going))))
        });
        self.say(context, each.collect()).await
    }

    async fn say(
        &self,
        context: &Context,
        places: Vec<(Target, Result<(Vec<RetentionRule>, Deletion), Problem>)>,
    ) -> Result<()> {
        let snapshots = |known: &Result<(Vec<RetentionRule>, Deletion), Problem>| {
            known.as_ref().is_ok_and(|(_, going)| !going.snapshots.is_empty())
        };
        let resource = match places.iter().any(|(_, known)| snapshots(known)) {
            true => Resource::Snapshot,
            false => Resource::Image,
        };
        let mut outlook = Outlook { resource, fates: Vec::new(), unknown: Vec::new() };
        let each = concurrency::each(LOOKUPS, places, |(target, known)| async move {
            let known = match known {
                Ok((rules, going)) => fates(&target, &rules, &going).await.map_err(|error| error.problem()),
                Err(problem) => Err(problem),
            };
            (target, known)
        });
        for (target, known) in each.await {
            match known {
                Ok(fates) => outlook.fates.extend(fates),
                Err(problem) => outlook.unknown.push((target.region.to_string(), problem)),
            }
        }
        let said = outlook.sentences();
        for sentence in &said {
            match sentence.warning {
                true => context.printer.tell(&format!("warning: {}", sentence.text)),
                false => context.printer.say(&sentence.text),
            }
        }
        if !self.required || outlook.safe() {
            return Ok(());
        }
        let why: Vec<_> = said.into_iter().map(|sentence| sentence.text).collect();
        let message = format!("not everything that would go could certainly be restored: {}", why.join("; "));
        Err(Failure::new(Kind::Refused, "NotInRecycleBin", message)
            .hint(
                "make retention rules for images and for snapshots: amictl recycle-bin --retain 14d; \
                 or leave --require-recycle-bin out",
            )
            .into())
    }

    /// As [`Self::announce`], for the images that a plan deregisters, in their current state; missing ones are skipped.
    pub async fn announce_plan(&self, context: &Context, targets: &[Target], plan: &Plan) -> Result<()> {
        let all = &Rows::of(plan);
        let each = concurrency::each(LOOKUPS, targets, |target| async move {
            let rows = all.of_place(&target.region, target.account().await.ok());
            let rows: BTreeMap<_, _> =
                rows.into_iter().filter(|row| row.action == Step::Deregister).map(|row| (&row.image_id, row)).collect();
            if rows.is_empty() {
                return None;
            }
            let known = match tokio::join!(rules(target), planned(target, &rows)) {
                (rules, Ok(going)) => rules.map(|rules| (rules, going)),
                (_, Err(error)) => Err(error.problem()),
            };
            Some((target.clone(), known))
        });
        self.say(context, each.await.into_iter().flatten().collect()).await
    }
}

async fn planned(target: &Target, rows: &BTreeMap<&ImageId, &Action>) -> Result<Deletion, ApiError> {
    let ids: Vec<_> = rows.keys().map(|id| (*id).clone()).collect();
    let found = images::own_by_ids(target, &ids).await?;
    let leaving = found.iter().filter_map(|image| Some(Leaving::new(image, &rows.get(&image.id)?.snapshots)));
    Ok(Deletion { images: leaving.collect(), ..Deletion::default() })
}

/// The fate of each image, and of each snapshot deleted on its own.
async fn fates(target: &Target, rules: &[RetentionRule], going: &Deletion) -> Result<Vec<Fate>, ApiError> {
    let mut tags = BTreeMap::new();
    if asks_tags(rules, Resource::Snapshot) {
        let ids: Vec<_> = going.images.iter().flat_map(|image| image.snapshots.iter().cloned()).collect();
        tags.extend(snapshots::existing(target, &ids).await?.into_iter().map(|s| (s.id, s.tags)));
    }
    let images = going.images.iter().map(|image| fate_of_image(rules, image, &tags));
    Ok(images.chain(going.snapshots.values().map(|tags| fate_of_snapshot(rules, tags))).collect())
}
