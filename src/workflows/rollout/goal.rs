//! The version that a group goes to, and the checks of its image.

use anyhow::Result;

use super::plan::{Goal, PlannedVersion, RolloutRequest};
use super::words::refused;
use crate::domain::command_line::amictl;
use crate::domain::image::{Image, State};
use crate::domain::launch_image::LaunchImage;
use crate::domain::launch_template::kept_snapshots;
use crate::domain::reference::ImageRef;
use crate::domain::rollout::{GroupName, same_machines};
use crate::domain::tags::REVOKED;
use crate::service::launch_templates::{LaunchTemplate, NewVersion, TemplateChange};
use crate::service::{Target, images};
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

/// The version in force of a group.
pub(super) struct InForce {
    /// Its number.
    pub number: i64,
    /// The image that instances of it run; `None` if it is not known or gone.
    pub image: Option<Image>,
}

/// The version that the group goes to, with its image.
pub(super) async fn goal(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    (group, template): (&GroupName, &LaunchTemplate),
    (in_force, named): (&InForce, Option<&Image>),
) -> Result<(PlannedVersion, Image)> {
    let (version, image, same_type) = match (&request.goal, named) {
        (Goal::Version(number), _) => {
            let image = of_version(context, target, request, group, template, *number).await?;
            let same = template.instance_type_in(*number) == template.instance_type_in(in_force.number);
            (PlannedVersion::Existing(*number), image, same)
        }
        (Goal::Image(_), Some(image)) => {
            let new = with_image(group, template, in_force.image.as_ref(), image)?;
            (existing_or_new(template, new), image.clone(), true)
        }
        (Goal::Image(reference), None) => {
            return Err(refused(group, "InvalidAMIID.NotFound", format!("'{reference}' names no image")).into());
        }
    };
    check(target, group, &image)?;
    let before = in_force.image.as_ref().filter(|_| same_type).and_then(|image| image.architecture.as_deref());
    match before.zip(image.architecture.as_deref()) {
        Some((before, after)) if !same_machines(before, after) => {
            let message = format!(
                "{} is for {after}, and the instances are for {before}: their type cannot run it",
                image.label()
            );
            Err(refused(group, "ArchitectureMismatch", message)
                .hint("make a version with an instance type for it, and give --template-version")
                .into())
        }
        _ => Ok((version, image)),
    }
}

/// The version like the one in force, but with this image.
pub(super) fn with_image(
    group: &GroupName,
    template: &LaunchTemplate,
    before: Option<&Image>,
    image: &Image,
) -> Result<NewVersion> {
    let impossible = |why: String| refused(group, "TemplateNotChangeable", format!("its template: {why}"));
    let keep_snapshots = kept_snapshots(&template.volumes(), before, image).map_err(impossible)?;
    let change = TemplateChange {
        image: image.id.to_string(),
        label: image.label(),
        keep_snapshots,
        ..TemplateChange::default()
    };
    Ok(template.changed(&change).map_err(impossible)?)
}

/// The version with the same contents, if there is one.
pub(super) fn existing_or_new(template: &LaunchTemplate, new: NewVersion) -> PlannedVersion {
    match template.same(&new) {
        Some(number) => PlannedVersion::Existing(number),
        None => PlannedVersion::New(Box::new(new)),
    }
}

/// The image of a version that the user names by its number.
async fn of_version(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    group: &GroupName,
    template: &LaunchTemplate,
    number: i64,
) -> Result<Image> {
    let Some(text) = template.image_in(number) else {
        let message = format!("its template has no version {number}; the newest is {}", template.newest());
        return Err(refused(group, "InvalidLaunchTemplateId.VersionNotFound", message).into());
    };
    let wrong = |why: String| refused(group, "NoImage", format!("version {number} of its template {why}"));
    let id = match text.as_deref().map(LaunchImage::of) {
        Some(LaunchImage::Parameter(name)) if request.preferences.auto_rollback => {
            return Err(wrong(format!("takes its image from the parameter {name}, and AWS could not roll back"))
                .hint("give --no-auto-rollback, or go to a version that names the image by its id")
                .into());
        }
        Some(LaunchImage::Parameter(name)) => return of_parameter(context, target, name).await,
        Some(LaunchImage::Ids(ids)) if ids.len() == 1 => ids[0].clone(),
        Some(LaunchImage::Ids(_) | LaunchImage::Dead(_) | LaunchImage::Unknown) => {
            return Err(wrong("does not name one image".to_owned()).into());
        }
        None => return Err(wrong("names no image".to_owned()).into()),
    };
    match images::by_id(target, &id).await? {
        Some(mut image) => {
            image.group_by(&context.families);
            Ok(image)
        }
        None => Err(wrong(format!("names {id}, which the account cannot see in {}", target.place().await))
            .hint("it is deregistered, or not shared with this account")
            .into()),
    }
}

/// The image that a parameter names now.
pub(super) async fn of_parameter(context: &Context, target: &Target, name: &str) -> Result<Image> {
    let reference: ImageRef = format!("ssm:{name}").parse()?;
    resolve::image(context, target, &reference).await
}

/// Refuses an image that no instance could be launched from, or that is revoked.
fn check(target: &Target, group: &GroupName, image: &Image) -> Result<()> {
    if image.state != State::Available {
        let message = format!("{} in {} is {} and cannot be launched", image.label(), image.region, image.state);
        let failure = refused(group, "InvalidAMIID.Unavailable", message);
        return Err(match image.state.may_become_available() {
            true => {
                let line = amictl("wait").word(&image.id).options(target.options());
                failure.hint(format!("wait for it with: {line}")).into()
            }
            false => failure.into(),
        });
    }
    if image.allowed == Some(false) {
        let message = format!("the Allowed AMIs of the account do not take {} in {}", image.label(), image.region);
        return Err(refused(group, "NotAllowed", message).into());
    }
    if image.revoked() {
        let reason = image.tags.get(REVOKED).map(String::as_str).unwrap_or_default();
        let message = format!("{} in {} is revoked: {reason}", image.label(), image.region);
        return Err(refused(group, "Revoked", message).hint("give another version of the family").into());
    }
    Ok(())
}
