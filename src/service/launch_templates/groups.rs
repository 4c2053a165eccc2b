//! The Auto Scaling groups that use a launch template.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};

use crate::domain::launch_template::{GroupVersion, TemplateGroup, TemplateName};
use crate::service::auto_scaling_groups;
use crate::service::client::error::ApiError;
use crate::service::client::target::Target;

/// The groups that use a template, by name, each once for every version that it launches.
pub async fn groups_of(target: &Target, id: &str, name: &TemplateName) -> Result<Vec<TemplateGroup>, ApiError> {
    let mut found = BTreeSet::new();
    for group in &auto_scaling_groups::described(target).await? {
        let own = specifications(group).filter(|one| match one.launch_template_id() {
            Some(other) if !other.is_empty() => other == id,
            Some(_) | None => one.launch_template_name() == Some(name.as_str()),
        });
        found.extend(own.map(|one| TemplateGroup {
            name: group.auto_scaling_group_name().unwrap_or_default().to_owned(),
            version: GroupVersion::read(one.version()),
        }));
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
