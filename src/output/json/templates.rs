//! JSON of launch templates.

use serde::Serialize;

use super::document::VERSION;
use super::report::{ProblemJson, problem};
use crate::domain::launch_template::TemplateGroup;
use crate::domain::template_outcome::TemplateOutcome;

#[derive(Serialize)]
pub struct TemplatesJson<'a> {
    pub version: u32,
    pub templates: Vec<TemplateJson<'a>>,
}

#[derive(Serialize)]
pub struct TemplateJson<'a> {
    pub id: Option<&'a str>,
    pub name: &'a str,
    pub account: Option<&'a str>,
    pub region: &'a str,
    /// The number of the version with the image.
    pub version: Option<i64>,
    /// The number of the default version.
    pub default: Option<i64>,
    /// The image field: an id, or `resolve:ssm:` and a parameter.
    pub image: &'a str,
    /// The image that it stands for.
    pub image_id: &'a str,
    pub image_name: Option<&'a str>,
    pub changed: bool,
    /// The Auto Scaling groups that use it; `null` if unknown.
    pub groups: Option<Vec<TemplateGroupJson<'a>>>,
    /// EC2's warnings about the contents.
    pub warnings: Vec<ProblemJson<'a>>,
    pub error: Option<ProblemJson<'a>>,
}

#[derive(Serialize)]
pub struct TemplateGroupJson<'a> {
    pub name: &'a str,
    /// `$Default`, `$Latest` or a number.
    pub version: &'a str,
    pub follows: bool,
}

impl<'a> TemplatesJson<'a> {
    pub fn new(outcomes: &'a [TemplateOutcome]) -> Self {
        Self { version: VERSION, templates: outcomes.iter().map(TemplateJson::new).collect() }
    }
}

impl<'a> TemplateJson<'a> {
    pub fn new(outcome: &'a TemplateOutcome) -> Self {
        Self {
            id: outcome.id.as_deref(),
            name: outcome.name.as_str(),
            account: outcome.account.as_ref().map(|account| account.as_str()),
            region: outcome.region.as_str(),
            version: outcome.version,
            default: outcome.default,
            image: &outcome.field,
            image_id: outcome.image.id.as_str(),
            image_name: outcome.image.name.as_deref(),
            changed: outcome.changed,
            groups: outcome.groups.as_ref().ok().map(|groups| groups_of(outcome, groups)),
            warnings: outcome.warnings.iter().map(problem).collect(),
            error: outcome.problem().map(problem),
        }
    }
}

/// The groups that use a template.
pub fn groups_of<'a>(outcome: &TemplateOutcome, groups: &'a [TemplateGroup]) -> Vec<TemplateGroupJson<'a>> {
    let group = |group: &'a TemplateGroup| TemplateGroupJson {
        name: &group.name,
        version: group.version.as_str(),
        follows: outcome.followed_by(group),
    };
    groups.iter().map(group).collect()
}
