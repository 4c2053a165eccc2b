//! Auto Scaling groups of any size: their template versions, and overrides with their own image.

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};

use super::catalog::Catalog;
use super::found::{Found, User};
use super::template_versions::WantedTemplate;
use crate::domain::problem::Problem;
use crate::domain::usage::source::Source;
use crate::service::auto_scaling_groups;
use crate::service::client::target::Target;

pub(super) async fn read(target: &Target, catalog: &Catalog) -> Result<Found, Problem> {
    let groups = auto_scaling_groups::described(target).await.map_err(|error| error.problem())?;
    let mut found = Found { read: groups.len(), ..Found::default() };
    for group in &groups {
        let id = group.auto_scaling_group_name().unwrap_or("unknown");
        let user = User { source: Source::AutoScalingGroups, kind: "auto-scaling-group", id, called: "group" };
        for template in templates(group) {
            catalog.template(&mut found, &template, &user).await?;
        }
        for image in override_images(group) {
            catalog.image(&mut found, Some(image), &user, "override").await?;
        }
    }
    Ok(found)
}

fn wanted(specification: &LaunchTemplateSpecification) -> Option<WantedTemplate> {
    WantedTemplate::new(
        specification.launch_template_id(),
        specification.launch_template_name(),
        specification.version(),
    )
}

fn templates(group: &AutoScalingGroup) -> Vec<WantedTemplate> {
    let mixed = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
    let base = mixed.and_then(|template| template.launch_template_specification());
    let overrides = mixed.into_iter().flat_map(|template| template.overrides());
    group
        .launch_template()
        .into_iter()
        .chain(base)
        .chain(overrides.filter_map(|one| one.launch_template_specification()))
        .filter_map(wanted)
        .collect()
}

fn override_images(group: &AutoScalingGroup) -> impl Iterator<Item = &str> {
    let mixed = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
    mixed.into_iter().flat_map(|template| template.overrides()).filter_map(|one| one.image_id())
}
