//! The checks of a launch template in one place: what would be written there, and whether it can be.

use anyhow::Result;

use super::image::{self, TemplateImage};
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::instance_options::{InstanceOptions, MetadataTokens};
use crate::domain::launch_template::{TemplateGroups, TemplateName, kept_snapshots};
use crate::domain::reference::ImageRef;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::launch_templates::{self, LaunchTemplate, NewVersion, TemplateChange};
use crate::workflows::run::context::Context;

/// What the user asks for.
#[derive(Debug, Clone)]
pub struct TemplateRequest {
    /// The name of the template.
    pub name: TemplateName,
    /// The image.
    pub image: ImageRef,
    /// Whether an alias is written as the id of its image.
    pub pin: bool,
    /// Whether the version becomes the default.
    pub default: bool,
    /// Everything else that the version says.
    pub options: InstanceOptions,
    /// What it says about metadata.
    pub metadata: Option<MetadataTokens>,
}

/// What would be written in one place.
#[derive(Clone)]
pub struct TemplatePlan {
    /// The place.
    pub target: Target,
    /// The name of the template.
    pub name: TemplateName,
    /// The image.
    pub image: TemplateImage,
    /// The groups that use it.
    pub groups: TemplateGroups,
    /// The template, if it is there.
    pub(super) template: Option<LaunchTemplate>,
    pub(super) new: NewVersion,
    /// The version with the same contents.
    pub(super) same: Option<i64>,
    pub(super) default: bool,
}

/// Checks a place for a request.
pub(super) async fn check(context: &Context, target: &Target, request: &TemplateRequest) -> Result<TemplatePlan> {
    let image = image::wanted(context, target, &request.image, request.pin).await?;
    let template = launch_templates::find(target, &request.name).await?;
    let metadata = match (request.metadata, template.as_ref().and_then(LaunchTemplate::metadata_tokens)) {
        (Some(given), _) => Some(given),
        (None, Some(_)) => None,
        (None, None) => {
            let what = "its instances will require IMDSv2; --imds optional makes a version whose instances do not";
            if template.is_some() {
                context.printer.say(format!("launch template {}: {what}", request.name));
            }
            Some(MetadataTokens::Required)
        }
    };
    if template.is_none() && request.options.instance_type.is_none() {
        let place = target.place().await;
        let message =
            format!("there is no launch template {} in {place} yet, and a new one needs --type", request.name);
        return Err(Failure::usage(message).hint("give --type, e.g. --type t3.micro").into());
    }
    let change = TemplateChange {
        image: image.text.clone(),
        label: image.image.label(),
        options: request.options.clone(),
        metadata,
        keep_snapshots: Vec::new(),
    };
    // A type that is given with the image is meant for it.
    let any_architecture = request.options.instance_type.is_some();
    plan(target, &request.name, template, image, change, (request.default, any_architecture)).await
}

/// What would be written for a change.
pub(super) async fn plan(
    target: &Target,
    name: &TemplateName,
    template: Option<LaunchTemplate>,
    image: TemplateImage,
    mut change: TemplateChange,
    (default, any_architecture): (bool, bool),
) -> Result<TemplatePlan> {
    let refused = async |code: &'static str, why: String| {
        let message = format!("launch template {name} in {}: {why}", target.place().await);
        Failure::new(Kind::Refused, code, message)
    };
    let other =
        || format!("make another template with: {}", amictl("template").word("NAME").options("--image REF --type T"));
    let Some(found) = template else {
        let new = match NewVersion::first(&change) {
            Ok(new) => new,
            Err(why) => return Err(refused("TemplateContents", why).await.into()),
        };
        let (target, name) = (target.clone(), name.clone());
        return Ok(TemplatePlan {
            target,
            name,
            image,
            groups: Ok(Vec::new()),
            template: None,
            new,
            same: None,
            default,
        });
    };
    if found.managed {
        let why = "an AWS service manages it, and nobody else may change it".to_owned();
        return Err(refused("ManagedTemplate", why).await.hint(other()).into());
    }
    if !any_architecture
        && found.image() != Some(image.text.as_str())
        && let Some(before) = image::seen(target, found.image()).await?
        && before.architecture != image.image.architecture
    {
        let words = |image: &Image| image.architecture.clone().unwrap_or_else(|| "of unknown architecture".to_owned());
        let (now, then) = (&image.image, words(&before));
        let why = format!(
            "version {} has {}, which is {then}, and {} is {}: its instance type may not run it",
            found.default,
            before.label(),
            now.label(),
            words(now)
        );
        let hint = "give a type for it: amictl template with --type, or promote with --allow-arch-change";
        return Err(refused("OtherArchitecture", why).await.hint(hint).into());
    }
    change.keep_snapshots = match snapshots(target, &found, &image).await? {
        Ok(keep) => keep,
        Err(why) => {
            let hint = "make a version by hand that names its volumes as they are to be, and make it the default";
            let why = format!("version {}: {why}", found.default);
            return Err(refused("TemplateVolumes", why).await.hint(hint).into());
        }
    };
    let new = match found.changed(&change) {
        Ok(new) => new,
        Err(why) => return Err(refused("TemplateContents", why).await.hint(other()).into()),
    };
    let groups = launch_templates::groups_of(target, &found.id, name).await.map_err(|error| error.problem());
    let same = found.same(&new);
    let (target, name) = (target.clone(), name.clone());
    Ok(TemplatePlan { target, name, image, groups, template: Some(found), new, same, default })
}

/// Which volumes keep their snapshots; all of them where the image stays.
async fn snapshots(
    target: &Target,
    template: &LaunchTemplate,
    image: &TemplateImage,
) -> Result<std::result::Result<Vec<bool>, String>, ApiError> {
    let volumes = template.volumes();
    if template.image() == Some(image.text.as_str()) {
        return Ok(Ok(vec![true; volumes.len()]));
    }
    let named = volumes.iter().any(|volume| volume.snapshot.is_some());
    let before = if named { image::seen(target, template.image()).await? } else { None };
    Ok(kept_snapshots(&volumes, before.as_ref(), &image.image))
}

impl TemplatePlan {
    /// Asks EC2 whether it would write this, and changes nothing.
    pub(super) async fn attempt(&self, context: &Context) -> Result<(), ApiError> {
        let Some(template) = &self.template else {
            let made_by = &context.maker.program;
            return launch_templates::create(&self.target, &self.name, &self.new, made_by, true).await.map(drop);
        };
        if self.same.is_none() {
            launch_templates::add(&self.target, template, &self.new, true).await?;
        }
        if self.default && self.same != Some(template.default) {
            launch_templates::make_default(&self.target, &template.id, template.default, true).await?;
        }
        Ok(())
    }

    /// What would be done, for a dry run.
    pub(super) fn words(&self) -> String {
        match (&self.template, self.same) {
            (None, _) => "would be made, with version 1".to_owned(),
            (Some(template), same) => {
                let default = template.default;
                let becomes = match self.default {
                    true if same == Some(default) => format!("; it is the default, {default}, already"),
                    true => format!(" and become the default in place of {default}"),
                    false => format!("; the default would stay {default}"),
                };
                match same {
                    Some(number) => format!("has version {number} with these contents, which would be used{becomes}"),
                    None => format!("would get a version made from {default}{becomes}"),
                }
            }
        }
    }
}
