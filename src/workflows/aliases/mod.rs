//! Aliases moved in all places of a run: everywhere or nowhere.
//!
//! 1. [`promote`] finds the image for each place; [`rollback`] takes it from the [`past`]. Both make an [`AliasMove`] of it.
//! 2. [`check`] looks at every place with its own credentials. One refusal: nothing is written.
//! 3. [`write`] writes side by side, and [`shown`] reads back until SSM shows the value.
//! 4. [`conclude`] says how it ended, with the lines that finish it and that put it back.

pub mod check;
pub mod conclude;
pub mod copies;
pub mod helps;
pub mod listing;
pub mod past;
pub mod promote;
pub mod rollback;
pub mod shown;
pub mod write;

use anyhow::Result;

use self::conclude::Moved;
use crate::domain::alias::{AliasParameter, NoteAction};
use crate::domain::alias_gates::Gates;
use crate::domain::alias_report::{AliasOutcome, AliasReport, NOT_BEGUN};
use crate::domain::failure::Failure;
use crate::domain::image::Image;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::report::Status;
use crate::service::Target;
use crate::service::parameters::Current;
use crate::workflows::run::context::Context;

/// How aliases are moved, in all places alike.
#[derive(Debug, Clone)]
pub struct MoveRequest {
    /// The alias.
    pub parameter: AliasParameter,
    /// What moves it.
    pub action: NoteAction,
    /// The user's reason, for the description.
    pub reason: Option<String>,
    /// What the images must be.
    pub gates: Gates,
    /// An alias that must name the same image now.
    pub from: Option<AliasParameter>,
    /// Whether the image may be of another architecture than the one before.
    pub allow_arch_change: bool,
    /// Whether everything is only checked.
    pub dry_run: bool,
}

/// One account and region, what its alias names, and what it is to name.
#[derive(Clone)]
pub struct AliasMove {
    /// The place.
    pub target: Target,
    /// The alias; `None` where it is absent, or could not be read, which is a refusal.
    pub current: Option<Current>,
    /// The image that it is to name, as this account sees it; `None` where there is none, which is a refusal.
    pub image: Option<Image>,
    /// Why it cannot be moved.
    pub refusals: Vec<Problem>,
}

impl AliasMove {
    /// Whether the alias names the image already.
    pub fn unchanged(&self) -> bool {
        match (&self.current, &self.image) {
            (Some(current), Some(image)) => current.value == image.id.as_str(),
            (None, _) | (_, None) => false,
        }
    }

    /// The outcome of this move.
    pub async fn outcome(&self, request: &MoveRequest, changed: bool, status: Status) -> AliasOutcome {
        AliasOutcome {
            account: self.target.account().await.ok().cloned(),
            region: self.target.region.clone(),
            parameter: request.parameter.clone(),
            action: request.action,
            image: self.image.clone().map(Box::new),
            from: self.current.as_ref().and_then(|current| current.value.parse().ok()),
            version: self.current.as_ref().filter(|_| self.unchanged()).map(|current| current.version),
            changed,
            detail: None,
            status,
        }
    }
}

/// All moves of a run.
pub struct MovePlan {
    /// The moves, in the order of the places.
    pub moves: Vec<AliasMove>,
    /// Places that could not be entered: with any, no move is made.
    pub errors: Vec<PlaceError>,
    /// Command lines that help where a move is refused.
    pub helps: Vec<String>,
    /// The command line that finishes what is partly done; for a rollback, each place has its own.
    pub finish: String,
    /// Why none of the moves is made, though each could be.
    pub objection: Option<Failure>,
}

/// Checks every move, then makes them all, or none.
pub async fn carry_out(context: &Context, request: MoveRequest, plan: MovePlan) -> Result<Moved> {
    let MovePlan { moves, errors, helps, finish, objection } = plan;
    let places: Vec<_> = moves.iter().map(|step| step.target.clone()).collect();
    let checking = async { Ok(check::all(context, &request, moves).await) };
    let moves = context.unless_stopped(checking).await?;
    let refused = objection.is_some() || !errors.is_empty() || moves.iter().any(|step| !step.refusals.is_empty());
    let outcomes = match refused || request.dry_run {
        true => not_written(&request, &moves, refused, objection.as_ref()).await,
        false => write::all(context, &request, moves).await,
    };
    let report = AliasReport { outcomes, errors };
    Ok(Moved { report, request, places, refused, helps, finish, objection })
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
