//! Launch templates.

mod create;
mod describe;
mod versions;
mod warnings;

use super::compute::{Template, TemplateVersion};
use super::errors::{Refusal, combination, missing, refuse};
use super::ids;
use super::launchers::TemplateRef;
use super::params::Params;
use super::request::Request;
use super::services::Operation;
use super::ssm;
use super::world::{Region, World};
use super::xml::Xml;

/// Launch template operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeLaunchTemplates",
        params: &[
            "Filter",
            "IncludeManagedResources",
            "LaunchTemplateId",
            "LaunchTemplateName",
            "MaxResults",
            "NextToken",
        ],
        run: describe::run,
    },
    Operation {
        name: "DescribeLaunchTemplateVersions",
        params: &[
            "Filter",
            "IncludeManagedResources",
            "LaunchTemplateId",
            "LaunchTemplateName",
            "LaunchTemplateVersion",
            "MaxResults",
            "MaxVersion",
            "MinVersion",
            "NextToken",
            "ResolveAlias",
        ],
        run: versions::run,
    },
    Operation {
        name: "CreateLaunchTemplate",
        params: &["ClientToken", "LaunchTemplateData", "LaunchTemplateName", "TagSpecification", "VersionDescription"],
        run: create::template,
    },
    Operation {
        name: "CreateLaunchTemplateVersion",
        params: &[
            "ClientToken",
            "LaunchTemplateData",
            "LaunchTemplateId",
            "LaunchTemplateName",
            "ResolveAlias",
            "SourceVersion",
            "VersionDescription",
        ],
        run: create::version,
    },
    Operation {
        name: "ModifyLaunchTemplate",
        params: &["ClientToken", "LaunchTemplateId", "LaunchTemplateName", "SetDefaultVersion"],
        run: create::modify,
    },
];

/// No template with this id.
pub fn no_template_id(id: &str) -> Refusal {
    refuse(
        "InvalidLaunchTemplateId.NotFound",
        format!("The specified launch template, with template ID {id}, does not exist."),
    )
}

/// No template with this name.
fn no_template_name(name: &str) -> Refusal {
    refuse(
        "InvalidLaunchTemplateName.NotFoundException",
        format!("The specified launch template, with template name {name}, does not exist."),
    )
}

/// Finds a template of the caller by LaunchTemplateId or LaunchTemplateName; `None` without either.
fn named<'a>(region: &'a Region, account: &str, params: &Params) -> Result<Option<&'a Template>, Refusal> {
    match (params.get("LaunchTemplateId"), params.get("LaunchTemplateName")) {
        (Some(_), Some(_)) => Err(combination(
            "Either a launch template ID or a launch template name must be specified in the request, not both",
        )),
        (Some(id), None) => {
            ids::check("lt", id)?;
            let own = region.templates.get(id).filter(|template| template.owner == account);
            own.ok_or_else(|| no_template_id(id)).map(Some)
        }
        (None, Some(name)) => {
            let mut all = region.templates.values();
            let own = all.find(|template| template.owner == account && template.name == name);
            own.ok_or_else(|| no_template_name(name)).map(Some)
        }
        (None, None) => Ok(None),
    }
}

impl Template {
    /// A version by number, `$Latest` or `$Default`.
    fn version(&self, text: &str) -> Result<&TemplateVersion, Refusal> {
        let number = match text {
            "$Latest" => self.latest,
            "$Default" => self.default,
            number => number
                .parse()
                .map_err(|_| refuse("InvalidParameterValue", format!("Invalid launch template version: {number}")))?,
        };
        self.versions.get(&number).ok_or_else(|| {
            refuse(
                "InvalidLaunchTemplateId.VersionNotFound",
                format!("Could not find the specified version {text} for the launch template with ID {}.", self.id),
            )
        })
    }
}

/// The data of the template a launch names, ready to be overridden.
pub fn for_launch(world: &mut World, request: &Request) -> Result<Option<Params>, Refusal> {
    let given = request.params.sub("LaunchTemplate");
    if given.0.is_empty() {
        return Ok(None);
    }
    let region = world.region(&request.region);
    let template = named(region, &request.account, &given)?;
    let template = template.ok_or_else(|| missing("LaunchTemplateId"))?;
    let version = template.version(given.get("Version").unwrap_or("$Default"))?;
    Ok(Some(version.data.clone()))
}

/// The image id behind `resolve:ssm:NAME[:VERSION|:LABEL]`; other values pass unchanged.
pub fn resolve(region: &Region, request: &Request, image: &str) -> Result<String, Refusal> {
    let Some(path) = image.strip_prefix("resolve:ssm:") else {
        return Ok(image.to_owned());
    };
    let found = ssm::find(region, request, path).ok().filter(|found| found.parameter.kind == "String");
    found.map(|found| found.version.value.clone()).ok_or_else(|| {
        refuse("InvalidParameterValue", format!("Could not resolve the parameter {path} of the image alias"))
    })
}

/// `<launchTemplate>` and the items of a listing.
fn write(x: &mut Xml, template: &Template) {
    x.leaf("launchTemplateId", &template.id).leaf("launchTemplateName", &template.name);
    x.time("createTime", template.created);
    x.leaf("createdBy", format_args!("arn:aws:iam::{}:user/operator", template.owner));
    x.leaf("defaultVersionNumber", template.default).leaf("latestVersionNumber", template.latest);
    x.node("operator", |x| {
        x.leaf("managed", template.managed.is_some()).maybe("principal", template.managed.as_ref());
    });
    x.tags(&template.tags);
}

/// The version of a template that something refers to.
pub fn version_of<'a>(region: &'a Region, account: &str, of: &TemplateRef) -> Result<&'a TemplateVersion, Refusal> {
    let mut given = Params::default();
    match (&of.id, &of.name) {
        (Some(id), _) => given.0.insert("LaunchTemplateId".to_owned(), id.clone()),
        (None, name) => given.0.insert("LaunchTemplateName".to_owned(), name.clone().unwrap_or_default()),
    };
    let template = named(region, account, &given)?.ok_or_else(|| missing("LaunchTemplateId"))?;
    template.version(of.version.as_deref().unwrap_or("$Default"))
}
