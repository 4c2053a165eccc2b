//! Checks of `create` before an image is made, and the error for one that failed.

use std::collections::BTreeSet;

use anyhow::{Error, Result};

use super::revoked;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::InstanceId;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::service::image_request::ImageOrigin;
use crate::service::{Target, instances, snapshots, volumes};
use crate::workflows::copy::job::Made;
use crate::workflows::copy::keys::VolumeKeys;
use crate::workflows::follow_up::{FollowUp, PendingImage};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;

/// The steps that are left with an image that is still being made, or failed, and the error with the command
/// lines that take it up, copies included.
pub async fn not_available(
    context: &Context,
    steps: &FollowUp,
    copy_to: &BTreeSet<Region>,
    image: PendingImage<'_>,
    error: Error,
) -> (Option<Made>, Error) {
    let (target, id, last) = (image.target, image.id, diagnostics::diagnose(&error));
    let problem = Problem { code: last.code.clone(), message: last.message };
    let left = steps.left(context, image, &last.code).await;
    let mut lines = steps.commands(target, left.iter());
    if !copy_to.is_empty() {
        let to: Vec<_> = copy_to.iter().map(Region::as_str).collect();
        lines.push(
            amictl("copy")
                .word(id)
                .options(format!("--to {}{} {}", to.join(","), steps.options(), target.options()))
                .to_string(),
        );
    }
    let errors = vec![target.error(problem).await];
    let made = (!left.is_empty()).then_some(Made { images: Vec::new(), steps: left, errors });
    let error = match error.downcast_ref::<Failure>() {
        Some(failure) if matches!(failure.kind, Kind::TimedOut | Kind::Interrupted | Kind::OutOfSight) => {
            let wait = failure.hint.clone().into_iter();
            failure.clone().hint(wait.chain(lines).collect::<Vec<_>>().join(" && ")).into()
        }
        _ => error,
    };
    (made, error)
}

/// The volumes of the image to be made. If they cannot be read, EC2 decides whether it can be shared.
pub async fn volumes_of(context: &Context, target: &Target, origin: &ImageOrigin) -> VolumeKeys {
    let keys = match origin {
        ImageOrigin::Instance { id, .. } => volumes::keys_of(target, id).await,
        ImageOrigin::Snapshot(made_of) => snapshots::existing(target, &Vec::from_iter(made_of.snapshots()))
            .await
            .map(|found| found.into_iter().map(|snapshot| snapshot.kms_key).collect()),
    };
    match keys {
        Ok(keys) => VolumeKeys::new(&keys),
        Err(error) => {
            context.printer.say(format!("whether the image can be shared is unknown: {error}"));
            VolumeKeys::default()
        }
    }
}

/// Refuses early what EC2 would refuse late, and warns of revoked images. Returns the instance if it will reboot.
pub async fn look_at_instance(context: &Context, target: &Target, origin: &ImageOrigin) -> Result<Option<InstanceId>> {
    let ImageOrigin::Instance { id, no_reboot } = origin else { return Ok(None) };
    let found = instances::by_ids(target, std::slice::from_ref(id)).await;
    let instance = match found {
        Err(error) if error.is("InvalidInstanceID.NotFound") => None,
        other => other?.pop(),
    };
    let Some(instance) = instance else {
        let message = format!("there is no instance {id} in {}", target.place().await);
        let failure = Failure::new(Kind::Failed, "InvalidInstanceID.NotFound", message);
        return Err(failure.hint("check the id, --region and --profile").into());
    };
    if instance.ended() {
        let message = format!("{id} in {} is {}: nothing can be made from it", target.region, instance.state);
        return Err(Failure::new(Kind::Failed, "IncorrectInstanceState", message).into());
    }
    if let Some(image) = &instance.image_id {
        revoked::warn(context, target, image).await;
    }
    Ok((instance.state == "running" && !no_reboot).then(|| id.clone()))
}
