//! Launch templates: their versions, and the calls that make one or make it the default.

mod contents;
mod groups;
mod volumes;

use aws_sdk_ec2::types::{LaunchTemplateVersion, ResourceType, ResponseLaunchTemplateData, ValidationWarning};
use sha2::{Digest, Sha256};

pub use contents::{NewVersion, TemplateChange};
pub use groups::groups_of;

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api, dry_run};
use super::client::lost_answers::Attempts;
use super::client::target::Target;
use crate::domain::instance_options::MetadataTokens;
use crate::domain::launch_template::{MappedVolume, TemplateName, TemplateRef};
use crate::domain::problem::Problem;
use crate::domain::tags::{CREATED_BY, Tags};

const VERSIONS: &str = "DescribeLaunchTemplateVersions";
const CREATE: &str = "CreateLaunchTemplate";
const ADD: &str = "CreateLaunchTemplateVersion";
const MODIFY: &str = "ModifyLaunchTemplate";
const PAGE: i32 = 200;
const NO_TEMPLATE: &str = "InvalidLaunchTemplateName.NotFoundException";

/// EC2's code for a name that another template has.
pub const NAME_TAKEN: &str = "InvalidLaunchTemplateName.AlreadyExistsException";

/// EC2's limit for the description of a version.
const LONGEST_DESCRIPTION: usize = 255;

/// A launch template with all its versions.
#[derive(Debug, Clone)]
pub struct LaunchTemplate {
    /// Its id.
    pub id: String,
    /// The number of its default version.
    pub default: i64,
    /// Whether an AWS service manages it: nobody else may change it.
    pub managed: bool,
    /// The version that new ones are made from: the default one, unless another is chosen.
    base: i64,
    /// The data of that version.
    source: ResponseLaunchTemplateData,
    versions: Vec<LaunchTemplateVersion>,
}

/// A version that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeVersion {
    /// The id of its template.
    pub template: String,
    /// Its number.
    pub number: i64,
    /// EC2's warnings about its contents: it refuses none.
    pub warnings: Vec<Problem>,
    /// Whether EC2 shows the image and the snapshots that were asked for.
    pub as_asked: bool,
}

/// The template of this name, with all its versions; `None` if there is none.
pub async fn find(target: &Target, name: &TemplateName) -> Result<Option<LaunchTemplate>, ApiError> {
    let call = target.ec2.describe_launch_template_versions().launch_template_name(name.as_str());
    let mut pages = call.include_managed_resources(true).max_results(PAGE).into_paginator().send();
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await {
        match page.map_err(api(VERSIONS, &target.region)) {
            Ok(page) => versions.extend(page.launch_template_versions.unwrap_or_default()),
            Err(error) if error.is(NO_TEMPLATE) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let found = LaunchTemplate::new(versions).ok_or_else(|| ApiError::unreadable(VERSIONS, &target.region))?;
    Ok(Some(found))
}

/// The image field of a version; the inner `None` if it names none. EC2's own error says that there is no such version.
pub async fn image_of(target: &Target, template: &TemplateRef) -> Result<Option<String>, ApiError> {
    let version = template.version.as_deref().unwrap_or("$Default");
    let call = target.ec2.describe_launch_template_versions().launch_template_name(template.name.as_str());
    let answer = call.versions(version).include_managed_resources(true).send().await;
    let found = answer.map_err(api(VERSIONS, &target.region))?.launch_template_versions.unwrap_or_default().pop();
    let found = found.ok_or_else(|| ApiError::unreadable(VERSIONS, &target.region))?;
    Ok(found.launch_template_data.and_then(|data| data.image_id).filter(|text| !text.is_empty()))
}

/// The number of the default version, as EC2 has it now.
pub async fn default_of(target: &Target, id: &str) -> Result<i64, ApiError> {
    let call = target.ec2.describe_launch_template_versions().launch_template_id(id).versions("$Default");
    let answer = call.include_managed_resources(true).send().await.map_err(api(VERSIONS, &target.region))?;
    let number = answer.launch_template_versions().first().and_then(|version| version.version_number());
    number.ok_or_else(|| ApiError::unreadable(VERSIONS, &target.region))
}

impl LaunchTemplate {
    fn new(versions: Vec<LaunchTemplateVersion>) -> Option<Self> {
        let default = versions.iter().find(|version| version.default_version() == Some(true))?;
        let managed = |version: &LaunchTemplateVersion| version.operator().and_then(|by| by.managed()).unwrap_or(false);
        Some(Self {
            id: default.launch_template_id()?.to_owned(),
            default: default.version_number()?,
            base: default.version_number()?,
            managed: managed(default),
            source: default.launch_template_data()?.clone(),
            versions,
        })
    }

    fn numbered(&self, number: i64) -> Option<&LaunchTemplateVersion> {
        self.versions.iter().find(|version| version.version_number() == Some(number))
    }

    /// The same template, with new versions made from this one; `None` if there is no such version.
    pub fn based_on(&self, number: i64) -> Option<Self> {
        let source = self.numbered(number)?.launch_template_data()?.clone();
        Some(Self { base: number, source, ..self.clone() })
    }

    /// The number of the newest version.
    pub fn newest(&self) -> i64 {
        self.versions.iter().filter_map(LaunchTemplateVersion::version_number).max().unwrap_or(self.default)
    }

    /// The image field of a version; `None` if there is no such version, the inner `None` if it names no image.
    pub fn image_in(&self, number: i64) -> Option<Option<String>> {
        let data = self.numbered(number)?.launch_template_data();
        Some(data.and_then(|data| data.image_id()).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// The instance type of a version, if it names one.
    pub fn instance_type_in(&self, number: i64) -> Option<String> {
        let data = self.numbered(number)?.launch_template_data();
        data.and_then(|data| data.instance_type()).map(|kind| kind.as_str().to_owned())
    }

    /// The image field of the default version, if it names one.
    pub fn image(&self) -> Option<&str> {
        self.source.image_id().filter(|text| !text.is_empty())
    }

    /// What the default version says about metadata.
    pub fn metadata_tokens(&self) -> Option<MetadataTokens> {
        contents::metadata_tokens(&self.source)
    }

    /// The volumes that the default version names.
    pub fn volumes(&self) -> Vec<MappedVolume> {
        volumes::named(&self.source)
    }

    /// A version like the one new ones are made from, but for a change; an error says why there can be none.
    pub fn changed(&self, change: &TemplateChange) -> Result<NewVersion, String> {
        NewVersion::over(&self.source, Some(self.base), change)
    }

    /// The version with the same contents, if there is one: the one new ones are made from, else the default, else the newest.
    pub fn same(&self, new: &NewVersion) -> Option<i64> {
        let same = |version: &&LaunchTemplateVersion| version.launch_template_data().is_some_and(|data| new.is(data));
        let same = self.versions.iter().filter(same).filter_map(|version| version.version_number());
        same.max_by_key(|number| (*number == self.base, *number == self.default, *number))
    }
}

/// Makes a template whose first version is `new`, or asks EC2 whether it would.
pub async fn create(
    target: &Target,
    name: &TemplateName,
    new: &NewVersion,
    made_by: &str,
    only_try: bool,
) -> Result<Option<MadeVersion>, ApiError> {
    let tags: Tags = [(CREATED_BY.to_owned(), made_by.to_owned())].into();
    let description = description(new);
    let token = token(&[target.region.as_str(), name.as_str(), made_by, &description, &new.text()]);
    let attempts = Attempts::default();
    let call = target
        .ec2
        .create_launch_template()
        .launch_template_name(name.as_str())
        .launch_template_data(new.request().clone())
        .version_description(description)
        .tag_specifications(tag_specification(ResourceType::LaunchTemplate, &tags))
        .client_token(token)
        .dry_run(only_try);
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    let answer = answer.map_err(api(CREATE, &target.region)).map_err(|error| attempts.judged(error));
    let answer = match (answer, only_try) {
        (answer, true) => return dry_run(CREATE, &target.region, answer.map(drop)).map(|()| None),
        (answer, false) => answer?,
    };
    let made = answer.launch_template().and_then(|made| {
        Some(MadeVersion {
            template: made.launch_template_id()?.to_owned(),
            number: made.latest_version_number()?,
            warnings: warnings(answer.warning()),
            as_asked: true,
        })
    });
    made.ok_or_else(|| ApiError::unreadable(CREATE, &target.region)).map(Some)
}

/// Makes a version from the default one or the chosen one, or asks EC2 whether it would. It does not become the default.
///
/// The token is that of the contents: a run that is repeated makes no second version.
pub async fn add(
    target: &Target,
    template: &LaunchTemplate,
    new: &NewVersion,
    only_try: bool,
) -> Result<Option<MadeVersion>, ApiError> {
    let description = description(new);
    let source = template.base.to_string();
    let token = token(&[target.region.as_str(), &template.id, &source, &description, &new.text()]);
    let attempts = Attempts::default();
    let call = target
        .ec2
        .create_launch_template_version()
        .launch_template_id(&template.id)
        .source_version(source)
        .launch_template_data(new.request().clone())
        .version_description(description)
        .client_token(token)
        .dry_run(only_try);
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    let answer = answer.map_err(api(ADD, &target.region)).map_err(|error| attempts.judged(error));
    let answer = match (answer, only_try) {
        (answer, true) => return dry_run(ADD, &target.region, answer.map(drop)).map(|()| None),
        (answer, false) => answer?,
    };
    let made = answer.launch_template_version().and_then(|made| {
        Some(MadeVersion {
            template: template.id.clone(),
            number: made.version_number()?,
            warnings: warnings(answer.warning()),
            as_asked: made.launch_template_data().is_some_and(|data| new.starts_as(data)),
        })
    });
    made.ok_or_else(|| ApiError::unreadable(ADD, &target.region)).map(Some)
}

/// Makes a version the default, or asks EC2 whether it would.
pub async fn make_default(target: &Target, id: &str, number: i64, only_try: bool) -> Result<(), ApiError> {
    let attempts = Attempts::default();
    let call = target.ec2.modify_launch_template().launch_template_id(id).default_version(number.to_string());
    let answer = call.dry_run(only_try).customize().interceptor(attempts.clone()).send().await;
    let answer = answer.map_err(api(MODIFY, &target.region)).map_err(|error| attempts.judged(error));
    if only_try {
        return dry_run(MODIFY, &target.region, answer.map(drop));
    }
    match answer?.launch_template().and_then(|template| template.default_version_number()) {
        Some(default) if default == number => Ok(()),
        Some(_) | None => Err(ApiError::unreadable(MODIFY, &target.region)),
    }
}

fn warnings(found: Option<&ValidationWarning>) -> Vec<Problem> {
    let errors = found.into_iter().flat_map(|warning| warning.errors());
    let problem = |code: Option<&str>, message: Option<&str>| Problem {
        code: code.unwrap_or("TemplateWarning").to_owned(),
        message: message.unwrap_or("EC2 gives no reason").to_owned(),
    };
    errors.map(|error| problem(error.code(), error.message())).collect()
}

fn description(new: &NewVersion) -> String {
    new.label().chars().take(LONGEST_DESCRIPTION).collect()
}

fn token(parts: &[&str]) -> String {
    Sha256::digest(parts.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect()
}
