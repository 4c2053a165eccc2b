//! Launch configurations: all of them, whether a group uses them or not.

use aws_sdk_autoscaling::types::LaunchConfiguration;

use super::catalog::Catalog;
use super::found::{Found, User};
use crate::domain::problem::Problem;
use crate::domain::usage::source::Source;
use crate::service::client::error::api;
use crate::service::client::target::Target;

/// Auto Scaling's limit for a page.
const PAGE: i32 = 100;

pub(super) async fn read(target: &Target, catalog: &Catalog) -> Result<Found, Problem> {
    let all = all(target).await?;
    let mut found = snapshots_of(&all);
    for configuration in &all {
        let user = user(configuration);
        catalog.image(&mut found, configuration.image_id(), &user, user.id).await?;
    }
    Ok(found)
}

/// The snapshots from which volumes are created.
pub(super) async fn snapshots(target: &Target) -> Result<Found, Problem> {
    Ok(snapshots_of(&all(target).await?))
}

async fn all(target: &Target) -> Result<Vec<LaunchConfiguration>, Problem> {
    let mut pages = target.autoscaling().describe_launch_configurations().into_paginator().page_size(PAGE).send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeLaunchConfigurations", &target.region)(e).problem())?;
        all.extend(page.launch_configurations.unwrap_or_default());
    }
    Ok(all)
}

fn user(configuration: &LaunchConfiguration) -> User<'_> {
    let id = configuration.launch_configuration_name().unwrap_or("unknown");
    User { source: Source::LaunchConfigurations, kind: "launch-configuration", id, called: "launch configuration" }
}

fn snapshots_of(all: &[LaunchConfiguration]) -> Found {
    let mut found = Found { read: all.len(), ..Found::default() };
    for configuration in all {
        let user = user(configuration);
        let volumes = configuration.block_device_mappings().iter();
        found.volumes(&user, volumes.map(|volume| volume.ebs()?.snapshot_id()), user.id);
    }
    found
}
