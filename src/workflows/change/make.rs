//! One reversible change to one image.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::change::Change;
use crate::domain::image::{Cooling, Image};
use crate::domain::permissions::principal::counted;
use crate::domain::permissions::recorded::from_tag;
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status, Verb};
use crate::domain::tags::SHARES;
use crate::service::{Target, lifecycle};
use crate::workflows::run::context::Context;

/// Asks EC2 whether it would accept a change; returns whether anything is to be changed.
pub async fn check(target: &Target, image: &Image, change: &Change) -> Result<bool, Problem> {
    lifecycle::check(target, image, change).await?;
    Ok(!change.holds(image))
}

/// Makes a change to one image, unless it holds already.
pub async fn made(context: &Context, target: &Target, image: &Image, change: &Change) -> Outcome {
    let verb = change.verb();
    if change.holds(image) {
        return told(image, Outcome::new(image, verb, false, Status::Done), context.now);
    }
    let (mut now, mut changed) = (image.clone(), false);
    for call in change.calls(image) {
        match lifecycle::make(target, &now, &call).await {
            Ok(next) => {
                changed |= !call.holds(&now);
                now = next;
            }
            Err(problem) => {
                let failed = Outcome::failed(image, verb, problem);
                return Outcome { changed: changed || failed.changed, ..failed };
            }
        }
    }
    told(&now, Outcome::new(&now, verb, true, Status::Done), context.now)
}

/// Adds a detail about the image's new state, as of `at`.
pub fn told(now: &Image, outcome: Outcome, at: DateTime<Utc>) -> Outcome {
    let cooling = now.protection.cooling(at);
    match (outcome.verb, now.deprecated_at, cooling) {
        (Verb::Deprecate, Some(at), _) => outcome.detail(at.format("%Y-%m-%d %H:%M UTC").to_string()),
        (Verb::Unprotect, _, Some(Cooling::Until(at))) => {
            outcome.detail(format!("cooldown until {}", at.format("%Y-%m-%d %H:%M UTC")))
        }
        (Verb::Unprotect, _, Some(Cooling::ForADay)) => outcome.detail("cooldown for up to 24 hours"),
        (Verb::Protect, ..) if now.protection.enabled() == Some(true) => {
            outcome.detail("with a cooldown of 24 hours".to_owned())
        }
        (Verb::Enable, ..) => {
            match now.tags.get(SHARES).and_then(|text| from_tag(text).ok()).map_or(0, |all| all.len()) {
                0 => outcome,
                count => outcome.detail(format!("--restore-shares would restore {}", counted(count))),
            }
        }
        _ => outcome,
    }
}
