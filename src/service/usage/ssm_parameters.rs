//! SSM parameters whose values contain image ids, whatever their data type.
//!
//! SSM does not filter by value: names are listed, then values are read. SecureStrings are left out, as nothing can
//! launch from one.

use std::collections::BTreeSet;

use aws_sdk_ssm::types::ParameterStringFilter;
use futures::TryStreamExt;

use super::found::Found;
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::text::image_ids;
use crate::domain::usage::source::{ALIAS, Source};
use crate::service::client::concurrency::{self, CALLS};
use crate::service::client::error::{ApiError, api};
use crate::service::client::target::Target;

const LIST: &str = "DescribeParameters";
/// SSM's limit for a page of names.
const PAGE: i32 = 50;
/// SSM's limit for values in a call.
const NAMES_A_CALL: usize = 10;
/// The path of aliases: `/amictl/<family>/<alias>`.
pub(super) const ALIASES: &str = "/amictl/";

pub(super) async fn read(target: &Target) -> Result<Found, Problem> {
    let texts = ["String", "StringList"].map(str::to_owned).to_vec();
    let names = listed(target, "Type", texts).await.map_err(|e| e.problem())?;
    let mut found = Found { read: names.len(), ..Found::default() };
    let chunks: Vec<Vec<String>> = names.chunks(NAMES_A_CALL).map(<[_]>::to_vec).collect();
    let each = concurrency::as_done(CALLS, chunks, |chunk| values(target, chunk));
    let values: Vec<_> = each.try_collect().await.map_err(|e: ApiError| e.problem())?;
    for (name, value) in values.into_iter().flatten() {
        let kind = if is_alias(&name) { ALIAS } else { "ssm-parameter" };
        for image in image_ids(&value) {
            found.mention(Source::SsmParameters, image, kind, &name, name.clone());
        }
    }
    let aliases: Vec<_> = names.into_iter().filter(|name| is_alias(name)).collect();
    let each = concurrency::as_done(CALLS, aliases, |name| previous(target, name));
    let before: Vec<_> = each.try_collect().await.map_err(|e: ApiError| e.problem())?;
    for (name, images) in before {
        for image in images {
            found.mention(Source::SsmParameters, image, ALIAS, &name, format!("{name}, the version before"));
        }
    }
    Ok(found)
}

fn is_alias(name: &str) -> bool {
    name.starts_with(ALIASES)
}

/// The previous target of an alias, for a rollback.
async fn previous(target: &Target, name: String) -> Result<(String, BTreeSet<ImageId>), ApiError> {
    let mut pages = target.ssm().get_parameter_history().name(&name).into_paginator().page_size(PAGE).send();
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(api("GetParameterHistory", &target.region)) {
            // Deleted since it was listed: it allows no rollback.
            Err(error) if error.is("ParameterNotFound") => return Ok((name, BTreeSet::new())),
            page => page?,
        };
        let images = |value: Option<&str>| image_ids(value.unwrap_or_default()).collect::<BTreeSet<_>>();
        versions.extend(page.parameters().iter().map(|p| (p.version(), images(p.value()))));
    }
    versions.sort();
    let now = versions.pop().map(|(_, images)| images);
    let before = versions.into_iter().rev().map(|(_, images)| images);
    let before = before.filter(|images| !images.is_empty()).find(|images| Some(images) != now.as_ref());
    Ok((name, before.unwrap_or_default()))
}

/// The names of the parameters that match a filter.
async fn listed(target: &Target, key: &str, values: Vec<String>) -> Result<Vec<String>, ApiError> {
    let filter = ParameterStringFilter::builder().key(key).set_values(Some(values)).build();
    let filter = filter.map_err(|_| ApiError::unreadable(LIST, &target.region))?;
    let mut pages =
        target.ssm().describe_parameters().parameter_filters(filter).into_paginator().page_size(PAGE).send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(LIST, &target.region))?;
        names.extend(page.parameters().iter().filter_map(|parameter| parameter.name()).map(str::to_owned));
    }
    Ok(names)
}

async fn values(target: &Target, names: Vec<String>) -> Result<Vec<(String, String)>, ApiError> {
    const CALL: &str = "GetParameters";
    let answer = target.ssm().get_parameters().set_names(Some(names.clone())).send().await;
    let answer = answer.map_err(api(CALL, &target.region))?;
    let pair = |p: &aws_sdk_ssm::types::Parameter| Some((p.name()?.to_owned(), p.value()?.to_owned()));
    let found: Vec<_> = answer.parameters().iter().filter_map(pair).collect();
    let missing: Vec<_> = names.into_iter().filter(|name| found.iter().all(|(given, _)| given != name)).collect();
    // A parameter no longer listed was deleted meanwhile and uses nothing. SSM was seen to report parameters as invalid
    // that it had no time for.
    match missing.is_empty() || listed(target, "Name", missing).await?.is_empty() {
        true => Ok(found),
        false => Err(ApiError::unreadable(CALL, &target.region)),
    }
}
