//! Making copies in many accounts and regions, with all that is done to them once they are there.

use anyhow::Result;

use super::explain;
use super::job::{Copied, Copies};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::domain::report::Outcome;
use crate::service::client::quota::Room;
use crate::service::client::stop;
use crate::service::copy::{self, Started};
use crate::service::{Target, wait};
use crate::workflows::follow_up::Unfinished;
use crate::workflows::run::context::{Context, is_stopped};
use crate::workflows::run::diagnostics;

/// How many copies are under way at a time: most of their time EC2 works and they wait.
pub const SIDE_BY_SIDE: usize = 128;

pub async fn one(context: &Context, copies: &Copies, of: usize, region: Region) -> Copied {
    let (result, steps) = match begin(context, copies, &region).await {
        Ok((to, started)) => finish(context, copies, &to, &started).await,
        Err(error) => (Err(error), Vec::new()),
    };
    Copied { of, region, result, steps }
}

/// Has EC2 begin the copy, or finds the one that is there.
async fn begin(context: &Context, copies: &Copies, region: &Region) -> Result<(Target, Started)> {
    let (to, at) = (copies.target.in_region(region), copies.at(region));
    let tell = |text: String| context.printer.say(text);
    let (request, room) = (copies.request(region), Room::new(context.patience(), &tell));
    let started = match stop::begin(&context.stop, copy::start(&to, &request, &room)).await {
        Ok(started) => started,
        Err(error) if is_stopped(&error) => {
            let failure = Failure::new(Kind::Interrupted, "Interrupted", "interrupted before it began");
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

/// Waits for the copy, and takes the steps with it.
async fn finish(context: &Context, copies: &Copies, to: &Target, started: &Started) -> (Result<Image>, Vec<Outcome>) {
    match completed(context, to, copies, started).await {
        Ok(image) => {
            let steps = copies.steps.take(context, to, &image).await;
            (Ok(image), steps)
        }
        Err(error) => {
            let error = explain::failed(to, copies, started.id(), error).await;
            let image = Unfinished { target: to, id: started.id(), name: &copies.name };
            let steps = copies.steps.left(context, image, &diagnostics::diagnose(&error).code).await;
            (Err(error), steps)
        }
    }
}

/// Waits until the copy is available, and sees to its tags.
async fn completed(context: &Context, to: &Target, copies: &Copies, started: &Started) -> Result<Image> {
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

/// Has the snapshots of a copy say that they are its own. The copy is good without: it is only that `orphans` then keeps
/// them for doubt once it is gone.
pub async fn mark(context: &Context, to: &Target, image: &Image) {
    if let Err(error) = copy::mark(to, image).await {
        let message = format!("warning: the snapshots of {} in {} could not be tagged", image.id, image.region);
        context.printer.tell(&format!("{message}; 'amictl orphans' will keep them as doubtful: {error}"));
    }
}
