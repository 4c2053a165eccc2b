//! Sources of use: an image that only one of them sees in use is kept, with the referrer named.

use crate::fake::{PROD, World};
use crate::scene::{ALL, Plan, Scene};
use crate::setup::{EAST, part};

/// All sources at AWS.
pub const SOURCES: [&str; 8] = [
    "instances",
    "launch-templates",
    "launch-configurations",
    "auto-scaling-groups",
    "spot-requests",
    "ec2-fleets",
    "ssm-parameters",
    "image-references",
];

/// Puts something into the world that uses an image; gives what the reason must say of it.
type Use = fn(&mut World, &str) -> String;

/// A user of an image that only one source can see, but for EC2's own search for references.
pub struct Row {
    pub source: &'static str,
    pub what: &'static str,
    pub put: Use,
}

const fn row(source: &'static str, what: &'static str, put: Use) -> Row {
    Row { source, what, put }
}

/// A template that names no image, for those who name one beside it.
fn blank_template(world: &mut World) -> String {
    world.launch_template(PROD, EAST, "blank").version(&[("InstanceType", "t3.micro")]).put()
}

pub const TABLE: [Row; 21] = [
    row("instances", "a running instance", |world, image| {
        format!("instance {} (running)", world.instance(PROD, EAST).image(image).put())
    }),
    row("instances", "a stopped instance", |world, image| {
        format!("instance {} (stopped)", world.instance(PROD, EAST).image(image).state("stopped").put())
    }),
    row("instances", "an instance that AWS manages", |world, image| {
        let managed = world.instance(PROD, EAST).image(image).managed("eks.amazonaws.com").put();
        format!("instance {managed} (running)")
    }),
    row("launch-templates", "a template without a group", |world, image| {
        format!("launch-template {} (lonely:1)", world.launch_template(PROD, EAST, "lonely").image(image).put())
    }),
    row("launch-templates", "a version that is neither the default nor the latest", |world, image| {
        let other = "ami-0aaaaaaaaaaaaaaaa";
        let template = world.launch_template(PROD, EAST, "web").image(other).image(image).image(other).put();
        format!("launch-template {template} (web:2)")
    }),
    row("launch-templates", "a template that AWS manages", |world, image| {
        let template = world.launch_template(PROD, EAST, "eks").image(image).managed("eks.amazonaws.com").put();
        format!("launch-template {template} (eks:1)")
    }),
    row("launch-configurations", "a launch configuration", |world, image| {
        world.launch_configuration(PROD, EAST, "web-lc", image);
        "launch-configuration web-lc".to_owned()
    }),
    row("auto-scaling-groups", "a group at size 0, by an override", |world, image| {
        let template = blank_template(world);
        world.auto_scaling_group(PROD, EAST, "asleep").mixed(&template, "1").override_image(image).desired(0).put();
        "auto-scaling-group asleep (override)".to_owned()
    }),
    row("spot-requests", "an open Spot request", |world, image| {
        format!("spot-request {} (open)", world.spot_request(PROD, EAST, image).put())
    }),
    row("spot-requests", "a persistent Spot request that is disabled", |world, image| {
        format!("spot-request {} (disabled)", world.spot_request(PROD, EAST, image).state("disabled").put())
    }),
    row("spot-requests", "a Spot Fleet with a launch specification", |world, image| {
        let fleet = world.spot_fleet(PROD, EAST).launch_specification(image).put();
        format!("spot-fleet-request {fleet} (launch specification)")
    }),
    row("spot-requests", "a Spot Fleet that is going but still running", |world, image| {
        let fleet = world.spot_fleet(PROD, EAST).launch_specification(image).state("cancelled_running").put();
        format!("spot-fleet-request {fleet} (launch specification)")
    }),
    row("ec2-fleets", "an override of a fleet", |world, image| {
        let template = blank_template(world);
        let fleet = world.fleet(PROD, EAST).launch_template(&template, "1").override_image(image).put();
        format!("ec2-fleet {fleet} (override)")
    }),
    row("ec2-fleets", "a fleet that sleeps", |world, image| {
        let template = blank_template(world);
        let fleet = world.fleet(PROD, EAST).launch_template(&template, "").override_image(image).capacity(0).put();
        format!("ec2-fleet {fleet} (override)")
    }),
    row("ssm-parameters", "a parameter of type text", |world, image| {
        world.typed_parameter(PROD, EAST, "/golden/web").value(image).put();
        "ssm-parameter /golden/web".to_owned()
    }),
    row("ssm-parameters", "a parameter of data type aws:ec2:image", |world, image| {
        world.parameter(PROD, EAST, "/images/web", image);
        "ssm-parameter /images/web".to_owned()
    }),
    row("ssm-parameters", "a list of strings", |world, image| {
        let list = format!("ami-0aaaaaaaaaaaaaaaa,{image}");
        world.typed_parameter(PROD, EAST, "/images/all").kind("StringList").value(&list).put();
        "ssm-parameter /images/all".to_owned()
    }),
    row("ssm-parameters", "a parameter without a slash", |world, image| {
        world.typed_parameter(PROD, EAST, "golden").value(image).put();
        "ssm-parameter golden".to_owned()
    }),
    row("image-references", "a recipe of Image Builder", |world, image| {
        let arn = world.image_recipe(PROD, EAST, "base", image);
        format!("image-recipe image-recipe/base/1.0.0 ({arn})")
    }),
    row("image-references", "a container recipe of Image Builder", |world, image| {
        let arn = world.container_recipe(PROD, EAST, "base", image);
        format!("container-recipe container-recipe/base/1.0.0 ({arn})")
    }),
    row("image-references", "the eleventh newest version of a template", |world, image| {
        let mut template = world.launch_template(PROD, EAST, "deep").image(image);
        for _ in 0..20 {
            template = template.image("ami-0aaaaaaaaaaaaaaaa");
        }
        let id = template.default_version(21).put();
        format!("launch-template {id} (arn:aws:ec2:us-east-1:{PROD}:launch-template/{id})")
    }),
];

/// Leaves out all sources but these.
pub fn only(sources: &[&str]) -> String {
    let others: Vec<_> = SOURCES.into_iter().filter(|source| !sources.contains(source)).collect();
    format!("{ALL} --without-source {}", others.join(","))
}

#[test]
fn what_only_one_source_knows_to_be_used_is_kept_and_the_referrer_is_named() {
    for Row { source, what, put } in TABLE {
        let setup = Scene::new();
        let (used, free) = (setup.old("web-v1-2025-01-01"), setup.old("web-v2-2025-01-01"));
        let named = put(&mut setup.world(), &used);

        let plan = Plan::of(&setup.run(&only(&[source])).ended(0));
        assert_eq!(plan.reasons(&used), [("in-use", named.as_str())], "{what}");
        assert_eq!(plan.going(), [free.as_str()], "{what}");
        assert_eq!(plan.source(source)["status"], "ok", "{what}");

        let plan = Plan::of(&setup.run(ALL).ended(0));
        assert_eq!(plan.codes(&used), ["in-use"], "{what}");
        assert_eq!(plan.going(), [free.as_str()], "{what}");
        assert!(plan.0["sources"].as_array().unwrap().iter().all(|row| row["status"] == "ok"), "{what}");
        setup.unchanged();
    }
}

#[test]
fn an_image_is_kept_for_no_other_reason_than_the_source_that_sees_its_user() {
    for Row { source, what, put } in part(TABLE, 3, 0) {
        let setup = Scene::new();
        let used = setup.old("web-v1-2025-01-01");
        put(&mut setup.world(), &used);
        let line = format!("{ALL} --without-source {source},image-references,launch-templates");
        assert_eq!(Plan::of(&setup.run(&line).ended(0)).going(), [used.as_str()], "{what}");
    }
}

#[test]
fn an_image_pinned_in_a_file_is_kept_and_the_line_is_named() {
    let setup = Scene::new();
    let (used, free) = (setup.old("web-v1-2025-01-01"), setup.old("web-v2-2025-01-01"));
    let text = format!("variable \"ami\" {{\n  default = \"{used}\"\n}}\n");
    let file = setup.home.write("infra/prod/main.tf", &text);
    let folder = setup.home.path().join("infra");
    let plan = setup.plan(&format!("prune --keep 0 --refs-from {}", folder.display()));
    assert_eq!(plan.reasons(&used), [("in-use", format!("file {file}:2").as_str())]);
    assert_eq!(plan.going(), [free.as_str()]);
    assert_eq!((&plan.source("files")["status"], &plan.source("files")["read"]), (&"ok".into(), &1.into()));
    assert_eq!(setup.plan("prune --keep 0").going().len(), 2);
}

#[test]
fn what_has_ended_counts_no_more() {
    let ended: [(&str, Use); 7] = [
        ("a terminated instance", |world, image| world.instance(PROD, EAST).image(image).state("terminated").put()),
        ("a closed Spot request", |world, image| world.spot_request(PROD, EAST, image).state("closed").put()),
        ("a cancelled Spot request", |world, image| world.spot_request(PROD, EAST, image).state("cancelled").put()),
        ("a cancelled Spot Fleet", |world, image| {
            world.spot_fleet(PROD, EAST).launch_specification(image).state("cancelled").put()
        }),
        ("a deleted fleet", |world, image| {
            let template = blank_template(world);
            world.fleet(PROD, EAST).launch_template(&template, "1").override_image(image).state("deleted").put()
        }),
        ("the value that a parameter had before", |world, image| {
            let parameter = world.typed_parameter(PROD, EAST, "/golden/web");
            parameter.value(image).value("ami-0aaaaaaaaaaaaaaaa").put();
            String::new()
        }),
        ("a text that goes on after the id", |world, image| {
            world.typed_parameter(PROD, EAST, "/golden/web").value(&format!("{image}0 is old")).put();
            String::new()
        }),
    ];
    for (what, put) in ended {
        let setup = Scene::new();
        let used = setup.old("web-v1-2025-01-01");
        put(&mut setup.world(), &used);
        assert_eq!(setup.plan("prune --keep 0").going(), [used.as_str()], "{what}");
    }
}

#[test]
fn a_template_is_seen_through_whatever_names_it() {
    let users: [(&str, &str, Use); 6] = [
        ("auto-scaling-groups", "a group by the name of its template", |world, template| {
            world.auto_scaling_group(PROD, EAST, "web").launch_template(template, "2").put();
            "auto-scaling-group web (launch template web:2)".to_owned()
        }),
        ("auto-scaling-groups", "a mixed policy at its latest version", |world, template| {
            world.auto_scaling_group(PROD, EAST, "web").mixed(template, "$Latest").put();
            "auto-scaling-group web (launch template web:3)".to_owned()
        }),
        ("auto-scaling-groups", "an override with a template of its own, without a version", |world, template| {
            let blank = blank_template(world);
            world.auto_scaling_group(PROD, EAST, "web").mixed(&blank, "1").override_template(template, "").put();
            "auto-scaling-group web (launch template web:1)".to_owned()
        }),
        ("spot-requests", "a Spot Fleet", |world, template| {
            let fleet = world.spot_fleet(PROD, EAST).launch_template(template, "2").put();
            format!("spot-fleet-request {fleet} (launch template web:2)")
        }),
        ("ec2-fleets", "a fleet at the default version", |world, template| {
            let fleet = world.fleet(PROD, EAST).launch_template(template, "$Default").put();
            format!("ec2-fleet {fleet} (launch template web:1)")
        }),
        ("ec2-fleets", "a fleet that only keeps its instances", |world, template| {
            let fleet = world.fleet(PROD, EAST).launch_template(template, "3").state("deleted_running").put();
            format!("ec2-fleet {fleet} (launch template web:3)")
        }),
    ];
    for (source, what, put) in users {
        let setup = Scene::new();
        let ids = setup.family("web", 4);
        let mut world = setup.world();
        world.launch_template(PROD, EAST, "web").image(&ids[0]).image(&ids[1]).image(&ids[2]).put();
        let named = put(&mut world, "web");
        drop(world);
        let number: usize = named.rsplit(':').next().unwrap().trim_end_matches(')').parse().unwrap();
        let plan = Plan::of(&setup.run(&only(&[source])).ended(0));
        assert_eq!(plan.reasons(&ids[number - 1]), [("in-use", named.as_str())], "{what}");
        assert_eq!(plan.going().len(), 3, "{what}");
    }
}
