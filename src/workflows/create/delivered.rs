//! The image that an earlier delivery of the same run has made, and the instance that it may have left stopped.
//!
//! A platform may deliver one order twice, with one run id. The image is not made again then, and no instance is
//! prepared or stopped again: the second delivery takes up what is left of the first.

use anyhow::Result;

use super::order::{InstanceOrder, NewImageOrder, OrderOrigin};
use super::start_again::start_again;
use super::{selected, taken};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::instance::Instance;
use crate::domain::instance_selector::InstanceSelector;
use crate::domain::naming::ImageName;
use crate::domain::stopped::StoppedMark;
use crate::service::client::error::codes::NO_INSTANCE;
use crate::service::{Target, create, instances};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::diagnose;

/// The image of an earlier delivery; none where the run has an id of its own making.
pub async fn find(context: &Context, target: &Target, order: &NewImageOrder) -> Result<Option<(ImageName, Image)>> {
    if !context.delivered {
        return Ok(None);
    }
    let Some((name, image)) = create::made_before(target, &order.image).await? else { return Ok(None) };
    if !ordered(order, &name, &image) {
        let label = image.label();
        let message = format!("run {} has made {label} in {} for another order", context.maker.run, target.region);
        let hint = "AMICTL_RUN_ID is for one order: give this one another id, or unset it";
        return Err(Failure::new(Kind::Refused, "AnotherOrder", message).hint(hint).into());
    }
    Ok(Some((name, image)))
}

/// Whether the image is what is ordered, as far as it says so itself.
fn ordered(order: &NewImageOrder, name: &ImageName, image: &Image) -> bool {
    let origin = match (&order.origin, &image.source.instance_id) {
        (OrderOrigin::Instance(InstanceOrder { selector: InstanceSelector::Id(id), .. }), Some(made_from)) => {
            id == made_from
        }
        (OrderOrigin::Snapshot(_), Some(_)) => false,
        (OrderOrigin::Instance(_) | OrderOrigin::Snapshot(_), _) => true,
    };
    origin && order.image.version.is_none_or(|version| version == name.version())
}

/// Starts the instance that the earlier delivery left stopped. Gives the failure if it may not run.
pub async fn released(context: &Context, target: &Target, order: &NewImageOrder, image: &Image) -> Option<Failure> {
    let OrderOrigin::Instance(wanted) = &order.origin else { return None };
    let instance = match instance(target, wanted, image).await {
        Ok(instance) => instance?,
        Err(error) => {
            let told = diagnose(&error);
            let message = format!("whether its instance was left stopped is unknown: {}", told.message);
            let failure = Failure::new(Kind::Failed, told.code, message);
            return Some(told.hint.into_iter().fold(failure, Failure::hint));
        }
    };
    let ours = StoppedMark::of(&instance.tags).ok().flatten().is_some_and(|mark| mark.run == context.maker.run);
    if !ours || instance.ended() {
        return None;
    }
    if instance.state != "running"
        && let Err(why) = taken::begun(target, &image.id, &instance, &context.patience()).await
    {
        let doubt = format!("{} starts again before its snapshots were seen ({why})", instance.id);
        context.printer.tell(&format!("warning: {} may not be consistent: {doubt}", image.label()));
    }
    let started = start_again(context, target, &instance).await;
    if started.is_ok() {
        context.printer.say(format!("{} runs again", instance.label()));
    }
    started.err()
}

/// The instance of the image; none if it is gone.
async fn instance(target: &Target, wanted: &InstanceOrder, image: &Image) -> Result<Option<Instance>> {
    let id = match (&image.source.instance_id, &wanted.selector) {
        (Some(id), _) | (None, InstanceSelector::Id(id)) => id,
        (None, InstanceSelector::Tag(_)) => {
            return selected::instance(target, &wanted.selector, wanted.newest).await.map(Some);
        }
    };
    match instances::by_ids(target, std::slice::from_ref(id)).await {
        Err(error) if error.is(NO_INSTANCE) => Ok(None),
        other => Ok(other?.pop()),
    }
}
