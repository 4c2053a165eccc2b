//! Auto Scaling.

use super::*;

#[tokio::test]
async fn launch_configurations_come_fifty_to_a_page_or_a_hundred() {
    let fake = Fake::start();
    for number in 0..230 {
        fake.world().launch_configuration(PROD, EAST, &format!("web-{number:03}"), "ami-0123456789abcdef0");
    }
    fake.world().launch_configuration(OTHER, EAST, "theirs", "ami-0123456789abcdef0");
    let client = autoscaling(&fake, "AKIAPROD", EAST);
    let first = client.describe_launch_configurations().send().await.unwrap();
    assert_eq!(first.launch_configurations().len(), 50);
    assert!(first.next_token().is_some());
    let mut pages = client.describe_launch_configurations().into_paginator().page_size(100).send();
    let (mut names, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.launch_configurations().len());
        for one in page.launch_configurations() {
            assert_eq!(one.image_id(), Some("ami-0123456789abcdef0"));
            names.push(one.launch_configuration_name().unwrap().to_owned());
        }
    }
    assert_eq!(sizes, [100, 100, 30]);
    assert!(names.iter().cloned().eq((0..230).map(|n| format!("web-{n:03}"))));

    let wide = client.describe_launch_configurations().max_records(101);
    assert_eq!(code(wide.send().await), "ValidationError");
    let stale = client.describe_launch_configurations().next_token("made-up");
    assert_eq!(code(stale.send().await), "InvalidNextToken");
    let named = client.describe_launch_configurations().launch_configuration_names("web-007");
    let named = named.launch_configuration_names("no-such").send().await.unwrap();
    assert_eq!(named.launch_configurations().len(), 1);
    let west = autoscaling(&fake, "AKIAPROD", WEST).describe_launch_configurations().send().await.unwrap();
    assert!(west.launch_configurations().is_empty());
}

#[tokio::test]
async fn groups_name_templates_configurations_and_overrides() {
    let fake = Fake::start();
    let (web, api) = {
        let mut world = fake.world();
        let web = world.launch_template(PROD, EAST, "web").image("ami-01234567").put();
        let api = world.launch_template(PROD, EAST, "api").image("ami-01234567").put();
        world.auto_scaling_group(PROD, EAST, "a").launch_template("web", "$Latest").desired(3).put();
        world.auto_scaling_group(PROD, EAST, "b").launch_configuration("old").desired(0).put();
        let mixed = world.auto_scaling_group(PROD, EAST, "c").mixed(&web, "1").override_image("ami-89abcdef");
        mixed.override_template("api", "").tag("Team", "web").put();
        world.auto_scaling_group(PROD, EAST, "d").launch_template("deleted", "7").put();
        (web, api)
    };
    let client = autoscaling(&fake, "AKIAPROD", EAST);
    let found = client.describe_auto_scaling_groups().send().await.unwrap();
    let [a, b, c, d] = found.auto_scaling_groups() else { panic!("{found:?}") };
    let template = a.launch_template().unwrap();
    assert_eq!((template.launch_template_id(), template.version()), (Some(web.as_str()), Some("$Latest")));
    assert_eq!((a.desired_capacity(), a.max_size(), b.desired_capacity()), (Some(3), Some(3), Some(0)));
    assert_eq!((b.launch_configuration_name(), b.launch_template()), (Some("old"), None));
    let policy = c.mixed_instances_policy().unwrap().launch_template().unwrap();
    assert_eq!(policy.launch_template_specification().unwrap().launch_template_name(), Some("web"));
    assert_eq!(policy.overrides()[0].image_id(), Some("ami-89abcdef"));
    let other = policy.overrides()[1].launch_template_specification().unwrap();
    assert_eq!((other.launch_template_id(), other.version()), (Some(api.as_str()), None));
    assert_eq!(d.launch_template().unwrap().launch_template_id(), None);
    assert_eq!(d.availability_zones(), ["us-east-1a", "us-east-1b"]);

    let tag = aws_sdk_autoscaling::types::Filter::builder().name("tag:Team").values("web").build();
    let tagged = client.describe_auto_scaling_groups().filters(tag).send().await.unwrap();
    assert_eq!(tagged.auto_scaling_groups()[0].auto_scaling_group_name(), Some("c"));
    let unknown = aws_sdk_autoscaling::types::Filter::builder().name("image").values("x").build();
    let refused = client.describe_auto_scaling_groups().filters(unknown);
    assert_eq!(code(refused.send().await), "ValidationError");
}

#[tokio::test]
async fn refusals_have_the_general_form() {
    let fake = Fake::start();
    let stranger = autoscaling(&fake, "AKIANOBODY", EAST);
    assert_eq!(code(stranger.describe_auto_scaling_groups().send().await), "InvalidClientTokenId");
    fake.fault(Fault::error("DescribeAutoScalingGroups", "AccessDenied", "no").in_region(EAST));
    let client = autoscaling(&fake, "AKIAPROD", EAST);
    let refused = client.describe_auto_scaling_groups().send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 403);
    assert_eq!(code::<(), _>(Err(refused)), "AccessDenied");
    client.describe_launch_configurations().send().await.unwrap();
    assert_eq!(code(client.describe_policies().send().await), "InvalidAction");
    fake.fault(Fault::on("DescribeLaunchConfigurations", FaultKind::Truncated));
    assert!(client.describe_launch_configurations().send().await.is_err());
}
