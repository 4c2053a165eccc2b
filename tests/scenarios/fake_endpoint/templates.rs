//! Launch templates.

use super::*;

#[tokio::test]
async fn launch_templates_resolve_aliases() {
    let fake = Fake::start();
    let (image, id);
    {
        let mut world = fake.world();
        image = world.image(PROD, EAST, "web").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &image);
        let template = world.launch_template(PROD, EAST, "web");
        id = template.image("ami-0123456789abcdef0").image("resolve:ssm:/amictl/web/prod").put();
    }
    let client = prod(&fake, EAST);
    let latest = || client.describe_launch_template_versions().versions("$Latest");
    let image_of =
        |found: aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsOutput| {
            let version = &found.launch_template_versions()[0];
            version.launch_template_data().unwrap().image_id().unwrap().to_owned()
        };
    assert_eq!(image_of(latest().send().await.unwrap()), "resolve:ssm:/amictl/web/prod");
    assert_eq!(code(latest().resolve_alias(true).send().await), "InvalidParameterCombination");
    let of_one = || client.describe_launch_template_versions().launch_template_id(&id).resolve_alias(true);
    assert_eq!(image_of(of_one().versions("$Latest").send().await.unwrap()), image);
    for several in [of_one(), of_one().versions("1").versions("2"), of_one().min_version("2")] {
        let error = several.send().await.unwrap_err();
        assert!(format!("{error:?}").contains("only supported when doing single version describe"), "{error:?}");
    }
    let by_image = latest().filters(filter("image-id", &image)).send().await.unwrap();
    assert!(by_image.launch_template_versions().is_empty(), "the filter sees the alias");
    assert_eq!(code(client.describe_launch_template_versions().send().await), "MissingParameter");
    assert_eq!(
        code(client.describe_launch_template_versions().versions("1").send().await),
        "InvalidParameterCombination"
    );
    let nine = client.describe_launch_template_versions().launch_template_id(&id).versions("9");
    assert_eq!(code(nine.send().await), "InvalidLaunchTemplateId.VersionNotFound");
    let all = client.describe_launch_template_versions().launch_template_id(&id);
    let mut pages = all.into_paginator().page_size(1).send();
    let mut numbers = Vec::new();
    while let Some(page) = pages.next().await {
        numbers
            .extend(page.unwrap().launch_template_versions().iter().filter_map(LaunchTemplateVersion::version_number));
    }
    assert_eq!(numbers, [2, 1]);
    let by_template = aws_sdk_ec2::types::LaunchTemplateSpecification::builder()
        .launch_template_name("web")
        .version("$Latest")
        .build();
    let launch = client.run_instances().launch_template(by_template).min_count(1).max_count(1);
    let launched = launch.send().await.unwrap();
    assert_eq!(launched.instances()[0].image_id(), Some(image.as_str()));
}

#[tokio::test]
async fn template_versions_inherit_and_do_not_become_the_default() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let data = |image: &str| RequestLaunchTemplateData::builder().image_id(image);
    let first = data("ami-00000000000000001").instance_type(InstanceType::T3Micro).build();
    let create = || client.create_launch_template().launch_template_name("web").launch_template_data(first.clone());
    create().send().await.unwrap();
    assert_eq!(code(create().send().await), "InvalidLaunchTemplateName.AlreadyExistsException");
    let version = client.create_launch_template_version().launch_template_name("web").source_version("1");
    let version = version.launch_template_data(data("ami-00000000000000002").build()).send().await.unwrap();
    let version = version.launch_template_version().unwrap();
    assert_eq!((version.version_number(), version.default_version()), (Some(2), Some(false)));
    assert_eq!(version.launch_template_data().unwrap().instance_type(), Some(&InstanceType::T3Micro));
    let modify = |number: &str| {
        let request = client.modify_launch_template().launch_template_name("web");
        request.default_version(number).send()
    };
    assert_eq!(code(modify("3").await), "InvalidLaunchTemplateId.VersionNotFound");
    modify("2").await.unwrap();
    fake.world().launch_template(PROD, EAST, "hidden").image("ami-00000000000000003").managed("eks").put();
    let listed = client.describe_launch_templates().send().await.unwrap();
    assert_eq!(listed.launch_templates().len(), 1);
    assert_eq!(listed.launch_templates()[0].default_version_number(), Some(2));
    let listed = client.describe_launch_templates().include_managed_resources(true).send().await.unwrap();
    assert_eq!(listed.launch_templates().len(), 2);
    let gone = client.describe_launch_templates().launch_template_names("gone").send().await;
    assert_eq!(code(gone), "InvalidLaunchTemplateName.NotFoundException");
}

#[tokio::test]
async fn the_volumes_of_a_version_are_shown_with_their_snapshots() {
    let fake = Fake::start();
    let (first, second) = ("snap-0123456789abcdef0", "snap-0123456789abcdef1");
    let template = {
        let mut world = fake.world();
        let template = world.launch_template(PROD, EAST, "web").image("ami-0123456789abcdef0");
        template.volume(first).volume(second).image("ami-0123456789abcdef0").put()
    };
    let versions = prod(&fake, EAST).describe_launch_template_versions().launch_template_id(template);
    let shown: Vec<Vec<_>> = versions
        .send()
        .await
        .unwrap()
        .launch_template_versions()
        .iter()
        .map(|version| {
            let volumes = version.launch_template_data().unwrap().block_device_mappings().iter();
            volumes.map(|volume| volume.ebs().unwrap().snapshot_id().unwrap().to_owned()).collect()
        })
        .collect();
    assert_eq!(shown, [vec![], vec![first.to_owned(), second.to_owned()]]);
}
