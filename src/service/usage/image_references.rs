//! EC2's own DescribeImageReferences, for the candidates. It adds the recipes of Image Builder.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    ImageReferenceOptionName, ImageReferenceResourceType, ResourceTypeOption, ResourceTypeRequest,
};
use futures::{StreamExt, TryStreamExt};

use super::{Found, Source, Target};
use crate::domain::ids::ImageId;
use crate::domain::report::Problem;
use crate::service::error::{ApiError, api};

/// The most images that EC2 takes in a call.
const IMAGES_A_CALL: usize = 10;
const PAGE: i32 = 1000;
const SIDE_BY_SIDE: usize = 10;
/// How many versions of a template EC2 looks at: its maximum, as its default of 10 would miss older ones.
const VERSION_DEPTH: &str = "10000";
/// By default EC2 counts terminated instances too.
const STATES: [&str; 5] = ["pending", "running", "shutting-down", "stopping", "stopped"];

pub(super) async fn read(target: &Target, candidates: &BTreeSet<ImageId>) -> Result<Found, Problem> {
    let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    let chunks: Vec<Vec<String>> = ids.chunks(IMAGES_A_CALL).map(<[_]>::to_vec).collect();
    let each = futures::stream::iter(chunks).map(|chunk| ask(target, chunk));
    let answers: Vec<_> = each.buffer_unordered(SIDE_BY_SIDE).try_collect().await.map_err(|e: ApiError| e.problem())?;
    let mut found = Found { read: ids.len(), ..Found::default() };
    for (image, kind, arn) in answers.into_iter().flatten() {
        found.add(Source::ImageReferences, Some(&image), kind, &arn, arn.clone())?;
    }
    Ok(found)
}

async fn ask(target: &Target, images: Vec<String>) -> Result<Vec<(String, &'static str, String)>, ApiError> {
    let mut pages = target
        .ec2
        .describe_image_references()
        .set_image_ids(Some(images))
        .include_all_resource_types(true)
        .resource_types(option("ec2:LaunchTemplate", "version-depth", &[VERSION_DEPTH]))
        .resource_types(option("ec2:Instance", "state-name", &STATES))
        .into_paginator()
        .page_size(PAGE)
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api("DescribeImageReferences", &target.region))?;
        for reference in page.image_references() {
            let kind = reference.resource_type().map_or("unknown", ImageReferenceResourceType::as_str);
            let image = reference.image_id().unwrap_or_default().to_owned();
            found.push((image, kind_of(kind), reference.arn().unwrap_or_default().to_owned()));
        }
    }
    Ok(found)
}

fn option(resource: &str, name: &str, values: &[&str]) -> ResourceTypeRequest {
    let option = ResourceTypeOption::builder()
        .option_name(ImageReferenceOptionName::from(name))
        .set_option_values(Some(values.iter().map(|v| (*v).to_owned()).collect()))
        .build();
    ResourceTypeRequest::builder()
        .resource_type(ImageReferenceResourceType::from(resource))
        .resource_type_options(option)
        .build()
}

fn kind_of(resource: &str) -> &'static str {
    match resource {
        "ec2:Instance" => "instance",
        "ec2:LaunchTemplate" => "launch-template",
        "ssm:Parameter" => "ssm-parameter",
        "imagebuilder:ImageRecipe" => "image-recipe",
        "imagebuilder:ContainerRecipe" => "container-recipe",
        _ => "resource",
    }
}
