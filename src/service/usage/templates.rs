//! Every version of every launch template, with the image it names. Several sources look things up here, so it
//! is read once.
//!
//! EC2 lists the default and the latest version of all templates in one scan. Only templates with versions
//! beside those need a call of their own, which keeps thousands of templates within the request limit.

use std::collections::{HashMap, HashSet};

use aws_sdk_ec2::types::LaunchTemplateVersion;
use futures::{StreamExt, TryStreamExt};

use super::Target;
use crate::domain::report::Problem;
use crate::service::error::{ApiError, api};
use crate::service::parameters;

const PAGE: i32 = 200;
/// How many templates, or parameters, are read at a time.
const SIDE_BY_SIDE: usize = 10;
const BY_PARAMETER: &str = "resolve:ssm:";

/// One version of a template.
pub(super) struct Version {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: i64,
    /// The image it names, if it names one; a problem where that could not be found out.
    pub(super) image: Result<Option<String>, Problem>,
}

/// All templates of one account and region.
pub(super) struct Templates {
    pub(super) count: usize,
    pub(super) versions: Vec<Version>,
    /// Default and latest version number, by id and by name.
    numbers: HashMap<String, (i64, i64)>,
    /// Where a version stands, by the id or name of its template and its number.
    places: HashMap<(String, i64), usize>,
}

/// A template as something refers to it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Its id or its name.
    pub(super) template: String,
    /// A number, `$Default` or `$Latest`; the default when absent.
    pub(super) version: Option<String>,
}

impl Wanted {
    /// What something refers to by id or by name; nothing when it refers to no template.
    pub(super) fn new(id: Option<&str>, name: Option<&str>, version: Option<&str>) -> Option<Self> {
        let template = id.or(name)?.to_owned();
        Some(Self { template, version: version.map(str::to_owned) })
    }
}

impl Templates {
    /// Reads all of them.
    pub(super) async fn read(target: &Target) -> Result<Self, Problem> {
        let listed = list(target).await.map_err(|e| e.problem())?;
        // Not every endpoint knows the scan over all templates; without it each template is read by itself.
        let mut found = versions(target, None).await.unwrap_or_default();
        let rest = unseen(&listed, &found);
        let each = futures::stream::iter(rest).map(|id| async move { versions(target, Some(&id)).await });
        let more: Vec<_> =
            each.buffer_unordered(SIDE_BY_SIDE).try_collect().await.map_err(|e: ApiError| e.problem())?;
        found.extend(more.into_iter().flatten());
        let parameters = resolve(target, &found).await;
        let mut numbers = HashMap::new();
        for template in &listed {
            for key in [&template.id, &template.name] {
                numbers.insert(key.clone(), (template.default, template.latest));
            }
        }
        let versions: Vec<_> = found.into_iter().map(|version| Version::new(&version, &parameters)).collect();
        let mut places = HashMap::new();
        for (place, version) in versions.iter().enumerate() {
            for key in [&version.id, &version.name] {
                places.insert((key.clone(), version.number), place);
            }
        }
        Ok(Self { count: listed.len(), versions, numbers, places })
    }

    /// The image that a template version names. A template that is not there is a problem, not an empty answer.
    pub(super) fn image(&self, wanted: &Wanted) -> Result<(&Version, Option<&str>), Problem> {
        let problem = |why: String| Problem { code: "UnresolvedTemplate".to_owned(), message: why };
        let template = &wanted.template;
        let Some((default, latest)) = self.numbers.get(template) else {
            return Err(problem(format!("launch template {template} does not exist")));
        };
        let number = match wanted.version.as_deref() {
            None | Some("" | "$Default") => *default,
            Some("$Latest") => *latest,
            Some(text) => {
                text.parse().map_err(|_| problem(format!("launch template {template}: '{text}' is no version")))?
            }
        };
        let Some(place) = self.places.get(&(template.clone(), number)) else {
            return Err(problem(format!("launch template {template} has no version {number}")));
        };
        let version = &self.versions[*place];
        Ok((version, version.image.as_ref().map_err(Clone::clone)?.as_deref()))
    }
}

impl Version {
    fn new(found: &LaunchTemplateVersion, parameters: &HashMap<String, Result<String, String>>) -> Self {
        let name = found.launch_template_name().unwrap_or_default().to_owned();
        let number = found.version_number().unwrap_or_default();
        let named = found.launch_template_data().and_then(|data| data.image_id());
        let image = match named.map(|image| (image, image.strip_prefix(BY_PARAMETER))) {
            None => Ok(None),
            Some((image, None)) => Ok(Some(image.to_owned())),
            Some((image, Some(parameter))) => match parameters.get(parameter) {
                Some(Ok(id)) => Ok(Some(id.clone())),
                other => {
                    let why = other.and_then(|r| r.as_ref().err()).map_or("it was not read", String::as_str);
                    let message = format!("launch template {name}:{number} names {image}: {why}");
                    Err(Problem { code: "UnresolvedParameter".to_owned(), message })
                }
            },
        };
        let id = found.launch_template_id().map_or_else(|| name.clone(), str::to_owned);
        Self { id, name, number, image }
    }
}

/// A template, by what the listing of templates says of it.
struct Listed {
    id: String,
    name: String,
    default: i64,
    latest: i64,
}

async fn list(target: &Target) -> Result<Vec<Listed>, ApiError> {
    let mut pages =
        target.ec2.describe_launch_templates().include_managed_resources(true).into_paginator().page_size(PAGE).send();
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

/// The templates of which the scan has not shown every version.
fn unseen(listed: &[Listed], scanned: &[LaunchTemplateVersion]) -> Vec<String> {
    let mut shown: HashMap<&str, HashSet<i64>> = HashMap::new();
    for version in scanned {
        let id = version.launch_template_id().unwrap_or_default();
        shown.entry(id).or_default().insert(version.version_number().unwrap_or_default());
    }
    let complete = |t: &&Listed| shown.get(t.id.as_str()).is_some_and(|seen| (1..=t.latest).all(|n| seen.contains(&n)));
    listed.iter().filter(|t| !complete(t)).map(|t| t.id.clone()).collect()
}

/// All versions of one template, or the default and the latest of all.
async fn versions(target: &Target, template: Option<&str>) -> Result<Vec<LaunchTemplateVersion>, ApiError> {
    let both = || vec!["$Default".to_owned(), "$Latest".to_owned()];
    let mut pages = target
        .ec2
        .describe_launch_template_versions()
        .set_launch_template_id(template.map(str::to_owned))
        .set_versions(template.is_none().then(both))
        .resolve_alias(true)
        .include_managed_resources(true)
        .into_paginator()
        .page_size(PAGE)
        .send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api("DescribeLaunchTemplateVersions", &target.region))?;
        all.extend(page.launch_template_versions.unwrap_or_default());
    }
    Ok(all)
}

/// The values of the parameters that EC2 was asked to resolve and has not, or why there is none.
async fn resolve(target: &Target, found: &[LaunchTemplateVersion]) -> HashMap<String, Result<String, String>> {
    let images = found.iter().filter_map(|version| version.launch_template_data()?.image_id());
    let names: HashSet<String> = images.filter_map(|i| i.strip_prefix(BY_PARAMETER)).map(str::to_owned).collect();
    let value = |name: String| async move {
        let value = match parameters::value(target, &name).await {
            Ok(Some(value)) if value.starts_with("ami-") => Ok(value),
            Ok(Some(value)) => Err(format!("its value '{value}' is no image id")),
            Ok(None) => Err("there is no such parameter".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        (name, value)
    };
    futures::stream::iter(names).map(value).buffer_unordered(SIDE_BY_SIDE).collect().await
}
