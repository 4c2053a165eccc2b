//! From a policy to a plan: reads images and sources, judges, and puts the plan together. `prune` makes a plan
//! with it, `apply` makes it again to see what still holds.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt};
use tokio::sync::oneshot;

use super::Context;
use super::staging::Task;
use crate::domain::cost::Prices;
use crate::domain::image::Image;
use crate::domain::plan::{Action, Judged, Plan, fingerprint};
use crate::domain::policy::Policy;
use crate::domain::report::Problem;
use crate::domain::retention::{Shares, Verdict, judge};
use crate::domain::retire::Step;
use crate::domain::sharing::Principal;
use crate::domain::usage::Usage;
use crate::output::Bar;
use crate::service::Target;
use crate::service::deregister;
use crate::service::images::{self, Query};
use crate::service::permissions::launch_permissions;
use crate::service::removal::Removal;
use crate::service::usage::{self, Scope};

/// How many images are asked about at a time.
const SIDE_BY_SIDE: usize = 10;
/// How many regions are read at a time.
const REGIONS: usize = 32;

/// Everything that was found out about one account and region.
pub struct Survey {
    /// The place.
    pub target: Target,
    /// All own images.
    pub images: Vec<Image>,
    usage: Usage,
    shares: Shares,
}

/// Reads every place side by side. A place whose images cannot be listed fails the run: nothing is known of it.
pub async fn survey(context: &Context, targets: Vec<Target>, policy: &Policy) -> Result<Vec<Survey>> {
    let steps = crate::domain::usage::Source::ALL.len() + 1;
    let bar = context.printer.bars().count((targets.len() * steps) as u64, "reading images and their use");
    let each = targets.into_iter().map(|target| place(context, target, policy, &bar));
    context.unless_stopped(futures::stream::iter(each).buffered(REGIONS).try_collect()).await
}

async fn place(context: &Context, target: Target, policy: &Policy, bar: &Bar) -> Result<Survey> {
    let (tell, told) = oneshot::channel();
    let listing = async {
        let images = images::find(&target, &Query::own()).await?;
        bar.step();
        // What no rule would let go anyway need not be asked about one by one.
        let verdicts = judge(policy, &images, &Usage::default(), &Shares::new(), context.now);
        let candidates = verdicts.iter().filter(|v| v.candidate()).map(|v| v.image.id.clone()).collect::<BTreeSet<_>>();
        // Nobody listens where that source is left out.
        let _ = tell.send(candidates);
        anyhow::Ok(images)
    };
    let candidates = async { told.await.unwrap_or_default() };
    let files = policy.refs_from.iter().map(PathBuf::from).collect();
    let scope = Scope { without: policy.without_sources.clone(), files };
    let step = |_| bar.step();
    let (images, usage) = tokio::join!(listing, usage::find(&target, candidates, &scope, &step));
    let images = images?;
    let asked = judge(policy, &images, &usage, &Shares::new(), context.now);
    let asked: Vec<_> = asked.iter().filter(|v| v.goes() && v.asks_shares).map(|v| v.image.clone()).collect();
    let each = futures::stream::iter(asked).map(|image| shares(&target, image));
    let shares = each.buffer_unordered(SIDE_BY_SIDE).collect().await;
    Ok(Survey { target, images, usage, shares })
}

/// Who an image is shared with beside its own account.
async fn shares(target: &Target, image: Image) -> (crate::domain::ids::ImageId, Result<Option<String>, String>) {
    let own = image.owner.as_ref();
    let found = launch_permissions(target, &image.id).await.map(|all| {
        let others = all.iter().filter(|with| !matches!(with, Principal::Account(id) if Some(id) == own));
        let others: Vec<_> = others.map(ToString::to_string).collect();
        (!others.is_empty()).then(|| format!("shared with {}", others.join(", ")))
    });
    (image.id, found.map_err(|error| error.to_string()))
}

/// Judges every place and makes the plan.
pub async fn plan(context: &Context, surveys: &[Survey], policy: &Policy, prices: Prices) -> Plan {
    let account = match surveys.first() {
        Some(survey) => survey.target.account().await.ok().cloned(),
        None => None,
    };
    let judged: Vec<Judged<'_>> = surveys
        .iter()
        .map(|survey| Judged { images: &survey.images, verdicts: survey.judge(context, policy), usage: &survey.usage })
        .collect();
    Plan::new(policy.clone(), account, &judged, prices, context.now)
}

impl Survey {
    /// The verdict on every image of the place.
    pub fn judge(&self, context: &Context, policy: &Policy) -> Vec<Verdict<'_>> {
        judge(policy, &self.images, &self.usage, &self.shares, context.now)
    }
}

/// Work that may be done, and work of a plan that may not be done any more.
pub struct Work {
    /// What to remove, place by place.
    pub removals: Vec<(Target, Vec<Removal>)>,
    /// The images that go a step, and stay.
    pub tasks: Vec<Task>,
    /// What is left alone, with the reason.
    pub skipped: Vec<crate::domain::report::Outcome>,
}

/// Holds a plan against what is found now. A row whose image is now kept for whatever reason, has changed, is gone
/// or is due for another step is skipped; a snapshot is deleted only if the plan says so.
pub fn recheck(context: &Context, surveys: &[Survey], plan: &Plan) -> Work {
    let mut work = Work { removals: Vec::new(), tasks: Vec::new(), skipped: Vec::new() };
    for survey in surveys {
        let verdicts = survey.judge(context, &plan.policy);
        let verdicts: HashMap<_, _> = verdicts.iter().map(|verdict| (&verdict.image.id, verdict)).collect();
        let mut removals = Vec::new();
        let rows = plan.actions.iter().filter(|action| action.region == survey.target.region);
        let mut still = Vec::new();
        for row in rows {
            match still_right(verdicts.get(&row.image_id).copied(), row) {
                Ok(image) if row.action == Step::Deregister => still.push((image.clone(), row)),
                Ok(image) => {
                    let (target, image) = (survey.target.clone(), image.clone());
                    work.tasks.push(Task { target, image, step: row.action });
                }
                Err(problem) => work.skipped.push(deregister::left_alone(row, problem)),
            }
        }
        let going: BTreeSet<_> = still.iter().map(|(image, _)| image.id.clone()).collect();
        let needed = images::shared_snapshots(&survey.images, &going);
        for (image, row) in still {
            let mut removal = Removal::new(image, &needed, false);
            removal.only(&row.snapshots);
            removals.push(removal);
        }
        work.removals.push((survey.target.clone(), removals));
    }
    let places: BTreeSet<_> = surveys.iter().map(|survey| &survey.target.region).collect();
    for row in plan.actions.iter().filter(|row| !places.contains(&row.region)) {
        let message = format!("the region {} was not read", row.region);
        work.skipped.push(deregister::left_alone(row, Problem { code: "unverified".to_owned(), message }));
    }
    work
}

/// The image of a row that may be carried out still, or why it must not be any more.
fn still_right<'a>(verdict: Option<&Verdict<'a>>, row: &Action) -> Result<&'a Image, Problem> {
    let problem = |code: &str, message: String| Err(Problem { code: code.to_owned(), message });
    let Some(verdict) = verdict else { return problem("gone", "the image is gone".to_owned()) };
    if verdict.step != Some(row.action) {
        let Some(first) = verdict.reasons.first() else {
            let now = verdict.step.map_or("kept", |step| step.verb().done());
            return problem("other-step", format!("by now it would be {now}, not {}", row.action.verb().done()));
        };
        let all: Vec<_> = verdict.reasons.iter().map(|r| format!("{}: {}", r.code(), r.detail())).collect();
        return problem(first.code(), format!("it is now kept: {}", all.join("; ")));
    }
    match fingerprint(verdict.image) == row.fingerprint {
        true => Ok(verdict.image),
        false => problem("changed", "the image has changed since the plan was made".to_owned()),
    }
}
