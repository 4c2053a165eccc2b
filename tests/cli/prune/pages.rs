//! Sources of more than one page: every user of an image is found, wherever it stands.

use crate::fake::{PROD, World};
use crate::prune::sources::only;
use crate::scene::{Plan, Scene};
use crate::setup::EAST;

/// Puts the n-th user of an image into the world.
type Use = fn(&mut World, usize, &str);

/// Images, each with a user of its own, and a last one without.
fn each_is_used(source: &str, count: usize, put: Use) -> (Scene, Plan) {
    let setup = Scene::new();
    let ids = setup.family("web", count + 1);
    let mut world = setup.world();
    for (n, id) in ids[..count].iter().enumerate() {
        put(&mut world, n, id);
    }
    drop(world);
    let plan = Plan::of(&setup.run(&only(&[source])).ended(0));
    assert_eq!(plan.going(), [ids[count].as_str()], "{source}");
    assert_eq!(plan.0["kept"].as_array().unwrap().len(), count, "{source}");
    (setup, plan)
}

#[test]
fn more_than_a_page_of_instances_is_read() {
    let (setup, plan) = each_is_used("instances", 1050, |world, _, image| {
        world.instance(PROD, EAST).image(image).put();
    });
    assert_eq!((setup.fake.count("DescribeInstances"), &plan.source("instances")["read"]), (2, &1050.into()));
}

#[test]
fn more_than_a_page_of_templates_is_read() {
    let (setup, plan) = each_is_used("launch-templates", 230, |world, n, image| {
        world.launch_template(PROD, EAST, &format!("t{n}")).image(image).put();
    });
    assert_eq!(
        (setup.fake.count("DescribeLaunchTemplates"), &plan.source("launch-templates")["read"]),
        (2, &230.into())
    );
}

#[test]
fn more_than_a_page_of_versions_of_one_template_is_read() {
    let setup = Scene::new();
    let ids = setup.family("web", 431);
    let mut world = setup.world();
    let template = world.launch_template(PROD, EAST, "web");
    ids[..430].iter().fold(template, |template, id| template.image(id)).put();
    drop(world);
    let plan = Plan::of(&setup.run(&only(&["launch-templates"])).ended(0));
    assert_eq!(plan.going(), [ids[430].as_str()]);
    assert!(plan.reasons(&ids[200])[0].1.ends_with("(web:201)"), "{:?}", plan.reasons(&ids[200]));
    // One scan over all templates, and three pages of this one.
    assert_eq!(setup.fake.count("DescribeLaunchTemplateVersions"), 4);
}

#[test]
fn more_than_fifty_launch_configurations_are_read() {
    let (setup, _) = each_is_used("launch-configurations", 130, |world, n, image| {
        world.launch_configuration(PROD, EAST, &format!("web-{n:03}"), image);
    });
    assert_eq!(setup.fake.count("DescribeLaunchConfigurations"), 2);
}

#[test]
fn more_than_a_page_of_groups_is_read() {
    each_is_used("auto-scaling-groups", 130, |world, n, image| {
        if n == 0 {
            world.launch_template(PROD, EAST, "blank").version(&[("InstanceType", "t3.micro")]).put();
        }
        world.auto_scaling_group(PROD, EAST, &format!("g{n}")).mixed("blank", "1").override_image(image).put();
    });
}

#[test]
fn more_than_a_page_of_spot_requests_and_fleets_is_read() {
    let (setup, _) = each_is_used("spot-requests", 2030, |world, n, image| {
        if n % 2 == 0 {
            world.spot_request(PROD, EAST, image).put();
        } else {
            world.spot_fleet(PROD, EAST).launch_specification(image).put();
        }
    });
    let counts = ["DescribeSpotInstanceRequests", "DescribeSpotFleetRequests"].map(|call| setup.fake.count(call));
    assert_eq!(counts, [2, 2]);
}

#[test]
fn more_than_a_page_of_ec2_fleets_is_read() {
    let (setup, _) = each_is_used("ec2-fleets", 1030, |world, n, image| {
        if n == 0 {
            world.launch_template(PROD, EAST, "blank").version(&[("InstanceType", "t3.micro")]).put();
        }
        world.fleet(PROD, EAST).launch_template("blank", "1").override_image(image).put();
    });
    assert_eq!(setup.fake.count("DescribeFleets"), 2);
}

#[test]
fn more_than_a_page_of_parameters_is_read_whatever_their_type() {
    let (setup, plan) = each_is_used("ssm-parameters", 120, |world, n, image| match n % 3 {
        0 => world.parameter(PROD, EAST, &format!("/images/{n}"), image),
        1 => world.typed_parameter(PROD, EAST, &format!("image-{n}")).value(image).put(),
        _ => world.typed_parameter(PROD, EAST, &format!("/list/{n}")).kind("StringList").value(image).put(),
    });
    assert_eq!((setup.fake.count("DescribeParameters"), setup.fake.count("GetParameters")), (3, 12));
    assert_eq!(plan.source("ssm-parameters")["read"], 120);
}

#[test]
fn image_references_are_asked_for_ten_candidates_a_call() {
    let (setup, _) = each_is_used("image-references", 34, |world, n, image| {
        world.image_recipe(PROD, EAST, &format!("r{n}"), image);
    });
    let calls = setup.calls("DescribeImageReferences");
    assert_eq!(calls.len(), 4);
    for call in calls {
        let depths: Vec<_> = call.params.iter().filter(|(_, value)| *value == "version-depth").collect();
        assert_eq!((depths.len(), call.params.values().any(|value| value == "10000")), (1, true), "{:?}", call.params);
        assert!(!call.params.values().any(|value| value == "terminated"), "{:?}", call.params);
    }
}

#[test]
fn pages_that_come_short_or_empty_are_no_end() {
    let setup = Scene::new();
    let ids = setup.family("web", 9);
    let mut world = setup.world();
    world.short_pages = true;
    for (n, id) in ids[..8].iter().enumerate() {
        match n % 4 {
            0 => drop(world.instance(PROD, EAST).image(id).put()),
            1 => world.launch_configuration(PROD, EAST, &format!("lc{n}"), id),
            2 => drop(world.launch_template(PROD, EAST, &format!("t{n}")).image(id).put()),
            _ => world.parameter(PROD, EAST, &format!("/p/{n}"), id),
        }
    }
    drop(world);
    assert_eq!(setup.plan("prune --keep 0").going(), [ids[8].as_str()]);
}

#[test]
fn a_template_that_one_scan_shows_whole_needs_no_call_of_its_own() {
    let setup = Scene::new();
    let image = "ami-0aaaaaaaaaaaaaaaa";
    let used = setup.old("web-v1-2025-01-01");
    let mut world = setup.world();
    for n in 0..300 {
        let template = world.launch_template(PROD, EAST, &format!("t{n}")).image(image);
        let template = if n % 2 == 0 { template } else { template.image(image) };
        template.put();
    }
    let deep = world.launch_template(PROD, EAST, "deep").image(image).image(&used).image(image).put();
    drop(world);
    let plan = Plan::of(&setup.run(&only(&["launch-templates"])).ended(0));
    assert_eq!(plan.codes(&used), ["in-use"]);
    let calls = setup.calls("DescribeLaunchTemplateVersions");
    let own: Vec<_> = calls.iter().filter_map(|call| call.params.get("LaunchTemplateId")).collect();
    assert_eq!(own, [&deep]);
    // 452 versions in pages of 200.
    assert_eq!(calls.len() - own.len(), 3);
}
