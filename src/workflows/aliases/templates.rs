//! Launch templates of a promotion: checked with their aliases, and moved after them.

use super::moves::{AliasMove, MoveRequest};
use crate::domain::alias_report::{AliasOutcome, NOT_BEGUN};
use crate::domain::launch_template::TemplateName;
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;
use crate::workflows::launch_template::promote::{self, PromotedTemplate};
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::diagnostics;

/// The template of each place, in the order of the places; `None` where there is no image for it, or where it was
/// refused, which its move then says. None at all without `name`.
pub async fn check(
    context: &Context,
    request: &MoveRequest,
    name: Option<&TemplateName>,
    moves: &mut [AliasMove],
) -> Vec<Option<PromotedTemplate>> {
    let Some(name) = name else { return Vec::new() };
    let promoted = &request.parameter.parameter();
    let each = concurrency::each(PLACES, moves.iter(), |step| async move {
        let image = step.image.as_ref()?;
        Some(promote::check(context, &step.target, name, image, promoted, request.allow_arch_change).await)
    });
    let checked = each.await;
    let found = moves.iter_mut().zip(checked).map(|(step, checked)| match checked? {
        Ok(template) => Some(template),
        Err(problem) => {
            step.refusals.push(problem);
            None
        }
    });
    found.collect()
}

/// Gives the templates the image, each where its alias names it now.
pub async fn apply(
    context: &Context,
    outcomes: &[AliasOutcome],
    templates: Vec<Option<PromotedTemplate>>,
) -> Vec<TemplateOutcome> {
    let each = concurrency::each(PLACES, outcomes.iter().zip(templates), |(outcome, template)| async move {
        Some(one(context, outcome, template?).await)
    });
    each.await.into_iter().flatten().collect()
}

async fn one(context: &Context, outcome: &AliasOutcome, template: PromotedTemplate) -> TemplateOutcome {
    if let Some(stopped) = context::stopped(context) {
        return template.outcome(Status::Skipped(stopped)).await;
    }
    match &outcome.status {
        Status::Done => {}
        Status::Failed(_) | Status::Skipped(_) => {
            let message = "its alias does not name the image, so that it was left alone".to_owned();
            return template.outcome(Status::Skipped(Problem { code: NOT_BEGUN.to_owned(), message })).await;
        }
    }
    match context.begin(async { Ok(template.apply(context).await) }).await {
        Ok(applied) => {
            for warning in &applied.warnings {
                context.printer.tell(&format!("warning: {}: EC2 warns of {warning}", applied.place()));
            }
            applied
        }
        Err(error) => template.outcome(Status::Failed(diagnostics::problem(&error))).await,
    }
}

/// The outcomes of a dry run.
pub async fn tried(templates: &[Option<PromotedTemplate>]) -> Vec<TemplateOutcome> {
    let mut outcomes = Vec::new();
    for template in templates.iter().flatten() {
        outcomes.push(template.outcome(Status::Done).await);
    }
    outcomes
}
