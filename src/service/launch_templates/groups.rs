//! The Auto Scaling groups that use a launch template.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};

use crate::domain::launch_template::{GroupVersion, TemplateGroup, TemplateName};
use crate::service::client::error::{ApiError, api};
use crate::service::client::target::Target;

/// Auto Scaling's limit for a page.
const PAGE: i32 = 100;

/// The groups that use a template, by name, each once for every version that it launches.
pub async fn groups_of(target: &Target, id: &str, name: &TemplateName) -> Result<Vec<TemplateGroup>, ApiError> {
    let mut pages = target.autoscaling().describe_auto_scaling_groups().into_paginator().page_size(PAGE).send();
    let mut found = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api("DescribeAutoScalingGroups", &target.region))?;
        for group in page.auto_scaling_groups() {
            let own = specifications(group).filter(|one| match one.launch_template_id() {
                Some(other) if !other.is_empty() => other == id,
                Some(_) | None => one.launch_template_name() == Some(name.as_str()),
            });
            found.extend(own.map(|one| TemplateGroup {
                name: group.auto_scaling_group_name().unwrap_or_default().to_owned(),
                version: GroupVersion::read(one.version()),
            }));
        }
    }
    Ok(found.into_iter().collect())
}

/// What a group launches: its own template, that of its mixed instances policy, and those of the overrides.
fn specifications(group: &AutoScalingGroup) -> impl Iterator<Item = &LaunchTemplateSpecification> {
    let mixed = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
    let base = mixed.and_then(|template| template.launch_template_specification());
    let overrides = mixed.into_iter().flat_map(|template| template.overrides());
    let overrides = overrides.filter_map(|one| one.launch_template_specification());
    group.launch_template().into_iter().chain(base).chain(overrides)
}
