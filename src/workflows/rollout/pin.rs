//! The version in force of a group, and the one it is pinned to where it follows something.

use std::collections::BTreeSet;

use anyhow::Result;

use super::goal::{InForce, existing_or_new, of_parameter, with_image};
use super::plan::{Pin, PlannedVersion};
use super::words::refused;
use crate::domain::image::Image;
use crate::domain::launch_image::LaunchImage;
use crate::domain::rollout::TemplateUse;
use crate::service::auto_scaling_groups::ScalingGroup;
use crate::service::launch_templates::LaunchTemplate;
use crate::service::{Target, images, instances};
use crate::workflows::run::context::Context;

/// The number of the version that a group launches now.
pub(super) fn number_in_force(group: &ScalingGroup, used: &TemplateUse, template: &LaunchTemplate) -> Result<i64> {
    let number = match used.version() {
        "$Latest" => Some(template.newest()),
        "$Default" => Some(template.default),
        number => number.parse().ok().filter(|number| template.image_in(*number).is_some()),
    };
    number.ok_or_else(|| {
        let message = format!("version {} of its template {} does not exist", used.version(), used.label());
        refused(&group.name, "InvalidLaunchTemplateId.VersionNotFound", message)
            .hint("give the group a version that exists first")
            .into()
    })
}

/// The version in force with the image that its instances run, and the pin that a group needs before AWS could go back.
pub(super) async fn in_force(
    context: &Context,
    target: &Target,
    (group, used): (&ScalingGroup, &TemplateUse),
    (template, number): (&LaunchTemplate, i64),
) -> Result<(InForce, Option<Pin>)> {
    let text = template.image_in(number).flatten();
    let parameter = match text.as_deref().map(LaunchImage::of) {
        Some(LaunchImage::Parameter(name)) => Some(name.to_owned()),
        Some(LaunchImage::Ids(ids)) => {
            let image = match ids.as_slice() {
                [one] => images::by_id(target, one).await?,
                _ => None,
            };
            return Ok((InForce { number, image }, follows_number(used, number)));
        }
        Some(LaunchImage::Dead(_) | LaunchImage::Unknown) | None => None,
    };
    let Some(parameter) = parameter else {
        return Ok((InForce { number, image: None }, follows_number(used, number)));
    };
    let image = image_run(context, target, group, &parameter).await?;
    let version = existing_or_new(template, with_image(&group.name, template, Some(&image), &image)?);
    let pin = Pin { version, follows: format!("the parameter {parameter}") };
    Ok((InForce { number, image: Some(image) }, Some(pin)))
}

fn follows_number(used: &TemplateUse, number: i64) -> Option<Pin> {
    let follows = used.version().to_owned();
    used.number().is_none().then_some(Pin { version: PlannedVersion::Existing(number), follows })
}

/// The one image that the instances of a group run; without instances the one that the parameter names.
async fn image_run(context: &Context, target: &Target, group: &ScalingGroup, parameter: &str) -> Result<Image> {
    let ids: Vec<_> = group.instances.iter().map(|instance| instance.id.clone()).collect();
    if ids.is_empty() {
        return of_parameter(context, target, parameter).await;
    }
    let running = instances::by_ids(target, &ids).await?;
    let run: BTreeSet<_> = running.into_iter().filter_map(|instance| instance.image_id).collect();
    let mut each = run.iter();
    let lost = |code: &'static str, message: String| {
        let failure = refused(&group.name, code, message);
        failure.hint("pin the group to a version that names an image by its id, then roll out again")
    };
    match (each.next(), each.next()) {
        (Some(one), None) => images::by_id(target, one).await?.ok_or_else(|| {
            let message = format!(
                "its template takes the image from the parameter {parameter}, so it must be pinned first, and the image \
                 {one} of its instances is gone"
            );
            lost("InvalidAMIID.NotFound", message).into()
        }),
        _ => {
            let ids: Vec<_> = run.iter().map(|id| id.as_str()).collect();
            let message = format!(
                "its template takes the image from the parameter {parameter}, so it must be pinned first, and its \
                 instances do not run one image: {}",
                ids.join(", ")
            );
            Err(lost("InstancesDisagree", message).into())
        }
    }
}
