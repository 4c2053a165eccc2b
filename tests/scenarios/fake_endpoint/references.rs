//! DescribeImageReferences.

use super::*;

use aws_sdk_ec2::types::{
    ImageReferenceOptionName as Name, ImageReferenceResourceType as Kind, ResourceTypeOption, ResourceTypeRequest,
};

fn only(kind: Kind, option: Option<(Name, &[&str])>) -> ResourceTypeRequest {
    let request = ResourceTypeRequest::builder().resource_type(kind);
    let Some((name, values)) = option else { return request.build() };
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    let option = ResourceTypeOption::builder().option_name(name).set_option_values(Some(values)).build();
    request.resource_type_options(option).build()
}

/// Types and last parts of the ARNs of all references to an image.
async fn found(client: &Client, image: &str, kinds: &[ResourceTypeRequest], all: bool) -> Vec<String> {
    let call = client.describe_image_references().image_ids(image).set_resource_types(Some(kinds.to_vec()));
    let mut pages = call.include_all_resource_types(all).into_paginator().page_size(5).send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        for one in page.unwrap().image_references() {
            assert_eq!(one.image_id(), Some(image));
            rows.push(format!("{} {}", one.resource_type().unwrap().as_str(), one.arn().unwrap()));
        }
    }
    rows
}

#[tokio::test]
async fn every_kind_is_found_and_only_ones_own() {
    let fake = Fake::start();
    let (image, template) = {
        let mut world = fake.world();
        let image = world.image(PROD, EAST, "web-v1").put();
        for state in ["running", "stopped", "terminated"] {
            world.instance(PROD, EAST).image(&image).state(state).put();
        }
        world.instance(OTHER, EAST).image(&image).put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &image);
        world.typed_parameter(PROD, EAST, "/text").value(&image).put();
        let by_alias =
            world.launch_template(PROD, EAST, "web").image("resolve:ssm:/amictl/web/prod").image(&image).put();
        world.image_recipe(PROD, EAST, "base", &image);
        world.container_recipe(PROD, EAST, "box", &image);
        world.image_recipe(OTHER, EAST, "base", &image);
        (image, by_alias)
    };
    let client = prod(&fake, EAST);
    let all = found(&client, &image, &[], true).await;
    let count = |kind: &str| all.iter().filter(|row| row.starts_with(kind)).count();
    assert_eq!(count("ec2:Instance "), 3, "terminated ones count: {all:?}");
    assert!(all.contains(&format!("ec2:LaunchTemplate arn:aws:ec2:{EAST}:{PROD}:launch-template/{template}")));
    assert!(all.contains(&format!("ssm:Parameter arn:aws:ssm:{EAST}:{PROD}:parameter/amictl/web/prod")));
    assert!(
        all.contains(&format!("imagebuilder:ImageRecipe arn:aws:imagebuilder:{EAST}:{PROD}:image-recipe/base/1.0.0"))
    );
    assert_eq!((count("imagebuilder:ContainerRecipe "), all.len()), (1, 7));

    let live = only(Kind::Ec2Instance, Some((Name::StateName, &["running", "stopped"])));
    assert_eq!(found(&client, &image, std::slice::from_ref(&live), false).await.len(), 2);
    assert_eq!(found(&client, &image, &[live], true).await.len(), 6, "an option narrows its own type only");
    assert_eq!(found(&other(&fake, EAST), &image, &[], true).await.len(), 2);
    assert!(found(&prod(&fake, WEST), &image, &[], true).await.is_empty());
}

#[tokio::test]
async fn old_template_versions_need_depth() {
    let fake = Fake::start();
    let old = "ami-0123456789abcdef0";
    {
        let mut world = fake.world();
        let seed = world.launch_template(PROD, EAST, "web").image(old);
        (0..10).fold(seed, |seed, _| seed.image("ami-89abcdef")).put();
    }
    let client = prod(&fake, EAST);
    assert!(found(&client, old, &[], true).await.is_empty(), "the default looks at ten versions");
    let deep = |depth: &str| only(Kind::Ec2LaunchTemplate, Some((Name::VersionDepth, &[depth])));
    assert_eq!(found(&client, old, &[deep("10000")], true).await.len(), 1);
    assert_eq!(found(&client, "ami-89abcdef", &[deep("1")], false).await.len(), 1);
    for depth in ["0", "10001", "all"] {
        let call = client.describe_image_references().image_ids(old).resource_types(deep(depth));
        assert_eq!(code(call.send().await), "InvalidParameterValue", "{depth}");
    }
}

#[tokio::test]
async fn references_refuse_what_ec2_refuses() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let ask = || client.describe_image_references().image_ids("ami-0123456789abcdef0");
    let eleven = ask().set_image_ids(Some(vec!["ami-0123456789abcdef0".to_owned(); 11]));
    assert_eq!(code(eleven.include_all_resource_types(true).send().await), "InvalidParameterValue");
    assert_eq!(code(ask().send().await), "MissingParameter", "it must be told what to look at");
    assert_eq!(code(ask().include_all_resource_types(true).max_results(4).send().await), "InvalidParameterValue");
    let odd = only(Kind::SsmParameter, Some((Name::VersionDepth, &["5"])));
    assert_eq!(code(ask().resource_types(odd).send().await), "InvalidParameterValue");
    let bad = client.describe_image_references().image_ids("web").include_all_resource_types(true);
    assert_eq!(code(bad.send().await), "InvalidAMIID.Malformed");
    assert_eq!(code(ask().include_all_resource_types(true).dry_run(true).send().await), "DryRunOperation");
}
