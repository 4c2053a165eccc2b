//! The execution of a plan: the rows that still hold.

use anyhow::Result;

use super::survey::Surveys;
use super::{recheck, retire};
use crate::domain::count::counted;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image_service::resources_stay;
use crate::domain::plan::document::Plan;
use crate::domain::report::{Report, Status};
use crate::domain::retire::step::Step;
use crate::service::Target;
use crate::workflows::conclude::removals;
use crate::workflows::deregister::remove;
use crate::workflows::recycle_bin::outlook::{Deletion, RetentionRules};
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::JournalFile;

/// The resources a plan would delete, by place; empty if the Recycle Bin was not read.
pub fn going(context: &Context, surveys: &Surveys, plan: &Plan, bin: &RetentionRules) -> Vec<(Target, Deletion)> {
    if bin.is_empty() {
        return Vec::new();
    }
    let some =
        recheck::recheck(context, surveys, plan).removals.into_iter().filter(|(_, removals)| !removals.is_empty());
    some.map(|(target, removals)| (target, Deletion::of(&removals))).collect()
}

/// Does what a plan says and is still right.
pub async fn carry_out(context: &Context, surveys: &Surveys, plan: &Plan, journal: &JournalFile) -> Result<Report> {
    let work = recheck::recheck(context, surveys, plan);
    let known = retire::known(context, journal, &work.tasks).await?;
    let journal = journal.open(context, surveys.targets()).await?;
    // Revivals first: users may wait for them, and they do not depend on the check of use. Then, at once,
    // deregistrations, which cannot be reverted: every minute since the check an image may come into use. An image that
    // is disabled while it comes into use fails launches until the next run revives it. Deprecations last, as they harm
    // no users.
    let (revived, onward): (Vec<_>, Vec<_>) = work.tasks.into_iter().partition(|task| task.step == Step::Revive);
    let (disabled, others) = onward.into_iter().partition(|task| task.step == Step::Disable);
    let revived = retire::carry_out(context, revived, &journal, &known).await;
    let built =
        work.removals.iter().filter_map(|(_, going)| resources_stay(going.iter().map(|removal| &removal.image)));
    let warnings: Vec<_> = surveys.warnings().into_iter().chain(built).collect();
    let mut report = remove::carry_out(context, work.removals, &journal).await;
    report.results.splice(0..0, revived);
    report.results.extend(retire::carry_out(context, disabled, &journal, &known).await);
    report.results.extend(retire::carry_out(context, others, &journal, &known).await);
    report.results.extend(work.skipped);
    (report.errors, report.warnings) = (surveys.errors.clone(), warnings);
    Ok(report)
}

/// Says what failed of it, and how to go on.
pub fn end(context: &Context, mut report: Report) -> Result<()> {
    // Missing accounts are reported at the very end: doubt about use is more important.
    report.errors.clear();
    let left = removals::left_behind(&report);
    let hint = left.map(|left| format!("run the command again for those that failed; {left}"));
    removals::finish(context, &report, hint)
}

/// Asks EC2 whether the rows that still hold would work.
pub async fn dry_run(context: &Context, surveys: &Surveys, plan: &Plan, journal: &JournalFile) -> Result<()> {
    let work = recheck::recheck(context, surveys, plan);
    let known = retire::known(context, journal, &work.tasks).await?;
    for task in &work.tasks {
        retire::check(context, task, &known).await?;
    }
    for (target, removals) in &work.removals {
        for removal in removals {
            crate::service::deregister::check(target, removal).await?;
        }
    }
    for row in &work.skipped {
        if let Status::Skipped(why) = &row.status {
            context.printer.say(format!("{} would be skipped: {}", row.image_id, why.message));
        }
    }
    let left = work.tasks.len() + work.removals.iter().map(|(_, removals)| removals.len()).sum::<usize>();
    context.printer.say(match (left, work.skipped.len()) {
        (0, _) => "dry run: nothing would be done".to_owned(),
        (_, 0) => "dry run: all of it would be done".to_owned(),
        (left, _) => format!("dry run: the other {left} would be done"),
    });
    Ok(())
}

/// Refuses a plan with more images than the limit.
pub fn within_limit(plan: &Plan) -> Result<()> {
    let Some(limit) = plan.policy.max_delete else { return Ok(()) };
    let (most, scope) = (limit.most(plan.in_scope()), plan.in_scope());
    let leaving = plan.leaving();
    if leaving <= most {
        return Ok(());
    }
    let what = match plan.count(Step::Deregister) == leaving {
        true => format!("{} would be deregistered", counted(leaving, "image").unwrap_or_default()),
        false => format!("{} would change ({})", counted(leaving, "image").unwrap_or_default(), plan.steps()),
    };
    let message = format!("{what}, but the limit of {limit} allows {most} of {scope}");
    Err(Failure::new(Kind::Refused, "OverLimit", message)
        .hint("review the plan with 'amictl prune', then raise --max-delete there if it is right")
        .into())
}
