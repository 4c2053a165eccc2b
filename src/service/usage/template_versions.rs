//! The reader of launch template versions, with few calls even for thousands of templates.
//!
//! EC2 lists the default and latest version of all templates in one scan. Only templates with other versions need a
//! call of their own, which keeps within the request limit.
//!
//! EC2 is not asked to resolve the parameters that versions name: it does so for a single version only.

use std::collections::{HashMap, HashSet};

use aws_sdk_ec2::types::LaunchTemplateVersion;
use futures::TryStreamExt;

use crate::service::client::concurrency::{self, CALLS};
use crate::service::client::error::{ApiError, api, codes};
use crate::service::client::target::Target;

const CALL: &str = "DescribeLaunchTemplateVersions";
const PAGE: i32 = 200;

/// EC2's codes for a template or version that does not or cannot exist.
const NOT_THERE: [&str; 6] = [
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "InvalidLaunchTemplateId.VersionNotFound",
    "InvalidLaunchTemplateId.Malformed",
    "InvalidLaunchTemplateName.NotFoundException",
    "InvalidLaunchTemplateName.MalformedException",
];

/// The codes of an endpoint that does not support the scan of all templates.
const NO_SCAN: [&str; 8] = [
    "InvalidAction",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "MissingParameter",
    "NotImplemented",
    "UnsupportedOperation",
    codes::NO_CODE,
];

/// A template in the listing of templates.
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) default: i64,
    pub(super) latest: i64,
}

/// Reads every version of every template.
pub(super) async fn all(target: &Target) -> Result<(Vec<Listed>, Vec<LaunchTemplateVersion>), ApiError> {
    let listed = list(target, None).await?;
    let mut found = match versions(target, &Of::All).await {
        Ok(found) => found,
        // Each template is then read on its own, so nothing is missed.
        Err(error) if NO_SCAN.iter().any(|code| error.is(code)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let rest = unseen(&listed, &found);
    let each = concurrency::as_done(CALLS, rest, |id| async move { of(target, id).await });
    let more: Vec<_> = each.try_collect().await?;
    found.extend(more.into_iter().flatten());
    Ok((listed, found))
}

/// The requested version; `None` if there is no such template or version.
pub(super) async fn one(target: &Target, wanted: &WantedTemplate) -> Result<Option<LaunchTemplateVersion>, ApiError> {
    match versions(target, &Of::One(wanted)).await {
        Ok(found) => Ok(found.into_iter().next()),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &ApiError) -> bool {
    NOT_THERE.iter().any(|code| error.is(code))
}

/// The versions of a template listed a moment ago. If EC2 no longer lists it, it was deleted; if it still does, it was
/// just created.
async fn of(target: &Target, id: String) -> Result<Vec<LaunchTemplateVersion>, ApiError> {
    let answer = versions(target, &Of::Template(&id)).await;
    match answer {
        Err(error) if is_missing(&error) => match list(target, Some(id)).await {
            Err(gone) if is_missing(&gone) => Ok(Vec::new()),
            Err(other) => Err(other),
            Ok(listed) if listed.is_empty() => Ok(Vec::new()),
            Ok(_) => Err(error),
        },
        answer => answer,
    }
}

async fn list(target: &Target, id: Option<String>) -> Result<Vec<Listed>, ApiError> {
    // EC2 accepts no page size with ids.
    let page = id.is_none().then_some(PAGE);
    let mut pages = target
        .ec2
        .describe_launch_templates()
        .set_launch_template_ids(id.map(|id| vec![id]))
        .set_max_results(page)
        .include_managed_resources(true)
        .into_paginator()
        .send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api("DescribeLaunchTemplates", &target.region))?;
        all.extend(page.launch_templates().iter().map(|t| Listed {
            id: t.launch_template_id().unwrap_or_default().to_owned(),
            name: t.launch_template_name().unwrap_or_default().to_owned(),
            default: t.default_version_number().unwrap_or(1),
            latest: t.latest_version_number().unwrap_or(i64::MAX),
        }));
    }
    Ok(all)
}

/// The templates with versions missing in the scan.
fn unseen(listed: &[Listed], scanned: &[LaunchTemplateVersion]) -> Vec<String> {
    let mut shown: HashMap<&str, HashSet<i64>> = HashMap::new();
    for version in scanned {
        let id = version.launch_template_id().unwrap_or_default();
        shown.entry(id).or_default().insert(version.version_number().unwrap_or_default());
    }
    let complete = |t: &&Listed| shown.get(t.id.as_str()).is_some_and(|seen| (1..=t.latest).all(|n| seen.contains(&n)));
    listed.iter().filter(|t| !complete(t)).map(|t| t.id.clone()).collect()
}

/// The versions to read.
enum Of<'a> {
    /// The default and the latest of all templates.
    All,
    /// All of one template.
    Template(&'a str),
    /// A single version.
    One(&'a WantedTemplate),
}

async fn versions(target: &Target, which: &Of<'_>) -> Result<Vec<LaunchTemplateVersion>, ApiError> {
    let call = target.ec2.describe_launch_template_versions();
    let call = match which {
        Of::All => call.versions("$Default").versions("$Latest"),
        Of::Template(id) => call.launch_template_id(*id),
        Of::One(wanted) => {
            let call = call.versions(wanted.version());
            match wanted.by_id {
                true => call.launch_template_id(&wanted.template),
                false => call.launch_template_name(&wanted.template),
            }
        }
    };
    let paged = !matches!(which, Of::One(_));
    let mut pages = call.set_max_results(paged.then_some(PAGE)).include_managed_resources(true).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(CALL, &target.region))?;
        all.extend(page.launch_template_versions.unwrap_or_default());
    }
    Ok(all)
}

/// One version of a template.
#[derive(Debug, Clone)]
pub struct TemplateVersion {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: i64,
    /// The text of its image field, if set.
    pub(super) image: Option<String>,
    /// The texts of the snapshot fields of its volumes.
    pub(super) snapshots: Vec<String>,
}

/// A reference to a template version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WantedTemplate {
    /// Its id or its name.
    pub(super) template: String,
    /// Whether `template` is an id.
    pub(super) by_id: bool,
    /// A number, `$Default` or `$Latest`; the default when absent.
    version: Option<String>,
}

impl WantedTemplate {
    /// A reference by id or by name; `None` if both are missing.
    pub(super) fn new(id: Option<&str>, name: Option<&str>, version: Option<&str>) -> Option<Self> {
        let id = id.filter(|text| !text.is_empty());
        let template = id.or(name.filter(|text| !text.is_empty()))?.to_owned();
        let version = version.filter(|text| !text.is_empty());
        Some(Self { template, by_id: id.is_some(), version: version.map(str::to_owned) })
    }

    /// The version, as EC2 accepts it.
    pub(super) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("$Default")
    }
}

impl TemplateVersion {
    pub(super) fn new(found: &LaunchTemplateVersion) -> Self {
        let name = found.launch_template_name().unwrap_or_default().to_owned();
        let id = found.launch_template_id().map_or_else(|| name.clone(), str::to_owned);
        let data = found.launch_template_data();
        let image = data.and_then(|data| data.image_id()).filter(|text| !text.is_empty());
        let volumes = data.into_iter().flat_map(|data| data.block_device_mappings());
        let snapshots = volumes.filter_map(|volume| volume.ebs()?.snapshot_id()).map(str::to_owned).collect();
        Self {
            id,
            name,
            number: found.version_number().unwrap_or_default(),
            image: image.map(str::to_owned),
            snapshots,
        }
    }
}
