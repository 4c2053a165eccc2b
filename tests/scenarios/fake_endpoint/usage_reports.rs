//! Image usage reports.

use aws_sdk_ec2::types::{ImageUsageReport, ImageUsageResourceTypeOptionRequest, ImageUsageResourceTypeRequest};

use super::*;

const INSTANCES: &str = "ec2:Instance";
const TEMPLATES: &str = "ec2:LaunchTemplate";

fn kind(name: &str) -> ImageUsageResourceTypeRequest {
    ImageUsageResourceTypeRequest::builder().resource_type(name).build()
}

fn deep(name: &str, depth: &str) -> ImageUsageResourceTypeRequest {
    let option = ImageUsageResourceTypeOptionRequest::builder().option_name("version-depth").option_values(depth);
    ImageUsageResourceTypeRequest::builder().resource_type(name).resource_type_options(option.build()).build()
}

async fn report(client: &Client, id: &str) -> ImageUsageReport {
    let found = client.describe_image_usage_reports().report_ids(id).send().await.unwrap();
    found.image_usage_reports()[0].clone()
}

/// Account, kind and count of each row.
async fn rows(client: &Client, id: &str) -> Vec<(String, String, i64)> {
    let found = client.describe_image_usage_report_entries().report_ids(id).send().await.unwrap();
    let rows = found.image_usage_report_entries().iter().map(|row| {
        let kind = row.resource_type().unwrap().to_owned();
        (row.account_id().unwrap().to_owned(), kind, row.usage_count().unwrap())
    });
    rows.collect()
}

#[tokio::test]
async fn a_report_counts_what_every_account_has() {
    let fake = Fake::start();
    let image;
    {
        let mut world = fake.world();
        image = world.image(PROD, EAST, "base").shared_with(OTHER).put();
        world.instance(PROD, EAST).image(&image).put();
        world.instance(OTHER, EAST).image(&image).state("stopped").put();
        world.instance(OTHER, EAST).image(&image).put();
        world.instance(OTHER, EAST).image(&image).state("terminated").put();
        world.instance(OTHER, WEST).image(&image).put();
        world.launch_template(OTHER, EAST, "web").image(&image).image(&image).put();
        let old = world.launch_template(OTHER, EAST, "old").image(&image);
        (0..20).fold(old, |seed, _| seed.image("ami-00000000")).put();
        world.image_recipe("333333333333", EAST, "recipe", &image);
        world.container_recipe("333333333333", EAST, "containers", &image);
        world.report_takes = Duration::from_mins(5);
    }
    let client = prod(&fake, EAST);
    let create = || client.create_image_usage_report().image_id(&image);
    let kinds = [INSTANCES, TEMPLATES, "imagebuilder:ImageRecipe"].map(kind);
    let request = create().set_resource_types(Some(kinds.to_vec())).client_token("once");
    let request = request.tag_specifications(tags(ResourceType::from("image-usage-report"), "Why", "audit"));
    let id = request.clone().send().await.unwrap().report_id.unwrap();
    assert_eq!(request.send().await.unwrap().report_id(), Some(id.as_str()), "the token makes it one");
    let pending = report(&client, &id).await;
    assert_eq!((pending.state(), pending.image_id()), (Some("pending"), Some(image.as_str())));
    assert_eq!(pending.tags()[0].key(), Some("Why"));
    let kinds: Vec<_> = pending.resource_types().iter().map(|kind| kind.resource_type().unwrap()).collect();
    assert_eq!(kinds, [INSTANCES, TEMPLATES, "imagebuilder:ImageRecipe"]);
    let depth = &pending.resource_types()[1].resource_type_options()[0];
    assert_eq!((depth.option_name(), depth.option_values()), (Some("version-depth"), &["20".to_owned()][..]));
    let (from, to) = (pending.creation_time().unwrap(), pending.expiration_time().unwrap());
    assert_eq!(to.secs() - from.secs(), 30 * 86_400);
    assert!(rows(&client, &id).await.is_empty());
    let second = create().resource_types(kind(INSTANCES)).send().await;
    assert_eq!(code(second), "ResourceLimitExceeded", "one at a time");

    fake.world().advance(Duration::from_mins(5));
    assert_eq!(report(&client, &id).await.state(), Some("available"));
    let row = |account: &str, kind: &str, count: i64| (account.to_owned(), kind.to_owned(), count);
    let wanted = [
        row(PROD, INSTANCES, 1),
        row(OTHER, INSTANCES, 2),
        row(OTHER, TEMPLATES, 1),
        row("333333333333", "imagebuilder:ImageRecipe", 1),
    ];
    assert_eq!(rows(&client, &id).await, wanted);

    let request = create().resource_types(deep(TEMPLATES, "21")).resource_types(kind(INSTANCES)).account_ids(OTHER);
    let narrow = request.send().await.unwrap().report_id.unwrap();
    fake.world().advance(Duration::from_mins(5));
    assert_eq!(report(&client, &narrow).await.account_ids(), [OTHER]);
    assert_eq!(rows(&client, &narrow).await, [row(OTHER, INSTANCES, 2), row(OTHER, TEMPLATES, 2)]);
    let mut pages = client.describe_image_usage_report_entries().into_paginator().page_size(4).send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().image_usage_report_entries().len());
    }
    assert_eq!(sizes, [4, 2]);
    let entries = client.describe_image_usage_report_entries().report_ids(&id).filters(filter("account-id", OTHER));
    let only = entries.filters(filter("resource-type", TEMPLATES)).send().await.unwrap();
    assert_eq!(only.image_usage_report_entries()[0].usage_count(), Some(1));
}

#[tokio::test]
async fn reports_fail_lag_behind_expire_and_can_be_deleted() {
    let fake = Fake::start();
    let image;
    {
        let mut world = fake.world();
        image = world.image(PROD, EAST, "base").put();
        let lately = world.now() - chrono::Duration::hours(2);
        world.instance(OTHER, EAST).image(&image).launched(lately).put();
        world.fail_next_report = Some("InternalError".into());
    }
    let client = prod(&fake, EAST);
    let create = async || {
        let request = client.create_image_usage_report().image_id(&image).resource_types(kind(INSTANCES));
        request.send().await.unwrap().report_id.unwrap()
    };
    let failed = create().await;
    let told = report(&client, &failed).await;
    assert_eq!((told.state(), told.state_reason()), (Some("error"), Some("InternalError")));
    assert!(rows(&client, &failed).await.is_empty());
    fake.world().report_misses = Duration::from_hours(24);
    let late = create().await;
    assert!(rows(&client, &late).await.is_empty(), "activity of the last day is missing");
    fake.world().report_misses = Duration::from_hours(1);
    let ready = create().await;
    assert_eq!(rows(&client, &ready).await.len(), 1);

    let states = async |state: &str| {
        let listed = client.describe_image_usage_reports().filters(filter("state", state)).send().await.unwrap();
        listed.image_usage_reports().len()
    };
    assert_eq!((states("error").await, states("available").await), (1, 2));
    let delete = |id: &str| client.delete_image_usage_report().report_id(id);
    assert_eq!(code(delete(&failed).dry_run(true).send().await), "DryRunOperation");
    assert_eq!(delete(&failed).send().await.unwrap().r#return(), Some(true));
    assert_eq!(code(delete(&failed).send().await), "InvalidImageUsageReportId.NotFound");
    assert_eq!(code(delete("report").send().await), "InvalidImageUsageReportId.Malformed");
    let theirs = other(&fake, EAST).delete_image_usage_report().report_id(&ready).send().await;
    assert_eq!(code(theirs), "InvalidImageUsageReportId.NotFound");
    fake.world().advance(Duration::from_hours(30 * 24));
    assert!(client.describe_image_usage_reports().send().await.unwrap().image_usage_reports().is_empty());
}

#[tokio::test]
async fn bad_orders_are_refused() {
    let fake = Fake::start();
    let (own, foreign);
    {
        let mut world = fake.world();
        own = world.image(PROD, EAST, "own").put();
        foreign = world.image(OTHER, EAST, "foreign").shared_with(PROD).put();
    }
    fake.world().report_takes = Duration::from_mins(1);
    let client = prod(&fake, EAST);
    let create = |id: &str| client.create_image_usage_report().image_id(id);
    let ask = |id: &str, resource: ImageUsageResourceTypeRequest| create(id).resource_types(resource).send();
    assert_eq!(code(ask(&foreign, kind(INSTANCES)).await), "AuthFailure");
    assert_eq!(code(ask("ami-1", kind(INSTANCES)).await), "InvalidAMIID.Malformed");
    assert_eq!(code(ask("ami-0123456789abcdef0", kind(INSTANCES)).await), "InvalidAMIID.NotFound");
    assert_eq!(code(create(&own).send().await), "MissingParameter");
    assert_eq!(code(ask(&own, kind("ssm:Parameter")).await), "InvalidParameterValue");
    assert_eq!(code(ask(&own, deep(INSTANCES, "3")).await), "InvalidParameterValue");
    assert_eq!(code(ask(&own, deep(TEMPLATES, "0")).await), "InvalidParameterValue");
    let twice = create(&own).resource_types(kind(INSTANCES)).resource_types(kind(INSTANCES)).send().await;
    assert_eq!(code(twice), "InvalidParameterCombination");
    let account = create(&own).resource_types(kind(INSTANCES)).account_ids("12345678901").send().await;
    assert_eq!(code(account), "InvalidUserID.Malformed");
    let many = (0..201_u64).map(|n| format!("{:012}", 400_000_000_000 + n)).collect();
    let many = create(&own).resource_types(kind(INSTANCES)).set_account_ids(Some(many)).send().await;
    assert_eq!(code(many), "InvalidParameterValue");
    let dry = create(&own).resource_types(kind(INSTANCES)).dry_run(true).send().await;
    assert_eq!(code(dry), "DryRunOperation");
    create(&own).resource_types(kind(INSTANCES)).client_token("t").send().await.unwrap();
    let other_use = create(&own).resource_types(kind(TEMPLATES)).client_token("t").send().await;
    assert_eq!(code(other_use), "IdempotentParameterMismatch");
    let listing = client.describe_image_usage_reports().max_results(0).send().await;
    assert_eq!(code(listing), "InvalidParameterValue");
}
