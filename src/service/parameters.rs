//! SSM parameters, which hold aliases and images of launch templates.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ssm::types::{Parameter, ParameterStringFilter, ParameterType};
use chrono::{DateTime, Utc};
use futures::StreamExt;

use super::client::concurrency::{self, CALLS};
use super::client::convert::timestamp;
use super::client::error::{ApiError, api};
use super::client::lost_answers::Attempts;
use super::client::target::Target;
use crate::domain::alias::Note;
use crate::domain::alias_history::{AliasHistory, AliasVersion};
use crate::domain::ids::ImageId;
use crate::domain::launch_image::{calls, parameter};
use crate::domain::problem::Problem;

const GET: &str = "GetParameter";
const GET_MANY: &str = "GetParameters";
const HISTORY: &str = "GetParameterHistory";
const LIST: &str = "DescribeParameters";
const PUT: &str = "PutParameter";
/// SSM's limit for a page of versions or of names.
const PAGE: i32 = 50;
/// The data type of a parameter whose value SSM checks to be an image.
const IMAGE: &str = "aws:ec2:image";

/// The value of one parameter.
pub struct Text {
    /// The stored value.
    pub value: String,
    /// Whether it is a SecureString, whose value is encrypted.
    pub secret: bool,
}

/// The value of a parameter; `None` when there is no such parameter, version or label.
pub async fn value(target: &Target, name: &str) -> Result<Option<Text>, ApiError> {
    let answer = target.ssm().get_parameter().name(name).send().await.map_err(api(GET, &target.region));
    let text = |p: &Parameter| {
        let secret = matches!(p.r#type(), Some(ParameterType::SecureString));
        Some(Text { value: p.value()?.to_owned(), secret })
    };
    match answer {
        Ok(answer) => Ok(answer.parameter().and_then(text)),
        Err(error) if error.is("ParameterNotFound") || error.is("ParameterVersionNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// A parameter with its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The value.
    pub value: String,
    /// The number of the version.
    pub version: i64,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// `text`, `aws:ec2:image` or `aws:ssm:integration`.
    pub data_type: String,
    /// When the version was written.
    pub at: Option<DateTime<Utc>>,
}

impl Current {
    /// Whether SSM takes another image for it: neither its type nor its data type can be changed.
    pub fn holds_images(&self) -> bool {
        self.kind == ParameterType::String.as_str() && self.data_type == IMAGE
    }
}

/// A parameter as it is now; `None` when there is none. SSM was seen to say so when it had no time, too.
pub async fn current(target: &Target, name: &str) -> Result<Option<Current>, ApiError> {
    let answer = target.ssm().get_parameters().names(name).send().await.map_err(api(GET_MANY, &target.region))?;
    let unreadable = || ApiError::unreadable(GET_MANY, &target.region);
    let found = match (answer.parameters().first(), answer.invalid_parameters().is_empty()) {
        (Some(found), _) => found,
        (None, false) => return Ok(None),
        (None, true) => return Err(unreadable()),
    };
    Ok(Some(Current {
        value: found.value().ok_or_else(unreadable)?.to_owned(),
        version: found.version(),
        kind: found.r#type().map_or_else(String::new, |kind| kind.as_str().to_owned()),
        data_type: found.data_type().unwrap_or("text").to_owned(),
        at: found.last_modified_date().and_then(timestamp),
    }))
}

/// The versions of a parameter that SSM keeps, at most 100; none when there is no such parameter.
pub async fn history(target: &Target, name: &str) -> Result<AliasHistory, ApiError> {
    let mut pages = target.ssm().get_parameter_history().name(name).into_paginator().page_size(PAGE).send();
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(api(HISTORY, &target.region)) {
            Err(error) if error.is("ParameterNotFound") => return Ok(AliasHistory::default()),
            page => page?,
        };
        versions.extend(page.parameters().iter().map(|version| AliasVersion {
            number: version.version(),
            value: version.value().unwrap_or_default().to_owned(),
            description: version.description().map(str::to_owned),
            at: version.last_modified_date().and_then(timestamp),
            author: version.last_modified_user().map(str::to_owned),
        }));
    }
    Ok(AliasHistory::new(versions))
}

/// Writes an image into a new parameter, or with `overwrite` into a new version of one; returns the number of the version.
///
/// SSM checks the image only afterwards, and drops what it does not like: the answer proves nothing.
pub async fn put(target: &Target, name: &str, image: &ImageId, note: &Note, overwrite: bool) -> Result<i64, ApiError> {
    let attempts = Attempts::default();
    let call = target.ssm().put_parameter().name(name).value(image.as_str()).description(note.description());
    let call = call.r#type(ParameterType::String).data_type(IMAGE).overwrite(overwrite);
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    Ok(answer.map_err(|error| attempts.judged(api(PUT, &target.region)(error)))?.version())
}

/// The result for a parameter: its value, or `None` if no such name, version or label exists.
pub type Value = Result<Option<String>, Problem>;

/// The values of many parameters, given as `name`, `name:version`, `name:label` or ARN. SecureStrings are not read.
pub async fn values(target: &Target, names: &BTreeSet<String>) -> HashMap<String, Value> {
    let answers: Vec<_> = concurrency::as_done(CALLS, calls(names), |call| some(target, call)).collect().await;
    answers.into_iter().flatten().collect()
}

async fn some(target: &Target, names: Vec<String>) -> Vec<(String, Value)> {
    let answer = target.ssm().get_parameters().set_names(Some(names.clone())).send().await;
    let answer = match answer.map_err(api(GET_MANY, &target.region)) {
        Ok(answer) => answer,
        Err(error) => return names.into_iter().map(|name| (name, Err(error.problem()))).collect(),
    };
    // No call requests a parameter twice. SSM may return the ARN for a parameter shared by another account.
    let value = |name: &str| {
        let same = |given: Option<&str>| given.is_some_and(|given| parameter(given) == parameter(name));
        match answer.parameters().iter().find(|p| same(p.name()) || same(p.arn())) {
            Some(found) if matches!(found.r#type(), Some(ParameterType::SecureString)) => {
                Err(Problem { code: "SecureString".to_owned(), message: "it is a SecureString".to_owned() })
            }
            Some(found) => Ok(Some(found.value().unwrap_or_default().to_owned())),
            None if answer.invalid_parameters().iter().any(|invalid| same(Some(invalid))) => Ok(None),
            None => Err(ApiError::unreadable(GET_MANY, &target.region).problem()),
        }
    };
    let all = names.iter().map(|name| (name.clone(), value(name)));
    all.collect()
}

/// The names of all parameters below a path, or only of those on its first level.
pub async fn below(target: &Target, path: &str, first_level: bool) -> Result<Vec<String>, ApiError> {
    let option = if first_level { "OneLevel" } else { "Recursive" };
    let filter = ParameterStringFilter::builder().key("Path").option(option).values(path).build();
    let filter = filter.map_err(|_| ApiError::unreadable(LIST, &target.region))?;
    let request = target.ssm().describe_parameters().parameter_filters(filter);
    let mut pages = request.into_paginator().page_size(PAGE).send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(LIST, &target.region))?;
        names.extend(page.parameters().iter().filter_map(|parameter| parameter.name()).map(str::to_owned));
    }
    Ok(names)
}
