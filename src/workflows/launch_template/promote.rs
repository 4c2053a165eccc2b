//! Launch templates for a promoted image, which those that follow an alias need not be given.

use anyhow::Result;

use super::check::{self, TemplatePlan};
use super::image::TemplateImage;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::launch_image::LaunchImage;
use crate::domain::launch_template::{TemplateGroups, TemplateName};
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;
use crate::service::Target;
use crate::service::launch_templates::{self, LaunchTemplate, TemplateChange};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;

/// A launch template that was checked for a promoted image.
#[derive(Clone)]
pub enum PromotedTemplate {
    /// It gets a default version with the image.
    Moves(Box<TemplatePlan>),
    /// Its default version has the image, or names a parameter: nothing is to be done.
    Stays(Box<StayingTemplate>),
}

/// A launch template that is left alone.
#[derive(Clone)]
pub struct StayingTemplate {
    target: Target,
    name: TemplateName,
    found: LaunchTemplate,
    image: Image,
    groups: TemplateGroups,
    why: String,
}

/// Checks a place for an image, which `promoted` is the parameter of, and asks EC2 whether it would write; nothing is
/// written.
pub async fn check(
    context: &Context,
    target: &Target,
    name: &TemplateName,
    image: &Image,
    promoted: &str,
    allow_arch_change: bool,
) -> Result<PromotedTemplate, Problem> {
    let Some(found) = launch_templates::find(target, name).await? else {
        let make = amictl("template").word(name).options(format!("--image {} --type T {}", image.id, target.options()));
        let place = target.place().await;
        let message =
            format!("there is no launch template {name} in {place}: make it with '{make}', or leave --template out");
        return Err(Problem { code: "MissingTemplate".to_owned(), message });
    };
    let why = match found.image().and_then(followed) {
        Some(parameter) if parameter == promoted => Some(format!("follows {parameter} by itself")),
        Some(parameter) => Some(format!("left alone: it follows {parameter}, not {promoted}")),
        None if found.image() == Some(image.id.as_str()) => Some("has the image".to_owned()),
        None => None,
    };
    if let Some(why) = why {
        let groups = launch_templates::groups_of(target, &found.id, name).await.map_err(|error| error.problem());
        let (target, name, image) = (target.clone(), name.clone(), image.clone());
        return Ok(PromotedTemplate::Stays(Box::new(StayingTemplate { target, name, found, image, groups, why })));
    }
    let (id, label) = (image.id.to_string(), image.label());
    let change = TemplateChange { image: id.clone(), label, ..TemplateChange::default() };
    let image = TemplateImage { text: id, image: image.clone() };
    let plan = check::plan(target, name, Some(found), image, change, (true, allow_arch_change))
        .await
        .map_err(|error| said(&error))?;
    plan.attempt(context).await?;
    Ok(PromotedTemplate::Moves(Box::new(plan)))
}

/// An error with its hint, which a row has no room of its own for.
fn said(error: &anyhow::Error) -> Problem {
    let found = diagnostics::diagnose(error);
    let hint = found.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    Problem { code: found.code, message: format!("{}{hint}", found.message) }
}

fn followed(text: &str) -> Option<&str> {
    match LaunchImage::of(text) {
        LaunchImage::Parameter(name) => Some(name),
        LaunchImage::Ids(_) | LaunchImage::Dead(_) | LaunchImage::Unknown => None,
    }
}

impl PromotedTemplate {
    /// Writes what was checked. An answer that was lost is looked for.
    pub async fn apply(&self, context: &Context) -> TemplateOutcome {
        let outcome = match self {
            Self::Moves(plan) => plan.apply(context).await,
            Self::Stays(_) => return self.outcome(Status::Done).await,
        };
        let detail = outcome.version.map(|version| {
            let first = std::iter::once(format!("version {version}"));
            first.chain(outcome.of_groups()).collect::<Vec<_>>().join("; ")
        });
        TemplateOutcome { detail, ..outcome }
    }

    /// The outcome where nothing is written.
    pub async fn outcome(&self, status: Status) -> TemplateOutcome {
        let staying = match self {
            Self::Moves(plan) => {
                let detail = (status == Status::Done).then(|| format!("dry run: it {}", plan.words()));
                return TemplateOutcome { detail, status, ..plan.outcome().await };
            }
            Self::Stays(staying) => staying,
        };
        let number = Some(staying.found.default);
        let mut outcome = TemplateOutcome {
            account: staying.target.account().await.ok().cloned(),
            region: staying.target.region.clone(),
            id: Some(staying.found.id.clone()),
            name: staying.name.clone(),
            version: number,
            default: number,
            newest: Some(staying.found.newest()),
            default_before: number,
            field: staying.found.image().unwrap_or_default().to_owned(),
            image: Box::new(staying.image.clone()),
            from: staying.found.image().and_then(|text| text.parse().ok()),
            changed: false,
            groups: staying.groups.clone(),
            warnings: Vec::new(),
            detail: None,
            status,
        };
        let all = std::iter::once(staying.why.clone()).chain(outcome.of_groups()).collect::<Vec<_>>();
        outcome.detail = Some(all.join("; "));
        outcome
    }
}
