//! Spot Fleet requests and Spot requests that can still start an instance.

use aws_sdk_ec2::types::{
    BatchState, BlockDeviceMapping, SpotFleetRequestConfig, SpotInstanceRequest, SpotInstanceState,
};

use super::catalog::Catalog;
use super::found::{Found, User};
use super::template_versions::WantedTemplate;
use crate::domain::problem::Problem;
use crate::domain::usage::source::Source;
use crate::service::client::error::api;
use crate::service::client::target::Target;

const PAGE: i32 = 1000;
const BY_SPECIFICATION: &str = "launch specification";

pub(super) async fn read(target: &Target, catalog: &Catalog) -> Result<Found, Problem> {
    let (requests, fleets) = (requests(target).await?, fleets(target).await?);
    let mut found = snapshots_of(&requests, &fleets);
    for request in requests.iter().filter(|request| may_launch(request)) {
        let image = request.launch_specification().and_then(|specification| specification.image_id());
        catalog.image(&mut found, image, &of_request(request), state(request)).await?;
    }
    for fleet in fleets.iter().filter(|fleet| may_start(fleet)) {
        let user = of_fleet(fleet);
        let Some(config) = fleet.spot_fleet_request_config() else { continue };
        for specification in config.launch_specifications() {
            catalog.image(&mut found, specification.image_id(), &user, BY_SPECIFICATION).await?;
        }
        for template in config.launch_template_configs().iter().filter_map(|c| c.launch_template_specification()) {
            let (id, name) = (template.launch_template_id(), template.launch_template_name());
            if let Some(wanted) = WantedTemplate::new(id, name, template.version()) {
                catalog.template(&mut found, &wanted, &user).await?;
            }
        }
    }
    Ok(found)
}

/// The snapshots from which volumes are created, except those that templates name.
pub(super) async fn snapshots(target: &Target) -> Result<Found, Problem> {
    Ok(snapshots_of(&requests(target).await?, &fleets(target).await?))
}

async fn requests(target: &Target) -> Result<Vec<SpotInstanceRequest>, Problem> {
    let mut pages = target.ec2.describe_spot_instance_requests().into_paginator().page_size(PAGE).send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeSpotInstanceRequests", &target.region)(e).problem())?;
        all.extend(page.spot_instance_requests.unwrap_or_default());
    }
    Ok(all)
}

async fn fleets(target: &Target) -> Result<Vec<SpotFleetRequestConfig>, Problem> {
    let mut pages = target.ec2.describe_spot_fleet_requests().into_paginator().page_size(PAGE).send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeSpotFleetRequests", &target.region)(e).problem())?;
        all.extend(page.spot_fleet_request_configs.unwrap_or_default());
    }
    Ok(all)
}

fn may_launch(request: &SpotInstanceRequest) -> bool {
    use SpotInstanceState::{Cancelled, Closed, Failed};
    !matches!(request.state(), Some(Closed | Cancelled | Failed))
}

fn may_start(fleet: &SpotFleetRequestConfig) -> bool {
    !matches!(fleet.spot_fleet_request_state(), Some(BatchState::Cancelled | BatchState::Failed))
}

fn state(request: &SpotInstanceRequest) -> &str {
    request.state().map_or("unknown", |state| state.as_str())
}

fn of_request(request: &SpotInstanceRequest) -> User<'_> {
    let id = request.spot_instance_request_id().unwrap_or("unknown");
    User { source: Source::SpotRequests, kind: "spot-request", id, called: "Spot request" }
}

fn of_fleet(fleet: &SpotFleetRequestConfig) -> User<'_> {
    let id = fleet.spot_fleet_request_id().unwrap_or("unknown");
    User { source: Source::SpotRequests, kind: "spot-fleet-request", id, called: "Spot Fleet" }
}

fn snapshots_of(requests: &[SpotInstanceRequest], fleets: &[SpotFleetRequestConfig]) -> Found {
    fn named(volumes: &[BlockDeviceMapping]) -> impl Iterator<Item = Option<&str>> {
        volumes.iter().map(|volume| volume.ebs()?.snapshot_id())
    }
    let mut found = Found { read: requests.len() + fleets.len(), ..Found::default() };
    for request in requests.iter().filter(|request| may_launch(request)) {
        if let Some(specification) = request.launch_specification() {
            found.volumes(&of_request(request), named(specification.block_device_mappings()), state(request));
        }
    }
    for fleet in fleets.iter().filter(|fleet| may_start(fleet)) {
        let config = fleet.spot_fleet_request_config().into_iter();
        for specification in config.flat_map(|config| config.launch_specifications()) {
            found.volumes(&of_fleet(fleet), named(specification.block_device_mappings()), BY_SPECIFICATION);
        }
    }
    found
}
