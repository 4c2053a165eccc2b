//! A run that moves aliases: checks, then writes, everywhere or nowhere.

use anyhow::Result;

use super::conclude::Moved;
use super::moves::{AliasMove, MovePlan, MoveRequest};
use super::{check, templates, write};
use crate::domain::alias_report::{AliasOutcome, AliasReport, NOT_BEGUN};
use crate::domain::failure::Failure;
use crate::domain::launch_template::TemplateName;
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::workflows::run::context::Context;

/// Checks every move, then makes them all, or none.
pub async fn carry_out(context: &Context, request: MoveRequest, plan: MovePlan) -> Result<Moved> {
    with_template(context, request, plan, None).await
}

/// The same, with the launch template of this name in each place.
pub async fn with_template(
    context: &Context,
    request: MoveRequest,
    plan: MovePlan,
    template: Option<&TemplateName>,
) -> Result<Moved> {
    let MovePlan { moves, errors, helps, finish, objection } = plan;
    let checking = async {
        let mut moves = check::all(context, &request, moves).await;
        let templates = templates::check(context, &request, template, &mut moves).await;
        Ok((moves, templates))
    };
    let (moves, templates) = context.unless_stopped(checking).await?;
    let refused = objection.is_some() || !errors.is_empty() || moves.iter().any(|step| !step.refusals.is_empty());
    let (outcomes, templates) = match (refused, request.dry_run) {
        (true, _) => (not_written(&request, &moves, refused, objection.as_ref()).await, Vec::new()),
        (false, true) => {
            (not_written(&request, &moves, refused, objection.as_ref()).await, templates::tried(&templates).await)
        }
        (false, false) => {
            let outcomes = write::all(context, &request, &moves).await;
            let templates = templates::apply(context, &outcomes, templates).await;
            (outcomes, templates)
        }
    };
    let report = AliasReport { outcomes, templates, errors };
    Ok(Moved { report, request, moves, refused, helps, finish, objection })
}

/// The outcomes where nothing is written: refused, or only tried.
async fn not_written(
    request: &MoveRequest,
    moves: &[AliasMove],
    refused: bool,
    objection: Option<&Failure>,
) -> Vec<AliasOutcome> {
    let other = || Problem {
        code: NOT_BEGUN.to_owned(),
        message: "nothing was written, as another place was refused".to_owned(),
    };
    let objected = |failure: &Failure| Problem {
        code: failure.code.to_string(),
        message: "nothing was written, as not all places would go there".to_owned(),
    };
    let skipped = objection.map_or_else(other, objected);
    let mut outcomes = Vec::new();
    for step in moves {
        let status = match joined(&step.refusals) {
            Some(problem) => Status::Failed(problem),
            None if refused => Status::Skipped(skipped.clone()),
            None => Status::Done,
        };
        let would = match (&status, step.unchanged()) {
            (Status::Done, false) => Some("dry run: it would be written".to_owned()),
            (Status::Done, true) | (Status::Failed(_) | Status::Skipped(_), _) => None,
        };
        outcomes.push(AliasOutcome { detail: would, ..step.outcome(request, false, status).await });
    }
    outcomes
}

/// Several refusals of one place as one problem, with the code of the first.
fn joined(refusals: &[Problem]) -> Option<Problem> {
    let messages: Vec<_> = refusals.iter().map(|problem| problem.message.as_str()).collect();
    Some(Problem { code: refusals.first()?.code.clone(), message: messages.join("; ") })
}
