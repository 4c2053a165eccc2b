//! The volumes of an image to be made, and the error for one that failed.

use std::collections::BTreeSet;

use anyhow::Error;

use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::service::image_request::ImageOrigin;
use crate::service::{Target, snapshots, volumes};
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
