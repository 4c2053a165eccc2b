//! From a policy to a plan: reads images and sources, judges, and puts the plan together. `prune` makes a plan
//! with it, `apply` makes it again to see what still holds.

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
use crate::domain::plan::{Judged, Plan};
use crate::domain::policy::Policy;
use crate::domain::problem::PlaceError;
use crate::domain::report::{Report, Warning};
use crate::domain::retention::{Shares, Verdict, judge};
use crate::domain::tags::SHARES;
use crate::domain::usage::source::{Source, Usage};
use crate::output::Bar;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::permissions::launch_permissions;
use crate::service::session::places::Places;
use crate::service::usage::{self, Scope};
use crate::workflows::run::concurrency::PLACES;
use crate::workflows::run::context::Context;
use crate::workflows::usage::place::{Looked, Pick};
use crate::workflows::usage::{accounts, reports, snapshots};

/// How many images are asked about at a time.
const SIDE_BY_SIDE: usize = 10;

/// Everything that was found out about one account and region.
pub struct Survey {
    /// The place.
    pub target: Target,
    /// Its account, where known.
    pub account: Option<AccountId>,
    /// All own images.
    pub images: Vec<Image>,
    /// What is known of their use.
    pub usage: Usage,
    shares: Shares,
    /// Why its images could not be listed. What it says of use holds all the same.
    unlisted: Option<ApiError>,
}

/// Everything that was found out.
pub struct Surveys {
    /// Place by place.
    pub each: Vec<Survey>,
    /// Accounts and places of which nothing is known.
    pub errors: Vec<PlaceError>,
}

/// Reads every place side by side. A place whose images cannot be listed is reported, and the others go on; it is an
/// error where none can be. What EC2 reported `before` in this run is not asked for again.
pub async fn survey(context: &Context, places: &Places, policy: &Policy, before: Option<&Surveys>) -> Result<Surveys> {
    let candidates: Pick<'_> = &|looked| candidates(context, policy, looked);
    let targets = places.targets.clone();
    let scope = Scope::new(policy.without_sources.clone(), policy.refs_from.iter().map(PathBuf::from).collect());
    let steps = Source::ALL.len() + 1;
    let bar = context.printer.bars().count((targets.len() * steps) as u64, "reading images and their use");
    let each = targets.into_iter().map(|target| place(context, target, policy, &scope, &bar));
    let reading = async {
        let each: Vec<_> = futures::stream::iter(each).buffered(PLACES).collect().await;
        let mut surveys = Surveys { each, errors: places.errors.clone() };
        let mut unread = accounts::unread_accounts(&places.unentered());
        let listed = surveys.each.iter().any(|survey| survey.unlisted.is_none());
        for Survey { target, unlisted, .. } in &surveys.each {
            let Some(error) = unlisted else { continue };
            if !listed {
                return Err(error.clone().into());
            }
            let place = target.error(error.problem()).await;
            unread.push(accounts::unread(&place, Some(target.region.clone())));
            surveys.errors.push(place);
        }
        // What an account uses in one region are images of that region: the others are in no doubt for it.
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

/// The images of which all that is left to know is who else uses them. What stays as it is shared needs no look.
fn candidates<'a>(context: &Context, policy: &Policy, looked: &Looked<'a>) -> Vec<&'a Image> {
    let verdicts = judge(policy, looked.images, looked.usage, looked.shares, context.now);
    verdicts.iter().filter(|v| v.candidate()).map(|v| v.image).collect()
}

async fn place(context: &Context, target: Target, policy: &Policy, scope: &Scope, bar: &Bar) -> Survey {
    let (tell, told) = oneshot::channel();
    let listing = async {
        let images = images::find(&target, &Query::own()).await?;
        bar.step();
        // What no rule would let go anyway need not be asked about one by one.
        let verdicts = judge(policy, &images, &Usage::default(), &Shares::new(), context.now);
        let candidates = verdicts.iter().filter(|v| v.candidate()).map(|v| v.image.id.clone()).collect::<BTreeSet<_>>();
        // Nobody listens where that source is left out.
        let _ = tell.send(candidates);
        Ok::<_, ApiError>(images)
    };
    let candidates = async { told.await.unwrap_or_default() };
    let step = |_| bar.step();
    let (listed, usage) = tokio::join!(listing, usage::find(&target, candidates, scope, &step));
    // A place that does not show its images may still use those of others.
    let (images, unlisted) = listed.map_or_else(|error| (Vec::new(), Some(error)), |images| (images, None));
    let asked = judge(policy, &images, &usage, &Shares::new(), context.now);
    let asked: Vec<_> = asked.iter().filter(|v| v.candidate() && v.asks_shares).map(|v| v.image.clone()).collect();
    let each = futures::stream::iter(asked).map(|image| shares(&target, image));
    let shares = each.buffer_unordered(SIDE_BY_SIDE).collect().await;
    let account = target.account().await.ok().cloned();
    Survey { target, account, images, usage, shares, unlisted }
}

/// Who an image is shared with beside its own account. Of a disabled one EC2 tells that it is nobody, though those it
/// was shared with may count on it still.
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

/// Judges every place and makes the plan.
pub fn plan(context: &Context, surveys: &Surveys, policy: &Policy, prices: Prices) -> Plan {
    let judged: Vec<Judged<'_>> = surveys
        .each
        .iter()
        .map(|survey| Judged { images: &survey.images, verdicts: survey.judge(context, policy), usage: &survey.usage })
        .collect();
    Plan::new(policy.clone(), None, &judged, prices, context.now).over(surveys.accounts(), &surveys.errors)
}

impl Surveys {
    /// All accounts of the run, those that could not be entered as well.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        let entered = self.each.iter().filter_map(|survey| survey.account.clone());
        entered.chain(self.errors.iter().filter_map(|e| e.account.as_ref()?.parse().ok())).collect()
    }

    /// A report of a run that did nothing.
    pub fn report(&self) -> Report {
        Report { results: Vec::new(), errors: self.errors.clone(), warnings: self.warnings() }
    }

    /// What leads nowhere, of all that was looked at for use.
    pub fn warnings(&self) -> Vec<Warning> {
        self.each.iter().flat_map(|survey| &survey.usage.warnings).cloned().collect()
    }

    /// Adds what EC2 reported to an earlier look.
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
    fn looked(&mut self) -> Looked<'_> {
        let Self { target, account, images, usage, shares, .. } = self;
        Looked { target, account: account.clone(), images, usage, shares }
    }

    /// The verdict on every image of the place.
    pub fn judge(&self, context: &Context, policy: &Policy) -> Vec<Verdict<'_>> {
        judge(policy, &self.images, &self.usage, &self.shares, context.now)
    }
}
