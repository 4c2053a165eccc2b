//! The recheck of a plan against the current state, for `prune --apply` and `apply`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::retire::RetirementStep;
use super::survey::Surveys;
use crate::domain::ids::AccountId;
use crate::domain::image::Image;
use crate::domain::plan::document::{Action, Plan};
use crate::domain::plan::fingerprint;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::removal::Removal;
use crate::domain::report::Outcome;
use crate::domain::retention::Judgement;
use crate::domain::retire::step::Step;
use crate::domain::snapshot_use::stays;
use crate::service::{Target, deregister, images};
use crate::workflows::run::context::Context;

pub use crate::domain::plan::rows::Rows;

/// The rows of a plan that still hold, and those that do not.
pub struct DueWork {
    /// The removals, by place.
    pub removals: Vec<(Target, Vec<Removal>)>,
    /// The steps of retirement that keep the image.
    pub tasks: Vec<RetirementStep>,
    /// The skipped rows, with the reason.
    pub skipped: Vec<Outcome>,
}

/// Compares a plan with the current state. A row is skipped if its image is now kept for any reason, has changed, no
/// longer exists or is due for another step; a snapshot is deleted only if the plan says so.
pub fn recheck(context: &Context, surveys: &Surveys, plan: &Plan) -> DueWork {
    let mut work = DueWork { removals: Vec::new(), tasks: Vec::new(), skipped: Vec::new() };
    let all = Rows::of(plan);
    for survey in &surveys.each {
        let verdicts = survey.judge(context, &plan.policy);
        let verdicts: HashMap<_, _> = verdicts.iter().map(|verdict| (&verdict.image.id, verdict)).collect();
        let mut removals = Vec::new();
        let mut still = Vec::new();
        for row in all.of_place(&survey.target.region, survey.account.as_ref()) {
            match still_right(verdicts.get(&row.image_id).copied(), row, context.now) {
                Ok(image) if row.action == Step::Deregister => still.push((image.clone(), row)),
                Ok(image) => {
                    let (target, image) = (survey.target.clone(), image.clone());
                    work.tasks.push(RetirementStep { target, image, step: row.action });
                }
                Err(problem) => work.skipped.push(deregister::left_alone(row, problem)),
            }
        }
        let going: BTreeSet<_> = still.iter().map(|(image, _)| image.id.clone()).collect();
        let needed = images::shared_snapshots(&survey.images, &going);
        for (image, row) in still {
            let mut removal = Removal::new(image, &needed, false);
            removal.spare(|id| stays(&survey.usage, id));
            removal.only(&row.snapshots);
            removals.push(removal);
        }
        work.removals.push((survey.target.clone(), removals));
    }
    for row in all.elsewhere(&places_read(surveys)) {
        let account = row.account.as_ref().map(|id| format!(" of account {id}")).unwrap_or_default();
        let message = format!("the region {}{account} was not read", row.region);
        work.skipped.push(deregister::left_alone(row, Problem { code: "unverified".to_owned(), message }));
    }
    work
}

/// The image of a row that still holds, or why it does not.
fn still_right<'a>(verdict: Option<&Judgement<'a>>, row: &Action, now: DateTime<Utc>) -> Result<&'a Image, Problem> {
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
    match fingerprint(verdict.image, now) == row.fingerprint {
        true => Ok(verdict.image),
        false => problem("changed", "the image has changed since the plan was made".to_owned()),
    }
}

/// The places of the surveys: regions with their accounts.
fn places_read(surveys: &Surveys) -> BTreeMap<&Region, BTreeSet<Option<&AccountId>>> {
    let mut read: BTreeMap<&Region, BTreeSet<Option<&AccountId>>> = BTreeMap::new();
    for survey in &surveys.each {
        read.entry(&survey.target.region).or_default().insert(survey.account.as_ref());
    }
    read
}
