//! One copy from its request to its last step: start, wait, tags, steps.

use anyhow::Result;

use super::explain;
use super::job::{Copied, CopyJob};
use crate::domain::failure::Failure;
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::domain::report::Outcome;
use crate::service::client::quota::Room;
use crate::service::client::stop;
use crate::service::copy::{self, Started};
use crate::service::{Target, wait};
use crate::workflows::follow_up::PendingImage;
use crate::workflows::run::context::{Context, is_stopped};
use crate::workflows::run::diagnostics;

pub async fn one(context: &Context, copies: &CopyJob, of: usize, region: Region) -> Copied {
    let (result, steps) = match begin(context, copies, &region).await {
        Ok((to, started)) => finish(context, copies, &to, &started).await,
        Err(error) => (Err(error), Vec::new()),
    };
    Copied { of, region, result, steps }
}

/// Starts the copy, or finds the existing one.
async fn begin(context: &Context, copies: &CopyJob, region: &Region) -> Result<(Target, Started)> {
    let (to, at) = (copies.target.in_region(region), copies.at(region));
    let tell = |text: String| context.printer.say(text);
    let (request, room) = (copies.request(region), Room::new(context.patience(), &tell));
    let started = match stop::begin(&context.stop, copy::start(&to, &request, &room)).await {
        Ok(started) => started,
        Err(error) if is_stopped(&error) => {
            let failure = Failure::interrupted("it had not begun");
            return Err(failure.hint("run the command again: it adopts existing copies").into());
        }
        Err(error) => return Err(explain::explained(&to, copies, error).await),
    };
    let source = &copies.source.id;
    context.printer.say(match &started {
        Started::New(id) => format!("copying {source} to {at} as {id}"),
        Started::Adopted(id) => format!("{id} in {at} is a copy of {source} already"),
    });
    Ok((to, started))
}

/// Waits for the copy and takes its steps.
async fn finish(context: &Context, copies: &CopyJob, to: &Target, started: &Started) -> (Result<Image>, Vec<Outcome>) {
    match completed(context, to, copies, started).await {
        Ok(image) => {
            let steps = copies.steps.take(context, to, &image).await;
            (Ok(image), steps)
        }
        Err(error) => {
            let error = explain::failed(to, copies, started.id(), error).await;
            let image = PendingImage { target: to, id: started.id(), name: &copies.name };
            let steps = copies.steps.left(context, image, &diagnostics::diagnose(&error).code).await;
            (Err(error), steps)
        }
    }
}

/// Waits until the copy is available and completes its tags.
async fn completed(context: &Context, to: &Target, copies: &CopyJob, started: &Started) -> Result<Image> {
    let (id, fresh) = (started.id(), matches!(started, Started::New(_)));
    if !copies.wait {
        return wait::image_visible(to, id, &context.patience()).await;
    }
    let mut image = context
        .watched(format!("{} {id}", copies.at(&to.region)), async |watch| {
            wait::image_available(to, id, fresh, &context.patience(), watch).await
        })
        .await?;
    let request = copies.request(&to.region);
    if !fresh {
        copy::as_asked(to, &request, &image).await?;
    }
    copy::complete(to, &mut image, &request.tags).await?;
    mark(context, to, &image).await;
    Ok(image)
}

/// Tags the snapshots of a copy with its id. Without that the copy is fine, but after it is deregistered `orphans` will
/// keep them in doubt.
pub async fn mark(context: &Context, to: &Target, image: &Image) {
    if let Err(error) = copy::mark(to, image).await {
        let message = format!("warning: the snapshots of {} in {} could not be tagged", image.id, image.region);
        context.printer.tell(&format!("{message}; 'amictl orphans' will keep them as doubtful: {error}"));
    }
}
