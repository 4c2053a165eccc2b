//! Launch templates: every version of every template, with `resolve:ssm:` resolved.
//!
//! EC2 lists the default and the latest version of all templates in one scan. Only templates with versions
//! beside those need a call of their own, which keeps thousands of templates within the request limit.

use std::collections::{HashMap, HashSet};

use aws_sdk_ec2::types::LaunchTemplateVersion;
use futures::{StreamExt, TryStreamExt};

use super::{Found, Source, Target};
use crate::domain::report::Problem;
use crate::service::error::{ApiError, api};
use crate::service::parameters;

const PAGE: i32 = 200;
const VERSIONS: &str = "DescribeLaunchTemplateVersions";
/// How many templates are read at a time.
const SIDE_BY_SIDE: usize = 10;

/// A template, by what the listing of templates says of it.
struct Template {
    id: String,
    default: i64,
    latest: i64,
}

pub(super) async fn read(target: &Target) -> Result<Found, Problem> {
    let templates = templates(target).await.map_err(|e| e.problem())?;
    // Not every endpoint knows the scan over all templates; without it each template is read by itself.
    let scanned = versions(target, None).await.unwrap_or_default();
    let mut shown: HashMap<String, HashSet<i64>> = HashMap::new();
    for version in &scanned {
        let id = version.launch_template_id().unwrap_or_default().to_owned();
        shown.entry(id).or_default().insert(version.version_number().unwrap_or_default());
    }
    let complete = |t: &&Template| {
        let seen = shown.get(&t.id);
        let has = |n: i64| seen.is_some_and(|s| s.contains(&n));
        has(t.default) && has(t.latest) && (1..=t.latest).all(has)
    };
    let rest: Vec<_> = templates.iter().filter(|t| !complete(t)).map(|t| t.id.clone()).collect();
    let each = futures::stream::iter(rest).map(|id| async move { versions(target, Some(&id)).await });
    let more: Vec<_> = each.buffer_unordered(SIDE_BY_SIDE).try_collect().await.map_err(|e: ApiError| e.problem())?;
    let mut found = Found { read: templates.len(), ..Found::default() };
    for version in scanned.iter().chain(more.iter().flatten()) {
        let name = version.launch_template_name().unwrap_or_default();
        let id = version.launch_template_id().unwrap_or(name);
        let number = version.version_number().unwrap_or_default();
        let image = version.launch_template_data().and_then(|d| d.image_id());
        let image = match image {
            Some(image) => Some(resolve(target, image, name, number).await?),
            None => None,
        };
        found.add(Source::LaunchTemplates, image.as_deref(), "launch-template", id, format!("{name}:{number}"));
    }
    Ok(found)
}

async fn templates(target: &Target) -> Result<Vec<Template>, ApiError> {
    let mut pages =
        target.ec2.describe_launch_templates().include_managed_resources(true).into_paginator().page_size(PAGE).send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api("DescribeLaunchTemplates", &target.region))?;
        all.extend(page.launch_templates().iter().map(|t| Template {
            id: t.launch_template_id().unwrap_or_default().to_owned(),
            default: t.default_version_number().unwrap_or(1),
            latest: t.latest_version_number().unwrap_or(i64::MAX),
        }));
    }
    Ok(all)
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
        let page = page.map_err(api(VERSIONS, &target.region))?;
        all.extend(page.launch_template_versions.unwrap_or_default());
    }
    Ok(all)
}

/// The image a template names. Where EC2 has not resolved `resolve:ssm:NAME`, the parameter is read.
async fn resolve(target: &Target, image: &str, template: &str, version: i64) -> Result<String, Problem> {
    let Some(parameter) = image.strip_prefix("resolve:ssm:") else { return Ok(image.to_owned()) };
    let unresolved = |why: String| Problem {
        code: "UnresolvedParameter".to_owned(),
        message: format!("launch template {template}:{version} names {image}: {why}"),
    };
    match parameters::value(target, parameter).await {
        Ok(Some(value)) if value.starts_with("ami-") => Ok(value),
        Ok(Some(value)) => Err(unresolved(format!("its value '{value}' is no image id"))),
        Ok(None) => Err(unresolved("there is no such parameter".to_owned())),
        Err(error) => Err(unresolved(error.to_string())),
    }
}
