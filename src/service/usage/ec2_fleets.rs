//! EC2 Fleets and their overrides. Fleets of type `instant` start once and are not listed by EC2.

use aws_sdk_ec2::types::FleetStateCode;

use super::templates::Wanted;
use super::{Catalog, Found, Source, Target};
use crate::domain::report::Problem;
use crate::service::error::api;

const PAGE: i32 = 1000;
const KIND: &str = "ec2-fleet";

pub(super) async fn read(target: &Target, catalog: &Catalog<'_>) -> Result<Found, Problem> {
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
            for config in fleet.launch_template_configs() {
                let template = config.launch_template_specification().and_then(|specification| {
                    let (id, name) = (specification.launch_template_id(), specification.launch_template_name());
                    Wanted::new(id, name, specification.version())
                });
                if let Some(wanted) = template {
                    let (image, detail) = catalog.image(&wanted, &format!("fleet {id}")).await?;
                    found.add(Source::Ec2Fleets, image.as_deref(), KIND, id, detail)?;
                }
                for one in config.overrides() {
                    found.add(Source::Ec2Fleets, one.image_id(), KIND, id, "override".to_owned())?;
                }
            }
        }
    }
    Ok(found)
}
