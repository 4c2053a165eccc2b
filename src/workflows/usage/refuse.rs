//! Refusals of images that are in use, or whose use is unknown.

use anyhow::Result;

use super::selection;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::{Image, State};
use crate::domain::reason::named;
use crate::domain::usage::source::{Source, Usage, UseVerdict};
use crate::service::usage::sources::Scope;
use crate::workflows::run::context::Context;
use crate::workflows::select::selection::Selection;

/// Refuses unless every source was read and none names the images.
pub fn refuse_used<'a>(chosen: impl IntoIterator<Item = &'a Image>, used: &Usage) -> Result<()> {
    for image in chosen {
        match used.verdict(&image.id) {
            UseVerdict::Unused => {}
            UseVerdict::InUse(by) => {
                let message = format!("{} in {} is in use by {}", image.label(), image.region, named(by));
                let hint = "take it out of use first, or give --allow-in-use";
                return Err(Failure::new(Kind::Refused, "InUse", message).hint(hint).into());
            }
            UseVerdict::Unverified(failed) => {
                let why: Vec<_> = failed
                    .iter()
                    .filter_map(|state| match &state.status {
                        crate::domain::usage::source::SourceStatus::Failed(p) => {
                            Some(format!("{}: {} [{}]", state.source, p.message, p.code))
                        }
                        _ => None,
                    })
                    .collect();
                let message = format!(
                    "whether {} in {} is in use cannot be verified: {}",
                    image.label(),
                    image.region,
                    why.join("; ")
                );
                let hint = "make the source readable, or leave it out with --without-source NAME";
                return Err(Failure::new(Kind::Refused, "Unverified", message).hint(hint).into());
            }
        }
    }
    Ok(())
}

pub async fn refuse_used_images(context: &Context, chosen: &Selection, without: &[Source]) -> Result<()> {
    // Disabled images are not launched any more.
    let on = chosen.images.iter().filter(|(_, image)| image.state != State::Disabled).cloned();
    let on = chosen.with(on.collect());
    let scope = Scope::new(without.iter().copied().collect(), Vec::new());
    for place in selection::usage_of(context, &on, &scope, false).await? {
        refuse_used(&place.images, &place.usage)?;
    }
    Ok(())
}
