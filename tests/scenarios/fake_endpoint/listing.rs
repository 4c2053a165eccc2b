//! Listing images: pages, filters, who sees what.

use super::*;

#[tokio::test]
async fn pages_of_2500_images_come_complete_and_once() {
    let fake = Fake::start();
    let mut seeded = fake.world().bulk_images(PROD, EAST, "web", 2500);
    fake.world().bulk_images(OTHER, EAST, "web", 100);
    let client = prod(&fake, EAST);
    let mut pages = client.describe_images().owners("self").into_paginator().page_size(1000).send();
    let (mut sizes, mut ids) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.images().len());
        ids.extend(page.images().iter().map(|image| image.image_id().unwrap().to_owned()));
    }
    assert_eq!(sizes, [1000, 1000, 500]);
    assert!(!ids.is_sorted_by_key(|id| seeded.iter().position(|s| s == id)), "no order by age");
    ids.sort();
    seeded.sort();
    assert_eq!(ids, seeded);
    assert_eq!(fake.count("DescribeImages"), 3);
    let whole = client.describe_images().owners("self").send().await.unwrap();
    assert_eq!((whole.images().len(), whole.next_token()), (2500, None));
}

#[tokio::test]
async fn pages_can_be_short_and_empty() {
    let fake = Fake::start();
    fake.world().bulk_images(PROD, EAST, "web", 20);
    fake.world().short_pages = true;
    let client = prod(&fake, EAST);
    let mut pages = client.describe_images().owners("self").into_paginator().page_size(10).send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().images().len());
    }
    assert_eq!(sizes, [5, 0, 5, 0, 5, 0, 5, 0, 0]);
}

#[tokio::test]
async fn listings_refuse_what_ec2_refuses() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let client = prod(&fake, EAST);
    let list = || client.describe_images();
    assert_eq!(code(list().image_ids(&id).max_results(10).send().await), "InvalidParameterCombination");
    assert_eq!(code(list().max_results(1001).send().await), "InvalidParameterValue");
    assert_eq!(code(list().next_token("junk").send().await), "InvalidNextToken");
    assert_eq!(code(list().image_ids("ami-xyz").send().await), "InvalidAMIID.Malformed");
    assert_eq!(code(list().image_ids("ami-0123456789abcdef0").send().await), "InvalidAMIID.NotFound");
    assert_eq!(code(list().owners("bob").send().await), "InvalidUserID.Malformed");
    assert_eq!(code(list().filters(filter("colour", "red")).send().await), "InvalidParameterValue");
    let many = (0..201).map(|n| n.to_string()).collect();
    let many = Filter::builder().name("name").set_values(Some(many)).build();
    assert_eq!(code(list().filters(many).send().await), "FilterLimitExceeded");
    assert_eq!(code(client.describe_spot_price_history().send().await), "InvalidAction");
    let known = client.describe_regions().region_names(EAST);
    assert_eq!(known.send().await.unwrap().regions().len(), 1);
}

#[tokio::test]
async fn filters_and_visibility() {
    let fake = Fake::start();
    let (mine, shared, old, off);
    {
        let mut world = fake.world();
        mine = world.image(PROD, EAST, "web-v1-2026-01-02").created("2026-01-02").tag("Env", "prod").put();
        shared = world.image(OTHER, EAST, "base").shared_with(PROD).tag("Secret", "x").put();
        old = world.image(OTHER, EAST, "old").public().deprecated_at("2025-01-01").put();
        off = world.image(PROD, EAST, "off").state("disabled").put();
        world.image(OTHER, EAST, "private").put();
    }
    let client = prod(&fake, EAST);
    let names = async |request: aws_sdk_ec2::operation::describe_images::builders::DescribeImagesFluentBuilder| {
        let found = request.send().await.unwrap();
        let mut names: Vec<String> = found.images().iter().map(|image| image.name().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let list = || client.describe_images();
    assert_eq!(names(list()).await, ["base", "web-v1-2026-01-02"]);
    assert_eq!(names(list().include_deprecated(true)).await, ["base", "old", "web-v1-2026-01-02"]);
    assert_eq!(names(list().owners("self").include_disabled(true)).await, ["off", "web-v1-2026-01-02"]);
    assert_eq!(names(list().executable_users("self")).await, ["base"]);
    assert_eq!(names(list().executable_users("all").include_deprecated(true)).await, ["old"]);
    assert_eq!(names(list().image_ids(&off).image_ids(&old)).await, ["off", "old"]);
    assert_eq!(names(list().filters(filter("name", "web-v?-*"))).await, ["web-v1-2026-01-02"]);
    assert_eq!(names(list().filters(filter("name", "WEB*"))).await, [""; 0]);
    assert_eq!(names(list().filters(filter("tag:Env", "pr*"))).await, ["web-v1-2026-01-02"]);
    assert_eq!(names(list().filters(filter("tag-key", "Secret"))).await, [""; 0]);
    assert_eq!(names(list().filters(filter("creation-date", "2026-01-*"))).await, ["web-v1-2026-01-02"]);
    let found = list().image_ids(&shared).image_ids(&mine).send().await.unwrap();
    let own = found.images().iter().find(|image| image.image_id() == Some(&mine)).unwrap();
    assert_eq!(own.creation_date(), Some("2026-01-02T00:00:00.000Z"));
    assert_eq!(own.deregistration_protection(), Some("disabled"));
    assert_eq!(other(&fake, WEST).describe_images().owners("self").send().await.unwrap().images().len(), 0);
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    let by_id = |client: Client| client.describe_images().image_ids(&id).send();
    by_id(prod(&fake, EAST)).await.unwrap();
    assert_eq!(code(by_id(prod(&fake, WEST)).await), "InvalidAMIID.NotFound");
    assert_eq!(code(by_id(other(&fake, EAST)).await), "InvalidAMIID.NotFound");
    assert_eq!(code(by_id(client(&fake, "AKIANOBODY", EAST, 1)).await), "AuthFailure");
    assert_eq!(code(by_id(prod(&fake, "af-south-1")).await), "AuthFailure");
    let regions = prod(&fake, EAST).describe_regions().send().await.unwrap();
    assert_eq!(regions.regions().len(), 17);
    let regions = prod(&fake, EAST).describe_regions().all_regions(true).send().await.unwrap();
    assert_eq!(regions.regions().len(), 18);
}
