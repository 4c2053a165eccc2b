//! Spot Fleet requests and Spot requests that can still start an instance.

use aws_sdk_ec2::types::{BatchState, SpotFleetRequestConfig, SpotInstanceState};

use super::templates::Wanted;
use super::{Catalog, Found, Source, Target};
use crate::domain::report::Problem;
use crate::service::error::api;

const PAGE: i32 = 1000;

pub(super) async fn read(target: &Target, catalog: &Catalog<'_>) -> Result<Found, Problem> {
    let mut found = Found::default();
    requests(target, &mut found).await?;
    fleets(target, catalog, &mut found).await?;
    Ok(found)
}

async fn requests(target: &Target, found: &mut Found) -> Result<(), Problem> {
    let mut pages = target.ec2.describe_spot_instance_requests().into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeSpotInstanceRequests", &target.region)(e).problem())?;
        for request in page.spot_instance_requests() {
            found.read += 1;
            let ended = matches!(
                request.state(),
                Some(SpotInstanceState::Closed | SpotInstanceState::Cancelled | SpotInstanceState::Failed)
            );
            if ended {
                continue;
            }
            let image = request.launch_specification().and_then(|specification| specification.image_id());
            let id = request.spot_instance_request_id().unwrap_or("unknown");
            let state = request.state().map_or("unknown", |state| state.as_str());
            found.add(Source::SpotRequests, image, "spot-request", id, state.to_owned())?;
        }
    }
    Ok(())
}

async fn fleets(target: &Target, catalog: &Catalog<'_>, found: &mut Found) -> Result<(), Problem> {
    let mut pages = target.ec2.describe_spot_fleet_requests().into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeSpotFleetRequests", &target.region)(e).problem())?;
        for fleet in page.spot_fleet_request_configs() {
            found.read += 1;
            if !matches!(fleet.spot_fleet_request_state(), Some(BatchState::Cancelled | BatchState::Failed)) {
                fleet_images(fleet, catalog, found).await?;
            }
        }
    }
    Ok(())
}

async fn fleet_images(fleet: &SpotFleetRequestConfig, catalog: &Catalog<'_>, found: &mut Found) -> Result<(), Problem> {
    const KIND: &str = "spot-fleet-request";
    let id = fleet.spot_fleet_request_id().unwrap_or("unknown");
    let Some(config) = fleet.spot_fleet_request_config() else { return Ok(()) };
    for specification in config.launch_specifications() {
        found.add(Source::SpotRequests, specification.image_id(), KIND, id, "launch specification".to_owned())?;
    }
    for template in config.launch_template_configs().iter().filter_map(|c| c.launch_template_specification()) {
        let (id_of, name) = (template.launch_template_id(), template.launch_template_name());
        if let Some(wanted) = Wanted::new(id_of, name, template.version()) {
            let (image, detail) = catalog.image(&wanted, &format!("Spot Fleet {id}")).await?;
            found.add(Source::SpotRequests, image.as_deref(), KIND, id, detail)?;
        }
    }
    Ok(())
}
