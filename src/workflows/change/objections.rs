//! Refusals of changes that EC2 would refuse, before anything is changed.

use anyhow::Result;

use crate::domain::change::{Change, Objection};
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::{Image, State};
use crate::service::Target;
use crate::workflows::run::context::Context;
use crate::workflows::select::refusals::{all_or_nothing, unless};
use crate::workflows::select::selection::Selection;

/// Refuses what EC2 would refuse, before anything is changed.
pub fn acceptable(context: &Context, chosen: &Selection, change: impl Fn(&Image) -> Change) -> Result<()> {
    let refused = chosen.images.iter().filter_map(|(target, image)| {
        let change = change(image);
        let objection = change.objection(image, context.now)?;
        let (kind, code) = match objection {
            Objection::Past(_) | Objection::TooLate { .. } | Objection::Tags(_) => (Kind::Usage, "Usage"),
            Objection::State(_) => (Kind::Failed, "InvalidAMIID.Unavailable"),
            Objection::Public => (Kind::Refused, "Public"),
        };
        let (verb, label, place) = (change.verb().as_str(), image.label(), image.place());
        let failure = Failure::new(kind, code, format!("cannot {verb} {label} in {place}: {objection}"));
        Some(match way_out(target, image, &objection) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    });
    unless(context, chosen, all_or_nothing(refused.collect()))
}

pub fn way_out(target: &Target, image: &Image, objection: &Objection) -> Option<String> {
    let (id, options) = (&image.id, target.options());
    match objection {
        Objection::Past(_) => Some("give --after 0s to deprecate it at once".to_owned()),
        Objection::Public => Some(amictl("unshare").word(id).options("--public").options(options).to_string()),
        Objection::State(state) if state.may_become_available() => {
            Some(format!("wait for it with: {}", amictl("wait").word(id).options(options)))
        }
        Objection::State(State::Failed | State::Error | State::Invalid) => {
            Some(format!("it never becomes usable: {}", amictl("deregister").word(id).options(options)))
        }
        Objection::Tags(_) => Some("make room with --remove KEY".to_owned()),
        Objection::State(_) | Objection::TooLate { .. } => None,
    }
}
