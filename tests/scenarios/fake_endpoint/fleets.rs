//! Spot requests, Spot Fleet requests and EC2 Fleets.

use super::*;

use aws_sdk_ec2::types::{BatchState, FleetStateCode, InstanceMarketOptionsRequest, MarketType, SpotInstanceState};

const IMAGE: &str = "ami-0123456789abcdef0";

#[tokio::test]
async fn spot_requests_live_with_their_instances() {
    let fake = Fake::start();
    let (image, waiting) = {
        let mut world = fake.world();
        let image = world.image(PROD, EAST, "web-v1").put();
        world.spot_request(PROD, EAST, IMAGE).state("cancelled").one_time().put();
        world.spot_request(OTHER, EAST, &image).put();
        (image.clone(), world.spot_request(PROD, EAST, &image).tag("Team", "web").put())
    };
    let client = prod(&fake, EAST);
    let spot = InstanceMarketOptionsRequest::builder().market_type(MarketType::Spot).build();
    let launch = client.run_instances().image_id(&image).instance_type(InstanceType::T3Micro);
    let launched = launch.min_count(1).max_count(1).instance_market_options(spot).send().await.unwrap();
    let instance = launched.instances()[0].instance_id().unwrap();
    let of_image = |state: &str| {
        let call = client.describe_spot_instance_requests().filters(filter("launch.image-id", &image));
        call.filters(filter("state", state)).max_results(5).send()
    };
    let open = of_image("open").await.unwrap();
    assert_eq!(open.spot_instance_requests()[0].spot_instance_request_id(), Some(waiting.as_str()));
    let active = of_image("active").await.unwrap();
    assert_eq!(active.spot_instance_requests()[0].instance_id(), Some(instance));
    let specification = active.spot_instance_requests()[0].launch_specification().unwrap();
    assert_eq!(specification.image_id(), Some(image.as_str()));
    client.terminate_instances().instance_ids(instance).send().await.unwrap();
    assert_eq!(of_image("closed").await.unwrap().spot_instance_requests().len(), 1);

    let all = client.describe_spot_instance_requests().send().await.unwrap();
    let mut states: Vec<_> = all.spot_instance_requests().iter().map(|r| r.state().unwrap().as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["cancelled", "closed", "open"]);
    assert!(all.spot_instance_requests().iter().any(|r| r.state() == Some(&SpotInstanceState::Open)));
    let narrow = client.describe_spot_instance_requests().max_results(4);
    assert_eq!(code(narrow.send().await), "InvalidParameterValue");
    let lost = client.describe_spot_instance_requests().spot_instance_request_ids("sir-0123456789abcdef0");
    assert_eq!(code(lost.send().await), "InvalidSpotInstanceRequestID.NotFound");
}

#[tokio::test]
async fn spot_fleets_come_in_pages_with_their_configuration() {
    let fake = Fake::start();
    for _ in 0..12 {
        fake.world().spot_fleet(PROD, EAST).launch_specification(IMAGE).put();
    }
    let last = fake.world().spot_fleet(PROD, EAST).launch_template("web", "3").state("cancelled_running").put();
    fake.world().spot_fleet(PROD, WEST).launch_specification(IMAGE).put();
    let client = prod(&fake, EAST);
    let mut pages = client.describe_spot_fleet_requests().into_paginator().page_size(5).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.unwrap().spot_fleet_request_configs().to_vec());
    }
    assert_eq!(found.len(), 13);
    let one = found.iter().find(|fleet| fleet.spot_fleet_request_id() == Some(&last)).unwrap();
    assert_eq!(one.spot_fleet_request_state(), Some(&BatchState::CancelledRunning));
    let config = one.spot_fleet_request_config().unwrap();
    assert!(config.launch_specifications().is_empty());
    let template = config.launch_template_configs()[0].launch_template_specification().unwrap();
    assert_eq!((template.launch_template_name(), template.version()), (Some("web"), Some("3")));
    let images = found.iter().filter_map(|fleet| fleet.spot_fleet_request_config());
    let images = images.flat_map(|config| config.launch_specifications()).filter_map(|s| s.image_id());
    assert_eq!(images.filter(|image| *image == IMAGE).count(), 12);
    let lost = client.describe_spot_fleet_requests().spot_fleet_request_ids("sfr-0");
    assert_eq!(code(lost.send().await), "InvalidSpotFleetRequestId.NotFound");
}

#[tokio::test]
async fn instant_fleets_show_only_when_asked_for() {
    let fake = Fake::start();
    let (kept, instant) = {
        let mut world = fake.world();
        let template = world.launch_template(PROD, EAST, "web").image(IMAGE).put();
        let kept = world.fleet(PROD, EAST).launch_template(&template, "$Default").override_image(IMAGE).put();
        let instant = world.fleet(PROD, EAST).kind("instant").launch_template("web", "").put();
        world.fleet(PROD, EAST).launch_template(&template, "1").state("deleted_terminating").capacity(0).put();
        (kept, instant)
    };
    let client = prod(&fake, EAST);
    let listed = client.describe_fleets().max_results(1).send().await.unwrap();
    assert!(listed.next_token().is_some());
    let listed = client.describe_fleets().send().await.unwrap();
    assert_eq!(listed.fleets().len(), 2);
    assert!(!listed.fleets().iter().any(|fleet| fleet.fleet_id() == Some(&instant)));
    let fleet = listed.fleets().iter().find(|fleet| fleet.fleet_id() == Some(&kept)).unwrap();
    assert_eq!(fleet.launch_template_configs()[0].overrides()[0].image_id(), Some(IMAGE));
    let deleted = client.describe_fleets().filters(filter("fleet-state", "deleted-terminating"));
    let deleted = deleted.send().await.unwrap();
    assert_eq!(deleted.fleets()[0].fleet_state(), Some(&FleetStateCode::DeletedTerminatingInstances));
    let named = client.describe_fleets().fleet_ids(&instant).send().await.unwrap();
    assert_eq!(named.fleets()[0].r#type().unwrap().as_str(), "instant");
    assert_eq!(code(other(&fake, EAST).describe_fleets().fleet_ids(&instant).send().await), "InvalidFleetId.NotFound");
}
