//! EC2 Fleets and their overrides.
//!
//! Fleets of type `instant` start once, and EC2 does not list them.

use aws_sdk_ec2::types::FleetStateCode;

use super::catalog::Catalog;
use super::found::{Found, User};
use super::template_versions::WantedTemplate;
use crate::domain::problem::Problem;
use crate::domain::usage::source::Source;
use crate::service::client::error::api;
use crate::service::client::target::Target;

const PAGE: i32 = 1000;

pub(super) async fn read(target: &Target, catalog: &Catalog) -> Result<Found, Problem> {
    let mut pages = target.ec2.describe_fleets().into_paginator().page_size(PAGE).send();
    let mut found = Found::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeFleets", &target.region)(e).problem())?;
        for fleet in page.fleets() {
            found.read += 1;
            if matches!(fleet.fleet_state(), Some(FleetStateCode::Deleted | FleetStateCode::Failed)) {
                continue;
            }
            let id = fleet.fleet_id().unwrap_or("unknown");
            let user = User { source: Source::Ec2Fleets, kind: "ec2-fleet", id, called: "fleet" };
            for config in fleet.launch_template_configs() {
                let template = config.launch_template_specification().and_then(|specification| {
                    let (id, name) = (specification.launch_template_id(), specification.launch_template_name());
                    WantedTemplate::new(id, name, specification.version())
                });
                if let Some(wanted) = template {
                    catalog.template(&mut found, &wanted, &user).await?;
                }
                for one in config.overrides() {
                    catalog.image(&mut found, one.image_id(), &user, "override").await?;
                    let volumes = one.block_device_mappings().iter();
                    found.volumes(&user, volumes.map(|volume| volume.ebs()?.snapshot_id()), "override");
                }
            }
        }
    }
    Ok(found)
}
