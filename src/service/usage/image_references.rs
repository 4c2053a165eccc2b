//! EC2's own DescribeImageReferences for the candidates, which also covers Image Builder recipes.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    ImageReferenceOptionName, ImageReferenceResourceType, ResourceTypeOption, ResourceTypeRequest,
};
use futures::TryStreamExt;

use super::found::Found;
use crate::domain::alias::ROOT;
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::usage::source::{ALIAS, Source};
use crate::service::client::concurrency::{self, CALLS};
use crate::service::client::error::{ApiError, api};
use crate::service::client::target::Target;

/// EC2's limit for images in a call.
const IMAGES_A_CALL: usize = 10;
const PAGE: i32 = 1000;
/// The number of template versions EC2 searches: its maximum, as the default of 10 would miss older ones.
const VERSION_DEPTH: &str = "10000";
/// By default EC2 counts terminated instances too.
const STATES: [&str; 5] = ["pending", "running", "shutting-down", "stopping", "stopped"];

pub(super) async fn read(target: &Target, candidates: &BTreeSet<ImageId>) -> Result<Found, Problem> {
    let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    let chunks: Vec<Vec<String>> = ids.chunks(IMAGES_A_CALL).map(<[_]>::to_vec).collect();
    let each = concurrency::as_done(CALLS, chunks, |chunk| ask(target, chunk));
    let answers: Vec<_> = each.try_collect().await.map_err(|e: ApiError| e.problem())?;
    let mut found = Found { read: ids.len(), ..Found::default() };
    for (image, kind, arn) in answers.into_iter().flatten() {
        let id = id_of(&arn);
        let kind = if kind == "ssm-parameter" && id.starts_with(ROOT) { ALIAS } else { kind };
        found.add(Source::ImageReferences, Some(&image), kind, &id, arn)?;
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

/// The id or name of a resource from its ARN, as the other sources write it.
fn id_of(arn: &str) -> String {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    match resource.split_once('/') {
        Some(("parameter", name)) => format!("/{name}"),
        Some(("instance" | "launch-template", id)) => id.to_owned(),
        _ => resource.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_other_sources() {
        let cases = [
            ("arn:aws:ec2:us-east-1:1:instance/i-1", "i-1"),
            ("arn:aws:ec2:us-east-1:1:launch-template/lt-1", "lt-1"),
            ("arn:aws:ssm:us-east-1:1:parameter/amictl/web/prod", "/amictl/web/prod"),
            ("arn:aws:imagebuilder:us-east-1:1:image-recipe/web/1.0.0", "image-recipe/web/1.0.0"),
            ("what", "what"),
        ];
        for (arn, id) in cases {
            assert_eq!(id_of(arn), id);
        }
    }
}
