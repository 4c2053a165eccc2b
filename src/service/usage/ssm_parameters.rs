//! SSM parameters whose values contain image ids, whatever their data type.
//!
//! SSM does not filter by value: names are listed, then values are read. SecureStrings are left out, as nothing can
//! launch from one.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ssm::types::ParameterStringFilter;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use super::found::Found;
use crate::domain::alias::ROOT;
use crate::domain::alias_gates::objections;
use crate::domain::alias_history::AliasHistory;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::text::image_ids;
use crate::domain::usage::source::{ALIAS, Source};
use crate::service::client::concurrency::{self, CALLS};
use crate::service::client::error::{ApiError, api};
use crate::service::client::target::Target;
use crate::service::{images, parameters};

const LIST: &str = "DescribeParameters";
/// SSM's limit for a page of names.
const PAGE: i32 = 50;
/// SSM's limit for values in a call.
const NAMES_A_CALL: usize = 10;
/// Why an image stays that an alias does not name now.
const BEFORE: &str = "the version before";
const ROLLBACK: &str = "to which a rollback goes";

pub(super) async fn read(target: &Target, now: DateTime<Utc>) -> Result<Found, Problem> {
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
    for (name, before) in ways_back(target, aliases, now).await.map_err(|e| e.problem())? {
        for (image, why) in before {
            found.mention(Source::SsmParameters, image, ALIAS, &name, format!("{name}, {why}"));
        }
    }
    Ok(found)
}

fn is_alias(name: &str) -> bool {
    name.starts_with(ROOT)
}

/// Images that an alias does not name now and that must stay, each with the reason.
type Before = Vec<(ImageId, &'static str)>;

/// What each alias named in the version before, and what a rollback would take.
async fn ways_back(
    target: &Target,
    aliases: Vec<String>,
    now: DateTime<Utc>,
) -> Result<Vec<(String, Before)>, ApiError> {
    let each = concurrency::as_done(CALLS, aliases, |name| async move {
        let history = parameters::history(target, &name).await?;
        // Without versions it was deleted since it was listed, and allows no rollback.
        Ok::<_, ApiError>((name, history))
    });
    let histories: Vec<(String, AliasHistory)> = each.try_collect().await?;
    let below: BTreeSet<ImageId> = histories.iter().flat_map(|(_, history)| history.below()).collect();
    let images = match below.is_empty() {
        true => Vec::new(),
        false => images::visible_by_ids(target, &Vec::from_iter(below)).await?,
    };
    let images: HashMap<ImageId, Image> = images.into_iter().map(|image| (image.id.clone(), image)).collect();
    let of = |history: &AliasHistory| {
        let before = history.previous().map(|version| image_ids(&version.value).collect::<BTreeSet<_>>());
        let before = before.unwrap_or_default();
        let taken = taken(history, &images, now).into_iter().filter(|image| !before.contains(image));
        let taken: Vec<_> = taken.map(|image| (image, ROLLBACK)).collect();
        before.into_iter().map(|image| (image, BEFORE)).chain(taken).collect()
    };
    Ok(histories.iter().map(|(name, history)| (name.clone(), of(history))).collect())
}

/// The image that a rollback would take. EC2 does not show whether another account's image is revoked: below such
/// ones, the next that can be used stay, too, down to the first of the account itself.
fn taken(history: &AliasHistory, images: &HashMap<ImageId, Image>, now: DateTime<Utc>) -> Vec<ImageId> {
    let usable = |id: &ImageId| images.get(id).is_some_and(|image| objections(image, now).is_empty());
    let mut taken: Vec<ImageId> = history.below().into_iter().filter(usable).collect();
    if let Some(own) = taken.iter().position(|id| images.get(id).is_some_and(|image| image.own)) {
        taken.truncate(own + 1);
    }
    taken
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
