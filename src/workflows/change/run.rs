//! The common flow of reversible changes: select images, refuse early, change concurrently, report.

use anyhow::Result;

use super::each::{Changes, each, tried};
use super::make::{check, made};
use super::objections::acceptable;
use crate::domain::change::Change;
use crate::domain::image::Image;
use crate::domain::reference::ImageRef;
use crate::domain::report::Verb;
use crate::workflows::run::context::Context;
use crate::workflows::select::references;
use crate::workflows::select::refusals::{self, unless};
use crate::workflows::select::selection::Selection;

/// The images to change.
#[derive(Debug, Clone)]
pub struct Request {
    /// The references of the images.
    pub references: Vec<ImageRef>,
    /// Whether to change their copies in the places of the run as well.
    pub copies: bool,
    /// Whether to only ask EC2 whether the change would work.
    pub dry_run: bool,
}

/// Selects the images, all of which the account must own.
pub async fn choose(
    context: &Context,
    references: &[ImageRef],
    copies: bool,
    every_version: bool,
) -> Result<Selection> {
    let chosen = references::choose(context, references, every_version, copies).await?;
    unless(context, &chosen, refusals::owned(&chosen.images, "change").await)?;
    Ok(chosen)
}

/// Makes one change to every image.
pub async fn run(context: &Context, request: Request, change: &Change) -> Result<Changes> {
    run_each(context, request, change.verb(), |_| change.clone()).await
}

/// Makes a change to every image that depends on its state.
pub async fn run_each(
    context: &Context,
    request: Request,
    verb: Verb,
    change: impl Fn(&Image) -> Change,
) -> Result<Changes> {
    let chosen = choose(context, &request.references, request.copies, false).await?;
    acceptable(context, &chosen, &change)?;
    if request.dry_run {
        return tried(context, chosen, verb, async |target, image| check(target, image, &change(image)).await).await;
    }
    Ok(each(context, chosen, verb, async |target, image| made(context, target, image, &change(image)).await).await)
}
