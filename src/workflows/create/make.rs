//! The way from an order to an image with its steps and its copies.

use anyhow::{Error, Result};

use super::hold::{HeldWork, Hold, held, mark};
use super::order::{InstanceOrder, NewImageOrder, OrderOrigin, SnapshotOrder};
use super::plan::{InstancePlan, plan};
use super::unfinished::{not_available, volumes_of};
use super::{delivered, prepare, snapshot, start_again, stop_checks, taken};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::naming::ImageName;
use crate::service::client::quota::Room;
use crate::service::image_request::{ImageOrigin, Request};
use crate::service::{Target, create, wait};
use crate::workflows::copy::job::{CopyJob, Made};
use crate::workflows::copy::{keys, run};
use crate::workflows::follow_up::PendingImage;
use crate::workflows::run::context::{Context, is_unchanged};
use crate::workflows::run::diagnostics::diagnose;

/// What was made, for stdout, and how the run ends after that.
pub struct Created {
    /// The image, its steps and its copies; `None` where nothing is to be shown.
    pub made: Option<Made>,
    /// The end.
    pub end: Result<()>,
}

/// An order that was checked.
struct Ready {
    request: Request,
    instance: Option<InstancePlan>,
}

/// Only checks, also with EC2.
pub async fn dry_run(context: &Context, order: &NewImageOrder) -> Result<()> {
    let target = place(context, order).await?;
    let ready = context.unless_stopped(check(context, &target, order)).await?;
    let name = context.unless_stopped(create::check(&target, &ready.request)).await?;
    if let (OrderOrigin::Instance(InstanceOrder { prepare: Some(script), .. }), Some(plan)) =
        (&order.origin, &ready.instance)
    {
        context.printer.say(format!(
            "dry run: {} was not run on {}, and SSM was not asked whether it may be",
            script.label(),
            plan.instance.label()
        ));
    }
    let then = order.steps.would(context.now);
    context.printer.say(format!("dry run: {name} would be made in {}{then}", target.region));
    Ok(())
}

/// Makes the image, and with it all that is ordered. Everything is checked first.
pub async fn make(context: &Context, order: NewImageOrder) -> Result<Created> {
    let target = place(context, &order).await?;
    if let Some((name, image)) = context.unless_stopped(Box::pin(delivered::find(context, &target, &order))).await? {
        let made = format!("{name} ({}) in {} was made by an earlier delivery of this run", image.id, target.region);
        context.printer.say(format!("{made}, and is not made again"));
        let start = Box::pin(delivered::released(context, &target, &order, &image)).await;
        return Ok(concluded(context, target, order, (name, image.id), start).await);
    }
    let mut ready = context.unless_stopped(Box::pin(check(context, &target, &order))).await?;
    let mut touched = false;
    if let (OrderOrigin::Instance(instance), Some(plan)) = (&order.origin, &mut ready.instance) {
        touched = instance.prepare.is_some();
        Box::pin(prepared(context, &target, instance, plan, &ready.request))
            .await
            .map_err(|error| said(touched, error))?;
    }
    let HeldWork { work, start } = Box::pin(begun(context, &target, &ready)).await;
    let made = work.map_err(|error| said(touched, error))?;
    Ok(concluded(context, target, order, made, start).await)
}

/// Does what is left once the image is being made.
async fn concluded(
    context: &Context,
    target: Target,
    order: NewImageOrder,
    (name, id): (ImageName, ImageId),
    start: Option<Failure>,
) -> Created {
    let tagged = match &order.origin {
        OrderOrigin::Instance(_) => Ok(()),
        OrderOrigin::Snapshot(SnapshotOrder { wanted, .. }) => {
            create::tag_snapshots(&target, &order.image, &wanted.named_snapshots(), &name).await
        }
    };
    if let Err(error) = &tagged {
        // Printed now, as later steps may fail too.
        context.printer.tell(&format!("the snapshots of {name} ({id}) could not be tagged: {error:#}"));
    }
    if let Some(failure) = &start {
        context.printer.tell(&failure.message);
        failure.hint.iter().for_each(|hint| context.printer.tell(&format!("  hint: {hint}")));
    }
    let created = match seen(context, &target, &order, (&name, &id)).await {
        Ok(image) => finished(context, target, order, image).await,
        Err(error) => {
            let image = PendingImage { target: &target, id: &id, name: &name.to_string() };
            let (made, error) = not_available(context, &order.steps, &order.copy_to, image, error).await;
            Created { made, end: Err(error) }
        }
    };
    let end = created.end.and_then(|()| {
        tagged.map_err(|error| {
            let message = format!("{name} ({id}) is made, but its snapshots could not be tagged: {error:#}");
            let hint = "tag the snapshots by hand; if the role may not tag them, use --no-snapshot-tags";
            Failure::new(Kind::Partial, "SnapshotNotTagged", message).hint(hint).into()
        })
    });
    Created { made: created.made, end: with_start(end, start, &name, &id) }
}

/// The account and the region.
async fn place(context: &Context, order: &NewImageOrder) -> Result<Target> {
    let target = context.target().await?;
    if order.copy_to.contains(&target.region) {
        let message = format!("--copy-to {}: the image is created in that region", target.region);
        return Err(Failure::usage(message).hint("leave that region out").into());
    }
    Ok(target)
}

/// Refuses early what would fail late.
async fn check(context: &Context, target: &Target, order: &NewImageOrder) -> Result<Ready> {
    let (origin, instance) = match &order.origin {
        OrderOrigin::Instance(wanted) => {
            let plan = plan(context, target, wanted).await?;
            let id = plan.instance.id.clone();
            (ImageOrigin::Instance { id, no_reboot: wanted.no_reboot }, Some(plan))
        }
        OrderOrigin::Snapshot(wanted) => {
            let made_of = snapshot::registration(context, target, wanted.like.as_ref(), &wanted.wanted).await?;
            (ImageOrigin::Snapshot(Box::new(made_of)), None)
        }
    };
    if order.steps.shares() {
        let volumes = volumes_of(context, target, &origin).await;
        keys::image(context, target, &order.copy_to, order.image.family.as_str(), &volumes).await?;
    }
    Ok(Ready { request: Request { image: order.image.clone(), origin }, instance })
}

/// Prepares the instance: what is done to it before the image.
async fn prepared(
    context: &Context,
    target: &Target,
    order: &InstanceOrder,
    plan: &mut InstancePlan,
    request: &Request,
) -> Result<()> {
    let ready = matches!(plan.instance.state.as_str(), "running" | "stopped");
    if ready && (order.prepare.is_some() || plan.hold != Hold::None) {
        // Before anything is changed EC2 is asked whether it would make the image. It would not while it stops.
        context.unless_stopped(create::check(target, request)).await?;
    }
    if plan.starts_first {
        plan.instance = start_again::start_again(context, target, &plan.instance).await?.instance;
        context.printer.say(format!("{} runs again", plan.instance.label()));
        if plan.hold == Hold::Stop {
            context.unless_stopped(stop_checks::check(target, &plan.instance, &mark(context))).await?;
        }
    }
    if let Some(script) = &order.prepare {
        prepare::run(context, target, &plan.instance, script).await?;
    }
    if plan.reboots {
        let id = &plan.instance.id;
        context.printer.say(format!("{id} is running and will reboot; --no-reboot would leave it running"));
    }
    Ok(())
}

/// Begins the image, with its instance stopped where that is wanted.
async fn begun(context: &Context, target: &Target, ready: &Ready) -> HeldWork<(ImageName, ImageId)> {
    let request = &ready.request;
    // After a lost answer, the search for the image may take two minutes.
    let tell = |text: String| context.printer.say(text);
    let begin = async |room: Room<'_>, changed: bool| {
        let bar = context.printer.bars().spinner(format!("asking for an image of {}", request.image.family));
        let starting = create::start(target, request, &room);
        let started = match changed {
            false => context.begin(starting).await,
            true => context.begin_or(starting, no_image).await,
        };
        drop(bar);
        if let Ok((name, id)) = &started {
            context.printer.say(format!("making {name} ({id}) in {}", target.region));
        }
        started
    };
    let Some(plan) = &ready.instance else {
        return HeldWork { work: begin(Room::new(context.patience(), &tell), false).await, start: None };
    };
    let holds = plan.hold != Hold::None;
    held(context, target, &plan.instance, plan.hold, async |patience, stopped| {
        let (name, id) = begin(Room::new(patience.clone(), &tell), holds).await?;
        if holds {
            let doubt = match taken::begun(target, &id, stopped, patience).await {
                Err(why) => Some(format!("starts again before its snapshots were seen ({why})")),
                Ok(()) => taken::disturbed(target, stopped).await,
            };
            if let Some(doubt) = doubt {
                let warning = format!("warning: {name} ({id}) may not be consistent: {} {doubt}", plan.instance.id);
                context.printer.tell(&warning);
            }
        }
        Ok((name, id))
    })
    .await
}

/// An interruption before the image, where the instance was changed already.
fn said(touched: bool, error: Error) -> Error {
    if touched && is_unchanged(&error) { no_image() } else { error }
}

fn no_image() -> Error {
    Failure::interrupted("no image was made").into()
}

/// The image as it is to be shown.
async fn seen(
    context: &Context,
    target: &Target,
    order: &NewImageOrder,
    (name, id): (&ImageName, &ImageId),
) -> Result<Image> {
    if !order.wait {
        return wait::image_visible(target, id, &context.patience()).await;
    }
    context
        .watched(name.to_string(), async |watch| {
            wait::image_available(target, id, true, &context.patience(), watch).await
        })
        .await
}

/// Takes the steps and makes the copies.
async fn finished(context: &Context, target: Target, order: NewImageOrder, image: Image) -> Created {
    let NewImageOrder { steps, copy_to, .. } = order;
    let made =
        Made { steps: steps.take(context, &target, &image).await, images: vec![image.clone()], errors: Vec::new() };
    let copies = [CopyJob { to: copy_to, steps, ..CopyJob::of(target, image) }];
    let run = run::carry_out(context, &copies, Vec::new(), made).await;
    let (made, end) = run.concluded(context, &copies);
    Created { made: Some(made), end }
}

/// The end, which is no success where the instance does not run again.
fn with_start(end: Result<()>, start: Option<Failure>, name: &ImageName, id: &ImageId) -> Result<()> {
    let Some(start) = start else { return end };
    let failure = match &end {
        Ok(()) => {
            let message = format!("{name} ({id}) is made, but {}", start.message);
            Failure::new(Kind::Partial, start.code, message)
        }
        Err(error) => {
            let told = diagnose(error);
            Failure::new(told.kind, told.code, format!("{}; and {}", told.message, start.message))
        }
    };
    let hints = start.hint.into_iter().chain(end.err().and_then(|error| diagnose(&error).hint));
    let hints: Vec<_> = hints.collect();
    Err(failure.hint(hints.join("; then: ")).into())
}
