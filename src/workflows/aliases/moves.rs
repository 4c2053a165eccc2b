//! Moves of an alias: what it is to name, by account and region.

use crate::domain::alias::{AliasParameter, NoteAction};
use crate::domain::alias_gates::Gates;
use crate::domain::alias_report::AliasOutcome;
use crate::domain::failure::Failure;
use crate::domain::image::Image;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::report::Status;
use crate::domain::tested_lineage::Standing;
use crate::service::Target;
use crate::service::parameters::Current;

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
    /// The verdict of a boot test that the image stands on; `None` where it was not asked for.
    pub standing: Option<Standing>,
    /// The image that the alias names now; `None` before the checks, and where it is absent, gone, or the same image.
    pub before: Option<Image>,
    /// Why it cannot be moved.
    pub refusals: Vec<Problem>,
}

impl AliasMove {
    /// A move in this place, of which nothing is known yet.
    pub fn to(target: &Target) -> Self {
        let (target, refusals) = (target.clone(), Vec::new());
        Self { target, current: None, image: None, standing: None, before: None, refusals }
    }

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
