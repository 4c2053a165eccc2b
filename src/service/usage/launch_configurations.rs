//! Launch configurations: all of them, whether a group uses them or not.

use super::{Found, Source, Target};
use crate::domain::report::Problem;
use crate::service::error::api;

/// The most that Auto Scaling gives in a page.
const PAGE: i32 = 100;

pub(super) async fn read(target: &Target) -> Result<Found, Problem> {
    let mut pages = target.autoscaling().describe_launch_configurations().into_paginator().page_size(PAGE).send();
    let mut found = Found::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeLaunchConfigurations", &target.region)(e).problem())?;
        for configuration in page.launch_configurations() {
            found.read += 1;
            let name = configuration.launch_configuration_name().unwrap_or("unknown");
            let image = configuration.image_id();
            found.add(Source::LaunchConfigurations, image, "launch-configuration", name, name.to_owned())?;
        }
    }
    Ok(found)
}
