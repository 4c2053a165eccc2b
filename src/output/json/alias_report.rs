//! JSON of reports of aliases.

use serde::Serialize;

use super::report::{ProblemJson, ReportJson, status};
use super::templates::{TemplateGroupJson, groups_of};
use crate::domain::alias::AliasParameter;
use crate::domain::alias_report::{AliasOutcome, AliasReport};
use crate::domain::tags::Tags;
use crate::domain::template_outcome::TemplateOutcome;

#[derive(Serialize)]
pub struct AliasOutcomeJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    /// `null` where the place has no image.
    pub image_id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub family: &'a str,
    pub pattern: Option<&'a str>,
    pub tags: Option<&'a Tags>,
    pub action: &'static str,
    pub alias: &'a str,
    pub parameter: String,
    /// The image that the alias named before.
    pub from_image_id: Option<&'a str>,
    /// The version of the parameter that names the image.
    pub parameter_version: Option<i64>,
    pub status: &'static str,
    /// Whether this run wrote it.
    pub changed: bool,
    pub detail: Option<&'a str>,
    pub error: Option<ProblemJson<'a>>,
    /// The name of a launch template; `null`, as all below, where the row is that of an alias.
    pub template: Option<&'a str>,
    pub template_id: Option<&'a str>,
    /// The number of the version with the image, and that of the default version before.
    pub template_version: Option<i64>,
    pub from_template_version: Option<i64>,
    /// The Auto Scaling groups that use it; `null` also if unknown.
    pub groups: Option<Vec<TemplateGroupJson<'a>>>,
}

impl<'a> ReportJson<'a, AliasOutcomeJson<'a>> {
    pub fn aliases(report: &'a AliasReport) -> Self {
        Self::of(AliasOutcomeJson::all(report), report.counts(), &report.errors, &[])
    }
}

impl<'a> AliasOutcomeJson<'a> {
    pub fn new(outcome: &'a AliasOutcome) -> Self {
        let (status, error) = status(&outcome.status);
        let image = outcome.image.as_deref();
        Self {
            account: outcome.account.as_ref().map(|account| account.as_str()),
            region: outcome.region.as_str(),
            image_id: image.map(|image| image.id.as_str()),
            name: image.and_then(|image| image.name.as_deref()),
            family: outcome.parameter.family().as_str(),
            pattern: image.and_then(|image| image.family()?.pattern),
            tags: image.map(|image| &image.tags),
            action: outcome.action.as_str(),
            alias: outcome.parameter.alias().as_str(),
            parameter: outcome.parameter.parameter(),
            from_image_id: outcome.from.as_ref().map(|id| id.as_str()),
            parameter_version: outcome.version,
            status,
            changed: outcome.changed,
            detail: outcome.detail.as_deref(),
            error,
            template: None,
            template_id: None,
            template_version: None,
            from_template_version: None,
            groups: None,
        }
    }

    /// All rows of a report: aliases, then launch templates.
    pub fn all(report: &'a AliasReport) -> impl Iterator<Item = Self> {
        let parameter = report.outcomes.first().map(|outcome| &outcome.parameter);
        let templates = report.templates.iter().filter_map(move |outcome| Some(Self::of_template(outcome, parameter?)));
        report.outcomes.iter().map(Self::new).chain(templates)
    }

    fn of_template(outcome: &'a TemplateOutcome, parameter: &'a AliasParameter) -> Self {
        let (status, error) = status(&outcome.status);
        let image = &outcome.image;
        Self {
            account: outcome.account.as_ref().map(|account| account.as_str()),
            region: outcome.region.as_str(),
            image_id: Some(image.id.as_str()),
            name: image.name.as_deref(),
            family: parameter.family().as_str(),
            pattern: image.family().and_then(|family| family.pattern),
            tags: Some(&image.tags),
            action: "template",
            alias: parameter.alias().as_str(),
            parameter: parameter.parameter(),
            from_image_id: outcome.from.as_ref().map(|id| id.as_str()),
            parameter_version: None,
            status,
            changed: outcome.changed,
            detail: outcome.detail.as_deref(),
            error,
            template: Some(outcome.name.as_str()),
            template_id: outcome.id.as_deref(),
            template_version: outcome.version,
            from_template_version: outcome.default_before,
            groups: outcome.groups.as_ref().ok().map(|groups| groups_of(outcome, groups)),
        }
    }
}
