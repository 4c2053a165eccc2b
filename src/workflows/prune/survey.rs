//! The survey of `prune` and `apply`: reads images and their use, judges, and builds the plan.
//!
//! `prune` makes a plan with it, `apply` repeats it to see which rows still hold.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::Result;
use futures::StreamExt;
use tokio::sync::oneshot;

use crate::domain::cost::Prices;
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::before_disabling;
use crate::domain::plan::Judged;
use crate::domain::plan::document::Plan;
use crate::domain::policy::Policy;
use crate::domain::problem::PlaceError;
use crate::domain::report::{Report, Warning};
use crate::domain::retention::{Judgement, SharedWith, judge};
use crate::domain::tags::SHARES;
use crate::domain::usage::source::{Source, Usage};
use crate::output::Bar;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::permissions::launch_permissions;
use crate::service::session::places::Places;
use crate::service::usage::sources::{self, Scope};
use crate::workflows::run::concurrency::{self, IMAGES, PLACES};
use crate::workflows::run::context::Context;
use crate::workflows::usage::place::{self, Pick, PlaceUsage};
use crate::workflows::usage::{accounts, reports, snapshots};

/// The images of one account and region, with their use.
pub struct Survey {
    /// The place.
    pub target: Target,
    /// Its account, if known.
    pub account: Option<AccountId>,
    /// All own images.
    pub images: Vec<Image>,
    /// Their use.
    pub usage: Usage,
    shares: SharedWith,
    /// Why its images could not be listed. Its references to images of other accounts count all the same.
    unlisted: Option<ApiError>,
}

/// The surveys of all places.
pub struct Surveys {
    /// The readable places.
    pub each: Vec<Survey>,
    /// Accounts and places that could not be read.
    pub errors: Vec<PlaceError>,
}

/// Reads every place concurrently. A place whose images cannot be listed is reported, and the others go on; an error if
/// none can. Usage reports read `before` in this run are not requested again.
pub async fn survey(context: &Context, places: &Places, policy: &Policy, before: Option<&Surveys>) -> Result<Surveys> {
    let candidates: Pick<'_> = &|looked| candidates(context, policy, looked);
    let targets = places.targets.clone();
    let scope = Scope::new(policy.without_sources.clone(), policy.refs_from.iter().map(PathBuf::from).collect());
    let steps = Source::ALL.len() + 1;
    let bar = context.printer.bars().count((targets.len() * steps) as u64, "reading images and their use");
    let each = concurrency::each(PLACES, targets, |target| place(context, target, policy, &scope, &bar));
    let reading = async {
        let mut surveys = Surveys { each: each.await, errors: places.errors.clone() };
        let mut unread = place::unread_accounts(&places.unentered());
        let listed = surveys.each.iter().any(|survey| survey.unlisted.is_none());
        for Survey { target, unlisted, .. } in &surveys.each {
            let Some(error) = unlisted else { continue };
            if !listed {
                return Err(error.clone().into());
            }
            let place = target.error(error.problem()).await;
            unread.push(place::unread(&place, Some(target.region.clone())));
            surveys.errors.push(place);
        }
        // Accounts use images of the same region only: an unread region leaves the others in no doubt.
        if places.several {
            let mut looked: Vec<_> = surveys.each.iter_mut().map(Survey::looked).collect();
            snapshots::add(&mut looked);
            accounts::across(&mut looked, unread, &policy.without_sources, candidates, candidates).await;
        }
        surveys.each.retain(|survey| survey.unlisted.is_none());
        Ok(surveys)
    };
    let mut surveys = context.unless_stopped(reading).await?;
    match before {
        Some(before) => surveys.take_reports(before),
        None if policy.usage_reports => {
            let mut looked: Vec<_> = surveys.each.iter_mut().map(Survey::looked).collect();
            reports::add(context, &mut looked, candidates).await?;
        }
        None => {}
    }
    Ok(surveys)
}

/// The images for which only use by others is still to be checked. Images that stay anyway need no check.
fn candidates<'a>(context: &Context, policy: &Policy, looked: &PlaceUsage<'a>) -> Vec<&'a Image> {
    let verdicts = judge(policy, looked.images, looked.usage, looked.shares, context.now);
    verdicts.iter().filter(|v| v.candidate()).map(|v| v.image).collect()
}

async fn place(context: &Context, target: Target, policy: &Policy, scope: &Scope, bar: &Bar) -> Survey {
    let (tell, told) = oneshot::channel();
    let listing = async {
        let mut images = images::find(&target, &Query::own()).await?;
        images.iter_mut().for_each(|image| image.group_by(&policy.family_patterns));
        bar.step();
        // Images that stay by some rule need no call of their own.
        let verdicts = judge(policy, &images, &Usage::default(), &SharedWith::new(), context.now);
        let candidates = verdicts.iter().filter(|v| v.candidate()).map(|v| v.image.id.clone()).collect::<BTreeSet<_>>();
        // The receiver is gone if that source is left out.
        let _ = tell.send(candidates);
        Ok::<_, ApiError>(images)
    };
    let candidates = async move { told.await.unwrap_or_default() };
    let step = |_| bar.step();
    let (listed, usage) = tokio::join!(listing, sources::find(&target, candidates, scope, context.now, &step));
    // A place whose images cannot be listed may still use those of other accounts.
    let (images, unlisted) = listed.map_or_else(|error| (Vec::new(), Some(error)), |images| (images, None));
    let asked = judge(policy, &images, &usage, &SharedWith::new(), context.now);
    let asked: Vec<_> = asked.iter().filter(|v| v.candidate() && v.asks_shares).map(|v| v.image.clone()).collect();
    let shares = concurrency::as_done(IMAGES, asked, |image| shares(&target, image)).collect().await;
    let account = target.account().await.ok().cloned();
    Survey { target, account, images, usage, shares, unlisted }
}

/// The accounts an image is shared with, without its own. A disabled image has no permissions in EC2, but the accounts
/// it was shared with may still count on it.
async fn shares(target: &Target, image: Image) -> (ImageId, Result<Option<String>, String>) {
    let own = image.owner.as_ref();
    let others = |all: &BTreeSet<Principal>| {
        let others = all.iter().filter(|with| !matches!(with, Principal::Account(id) if Some(id) == own));
        let others: Vec<_> = others.map(ToString::to_string).collect();
        (!others.is_empty()).then(|| format!("shared with {}", others.join(", ")))
    };
    let shared = match launch_permissions(target, &image.id).await {
        Err(error) => Err(error.to_string()),
        Ok(now) => match (others(&now), before_disabling(&image)) {
            (Some(now), _) => Ok(Some(now)),
            (None, Some(before)) => Ok(others(&before).map(|before| format!("{before} before it was disabled"))),
            (None, None) => Err(format!("it is disabled, and no tag {SHARES} says who it was shared with")),
        },
    };
    (image.id, shared)
}

/// Judges every place and builds the plan.
pub fn plan(context: &Context, surveys: &Surveys, policy: &Policy, prices: Prices) -> Plan {
    let judged: Vec<Judged<'_>> = surveys
        .each
        .iter()
        .map(|survey| Judged { images: &survey.images, verdicts: survey.judge(context, policy), usage: &survey.usage })
        .collect();
    Plan::new(policy.clone(), None, &judged, prices, context.now).over(surveys.accounts(), &surveys.errors)
}

impl Surveys {
    /// All accounts of the run, including those that could not be entered.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        let entered = self.each.iter().filter_map(|survey| survey.account.clone());
        entered.chain(self.errors.iter().filter_map(|e| e.account.as_ref()?.parse().ok())).collect()
    }

    /// A report of a run that did nothing.
    pub fn report(&self) -> Report {
        Report { results: Vec::new(), errors: self.errors.clone(), warnings: self.warnings() }
    }

    /// The dead references found in all sources of use.
    pub fn warnings(&self) -> Vec<Warning> {
        self.each.iter().flat_map(|survey| &survey.usage.warnings).cloned().collect()
    }

    /// Adds the usage reports of an earlier survey.
    fn take_reports(&mut self, before: &Self) {
        let then: HashMap<_, _> = before.each.iter().map(|survey| (survey.target.key(), survey)).collect();
        for survey in &mut self.each {
            if let Some(then) = then.get(&survey.target.key()) {
                survey.usage.take(&then.usage, Source::UsageReports);
            }
        }
    }

    /// The places, each once.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.each.iter().map(|survey| &survey.target)
    }
}

impl Survey {
    fn looked(&mut self) -> PlaceUsage<'_> {
        let Self { target, account, images, usage, shares, .. } = self;
        PlaceUsage { target, account: account.clone(), images, usage, shares }
    }

    /// The verdict on every image of the place.
    pub fn judge(&self, context: &Context, policy: &Policy) -> Vec<Judgement<'_>> {
        judge(policy, &self.images, &self.usage, &self.shares, context.now)
    }
}
