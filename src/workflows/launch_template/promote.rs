//! A promoted image in a launch template: the default version gets it, unless the template follows by itself.

use anyhow::Result;

use super::check::{self, TemplatePlan};
use super::image::TemplateImage;
use super::run::told;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::launch_image::LaunchImage;
use crate::domain::launch_template::{TemplateGroups, TemplateName};
use crate::domain::template_outcome::TemplateOutcome;
use crate::service::Target;
use crate::service::launch_templates::{self, LaunchTemplate, TemplateChange};
use crate::workflows::run::context::Context;

/// A launch template that was checked for a promoted image.
pub struct PromotedTemplate {
    /// What is to be done with it.
    way: Way,
    target: Target,
    id: String,
    name: TemplateName,
    version: i64,
    image: TemplateImage,
    groups: TemplateGroups,
}

enum Way {
    /// It names a parameter: nothing is to be done.
    Follows(String),
    /// Its default version has the image.
    Has,
    /// It gets a default version with the image.
    Moves(Box<TemplatePlan>),
}

/// Checks a place, and asks EC2 whether it would write; nothing is written.
pub async fn check(context: &Context, target: &Target, name: &TemplateName, image: &Image) -> Result<PromotedTemplate> {
    let Some(found) = launch_templates::find(target, name).await? else {
        let message = format!("there is no launch template {name} in {}", target.place().await);
        let make = amictl("template").word(name).options(format!("--image {} --type T {}", image.id, target.options()));
        let failure = Failure::new(Kind::Refused, "MissingTemplate", message);
        return Err(failure.hint(format!("make it with: {make}; or leave --template out")).into());
    };
    let (id, version) = (found.id.clone(), found.default);
    let follows = found.image().and_then(followed);
    let template_image = || TemplateImage { text: image.id.to_string(), image: image.clone() };
    let moves = follows.is_none() && found.image() != Some(image.id.as_str());
    if !moves {
        let groups = launch_templates::groups_of(target, &id, name).await.map_err(|error| error.problem());
        let image = TemplateImage { text: found.image().unwrap_or_default().to_owned(), image: image.clone() };
        let way = follows.map_or(Way::Has, Way::Follows);
        return Ok(PromotedTemplate { way, target: target.clone(), id, name: name.clone(), version, image, groups });
    }
    let plan = plan(target, name, found, template_image()).await?;
    plan.attempt(context).await?;
    let groups = plan.groups.clone();
    let (target, name, image) = (target.clone(), name.clone(), template_image());
    Ok(PromotedTemplate { way: Way::Moves(Box::new(plan)), target, id, name, version, image, groups })
}

async fn plan(
    target: &Target,
    name: &TemplateName,
    found: LaunchTemplate,
    image: TemplateImage,
) -> Result<TemplatePlan> {
    let (id, label) = (image.text.clone(), image.image.label());
    let change = TemplateChange { image: id, label, ..TemplateChange::default() };
    check::plan(target, name, Some(found), image, change, true).await
}

fn followed(text: &str) -> Option<String> {
    match LaunchImage::of(text) {
        LaunchImage::Parameter(name) => Some(name.to_owned()),
        LaunchImage::Ids(_) | LaunchImage::Dead(_) | LaunchImage::Unknown => None,
    }
}

impl PromotedTemplate {
    /// Whether anything is to be written.
    pub fn moves(&self) -> bool {
        match self.way {
            Way::Moves(_) => true,
            Way::Follows(_) | Way::Has => false,
        }
    }

    /// What is special about it for people: the parameter that it follows, and how the groups that use it take this.
    pub async fn words(&self, promoted: &str) -> Vec<String> {
        let template = format!("launch template {} in {}", self.name, self.target.place().await);
        let first = match &self.way {
            Way::Follows(name) if name == promoted => format!("{template} follows {name} by itself, and is left alone"),
            Way::Follows(name) => {
                format!("warning: {template} follows {name}, not {promoted}, and is left alone")
            }
            Way::Has => format!("{template} has the image in its default version {}", self.version),
            Way::Moves(_) => format!("{template} gets a new default version in place of {}", self.version),
        };
        let (version, default) = match &self.way {
            Way::Moves(plan) => {
                let next = plan.same.unwrap_or(i64::MAX);
                (next, Some(next))
            }
            Way::Follows(_) | Way::Has => (self.version, Some(self.version)),
        };
        let groups = told(&self.groups, version, default);
        std::iter::once(first).chain(groups.into_iter().map(|line| format!("  {line}"))).collect()
    }

    /// Writes what was checked. An answer that was lost is looked for.
    pub async fn apply(&self, context: &Context) -> TemplateOutcome {
        match &self.way {
            Way::Moves(plan) => plan.apply(context).await,
            Way::Follows(_) | Way::Has => self.unchanged().await,
        }
    }

    /// The outcome where nothing is written.
    pub async fn unchanged(&self) -> TemplateOutcome {
        if let Way::Moves(plan) = &self.way {
            return plan.outcome().await;
        }
        TemplateOutcome {
            account: self.target.account().await.ok().cloned(),
            region: self.target.region.clone(),
            id: Some(self.id.clone()),
            name: self.name.clone(),
            version: Some(self.version),
            default: Some(self.version),
            image: self.image.text.clone(),
            image_id: self.image.image.id.clone(),
            image_name: self.image.image.name.clone(),
            changed: false,
            groups: self.groups.clone(),
            warnings: Vec::new(),
            problem: None,
        }
    }
}
